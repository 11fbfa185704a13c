//! SHA-256 of what is read.
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};
use std::path::Path;

/// Bytes that are read at once.
pub const CHUNK: usize = 1 << 16;

/// Copies up to the end, with `step` told of each chunk; answers the sum in hexadecimal digits and the bytes.
pub fn copy<E: From<io::Error>>(
    from: &mut dyn Read,
    to: &mut dyn Write,
    mut step: impl FnMut(usize) -> Result<(), E>,
) -> Result<(String, u64), E> {
    let (mut sum, mut bytes, mut chunk) = (Sha256::new(), 0, vec![0; CHUNK]);
    loop {
        let read = match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => read,
            Err(why) if why.kind() == io::ErrorKind::Interrupted => continue,
            Err(why) => return Err(why.into()),
        };
        sum.update(&chunk[..read]);
        to.write_all(&chunk[..read])?;
        bytes += read as u64;
        step(read)?;
    }
    Ok((hex(&sum.finalize()), bytes))
}

/// The sum of what is in memory.
pub fn of_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The sum of a file.
pub fn of_file(path: &Path) -> io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    copy(&mut file, &mut io::sink(), |_| Ok::<(), io::Error>(())).map(|(sum, _)| sum)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_sum_of_abc_is_the_one_of_fips_180() {
        let (sum, bytes) =
            super::copy(&mut &b"abc"[..], &mut std::io::sink(), |_| Ok::<(), std::io::Error>(())).unwrap();
        assert_eq!((sum.as_str(), bytes), ("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 3));
    }
}
