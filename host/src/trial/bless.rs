//! Goldens made anew, of what came.
use super::verdict::{Exhibit, Golden, Heard, Status, Verdict};
use crate::graph::Of;
use crate::io::{AudioReader, AudioWriter, Encoding, NpyWriter, same_file};
use std::path::{Path, PathBuf};

/// A golden that was made anew.
#[derive(Clone, Debug)]
pub struct Blessed {
    /// Its file.
    pub path: PathBuf,
    /// What has changed, a sentence each.
    pub changed: Vec<String>,
    /// Before, now, and the difference, as a PNG; nothing where there was nothing before.
    pub picture: Option<Vec<u8>>,
}

/// Makes those goldens of a case anew that it does not match. `keep`: files that are no goldens of its own, whatever a test
/// says of them: what is played, what it is compared with, graphs, goldens of others.
///
/// # Errors
/// Something else is not as expected, so that what came is not what it should be; or a file may not or cannot be written.
/// Nothing is written then, as far as that can be known before.
pub fn bless(verdict: &Verdict, keep: &[PathBuf]) -> Result<Vec<Blessed>, String> {
    if let Status::Broken(why) = &verdict.status {
        return Err(why.clone());
    }
    let wrong = |check: &&super::Checked| !check.passed && check.limit.measure.of != Of::Golden;
    if let Some(check) = verdict.checks.iter().find(wrong) {
        return Err(format!("{} is {}, wanted {}: mend that first", check.what(), check.value(), check.wanted()));
    }
    if let Some(check) = verdict.checks.iter().find(|check| !check.passed && check.golden.is_none()) {
        return Err(format!("{}: {}", check.what(), check.why.join("; ")));
    }
    for Exhibit { golden, .. } in &verdict.exhibits {
        may_write(golden, keep)?;
    }
    let mut blessed: Vec<Blessed> = vec![];
    for Exhibit { golden, png, .. } in &verdict.exhibits {
        write(golden).map_err(|why| format!("cannot write {}: {why}", golden.path.display()))?;
        let picture = png.clone().filter(|_| golden.expected.is_some());
        let own = |check: &&super::Checked| check.golden.as_ref().is_some_and(|other| other.path == golden.path);
        let changed = match (&golden.expected, verdict.checks.iter().find(own)) {
            (Some(_), Some(check)) => check.why.clone(),
            _ => vec![format!("is new: {}", size(&golden.actual))],
        };
        blessed.push(Blessed { path: golden.path.clone(), changed, picture });
    }
    Ok(blessed)
}

fn may_write(golden: &Golden, keep: &[PathBuf]) -> Result<(), String> {
    let path = &golden.path;
    if keep.iter().any(|other| other == path || same_file(other, path)) {
        return Err(format!(
            "{} is read by a test, or is the golden of a test before this one: bless that, or name another file",
            path.display()
        ));
    }
    if golden.expected.is_none() && path.exists() {
        return Err(format!("{} is there, and is no golden: delete it first, or name another file", path.display()));
    }
    match golden.actual {
        Heard::Sound(_) => encoding(path).map(|_| ()).map_err(|why| format!("{}: {why}", path.display())),
        Heard::Frames { .. } => Ok(()),
    }
}

fn size(heard: &Heard) -> String {
    match heard {
        Heard::Sound(sound) => {
            let seconds = sound.frames() as f64 / f64::from(sound.rate);
            format!("{seconds:.3} s, {} Hz, {} channels", sound.rate, sound.planes.len())
        }
        Heard::Frames { shape, data, .. } => {
            format!("{} frames of {shape:?}", data.len() / shape.iter().product::<usize>().max(1))
        }
    }
}

fn write(golden: &Golden) -> Result<(), String> {
    let path = &golden.path;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|why| why.to_string())?;
    }
    write_heard(path, &golden.actual)
}

/// Writes sound as WAV, in the encoding of the file that is there, or frames as .npy.
pub(super) fn write_heard(path: &Path, heard: &Heard) -> Result<(), String> {
    match heard {
        Heard::Sound(sound) => {
            let encoding = encoding(path)?;
            let planes: Vec<&[f32]> = sound.planes.iter().map(Vec::as_slice).collect();
            let file = AudioWriter::create(path, sound.rate, planes.len(), encoding);
            let written = file.and_then(|mut file| {
                file.write(&planes)?;
                file.finish()
            });
            written.map(|_| ()).map_err(|why| why.to_string())
        }
        Heard::Frames { shape, data, .. } => {
            let file = NpyWriter::create(path, shape);
            let written = file.and_then(|mut file| {
                file.write(data)?;
                file.finish()
            });
            written.map(|_| ()).map_err(|why| why.to_string())
        }
    }
}

fn encoding(path: &Path) -> Result<Encoding, String> {
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("flac")) {
        return Err("FLAC is read, not written: name the golden .wav".into());
    }
    let before = AudioReader::open(path).ok().map(|reader| reader.spec().encoding.clone());
    Ok(match before.as_deref() {
        Some("PCM 16 bit") => Encoding::S16,
        Some("PCM 24 bit") => Encoding::S24,
        Some("PCM 32 bit") => Encoding::S32,
        _ => Encoding::F32,
    })
}
