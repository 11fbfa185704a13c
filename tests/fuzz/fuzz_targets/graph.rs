//! Any text as a graph file, judged as `aw check` does with the workers of the folder in `AW_FUZZ_WORKERS`.
#![no_main]
use aw_host::plugin::{SearchPath, Workers};
use libfuzzer_sys::fuzz_target;
use std::path::Path;
use std::sync::OnceLock;

static WORKERS: OnceLock<Workers> = OnceLock::new();

fn workers() -> Workers {
    let folder = std::env::var_os("AW_FUZZ_WORKERS").expect("AW_FUZZ_WORKERS names the folder of the worker libraries");
    let (workers, errors) = Workers::find(&SearchPath { given: vec![folder.into()], own: vec![] });
    assert!(errors.is_empty(), "{errors:?}");
    assert!(workers.iter().next().is_some(), "there is no worker in {:?}", workers.searched());
    workers
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        aw_tests::judge(Path::new("fuzz.toml"), text, WORKERS.get_or_init(workers));
    }
});
