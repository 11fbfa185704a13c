//! The C compiler of this machine: `$CC`, else `cc`; for C++ `$CXX`, else `c++`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Warnings are errors, and nothing but the standard counts.
pub const STRICT: &[&str] = &["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

/// A file of the repository, by its path from the top.
pub fn repo(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// A place for what a test builds.
pub fn built(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Compiles `source` to `output` with `worker.h` in reach.
pub fn compile(language: &str, flags: &[&str], source: &Path, output: &Path) {
    let (variable, usual) = if language.starts_with("c++") { ("CXX", "c++") } else { ("CC", "cc") };
    let compiler = std::env::var(variable).unwrap_or_else(|_| usual.into());
    let mut command = Command::new(&compiler);
    command.arg(format!("-std={language}")).args(STRICT).arg("-I").arg(repo("workers/abi"));
    command.arg(source).args(flags).arg("-o").arg(output);
    let ran = command.output().unwrap_or_else(|error| {
        panic!("these tests need a C and a C++ compiler, and `{compiler}` does not start ({error}); install one or set {variable}")
    });
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{} does not compile as {language}:\n{said}", source.display());
}

/// Compiles a worker library from a file below `tests/workers` and opens it.
#[allow(dead_code)] // not every test loads one
pub fn library(file: &str) -> libloading::Library {
    static MADE: AtomicUsize = AtomicUsize::new(0); // a file that is open must not be written again
    let output = built(&format!("{}-{}.so", file.replace(['/', '.'], "_"), MADE.fetch_add(1, Relaxed)));
    compile("c11", &["-shared", "-fPIC", "-lm"], &repo("tests/workers").join(file), &output);
    // SAFETY: a library of ours, without constructors.
    unsafe { libloading::Library::new(&output) }.unwrap_or_else(|error| panic!("{file}: {error}"))
}
