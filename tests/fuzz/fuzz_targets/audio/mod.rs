//! Any bytes as an audio file, read to the end.
use aw_host::io::{AudioError, AudioReader, Spec};
use std::fs;
use std::io::{Write, pipe};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::OnceLock;

#[path = "../../../../host/src/io/tests/hear.rs"]
mod hear;

/// What a pipe takes at once on Linux, where nobody reads yet.
const PIPE: usize = 1 << 16;

/// Reads the bytes as a file and, if they fit, out of a pipe: both ways give the same samples or none.
pub fn read(bytes: &[u8]) {
    static FILE: OnceLock<tempfile::TempPath> = OnceLock::new();
    let path = FILE.get_or_init(|| tempfile::NamedTempFile::new().expect("a temporary file").into_temp_path());
    fs::write(path, bytes).expect("written");
    let file = AudioReader::open(path).and_then(|reader| hear::hear(reader, 129));
    hear::harmless(bytes, &file);
    if bytes.len() > PIPE {
        return;
    }
    let (output, mut input) = pipe().expect("a pipe");
    input.write_all(bytes).expect("it fits");
    drop(input);
    let name = format!("/dev/fd/{}", output.as_raw_fd());
    let pipe = AudioReader::open(Path::new(&name)).and_then(|reader| hear::hear(reader, 4096));
    hear::harmless(bytes, &pipe);
    match (file, pipe) {
        (Ok(file), Ok(pipe)) => {
            let both = file.samples.len().min(pipe.samples.len());
            let same = file.samples.len() == pipe.samples.len() || both >= hear::ENOUGH;
            assert!(same && file.samples[..both] == pipe.samples[..both], "{file:?}\n{pipe:?}");
        }
        (Err(_), Err(_)) => {}
        (file, pipe) => panic!("{file:?}\n{pipe:?}"),
    }
}
