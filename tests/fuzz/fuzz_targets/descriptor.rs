//! Any numbers and texts as a worker's description of itself.
#![no_main]
use described::{Described, ParamParts, PortParts, PresetParts, Text};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;

#[path = "../../../host/tests/described/mod.rs"]
mod described;

fn text(u: &mut Unstructured) -> Result<Text> {
    const WORDS: [&str; 12] = ["in", "out", "gain", "a", "b", "a.b", "b.a", "preset", "worker", "Ä", "two words", ""];
    let mut bytes = match u.int_in_range(0..=15u8)? {
        0 => return Ok(None),
        1 => vec![b'x'; 5000],
        2..=5 => u.arbitrary::<Vec<u8>>()?,
        _ => u.choose(&WORDS)?.as_bytes().to_vec(),
    };
    bytes.retain(|byte| *byte != 0);
    bytes.push(0);
    Ok(Some(bytes))
}

fn number(u: &mut Unstructured) -> Result<f64> {
    const ODD: [f64; 9] = [0.0, -1.0, 1.0, 0.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300];
    if u.ratio(1, 4)? { u.arbitrary() } else { u.choose(&ODD).copied() }
}

fn texts<const N: usize>(u: &mut Unstructured) -> Result<[Text; N]> {
    let mut texts = [const { None }; N];
    for to in &mut texts {
        *to = text(u)?;
    }
    Ok(texts)
}

/// At most `most` of something.
fn list<T>(u: &mut Unstructured, most: usize, one: fn(&mut Unstructured) -> Result<T>) -> Result<Vec<T>> {
    (0..u.int_in_range(0..=most)?).map(|_| one(u)).collect()
}

fn port(u: &mut Unstructured) -> Result<PortParts> {
    let [name, doc] = texts(u)?;
    Ok((name, doc, u.int_in_range(0..=3)?, u.int_in_range(0..=7)?, u.int_in_range(0..=7)?))
}

fn param(u: &mut Unstructured) -> Result<ParamParts> {
    let (texts, ty, flags) = (texts(u)?, u.int_in_range(0..=8)?, u.int_in_range(0..=15)?);
    let numbers = [number(u)?, number(u)?, number(u)?];
    let choices = if u.arbitrary()? { Some(list(u, 4, text)?) } else { None };
    Ok((texts, ty, flags, numbers, choices))
}

fn preset(u: &mut Unstructured) -> Result<PresetParts> {
    let [name, doc] = texts(u)?;
    let values = list(u, 4, |u| Ok((text(u)?, text(u)?)))?;
    // A count that is too great for what is there would be a bad pointer, unless it is refused for its size.
    let claims = if u.ratio(1, 20)? { Some(u.int_in_range(1025..=u32::MAX)?) } else { None };
    Ok((name, doc, values, claims, u.ratio(1, 20)?))
}

fn size(u: &mut Unstructured) -> Result<Option<u32>> {
    if u.ratio(1, 10)? { u.arbitrary().map(Some) } else { Ok(None) }
}

fn described(u: &mut Unstructured) -> Result<Described> {
    let missing = if u.ratio(1, 4)? { u.int_in_range(0..=63)? } else { 0 };
    let (sizes, id) = ([size(u)?, size(u)?], text(u)?);
    Ok(Described { id, ports: list(u, 5, port)?, params: list(u, 5, param)?, presets: list(u, 2, preset)?, sizes, missing })
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(described) = described(&mut Unstructured::new(bytes)) {
        described.harmless();
    }
});
