//! What can be installed: the catalogue that comes with `aw`, and those of teams.
use super::InstallError;
use super::record::is_plain;
use crate::plugin;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Entries by name.
#[derive(Clone, Debug, Default)]
pub struct Catalogue(BTreeMap<String, Entry>);

/// What an entry is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A library that a worker opens.
    Engine,
    /// Files that graphs name as `@NAME/FILE`.
    Model,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Engine, Self::Model];

    /// As a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Model => "model",
        }
    }
}

/// One thing that can be installed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What it is called here.
    #[serde(skip)]
    pub name: String,
    /// What it is for.
    pub kind: Kind,
    /// One line about it.
    pub what: String,
    /// Of the package.
    pub version: String,
    /// An SPDX expression.
    pub licence: String,
    /// Its name in the registry.
    pub package: String,
    /// The archives that it is in, each for some machines.
    pub from: Vec<Archive>,
}

/// A published file and what is taken out of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// The machines that it is for, as `OS` or `OS-ARCHITECTURE`; any, if not said.
    pub on: Option<String>,
    /// The oldest glibc that it loads with.
    pub glibc: Option<String>,
    /// The name of the file: a wheel or a crate.
    pub archive: String,
    /// Bytes.
    pub size: u64,
    /// In hexadecimal digits.
    pub sha256: String,
    /// What is taken.
    pub files: Vec<Member>,
}

/// A file in an archive.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Where it is in the archive.
    pub path: String,
    /// What it is called once it is installed.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// In hexadecimal digits.
    pub sha256: String,
}

impl Catalogue {
    /// The one that comes with `aw`.
    ///
    /// # Errors
    /// None; a test reads it.
    pub fn built_in() -> Result<Self, InstallError> {
        Self::parse(include_str!("catalogue.toml"), Path::new("catalogue.toml"))
    }

    /// Adds the entries of a file; they are stronger than those of the same name.
    ///
    /// # Errors
    /// The file cannot be read, or an entry cannot be.
    pub fn add(&mut self, path: &Path) -> Result<(), InstallError> {
        let text = std::fs::read_to_string(path).map_err(|why| InstallError::read(path, why))?;
        self.0.extend(Self::parse(&text, path)?.0);
        Ok(())
    }

    fn parse(text: &str, path: &Path) -> Result<Self, InstallError> {
        let wrong = |why: String| InstallError::Catalogue { path: path.into(), why };
        let mut entries: BTreeMap<String, Entry> =
            toml::from_str(text).map_err(|why| wrong(why.to_string().trim_end().into()))?;
        for (name, entry) in &mut entries {
            entry.name.clone_from(name);
            entry.check().map_err(|why| wrong(format!("`{name}` {why}")))?;
        }
        Ok(Self(entries))
    }

    /// The entry of that name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.0.get(name)
    }

    /// All entries, engines first.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        Kind::ALL.into_iter().flat_map(|kind| self.0.values().filter(move |entry| entry.kind == kind))
    }
}

impl Entry {
    /// The archive for this machine.
    ///
    /// # Errors
    /// There is none, or what is in it would not load here.
    pub fn here(&self) -> Result<&Archive, InstallError> {
        let fits = |archive: &&Archive| archive.on.as_deref().is_none_or(fits);
        let archive = self.from.iter().find(fits).ok_or_else(|| {
            let known = self.from.iter().filter_map(|archive| archive.on.clone()).collect();
            InstallError::NotHere { name: self.name.clone(), machine: machine(), known }
        })?;
        match (&archive.glibc, plugin::glibc()) {
            (Some(needed), Some(found)) if version(&found) < version(needed) => {
                Err(InstallError::Glibc { name: self.name.clone(), needed: needed.clone(), found })
            }
            _ => Ok(archive),
        }
    }

    /// The glibc that it needs, if this system's is older.
    pub fn too_new(&self) -> Option<String> {
        match self.here() {
            Err(InstallError::Glibc { needed, .. }) => Some(needed),
            _ => None,
        }
    }

