//! What `aw features` says of its sounds.
use super::Command;
use super::run::Fate;
use crate::cli::FAILED;
use crate::cli::many::INTERRUPTED;
use aw_host::control::Report;
use aw_host::features::{Recipe, Sound};
use aw_host::graph::{Diags, GraphFile};
use aw_host::io::AudioReader;
use aw_host::replay::ReplayError;
use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What became of all sounds.
pub struct Tally {
    pub fates: Vec<Fate>,
    pub elapsed: Duration,
}

impl Tally {
    pub fn interrupted(&self) -> bool {
        self.fates.iter().any(|fate| matches!(fate, Fate::Failed(ReplayError::Interrupted)))
    }
}

/// What was found in graphs: the same is said once, although every sound has a graph of its own.
#[derive(Default)]
pub struct Said(Mutex<BTreeMap<String, (GraphFile, Diags)>>);

impl Said {
    pub fn add(&self, recipe: &Recipe, sound: &Path, diags: Diags) {
        let rate = AudioReader::open(sound).map_or(16000, |reader| reader.spec().rate);
        if diags.errors() + diags.warnings() > 0 {
            let (file, _) = recipe.graph(rate);
            let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            said.entry(file.text.clone()).or_insert((file, Diags::default())).1.extend(diags);
        }
    }

    pub fn say(self, only_errors: bool) {
        let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        for (file, mut diags) in self.0.into_inner().unwrap_or_else(PoisonError::into_inner).into_values() {
            diags.sort();
            if diags.errors() > 0 || !only_errors {
                say!("{}", diags.render(&file.path, &file.text, colour).trim_end());
            }
        }
    }
}

impl Command {
    /// Says what came of it.
    pub(super) fn tell(&self, sounds: &[Sound], tally: Tally, to: &Path) -> Result<ExitCode, ExitCode> {
        let (mut failed, mut misfits) = (0, vec![]);
        for (sound, fate) in sounds.iter().zip(&tally.fates) {
            let path = sound.path.display();
            match fate {
                Fate::Made(made) => {
                    for report in &made.reports {
                        if let Report::Says { node, text } = report
                            && !self.quiet
                        {
                            say!("{path}: `{node}` says: {text}");
                        }
                    }
                    made.warnings.iter().for_each(|warning| say!("warning: {path}: {warning}"));
                }
                Fate::There(_) | Fate::Failed(ReplayError::Interrupted) => {}
                Fate::Failed(ReplayError::Graph) => misfits.push(path.to_string()),
                Fate::Failed(why) => {
                    tell_error(sound, why);
                    failed += 1;
                }
                Fate::Undrawn(why) => {
                    tell_error(sound, why);
                    failed += 1;
                }
            }
        }
        if let Some(first) = misfits.first() {
            let more = if misfits.len() > 1 { format!(" and {} more", misfits.len() - 1) } else { String::new() };
            say!("error: {first}{more}: the graph does not fit, as is said above");
        }
        if !self.quiet {
            say!("{}", summary(&tally, to));
        }
        if tally.interrupted() {
            say!("interrupted; no unfinished file was left behind{}", self.next());
            return Err(ExitCode::from(INTERRUPTED));
        }
        if failed + misfits.len() > 0 { Err(ExitCode::from(FAILED)) } else { Ok(ExitCode::SUCCESS) }
    }

    /// How to go on after Ctrl-C.
    fn next(&self) -> &'static str {
        if self.out.is_some() { ", and the same call goes on" } else { "" }
    }
}

/// Most errors name the file themselves.
fn tell_error(sound: &Sound, why: impl ToString) {
    let (path, why) = (sound.path.display().to_string(), why.to_string());
    say!("error: {}{why}", if why.contains(&path) { String::new() } else { format!("{path}: ") });
}

/// Files, frames, widths, seconds, speed; what was there, what was resampled.
fn summary(tally: &Tally, to: &Path) -> String {
    let made = || tally.fates.iter().filter_map(|fate| if let Fate::Made(made) = fate { Some(made) } else { None });
    let there = || tally.fates.iter().filter_map(|fate| if let Fate::There(shape) = fate { Some(shape) } else { None });
    let files = |n: usize| if n == 1 { "1 file".to_string() } else { format!("{n} files") };
    let frames: usize = made().filter_map(|made| made.shape.first()).sum();
    let shapes: BTreeSet<String> = made().map(|made| shape(&made.shape)).collect();
    let shapes = shapes.into_iter().collect::<Vec<_>>().join(" or ");
    let seconds: f64 = made().map(|made| made.seconds).sum();
    let elapsed = tally.elapsed.as_secs_f64();
    let mut text = match made().count() {
        0 => format!("{}: no new array", to.display()),
        n => format!(
            "{}: {} of {}, {frames} frames of {shapes}; {seconds:.1} s of sound in {elapsed:.2} s: {:.0}× real time",
            to.display(),
            n,
            files(tally.fates.len()),
            seconds / elapsed.max(1e-9)
        ),
    };
    if there().count() > 0 {
        text += &format!("; {} there already", there().count());
    }
    let rates: BTreeSet<u32> = made().filter_map(|made| made.resampled).collect();
    if !rates.is_empty() {
        let rates: Vec<String> = rates.iter().map(u32::to_string).collect();
        let n = made().filter(|made| made.resampled.is_some()).count();
        let to = made().find(|made| made.resampled.is_some()).map_or(0, |made| made.rate);
        text += &format!("; {} resampled from {} to {to} Hz", files(n), rates.join(", "));
    }
    text
}

/// What a frame is: "80 values", "2 × 80 values".
fn shape(shape: &[usize]) -> String {
    let frame: Vec<String> = shape.iter().skip(1).map(usize::to_string).collect();
    format!("{} values", frame.join(" × "))
}
