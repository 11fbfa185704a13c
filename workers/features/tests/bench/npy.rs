//! Arrays of numpy.
use std::path::Path;

/// Numbers in C order.
pub struct Array {
    pub shape: Vec<usize>,
    pub data: Vec<f32>,
}

impl Array {
    /// A little-endian float32 `.npy` of version 1.
    pub fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let until = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let header = String::from_utf8_lossy(&bytes[10..until]);
        assert!(header.contains("'<f4'") && header.contains("'fortran_order': False"), "{path:?}: {header}");
        let shape = header.split_once("'shape': (").unwrap().1.split_once(')').unwrap().0;
        let shape = shape.split(',').filter(|n| !n.trim().is_empty()).map(|n| n.trim().parse().unwrap()).collect();
        let data = bytes[until..].as_chunks().0.iter().map(|x| f32::from_le_bytes(*x)).collect();
        Self { shape, data }
    }
}
