//! `aw` and its workers, built for an instruction set from their source.
use super::{CountError, Isa};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Members of the source tree that are always built; `aw-model`, whose inference engine takes long, only where it is used.
const MEMBERS: [&str; 4] = ["aw-host", "aw-basics", "aw-spectral", "aw-features"];
/// The workers of `aw-model`.
const MODELS: [&str; 3] = ["onnx", "tflite", "tflm"];

/// A folder with `aw` and worker libraries for an instruction set.
#[derive(Clone, Debug)]
pub struct Built {
    /// The folder.
    pub folder: PathBuf,
    /// What made it, if that is known.
    pub compiler: Option<String>,
}

impl Built {
    /// One that somebody else has filled.
    ///
    /// # Errors
    /// It has no `aw` in it.
    pub fn given(folder: &Path) -> Result<Self, CountError> {
        let built = Self { folder: folder.into(), compiler: None };
        if built.aw().is_file() { Ok(built) } else { Err(CountError::NotBuilt(folder.into())) }
    }

    /// The program.
    pub fn aw(&self) -> PathBuf {
        self.folder.join("aw")
    }
}

/// The source tree of aw: the one that is named, or the one that the executable or the current folder lies in.
///
/// # Errors
/// There is none.
pub fn source_from(named: Option<&Path>, isa: &Isa) -> Result<PathBuf, CountError> {
    let is_source = |folder: &&Path| folder.join("host/Cargo.toml").is_file() && folder.join("workers/abi").is_dir();
    if let Some(folder) = named {
        return Some(folder).filter(is_source).map(Path::to_path_buf).ok_or(CountError::Source(isa.name));
    }
    let starts = [std::env::current_exe().and_then(|exe| exe.canonicalize()), std::env::current_dir()];
    let mut folders = starts.iter().flatten().flat_map(|start| start.ancestors());
    folders.find(is_source).map(Path::to_path_buf).ok_or(CountError::Source(isa.name))
}

/// Builds what graphs with these workers need, optimised, in `target/sim` of the source tree; what is built already is left
/// as it is. Cargo says on standard error how far it is.
///
/// # Errors
/// It does not build.
pub fn build(isa: &Isa, source: &Path, workers: &[String]) -> Result<Built, CountError> {
    let target = source.join("target/sim");
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--target", isa.triple, "--target-dir"]).arg(&target).current_dir(source);
    let model = workers.iter().any(|worker| MODELS.contains(&worker.as_str()));
    for member in MEMBERS.into_iter().chain(model.then_some("aw-model")) {
        cargo.args(["-p", member]);
    }
    // These would take the place of the target's own.
    ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS"].iter().for_each(|name| {
        cargo.env_remove(name);
    });
    cargo.envs(isa.environment()).stdin(Stdio::null()).stdout(Stdio::null());
    let status = cargo.status().map_err(CountError::system("cannot start cargo"))?;
    if !status.success() {
        return Err(CountError::Build(format!("cargo build --release --target {}", isa.triple)));
    }
    Ok(Built { folder: target.join(isa.triple).join("release"), compiler: compiler(source) })
}

/// The compiler of a source tree, such as `rustc 1.95.0`.
fn compiler(source: &Path) -> Option<String> {
    let output = Command::new("rustc").arg("--version").current_dir(source).stdin(Stdio::null()).output().ok()?;
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut words = words.split_whitespace();
    Some(format!("{} {}", words.next()?, words.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_tree_is_known_by_what_is_in_it() {
        let room = tempfile::tempdir().unwrap();
        let isa = Isa::of("thumb").unwrap();
        let said = source_from(Some(room.path()), isa).unwrap_err().to_string();
        assert!(said.contains("--source DIR") && said.contains("--built DIR"), "{said}");
        std::fs::create_dir_all(room.path().join("host")).unwrap();
        std::fs::create_dir_all(room.path().join("workers/abi")).unwrap();
        std::fs::write(room.path().join("host/Cargo.toml"), "").unwrap();
        assert_eq!(source_from(Some(room.path()), isa).unwrap(), room.path());
    }

    #[test]
    fn a_folder_without_the_program_is_refused() {
        let room = tempfile::tempdir().unwrap();
        assert!(Built::given(room.path()).unwrap_err().to_string().contains("has no `aw` in it"));
    }
}
