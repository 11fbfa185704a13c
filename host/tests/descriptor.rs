//! Whatever numbers and texts a library describes itself with, the host answers with its workers or with a sentence.
//! Pointers are good here; libraries with bad ones are tried in a process of their own (`aw check`).
use described::{Described, ParamParts, PortParts, Text};
use proptest::prelude::*;

mod described;

/// A text as C has it: null, or bytes that end in a null byte.
fn text() -> impl Strategy<Value = Text> {
    let words = vec!["in", "out", "gain", "a", "b", "worker", "Ä", "two words", ""];
    let plain = proptest::sample::select(words).prop_map(|word| word.as_bytes().to_vec());
    let bytes = proptest::collection::vec(1..=u8::MAX, 0..80);
    let some = prop_oneof![8 => plain, 2 => bytes, 1 => Just(vec![b'x'; 5000])];
    proptest::option::weighted(0.9, some).prop_map(|text| {
        text.map(|mut bytes| {
            bytes.push(0);
            bytes
        })
    })
}

fn number() -> impl Strategy<Value = f64> {
    let odd = vec![0.0, -1.0, 1.0, 0.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300];
    prop_oneof![proptest::sample::select(odd), any::<f64>()]
}

fn port() -> impl Strategy<Value = PortParts> {
    (text(), text(), 0..4u32, 0..8u32, 0..8u32)
}

fn param() -> impl Strategy<Value = ParamParts> {
    let choices = proptest::option::of(proptest::collection::vec(text(), 0..4));
    ([text(), text(), text(), text()], 0..9u32, 0..16u32, [number(), number(), number()], choices)
}

fn size() -> impl Strategy<Value = Option<u32>> {
    proptest::option::weighted(0.1, any::<u32>())
}

fn cases() -> ProptestConfig {
    ProptestConfig {
        cases: if cfg!(miri) { 40 } else { 20_000 },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]
    #[test]
    fn no_description_harms_the_host(
        id in text(),
        ports in proptest::collection::vec(port(), 0..5),
        params in proptest::collection::vec(param(), 0..5),
        sizes in [size(), size()],
        missing in prop_oneof![4 => Just(0u32), 1 => 0..64u32],
    ) {
        Described { id, ports, params, sizes, missing }.harmless();
    }
}
