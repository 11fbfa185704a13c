//! What was installed: `installed.json` beside the files.
use super::{Home, Kind, hash};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The name of the record.
pub const FILE: &str = "installed.json";

/// What was put into a folder.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Record {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: Kind,
    /// Of the package.
    pub version: String,
    /// The package.
    pub package: String,
    /// The archive that it was taken out of.
    pub archive: String,
    /// An SPDX expression.
    pub licence: String,
    /// When, in UTC.
    pub date: String,
    /// The files beside the record.
    pub files: Vec<Part>,
}

/// An installed file.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Part {
    /// Its name in the folder.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// In hexadecimal digits.
    pub sha256: String,
}

/// How it stands with a folder.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// There is nothing.
    Absent,
    /// All is there, to the bit.
    Whole(Record),
    /// Something is missing or has changed; what, in words.
    Damaged(Option<Record>, Vec<String>),
}

impl State {
    /// Looks at the files of `name`, every byte of them.
    pub fn of(home: &Home, kind: Kind, name: &str) -> Self {
        let folder = home.place(kind, name);
        if !folder.is_dir() {
            return Self::Absent;
        }
        let record = match Record::read(&folder) {
            Ok(record) => record,
            // A folder that somebody else made, or that is empty.
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Self::Absent,
            Err(why) => return Self::Damaged(None, vec![format!("{FILE} cannot be read: {why}")]),
        };
        let faults: Vec<String> = record.files.iter().filter_map(|part| part.fault(&folder)).collect();
        if faults.is_empty() { Self::Whole(record) } else { Self::Damaged(Some(record), faults) }
    }
}

impl Record {
    /// Reads the record of a folder.
    ///
    /// # Errors
    /// It is not there, is no record, or names files elsewhere.
    pub fn read(folder: &Path) -> std::io::Result<Self> {
        let text = std::fs::read_to_string(folder.join(FILE))?;
        let record: Self = serde_json::from_str(&text)?;
        match record.files.iter().find(|part| !is_plain(&part.name)) {
            Some(part) => Err(std::io::Error::other(format!("it names `{}`, which is no plain name", part.name))),
            None => Ok(record),
        }
    }

    /// Everything that is installed, by kind and name.
    pub fn all(home: &Home) -> Vec<(Kind, String)> {
        let names = |kind: Kind| {
            let entries = std::fs::read_dir(home.all(kind)).into_iter().flatten().filter_map(Result::ok);
            let installed = entries.filter(|entry| entry.path().join(FILE).is_file());
            let mut names: Vec<String> = installed.filter_map(|entry| entry.file_name().into_string().ok()).collect();
            names.sort();
            names.into_iter().map(move |name| (kind, name))
        };
        Kind::ALL.into_iter().flat_map(names).collect()
    }
}

impl Part {
    /// What is wrong with the file, if anything is.
    fn fault(&self, folder: &Path) -> Option<String> {
        match hash::of_file(&folder.join(&self.name)) {
            Ok(sum) if sum == self.sha256 => None,
            Ok(_) => Some(format!("{} has changed", self.name)),
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => Some(format!("{} is missing", self.name)),
            Err(why) => Some(format!("{} cannot be read: {why}", self.name)),
        }
    }
}

/// Whether this is the name of one file in a folder, on every system.
pub fn is_plain(name: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
    !name.is_empty() && name.len() < 200 && !name.starts_with('.') && name.chars().all(letters)
}
