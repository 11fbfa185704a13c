//! Which files are played, and what their arrays are called.
use super::error::FeaturesError;
use crate::io::{place, same_file};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// A file that is played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    /// Where it is.
    pub path: PathBuf,
    /// What its array is called: its name, or its path below the folder that was named, without the ending.
    pub name: PathBuf,
}

impl Sound {
    /// Its array in a folder.
    pub fn npy(&self, folder: &Path) -> PathBuf {
        folder.join(with_ending(&self.name, "npy"))
    }

    /// Its picture in a folder.
    pub fn png(&self, folder: &Path) -> PathBuf {
        folder.join(with_ending(&self.name, "png"))
    }

    /// Its key in an archive, the same on every system.
    pub fn key(&self) -> String {
        let parts = self.name.components().map(|part| part.as_os_str().to_string_lossy());
        parts.collect::<Vec<_>>().join("/")
    }
}

/// "take.1" with "npy" is "take.1.npy": what follows the last dot of a name is not an ending any more.
fn with_ending(name: &Path, ending: &str) -> PathBuf {
    let mut text = name.as_os_str().to_os_string();
    text.push(format!(".{ending}"));
    text.into()
}

/// The files that were named; of folders, every WAV and FLAC file in them and below, by name. A file that is named twice
/// is played once.
///
/// # Errors
/// Two sounds of one name, a folder without sounds or one that cannot be read, standard input.
pub fn sounds(named: &[PathBuf]) -> Result<Vec<Sound>, FeaturesError> {
    let mut all: Vec<Sound> = vec![];
    let mut by_name: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for path in named {
        if path == Path::new("-") {
            let hint = "name a file, or a folder of files".to_string();
            return Err(FeaturesError::call("standard input has no name to call an array by", Some(hint)));
        }
        let found = match path.is_dir() {
            true => below(path)?,
            false => vec![Sound { path: path.clone(), name: path.file_stem().unwrap_or_default().into() }],
        };
        for sound in found {
            // Where names differ by case only, some disks see one file.
            let name = PathBuf::from(sound.key().to_lowercase());
            match by_name.get(&name).map(|at| &all[*at]) {
                Some(other) if same(&other.path, &sound.path) => {}
                Some(other) => return Err(twice(other, &sound)),
                None => {
                    by_name.insert(name, all.len());
                    all.push(sound);
                }
            }
        }
    }
    Ok(all)
}

fn same(a: &Path, b: &Path) -> bool {
    same_file(a, b) || place(a).is_some_and(|a| Some(a) == place(b))
}

fn twice(one: &Sound, other: &Sound) -> FeaturesError {
    let what =
        format!("{} and {} would both become `{}.npy`", one.path.display(), other.path.display(), one.name.display());
    FeaturesError::call(what, Some("rename one, or name the folder above both: sub-folders are kept".into()))
}

/// Hidden files are none of the user's sounds: systems leave some beside every file on foreign disks.
fn is_shown(entry: &DirEntry) -> bool {
    entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.')
}

fn is_sound(path: &Path) -> bool {
    let endings = ["wav", "wave", "flac"];
    path.extension().is_some_and(|own| endings.iter().any(|ending| own.eq_ignore_ascii_case(ending)))
}

fn below(folder: &Path) -> Result<Vec<Sound>, FeaturesError> {
    let mut found = vec![];
    for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter().filter_entry(is_shown) {
        let entry = entry.map_err(|why| FeaturesError::Look {
            path: why.path().unwrap_or(folder).into(),
            why: why.io_error().map_or_else(|| "its links go round".into(), ToString::to_string),
        })?;
        if entry.file_type().is_file() && is_sound(entry.path()) {
            let path = entry.into_path();
            let name = path.strip_prefix(folder).unwrap_or(&path).with_extension("");
            found.push(Sound { path, name });
        }
    }
    if found.is_empty() {
        let what = format!("there is no WAV or FLAC file in {} or below", folder.display());
        return Err(FeaturesError::call(what, None));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        folder
    }

    #[test]
    fn sub_folders_are_kept_and_what_is_no_sound_is_passed_by() {
        let folder = folder(&["b/x.wav", "a/x.FLAC", "take.1.wav", "notes.txt", ".x.wav", "._a/y.wav"]);
        let found = sounds(&[folder.path().into()]).unwrap();
        let keys: Vec<String> = found.iter().map(Sound::key).collect();
        assert_eq!(keys, ["a/x", "b/x", "take.1"]);
        assert_eq!(found[2].npy(Path::new("out")), Path::new("out/take.1.npy"));
        let again = sounds(&[folder.path().join("take.1.wav"), folder.path().into()]).unwrap();
        assert_eq!(again.len(), 3, "a file named twice is played once");
    }

    #[test]
    fn two_sounds_of_one_name_are_refused() {
        let folder = folder(&["x.wav", "x.flac", "sub/X.wav"]);
        let refused = |files: &[PathBuf]| sounds(files).unwrap_err().to_string();
        assert!(refused(&[folder.path().into()]).contains("would both become `x.npy`"));
        let [upper, lower] = ["sub/X.wav", "x.wav"].map(|name| folder.path().join(name));
        assert!(refused(&[lower, upper]).contains("sub-folders are kept"), "one file, on some disks");
    }
}
