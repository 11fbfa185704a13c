//! Any bytes as a WAV file.
#![no_main]
use libfuzzer_sys::{Corpus, fuzz_target};

mod audio;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if !bytes.starts_with(b"fLaC") {
        audio::read(bytes);
        return Corpus::Keep;
    }
    Corpus::Reject // the other target's
});
