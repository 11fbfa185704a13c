//! Reading NumPy arrays of numbers.
//!
//! Format: NumPy Enhancement Proposal 1, versions 1.0 to 3.0. The header is doubted: what it claims must be exactly what
//! the file holds before anything of that size is made.

use std::path::Path;

use super::AudioError;

/// The largest file that is read; features of days of speech are smaller.
const MOST_BYTES: u64 = 4 << 30;
/// The most axes that NumPy allows.
const MOST_AXES: usize = 64;

/// A NumPy array as read: all values, in C order.
#[derive(Clone, Debug, PartialEq)]
pub struct NpyArray {
    /// Its axes, the slowest first; of complex numbers one more, of real and imaginary parts.
    pub shape: Vec<usize>,
    /// Its values are complex: the last axis is 2.
    pub complex: bool,
    /// Its values.
    pub data: Vec<f64>,
}

/// Reads a `.npy` file of numbers of any type and byte order.
///
/// # Errors
/// A file that is missing, no .npy file, damaged, or of values that are no numbers.
pub fn read_npy(path: impl AsRef<Path>) -> Result<NpyArray, AudioError> {
    let path = path.as_ref();
    let broken = |what: String| AudioError::Broken { path: path.into(), what };
    let about = path.metadata().map_err(|source| AudioError::Open { path: path.into(), source })?;
    if about.is_dir() {
        return Err(broken("is a folder; name a .npy file in it".into()));
    }
    if about.len() > MOST_BYTES {
        return Err(broken(format!("has {} bytes; {MOST_BYTES} at most are read", about.len())));
    }
    let bytes = std::fs::read(path).map_err(|source| AudioError::Open { path: path.into(), source })?;
    parse(&bytes).map_err(broken)
}

/// What a file's bytes mean, or the clause that says why they mean nothing.
fn parse(bytes: &[u8]) -> Result<NpyArray, String> {
    let Some(rest) = bytes.strip_prefix(b"\x93NUMPY") else {
        return Err(match bytes {
            [] => "is empty".into(),
            [b'P', b'K', ..] => "is an .npz archive; save the array alone with numpy.save".into(),
            _ => "is no .npy file; write one with numpy.save".into(),
        });
    };
    let cut = || "ends within its header".to_string();
    let (&[major, _], rest) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
    let (length, rest) = match major {
        1 => rest.split_first_chunk().map(|(length, rest)| (u32::from(u16::from_le_bytes(*length)), rest)),
        2 | 3 => rest.split_first_chunk().map(|(length, rest)| (u32::from_le_bytes(*length), rest)),
        _ => return Err(format!("is of version {major} of the .npy format; 1 to 3 are read")),
    }
    .ok_or_else(cut)?;
    let (header, body) = rest.split_at_checked(length as usize).ok_or_else(cut)?;
    let header = Header::parse(std::str::from_utf8(header).map_err(|_| "has a header that is no text")?)?;
    let values = header.values()?;
    let size = header.scalar.size * if header.scalar.complex { 2 } else { 1 };
    let want = values.checked_mul(size).ok_or("claims more values than there can be")?;
    if body.len() != want {
        let shape = &header.shape;
        return Err(format!("has {} bytes of values, and its shape {shape:?} takes {want}: it is damaged", body.len()));
    }
    Ok(header.array(body))
}

/// What the header says.
struct Header {
    scalar: Scalar,
    fortran: bool,
    shape: Vec<usize>,
}

/// How a number is stored.
#[derive(Clone, Copy)]
struct Scalar {
    kind: u8,
    /// Bytes of a number, or of each part of a complex one.
    size: usize,
    big_endian: bool,
    complex: bool,
}

