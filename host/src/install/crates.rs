//! A .crate, by the user's cargo: it knows its registry, mirror, proxy and tokens. It keeps the file in its cache.
use super::{Archive, Entry, InstallError, hash};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The file in cargo's cache, fetched if it is not there.
pub fn fetch(entry: &Entry, wanted: &Archive, home: &Path) -> Result<PathBuf, InstallError> {
    if let Some(cached) = cached(wanted)? {
        return Ok(cached);
    }
    let failed = |why: String| InstallError::Cargo { archive: wanted.archive.clone(), why };
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    // It fetches one crate and nothing that this depends on. Elsewhere it would look at the workspace around it.
    let output = Command::new(cargo)
        .args(["info", "--quiet", "--color", "never"])
        .arg(format!("{}@{}", entry.package, entry.version))
        .current_dir(home)
        .stdin(Stdio::null())
        .output()
        .map_err(|why| failed(format!("it cannot be started: {why}; install Rust, version 1.82 or newer")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "\n  ");
        return Err(failed(said));
    }
    cached(wanted)?
        .ok_or_else(|| failed("it is not in its cache; is the registry replaced by a folder of sources?".into()))
}

fn cached(wanted: &Archive) -> Result<Option<PathBuf>, InstallError> {
    let own = std::env::var_os("CARGO_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    let Some(home) = own.or_else(|| Some(std::env::home_dir()?.join(".cargo"))) else { return Ok(None) };
    let registries = std::fs::read_dir(home.join("registry/cache")).into_iter().flatten().filter_map(Result::ok);
    let mut other = None;
    for path in registries.map(|registry| registry.path().join(&wanted.archive)).filter(|path| path.is_file()) {
        let got = hash::of_file(&path).map_err(|why| InstallError::read(&path, why))?;
        if got == wanted.sha256 {
            return Ok(Some(path));
        }
        let (what, expected) = (path.display().to_string(), wanted.sha256.clone());
        other = Some(InstallError::Hash { what, expected, got, help: "remove it, and cargo fetches it anew".into() });
    }
    other.map_or(Ok(None), Err)
}
