//! `features.json`: how the arrays of a folder were made, so that a second run goes on and mixes nothing.
use super::error::FeaturesError;
use super::recipe::Recipe;
use super::sounds::Sound;
use crate::io::{LineWriter, NpyHead};
use crate::plugin::Workers;
use serde_json::{Map, Value as Json, json};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Its name.
const FILE: &str = "features.json";
/// What must be equal, so that arrays can lie in one folder.
const KEYS: &str = "keys";
const WORKERS: &str = "workers";
/// Of which sound each array is.
const SOUNDS: &str = "sounds";
/// It is written so often while arrays are made: what came after is made again, should the machine be switched off.
const PERIOD: Duration = Duration::from_secs(2);

/// How arrays are made, by this call, and of which sounds.
#[derive(Debug)]
pub struct Record {
    text: Json,
    folder: PathBuf,
    sounds: Mutex<Map<String, Json>>,
    written: Mutex<Instant>,
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
        let (sounds, written) = (Mutex::default(), Mutex::new(Instant::now()));
        Ok(Self { text, folder: folder.into(), sounds, written })
    }

    /// Compares with what stands in the folder, and takes over of which sounds its arrays are. Of other sounds that have
    /// come in their place nothing is known.
    ///
    /// # Errors
    /// What is there was made otherwise, or nobody knows how.
    pub fn compare(&mut self, sounds: &[Sound]) -> Result<Standing, FeaturesError> {
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
        if let Some(what) = self.difference(&old) {
            return Err(FeaturesError::Other { what });
        }
        let mut known = old[SOUNDS].as_object().cloned().unwrap_or_default();
        for sound in sounds {
            let key = sound.key();
            if known.get(&key) != Some(&identity(sound)) {
                known.remove(&key);
            }
        }
        self.sounds = Mutex::new(known);
        Ok(Standing::Same)
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
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let look = |why: std::io::Error| FeaturesError::Look { path: self.folder.clone(), why: why.to_string() };
        std::fs::create_dir_all(&self.folder).map_err(look)?;
        let mut text = self.text.clone();
        text[SOUNDS] = Json::Object(self.sounds.lock().unwrap_or_else(PoisonError::into_inner).clone());
        let mut file = LineWriter::create(self.folder.join(FILE))?;
        file.write(&format!("{text:#}"))?;
        *written = Instant::now();
        Ok(file.finish()?)
    }

    /// The extents of the array of a sound, if it is there and of this very sound.
    pub fn ready(&self, sound: &Sound) -> Option<Vec<usize>> {
        let sounds = self.sounds.lock().unwrap_or_else(PoisonError::into_inner);
        let known = sounds.get(&sound.key()) == Some(&identity(sound));
        drop(sounds);
        NpyHead::read(&sound.npy(&self.folder)).ok().filter(|_| known).map(|head| head.shape)
    }

    /// The array of a sound is there; `identity` is what the sound was before it was played.
    pub fn made(&self, sound: &Sound, identity: Json) {
        self.sounds.lock().unwrap_or_else(PoisonError::into_inner).insert(sound.key(), identity);
        let due = self.written.lock().unwrap_or_else(PoisonError::into_inner).elapsed() > PERIOD;
        if due {
            // The last writing, after all sounds, tells of what is wrong.
            drop(self.write());
        }
    }

    /// Takes it away again: there is nothing that it tells of.
    pub fn remove(&self) {
        // One that stays is replaced by the next call that has something to tell, or removed by hand.
        drop(std::fs::remove_file(self.folder.join(FILE)));
    }
}

/// What tells a sound from one that comes in its place: its path, its size, and when it was last written, in ns.
pub fn identity(sound: &Sound) -> Json {
    let path = std::fs::canonicalize(&sound.path).unwrap_or_else(|_| sound.path.clone());
    let about = sound.path.metadata().ok();
    let modified = about.as_ref().and_then(|about| about.modified().ok());
    let modified = modified.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    json!({
        "path": path.to_string_lossy(),
        "bytes": about.map(|about| about.len()),
        "modified": modified.map(|since| since.as_nanos() as u64),
    })
}
