//! What whole-program tests stand on: the program and its workers as a user has them, built and in place.
//!
//! `cargo test` alone leaves no worker libraries to load, so the first test of a run builds the workspace.
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Once;

pub mod jack;
mod judge;
mod judge_model;
pub mod live;
pub mod rig;

pub use judge::judge;
pub use judge_model::judge_model;

/// The root of the project.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// A file of the project.
pub fn file(path: &str) -> PathBuf {
    root().join(path)
}

/// The folder with `aw` and the worker libraries; builds them if that has not been done in this process. Set
/// `AW_TESTS_BUILT` to say that they are there.
pub fn built() -> PathBuf {
    static BUILD: Once = Once::new();
    let exe = std::env::current_exe().unwrap_or_default();
    // target/PROFILE/deps/test-… → target/PROFILE
    let folder = exe.parent().and_then(Path::parent).map(Path::to_path_buf).unwrap_or_default();
    BUILD.call_once(|| {
        if std::env::var_os("AW_TESTS_BUILT").is_some() {
            return;
        }
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.args(["build", "--workspace", "--quiet"]).current_dir(root());
        if folder.ends_with("release") {
            cargo.arg("--release");
        }
        let done = cargo.status().is_ok_and(|status| status.success());
        assert!(done, "`cargo build --workspace` failed");
    });
    folder
}

/// The folder with the optimised libraries of some workspace members, built if need be.
pub fn built_release(members: &[&str]) -> PathBuf {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--release", "--quiet"]).current_dir(root());
    members.iter().for_each(|member| {
        cargo.args(["-p", member]);
    });
    assert!(cargo.status().is_ok_and(|status| status.success()), "`cargo build --release` failed");
    let exe = std::env::current_exe().unwrap_or_default();
    exe.parent().and_then(Path::parent).map(Path::to_path_buf).unwrap_or_default()
}

/// The `aw` command, as in a fresh shell in the root of the project.
pub fn aw() -> Command {
    let mut aw = Command::new(built().join("aw").with_extension(std::env::consts::EXE_EXTENSION));
    aw.current_dir(root()).env_remove("AW_WORKERS").env("NO_COLOR", "1");
    aw
}

/// The library of a workspace member, such as `bad_workers`.
pub fn library(name: &str) -> PathBuf {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
    built().join(format!("{DLL_PREFIX}{name}{DLL_SUFFIX}"))
}

/// Runs `aw` and answers what it printed.
///
/// # Panics
/// If it cannot be started.
pub fn run<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Output {
    aw().args(args).output().unwrap_or_else(|why| panic!("aw does not start: {why}"))
}

/// Standard output as text.
pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Standard error as text. No graph of any test may allocate while it renders; only `bad_workers` do so on purpose.
///
/// # Panics
/// If a replay says that a library of ours did.
pub fn stderr(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let allocated = said.lines().find(|line| line.contains("times while rendering") && !line.contains("bad_workers"));
    assert_eq!(allocated, None, "a worker allocated");
    said
}
