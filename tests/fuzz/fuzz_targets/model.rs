//! Any bytes as a model file.
#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    aw_tests::judge_model(bytes);
});
