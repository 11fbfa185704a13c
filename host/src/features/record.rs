//! `features.json`: how the arrays of a folder were made, so that a second run goes on and mixes nothing.
use super::error::FeaturesError;
use super::recipe::Recipe;
use super::sounds::Sound;
use crate::io::{LineWriter, NpyHead};
use crate::plugin::Workers;
use serde_json::{Map, Value as Json, json};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Its name.
const FILE: &str = "features.json";
/// What must be equal, so that arrays can lie in one folder.
const KEYS: &str = "keys";
const WORKERS: &str = "workers";

/// How arrays are made, by this call.
#[derive(Clone, Debug)]
pub struct Record {
    text: Json,
    folder: PathBuf,
}

/// What a folder has to do with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is known of it.
    New,
    /// It has arrays that were made as this call makes them.
    Same,
}

impl Record {
    /// What will stand in the folder.
    ///
    /// # Errors
    /// A worker library cannot be read.
    pub fn new(folder: &Path, recipe: &Recipe, preset: Option<&str>, workers: &Workers) -> Result<Self, FeaturesError> {
        let mut builds = Map::new();
        for id in recipe.workers() {
            let Some(found) = workers.get(&id) else { continue };
            let path = &found.library.path;
            let bytes = std::fs::read(path);
            let bytes = bytes.map_err(|why| FeaturesError::Look { path: path.clone(), why: why.to_string() })?;
            let (major, minor) = found.library.version;
            let build = format!("ABI {major}.{minor}, CRC-32 {:08x}", crc32fast::hash(&bytes));
            builds.insert(id, json!(build));
        }
        let text = json!({
            "made_by": concat!("aw ", env!("CARGO_PKG_VERSION")),
            "preset": preset,
            WORKERS: builds,
            KEYS: recipe.keys(),
        });
        Ok(Self { text, folder: folder.into() })
    }

    /// Compares with what stands in the folder.
    ///
    /// # Errors
    /// What is there was made otherwise, or nobody knows how.
    pub fn compare(&self, sounds: &[Sound]) -> Result<Standing, FeaturesError> {
        let path = self.folder.join(FILE);
        let there = || sounds.iter().map(|sound| sound.npy(&self.folder)).find(|npy| npy.exists());
        if !path.exists() {
            return match there() {
                None => Ok(Standing::New),
                Some(npy) => {
                    let what = format!("{} is there, and no {FILE} says how it was made", npy.display());
                    Err(FeaturesError::Other { what })
                }
            };
        }
        let text = std::fs::read(&path);
        let text = text.map_err(|why| FeaturesError::Look { path: path.clone(), why: why.to_string() })?;
        let old: Json = serde_json::from_slice(&text).unwrap_or_default();
        match self.difference(&old) {
            None => Ok(Standing::Same),
            Some(what) => Err(FeaturesError::Other { what }),
        }
    }

    /// What is other than in an older record, in words.
    fn difference(&self, old: &Json) -> Option<String> {
        let folder = self.folder.display();
        let (Some(keys), Some(own)) = (old[KEYS].as_object(), self.text[KEYS].as_object()) else {
            return Some(format!("{} is no record of features", self.folder.join(FILE).display()));
        };
        if keys.contains_key("graph") || own.contains_key("graph") {
            let what = if keys.get("graph") == own.get("graph") { "node of the graph" } else { "graph" };
            return (keys != own).then(|| format!("the arrays in {folder} were made by another {what}"));
        }
        let none = Json::from("its default");
        let other = |key: &&String| keys.get(*key) != own.get(*key);
        let all = own.keys().chain(keys.keys().filter(|key| !own.contains_key(*key)));
        let words: Vec<String> = all
            .filter(other)
            .map(|key| format!("`{key}` = {}, not {}", keys.get(key).unwrap_or(&none), own.get(key).unwrap_or(&none)))
            .collect();
        if let [first, rest @ ..] = words.as_slice() {
            let more = if rest.is_empty() { String::new() } else { format!(", and {} other keys", rest.len()) };
            return Some(format!("the arrays in {folder} were made with {first}{more}"));
        }
        let builds = [old, &self.text].map(|text| text[WORKERS].clone());
        let what = "were made by another build of the workers, which may compute other bits";
        (builds[0] != builds[1]).then(|| format!("the arrays in {folder} {what}"))
    }

    /// Writes it into the folder, which is made.
    ///
    /// # Errors
    /// It cannot be written there.
    pub fn write(&self) -> Result<(), FeaturesError> {
        let look = |why: std::io::Error| FeaturesError::Look { path: self.folder.clone(), why: why.to_string() };
        std::fs::create_dir_all(&self.folder).map_err(look)?;
        let mut file = LineWriter::create(self.folder.join(FILE))?;
        file.write(&format!("{:#}", self.text))?;
        Ok(file.finish()?)
    }

    /// Takes it away again: there is nothing that it tells of.
    pub fn remove(&self) {
        // One that stays is replaced by the next call that has something to tell, or removed by hand.
        drop(std::fs::remove_file(self.folder.join(FILE)));
    }
}

/// The extents of the array of a sound, if it is complete and younger than the sound.
pub fn ready(sound: &Sound, npy: &Path) -> Option<Vec<usize>> {
    let age = |path: &Path| -> Option<SystemTime> { path.metadata().ok()?.modified().ok() };
    let younger = age(npy)? > age(&sound.path)?;
    NpyHead::read(npy).ok().filter(|_| younger).map(|head| head.shape)
}
