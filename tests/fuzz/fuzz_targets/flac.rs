//! Any bytes as a FLAC file. Most of them get the checksums that belong to them: what a reader does behind a wrong one
//! is soon tried out.
#![no_main]
use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target, fuzzer_mutate};

mod audio;
#[path = "../../../host/src/io/tests/seal.rs"]
mod seal;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if bytes.starts_with(b"fLaC") {
        audio::read(bytes);
        return Corpus::Keep;
    }
    Corpus::Reject // the other target's
});

fuzz_mutator!(|bytes: &mut [u8], length: usize, most: usize, seed: u32| {
    let length = fuzzer_mutate(bytes, length, most);
    if seed % 4 > 0 {
        seal::seal(&mut bytes[..length]);
    }
    length
});