    /// What would make it dangerous or useless.
    fn check(&self) -> Result<(), String> {
        if !is_plain(&self.name) {
            return Err("cannot be a name: letters, digits, `-`, `_` and `.` may be in it".into());
        }
        if self.from.is_empty() {
            return Err("has no archive: write [[NAME.from]]".into());
        }
        for archive in &self.from {
            let mut names = BTreeSet::new();
            if !is_plain(&archive.archive) || ![".whl", ".crate"].iter().any(|end| archive.archive.ends_with(end)) {
                return Err(format!("has the archive `{}`, and only wheels and crates are read", archive.archive));
            }
            if archive.files.is_empty() {
                return Err(format!("takes no file out of {}", archive.archive));
            }
            for file in &archive.files {
                if !is_plain(&file.name) || file.name == super::record::FILE || !names.insert(&file.name) {
                    return Err(format!("cannot call a file `{}`: a plain name is wanted, each once", file.name));
                }
            }
            let sums = archive.files.iter().map(|file| &file.sha256).chain([&archive.sha256]);
            if let Some(odd) = sums.into_iter().find(|sum| !is_sha256(sum)) {
                return Err(format!("has the sha256 `{odd}`: 64 small hexadecimal digits are wanted"));
            }
        }
        Ok(())
    }
}

impl Archive {
    /// Bytes of all that is taken.
    pub fn taken(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit))
}

/// This machine, as `OS-ARCHITECTURE`.
pub fn machine() -> String {
    format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH)
}

/// The numbers of a version, to be compared.
fn version(text: &str) -> Vec<u32> {
    text.split('.').map(|number| number.parse().unwrap_or(0)).collect()
}

fn fits(on: &str) -> bool {
    on == std::env::consts::OS || on == machine()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_that_comes_with_aw_is_whole() {
        let catalogue = Catalogue::built_in().unwrap();
        let names: Vec<&str> = catalogue.iter().map(|entry| entry.name.as_str()).collect();
        let engines = ["litert", "onnxruntime", "tflite", "tflm"];
        let models = ["basic-pitch", "dnsmos", "dtln", "micro-speech", "micro-wake-words", "silero-vad", "swift-f0"];
        assert_eq!(names, [&engines[..], &models[..]].concat());
        for entry in catalogue.iter() {
            assert!(["MIT", "Apache-2.0"].contains(&entry.licence.as_str()), "{}", entry.name);
            for archive in &entry.from {
                assert!(archive.archive.contains(&entry.version), "{}", entry.name);
                let licence = archive.files.iter().any(|file| file.name.starts_with("LICENSE"));
                assert!(licence || entry.licence == "Apache-2.0", "{} has no licence text", entry.name);
                assert_eq!(entry.kind == Kind::Engine, archive.on.is_some(), "{}", entry.name);
            }
        }
    }

    #[test]
    fn a_catalogue_cannot_reach_out_of_its_folder() {
        let sum = "0".repeat(64);
        let text = |name: &str, file: &str, sum: &str| {
            format!(
                "[\"{name}\"]\nkind = \"model\"\nwhat = \"\"\nversion = \"1\"\nlicence = \"MIT\"\npackage = \"p\"\n\
                 from = [{{ archive = \"p-1-py3-none-any.whl\", size = 1, sha256 = \"{sum}\", \
                 files = [{{ path = \"a\", name = \"{file}\", size = 1, sha256 = \"{sum}\" }}] }}]"
            )
        };
        let parse = |text: &str| Catalogue::parse(text, Path::new("team.toml")).map_err(|why| why.to_string());
        assert!(parse(&text("mine", "a.onnx", &sum)).is_ok());
        for (name, file, sum) in [
            ("../mine", "a.onnx", sum.as_str()),
            ("mine", "../a.onnx", &sum),
            ("mine", "/a.onnx", &sum),
            ("mine", "installed.json", &sum),
            ("mine", ".", &sum),
            ("mine", "a.onnx", "ABC"),
        ] {
            let why = parse(&text(name, file, sum)).unwrap_err();
            assert!(why.contains("team.toml"), "{why}");
        }
        let why = parse(&text("mine", "a", &sum).replace("licence", "license")).unwrap_err();
        assert!(why.contains("license") && why.contains("line 5"), "{why}");
    }
}