impl Header {
    /// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
    fn parse(text: &str) -> Result<Self, String> {
        let value = |key: &str| {
            let quoted = [format!("'{key}'"), format!("\"{key}\"")];
            let found = quoted.iter().find_map(|key| text.split_once(key.as_str()));
            let found = found.and_then(|(_, rest)| rest.trim_start().strip_prefix(':'));
            found.map(str::trim_start).ok_or_else(|| format!("has a header without `{key}`"))
        };
        let descr = value("descr")?;
        let quote = descr.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let descr = quote.and_then(|quote| descr[1..].split_once(quote)).map(|(descr, _)| descr);
        let descr = descr.ok_or("holds records; an array of plain numbers is wanted")?;
        let fortran = value("fortran_order")?.starts_with("True");
        let shape = value("shape")?.strip_prefix('(').and_then(|rest| rest.split_once(')')).map(|(shape, _)| shape);
        let axes = shape.ok_or("has a header whose shape is none")?.split(',').map(str::trim);
        let axes = axes.filter(|axis| !axis.is_empty()).map(|axis| axis.trim_end_matches('L').parse::<usize>());
        let shape: Vec<usize> = axes.collect::<Result<_, _>>().map_err(|_| "has a header whose shape is none")?;
        if shape.len() > MOST_AXES {
            return Err(format!("claims {} axes; NumPy has {MOST_AXES} at most", shape.len()));
        }
        Ok(Self { scalar: Scalar::parse(descr)?, fortran, shape })
    }

    fn values(&self) -> Result<usize, String> {
        let product = self.shape.iter().try_fold(1usize, |product, &axis| product.checked_mul(axis));
        product.ok_or_else(|| "claims more values than there can be".into())
    }

    /// `body` has been measured.
    fn array(&self, body: &[u8]) -> NpyArray {
        let parts = if self.scalar.complex { 2 } else { 1 };
        let numbers: Vec<f64> = body.chunks_exact(self.scalar.size).map(|bytes| self.scalar.number(bytes)).collect();
        let data = if self.fortran { c_order(&numbers, &self.shape, parts) } else { numbers };
        let mut shape = self.shape.clone();
        shape.extend(Some(2).filter(|_| self.scalar.complex));
        NpyArray { shape, complex: self.scalar.complex, data }
    }
}

impl Scalar {
    fn parse(descr: &str) -> Result<Self, String> {
        let other = || format!("holds values of type `{descr}`; numbers are wanted: save array.astype('float32')");
        let (order, rest) = descr.split_at_checked(1).ok_or_else(other)?;
        let (kind, bytes) = rest.split_at_checked(1).ok_or_else(other)?;
        let bytes: usize = bytes.parse().map_err(|_| other())?;
        let (kind, complex) = (kind.as_bytes()[0], kind == "c");
        let size = if complex { bytes / 2 } else { bytes };
        let known = match kind {
            b'f' => [2, 4, 8].contains(&bytes),
            b'c' => [8, 16].contains(&bytes),
            b'i' | b'u' => [1, 2, 4, 8].contains(&bytes),
            b'b' => bytes == 1,
            _ => false,
        };
        let big_endian = match order {
            "<" | "|" => false,
            ">" => true,
            "=" => cfg!(target_endian = "big"),
            _ => return Err(other()),
        };
        if known { Ok(Self { kind, size, big_endian, complex }) } else { Err(other()) }
    }

    /// The number in so many bytes as it takes.
    fn number(&self, bytes: &[u8]) -> f64 {
        let mut little = [0; 8];
        for (place, byte) in little.iter_mut().zip(bytes) {
            *place = *byte;
        }
        if self.big_endian {
            little[..self.size].reverse();
        }
        let bits = u64::from_le_bytes(little);
        let spare = 64 - 8 * self.size as u32;
        match (self.kind, self.size) {
            (b'f', 2) => half(bits as u16),
            (b'f' | b'c', 4) => f64::from(f32::from_bits(bits as u32)),
            (b'f' | b'c', _) => f64::from_bits(bits),
            (b'i', _) => (((bits << spare) as i64) >> spare) as f64,
            _ => bits as f64,
        }
    }
}

/// IEEE 754 binary16.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    }
}

/// The same values with the last axis fastest; `parts` of each stay together.
fn c_order(numbers: &[f64], shape: &[usize], parts: usize) -> Vec<f64> {
    let mut data = Vec::with_capacity(numbers.len());
    let mut index = vec![0usize; shape.len()];
    for _ in 0..numbers.len() / parts {
        let at = index.iter().zip(shape).rev().fold(0, |at, (&i, &size)| at * size + i);
        data.extend_from_slice(&numbers[at * parts..(at + 1) * parts]);
        for (i, &size) in index.iter_mut().zip(shape).rev() {
            *i += 1;
            if *i < size {
                break;
            }
            *i = 0;
        }
    }
    data
}

#[cfg(test)]
mod tests;
