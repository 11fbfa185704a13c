//! Messages of an ONNX file that hold no others of interest: weights, shapes, names.
use super::super::net::{Constant, Extents};
use super::super::read::{Damage, LONGEST_LIST, MOST_AXES};
use super::super::ty::Type;
use super::wire::{Fields, Value};

/// What there is to know of a tensor's values.
pub struct Weights {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Its extents.
    pub dims: Vec<u64>,
    /// Its values.
    pub constant: Constant,
    /// The file they are in, if it is another one.
    pub outside: Option<String>,
}

/// A `TensorProto`.
pub fn weights(bytes: &[u8]) -> Result<Weights, Damage> {
    let (mut dims, mut ty, mut name, mut outside) = (vec![], Type::default(), String::new(), None);
    let (mut raw, mut floats, mut listed, mut elsewhere) = (None, &[][..], vec![], false);
    for field in Fields(bytes) {
        match field? {
            (1, value) => value.ints(&mut dims, MOST_AXES)?,
            (2, value) => ty = Type::onnx(value.int()),
            (4, value) => floats = value.bytes(),
            (5 | 7, value) => value.ints(&mut listed, LONGEST_LIST + 1)?,
            (8, value) => name = value.text(),
            (9, value) => raw = Some(value.bytes()),
            (13, value) => {
                let (key, text) = entry(value)?;
                outside = if key == "location" { Some(text) } else { outside };
            }
            (14, value) => elsewhere = value.int() == 1,
            _ => {}
        }
    }
    let dims: Vec<u64> = dims.into_iter().map(|n| u64::try_from(n).unwrap_or(0)).collect();
    let count = dims.iter().fold(1u64, |all, n| all.saturating_mul(*n));
    let bytes = match raw {
        Some(raw) => raw.len() as u64,
        None => count.saturating_mul(ty.bits().unwrap_or(0)).div_ceil(8),
    };
    let values = match raw {
        _ if elsewhere || count > LONGEST_LIST as u64 => None,
        Some(raw) => numbers(ty, raw),
        None if ty.0 == "float32" => numbers(ty, floats),
        None => ty.is_whole().then(|| listed.iter().map(|n| *n as f64).collect()),
    };
    let constant = Constant { count, bytes, shared: false, values: values.filter(|list| list.len() as u64 == count) };
    Ok(Weights { name, ty, dims, constant, outside: outside.filter(|_| elsewhere) })
}

/// Numbers as they lie in memory, the lowest byte first.
fn numbers(ty: Type, raw: &[u8]) -> Option<Vec<f64>> {
    match ty.0 {
        "int64" => Some(raw.as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes) as f64).collect()),
        "int32" => Some(raw.as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes).into()).collect()),
        "float32" => Some(raw.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes).into()).collect()),
        "bool" => Some(raw.iter().map(|byte| f64::from(*byte)).collect()),
        _ => None,
    }
}

/// Extents, and the names of open ones. 0 stands for an open one too: some exporters write it.
pub fn shape(bytes: &[u8]) -> Result<(Extents, Vec<String>), Damage> {
    let (mut dims, mut names) = (vec![], vec![]);
    for field in Fields(bytes) {
        let (1, value) = field? else { continue };
        let (mut extent, mut name) = (None, String::new());
        for field in Fields(value.bytes()) {
            match field? {
                (1, value) => extent = u64::try_from(value.int()).ok().filter(|n| *n > 0),
                (2, value) => name = value.text(),
                _ => {}
            }
        }
        if dims.len() == MOST_AXES {
            return Err(Damage(format!("a tensor in it has more than {MOST_AXES} axes")));
        }
        dims.push(extent);
        names.push(name);
    }
    Ok((dims, names))
}

/// An operator set: domain, version.
pub fn opset(value: Value) -> Result<(String, i64), Damage> {
    let (mut domain, mut version) = (String::new(), 0);
    for field in Fields(value.bytes()) {
        match field? {
            (1, value) => domain = value.text(),
            (2, value) => version = value.int(),
            _ => {}
        }
    }
    Ok((if domain == "ai.onnx" { String::new() } else { domain }, version))
}

/// A name and a text.
pub fn entry(value: Value) -> Result<(String, String), Damage> {
    let (mut key, mut text) = (String::new(), String::new());
    for field in Fields(value.bytes()) {
        match field? {
            (1, value) => key = value.text(),
            (2, value) => text = value.text(),
            _ => {}
        }
    }
    Ok((key, text))
}
