//! `aw replay DIR`: a recording of `aw live`.
use super::super::many::{self, Bar, ENDED, INTERRUPTED};
use super::super::{FAILED, USAGE, ends, fail};
use super::Command;
use aw_host::live::record::{Bundle, Compared, Outcome, Replay};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::Ordering::Relaxed;

impl Command {
    /// Plays a recording, and says whether it is as it was.
    pub fn play_recorded(&self) -> Result<ExitCode, ExitCode> {
        self.fits_recording()?;
        let bundle = Bundle::read(&self.path).map_err(fail)?;
        let write = self.files_of(&bundle)?;
        let workers = self.workers.find()?;
        if let Some(why) = bundle.because().filter(|_| !self.quiet) {
            say!("written because: {why}");
        }
        let stop = many::on_ctrl_c()?;
        let bar = Bar::new(Some(bundle.seconds()), None, self.quiet);
        let played = |seconds: f64| bar.played(seconds);
        let encoding = ends::encoding(&self.encoding);
        let replay = Replay { workers: &workers, anyway: self.anyway, write, encoding, stop, played: &played };
        let result = replay.play(bundle);
        bar.finish();
        let outcome = result.map_err(fail)?;
        self.tell_recorded(&outcome);
        if stop.load(Relaxed) {
            say!("{ENDED}");
            return Err(ExitCode::from(INTERRUPTED));
        }
        if outcome.is_same() { Ok(ExitCode::SUCCESS) } else { Err(ExitCode::from(FAILED)) }
    }

    /// Most of what can be asked of a graph is settled in a recording.
    fn fits_recording(&self) -> Result<(), ExitCode> {
        let asked = [
            ("--in", !self.inputs.is_empty()),
            ("--align", self.align),
            ("--rate", self.rate.is_some()),
            ("--block", self.block.is_some()),
            ("--tail", self.tail.is_some()),
            ("--set", !self.set.is_empty()),
            ("--events", self.events.is_some()),
            ("--probe", !self.probes.is_empty()),
            ("--reference", self.reference.is_some()),
            ("--load", self.load),
        ];
        match asked.iter().find(|(_, is)| *is) {
            Some((name, _)) => {
                say!("error: {} is a recording, which is played as it was: leave {name} out", self.path.display());
                Err(ExitCode::from(USAGE))
            }
            None => Ok(()),
        }
    }

    fn files_of(&self, bundle: &Bundle) -> Result<BTreeMap<String, PathBuf>, ExitCode> {
        let names: Vec<&str> = bundle.outputs().collect();
        let mut files = BTreeMap::new();
        for text in &self.outputs {
            let (name, path) = match (ends::named(text, &names), names.as_slice()) {
                ((Some(name), path), _) => (name.to_string(), path),
                ((None, path), [name]) => (name.to_string(), path),
                ((None, path), _) => {
                    say!("error: say which output goes to {path}: --out OUTPUT={path}, with {}", names.join(", "));
                    return Err(ExitCode::from(USAGE));
                }
            };
            files.insert(name, path.into());
        }
        Ok(files)
    }

    fn tell_recorded(&self, outcome: &Outcome) {
        outcome.notes.iter().for_each(|note| say!("note: {note}"));
        if outcome.lost > 0 {
            say!("note: {} frames were not kept: what comes after them is not as it was", outcome.lost);
        }
        if !outcome.whole && !self.quiet {
            say!("note: it begins amid a session, with workers that remember nothing: its end is compared");
        }
        if !self.quiet {
            outcome.failed.iter().for_each(|why| say!("{why}"));
            outcome.late.iter().for_each(|(node, firings)| say!("`{node}`: {firings} late answers"));
        }
        outcome.outputs.iter().for_each(|output| say!("{}", told(output, outcome.whole)));
    }
}

/// How an output compares, as a sentence.
fn told(output: &Compared, whole: bool) -> String {
    let Compared { name, frames, differ, first, snr_db, end_db } = output;
    match first {
        None => format!("`{name}`: bit for bit as recorded, {frames} frames"),
        Some((frame, time)) if whole => format!(
            "`{name}`: {differ} samples differ, the first in frame {frame} ({time:.3} s); {snr_db:.1} dB between what was \
             heard and the difference"
        ),
        Some(_) if *end_db == f64::INFINITY => format!("`{name}`: its end is bit for bit as recorded"),
        Some(_) => format!("`{name}`: {end_db:.1} dB between what was heard and the difference in the end"),
    }
}
