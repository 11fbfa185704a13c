//! Whether an array that [`super::NpyWriter`] wrote is there to its last value: little-endian f32 in C order, version 1.0.
use super::AudioError;

use std::fs::File;
use std::path::Path;

/// The head of a `.npy` file that is there to its last value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NpyHead {
    /// The extents, frames first.
    pub shape: Vec<usize>,
}

impl NpyHead {
    /// Reads the head, and looks whether the values are all there.
    ///
    /// # Errors
    /// A file that cannot be read, is cut off, or is an array of another kind.
    pub fn read(path: &Path) -> Result<Self, AudioError> {
        let mut file = open(path)?;
        let failed = |source| AudioError::Read { path: path.into(), source };
        let mut start = [0; 10];
        super::fill(&mut file, &mut start).map_err(failed)?;
        let size = usize::from(u16::from_le_bytes([start[8], start[9]]));
        let mut text = vec![0; size];
        super::fill(&mut file, &mut text).map_err(failed)?;
        let text = Some(text).filter(|_| start.starts_with(b"\x93NUMPY\x01\x00"));
        let shape = text.and_then(|text| shape(&String::from_utf8_lossy(&text)));
        let shape = shape.ok_or_else(|| broken(path, "is no array of f32 in version 1.0 of the .npy format"))?;
        let offset = start.len() + size;
        let wanted = shape.iter().try_fold(4u64, |bytes, size| bytes.checked_mul(*size as u64));
        let bytes = file.metadata().map_err(failed)?.len();
        if wanted.and_then(|wanted| wanted.checked_add(offset as u64)) != Some(bytes) {
            return Err(broken(path, "has another length than its shape says"));
        }
        Ok(Self { shape })
    }
}

/// The extents in a head of f32 in C order.
fn shape(head: &str) -> Option<Vec<usize>> {
    if !head.contains("'descr': '<f4'") || !head.contains("'fortran_order': False") {
        return None;
    }
    let (_, rest) = head.split_once("'shape': (")?;
    let (list, _) = rest.split_once(')')?;
    list.split(',').map(str::trim).filter(|size| !size.is_empty()).map(|size| size.parse().ok()).collect()
}

fn open(path: &Path) -> Result<File, AudioError> {
    File::open(path).map_err(|source| AudioError::Open { path: path.into(), source })
}

fn broken(path: &Path, what: &str) -> AudioError {
    AudioError::Broken { path: path.into(), what: what.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::NpyWriter;

    #[test]
    fn what_was_written_is_read_back_and_what_was_cut_off_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        let values: Vec<f32> = (0..12).map(|n| n as f32 / 7.0).collect();
        let mut writer = NpyWriter::create(&path, &[2, 3]).unwrap();
        writer.write(&values).unwrap();
        writer.finish().unwrap();
        assert_eq!(NpyHead::read(&path).unwrap().shape, [2, 2, 3]);
        let bytes = std::fs::read(&path).unwrap();
        for end in [0, 5, 9, 40, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..end]).unwrap();
            assert!(NpyHead::read(&path).is_err(), "{end} bytes");
        }
        std::fs::write(&path, [&bytes[..], &[0; 4]].concat()).unwrap();
        assert!(NpyHead::read(&path).unwrap_err().to_string().contains("another length"));
        let foreign = String::from_utf8_lossy(&bytes[..bytes.len() - 48]).replace("<f4", "<i4");
        std::fs::write(&path, foreign.as_bytes()).unwrap();
        assert!(NpyHead::read(&path).is_err());
    }
}
