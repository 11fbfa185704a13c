//! Where what is installed lives: `$AW_HOME`, or the place that the system has for such things.
use super::Kind;
use std::path::{Path, PathBuf};

/// The variable that names the folder; workers look there too.
pub const HOME: &str = "AW_HOME";

/// The folder, with `engines/NAME` and `models/NAME` below it.
#[derive(Clone, Debug, PartialEq)]
pub struct Home(PathBuf);

impl Home {
    /// A folder as home.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// `$AW_HOME`; else `aw` in the user's data folder, which is missing only to a user without a home.
    pub fn find() -> Option<Self> {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let folder = match variable(HOME) {
            Some(folder) => folder,
            None => data_folder(variable, std::env::home_dir())?.join("aw"),
        };
        Some(Self(std::path::absolute(&folder).unwrap_or(folder)))
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Where all of a kind are.
    pub fn all(&self, kind: Kind) -> PathBuf {
        self.0.join(match kind {
            Kind::Engine => "engines",
            Kind::Model => "models",
        })
    }

    /// Where one of them is.
    pub fn place(&self, kind: Kind, name: &str) -> PathBuf {
        self.all(kind).join(name)
    }

    /// Where archives wait while they are fetched.
    pub fn downloads(&self) -> PathBuf {
        self.0.join("downloads")
    }
}

/// Where programs keep a user's data here; a relative $XDG_DATA_HOME counts for nothing, says its specification.
fn data_folder(variable: impl Fn(&str) -> Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    let home = home.filter(|home| !home.as_os_str().is_empty());
    if cfg!(windows) {
        return variable("LOCALAPPDATA").or(Some(home?.join("AppData/Local")));
    }
    if cfg!(target_os = "macos") {
        return Some(home?.join("Library/Application Support"));
    }
    variable("XDG_DATA_HOME").filter(|folder| folder.is_absolute()).or(Some(home?.join(".local/share")))
}

#[cfg(all(test, not(windows), not(target_os = "macos")))]
mod tests {
    use super::*;

    #[test]
    fn the_data_folder_is_the_one_of_the_freedesktop_specification() {
        let home = || Some(PathBuf::from("/home/ada"));
        let said = |value: &'static str| move |_: &str| Some(PathBuf::from(value));
        assert_eq!(data_folder(|_| None, home()), Some("/home/ada/.local/share".into()));
        assert_eq!(data_folder(said("/data"), home()), Some("/data".into()));
        assert_eq!(data_folder(said("data"), home()), Some("/home/ada/.local/share".into()));
        assert_eq!(data_folder(|_| None, None), None);
    }
}
