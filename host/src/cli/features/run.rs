//! `aw features`, sound by sound.
use super::tell::{Said, Tally};
use super::{Command, failed};
use crate::cli::fail;
use crate::cli::many::{self, Bar};
use aw_host::features::{Archive, Made, Recipe, Record, Sound, Standing, compute, draw, identity};
use aw_host::graph::Diags;
use aw_host::io::place;
use aw_host::picture::PictureError;
use aw_host::plugin::Workers;
use aw_host::replay::{Progress, ReplayError};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// What became of a sound.
pub enum Fate {
    /// Its array is new.
    Made(Made),
    /// Its array was there.
    There(Vec<usize>),
    /// It could not be drawn.
    Undrawn(PictureError),
    /// It has none.
    Failed(ReplayError),
}

impl Command {
    pub(super) fn fill_folder(
        &self,
        folder: &Path,
        recipe: &Recipe,
        sounds: &[Sound],
        workers: &Workers,
    ) -> Result<ExitCode, ExitCode> {
        let mut record = Record::new(folder, recipe, self.preset.as_deref(), workers).map_err(failed)?;
        let goes_on = match self.force {
            true => false,
            false => record.compare(sounds).map_err(failed)? == Standing::Same,
        };
        record.write().map_err(failed)?;
        let fates = self.each(recipe, sounds, workers, |_, sound, compute| {
            let npy = sound.npy(folder);
            let fate = match record.ready(sound) {
                Some(shape) => Fate::There(shape),
                None => {
                    let identity = identity(sound);
                    let made = sub_folder(&npy).and_then(|()| compute(&npy));
                    if made.is_ok() {
                        record.made(sound, identity);
                    }
                    made.map_or_else(Fate::Failed, Fate::Made)
                }
            };
            match self.png && !matches!(fate, Fate::Failed(_)) {
                true => drawn(recipe, sound, &npy, &sound.png(folder), fate),
                false => fate,
            }
        })?;
        if !goes_on && !self.force && fates.fates.iter().all(|fate| matches!(fate, Fate::Failed(_))) {
            record.remove();
        } else {
            record.write().map_err(failed)?;
        }
        self.tell(sounds, fates, folder)
    }

    pub(super) fn fill_archive(
        &self,
        npz: &Path,
        recipe: &Recipe,
        sounds: &[Sound],
        workers: &Workers,
    ) -> Result<ExitCode, ExitCode> {
        if let Some(sound) = sounds.iter().find(|sound| place(&sound.path).is_some_and(|own| Some(own) == place(npz))) {
            return Err(fail(ReplayError::Overwrite(sound.path.clone())));
        }
        let archive = Archive::create(npz).map_err(fail)?;
        let fates = self.each(recipe, sounds, workers, |at, sound, compute| {
            let made = compute(&archive.part(at));
            match (archive.add(at, made.is_ok().then_some(sound)), made) {
                (_, Err(why)) => Fate::Failed(why),
                (Err(why), _) => Fate::Failed(why.into()),
                (Ok(()), Ok(made)) => Fate::Made(made),
            }
        })?;
        if !fates.interrupted() {
            archive.finish().map_err(fail)?;
        }
        self.tell(sounds, fates, npz)
    }

    /// Does something with each sound, which is handed how its array is computed.
    fn each(
        &self,
        recipe: &Recipe,
        sounds: &[Sound],
        workers: &Workers,
        work: impl Fn(usize, &Sound, &dyn Fn(&Path) -> Result<Made, ReplayError>) -> Fate + Sync,
    ) -> Result<Tally, ExitCode> {
        let stop: &AtomicBool = many::on_ctrl_c()?;
        let seconds = sounds.iter().map(|sound| many::seconds(&sound.path).unwrap_or(0.0)).sum();
        let bar = Bar::new(Some(seconds), Some(sounds.len()), self.quiet);
        let played = |seconds: f64| bar.played(seconds);
        let progress = Progress { stop, played: &played };
        let said = Said::default();
        let threads = self.jobs.map_or_else(many::cores, usize::from);
        let fates = many::each(sounds, threads, |at, sound| {
            let compute = |npy: &Path| {
                if stop.load(Relaxed) {
                    return Err(ReplayError::Interrupted);
                }
                let mut diags = Diags::default();
                let made = compute(recipe, sound, npy, self.block, workers, &progress, &mut diags);
                said.add(recipe, &sound.path, diags);
                made
            };
            let fate = work(at, sound, &compute);
            bar.file_done();
            fate
        });
        let elapsed = bar.finish();
        said.say(self.quiet);
        Ok(Tally { fates, elapsed })
    }
}

/// Draws an array, unless there is a picture that is younger.
fn drawn(recipe: &Recipe, sound: &Sound, npy: &Path, png: &Path, fate: Fate) -> Fate {
    let age = |path: &Path| path.metadata().and_then(|about| about.modified()).ok();
    if matches!(fate, Fate::There(_)) && age(png) > age(npy) {
        return fate;
    }
    match draw(recipe, sound, npy, png) {
        Ok(true) => fate,
        Ok(false) => match fate {
            Fate::Made(mut made) => {
                made.warnings.push("there is no frame to draw".into());
                Fate::Made(made)
            }
            other => other,
        },
        Err(why) => Fate::Undrawn(why),
    }
}

/// Makes the folder that a file is to be in.
fn sub_folder(file: &Path) -> Result<(), ReplayError> {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|why| ReplayError::Write { path: folder.into(), why })
}
