//! A model that judges sound: a mean opinion score without a clean reference.
//!
//! The model is asked as DNSMOS is asked (C. K. A. Reddy, V. Gopal, R. Cutler, "DNSMOS P.835", ICASSP 2022, and the
//! program that its authors published as `speechmos`): of windows that begin a second apart, of which the mean is taken.
//! It is run by the worker `onnx`, in a graph of its own: what is measured is what `aw replay` plays.
//!
//! What the numbers of `sig_bak_ovr.onnx` mean, and the calibrations of that program, lowest power first:
//!
//! | `score` | `polynomial` | of `personal_sig_bak_ovr.onnx` |
//! |---|---|---|
//! | 1: SIG, the speech | 0.0052439, 1.22083953, -0.08397278 | -0.24348726, 1.19576786, 0.02751166, -0.01019296 |
//! | 2: BAK, the noise | -0.39604546, 1.60915514, -0.13166888 | 0.96883132, -0.1644611, 0.44276479, -0.04976499 |
//! | 3: OVRL, all of it | 0.04602535, 1.11546468, -0.06766283 | -0.11236046, 1.18058466, 0.005101, -0.00533021 |
//!
//! `model_v8.onnx`, DNSMOS P.808, gives one number that needs no calibration.
mod ask; //     a window in, numbers out: a graph that plays the model
mod hears; //   what a model hears
mod scores; //  which number is meant, and what score it is
mod windows; // which parts of a sound it is asked of

use super::{Evidence, Found, Opened};
use crate::graph::{ExpectTable, OpinionTable, installed_path};
use crate::install::{Record, hash};
use crate::trial::Sound;
use ask::Asker;
use hears::Judge;
use std::path::{Path, PathBuf};
use windows::windows;

/// What a model said of a sound.
pub(super) struct Said {
    /// The model, the rate that the author gives, and the sound.
    of: (PathBuf, Option<u32>, Sound),
    /// The model in words that name its very version, and the windows.
    how: String,
    /// The worker's words on the engine that ran it.
    engine: Option<String>,
    /// Names of its numbers.
    names: Vec<String>,
    /// Its numbers, of each window of each channel.
    numbers: Vec<Vec<f32>>,
}

impl Evidence<'_> {
    pub(super) fn of_opinion(&self, expect: &ExpectTable, opened: &mut Opened) -> Result<Found, String> {
        let opinion = expect.opinion.as_ref().ok_or("no model is named")?;
        let sound = self.heard(expect)?;
        if sound.frames() == 0 {
            return Err("nothing was heard that a model could judge".into());
        }
        let of = (model_file(opinion)?, opinion.model_hz, sound);
        let named = opinion.model.value.display().to_string();
        let at = match opened.said.iter().position(|said| said.of == of) {
            Some(at) => at,
            None => {
                opened.said.push(self.asked(&named, of)?);
                opened.said.len() - 1
            }
        };
        let said = &opened.said[at];
        let place = scores::place(opinion.score.as_ref(), &said.names).map_err(|why| format!("{named} {why}"))?;
        let number = |all: &Vec<f32>| scores::calibrated(f64::from(all[place]), &opinion.polynomial);
        let all: Vec<f64> = said.numbers.iter().map(number).collect();
        let mean = all.iter().sum::<f64>() / all.len().max(1) as f64;
        if !mean.is_finite() {
            return Err(format!("{named} says {mean} of it, which is no opinion"));
        }
        let mut found = Found::of(mean);
        let of = format!("{} of {named}", said.names[place]);
        found.why = [Some(of), scores::spread(&all), said.engine.clone()].into_iter().flatten().collect();
        let score = scores::formula(&said.names[place], &opinion.polynomial);
        Ok(found.defined(format!("{}; {score}", said.how)))
    }

    /// Asks a model of every window of every channel.
    fn asked(&self, named: &str, of: (PathBuf, Option<u32>, Sound)) -> Result<Said, String> {
        let (path, hz, sound) = &of;
        let bytes = std::fs::read(path).map_err(|why| format!("cannot read the model {named}: {why}"))?;
        let judge = Judge::of(path, &bytes, *hz).map_err(|why| format!("{named} {why}"))?;
        let how = format!("{}; {}", version(named, path, &hash::of_bytes(&bytes)), judge.windows());
        let cannot = |why: String| format!("{named} cannot be asked: {why}");
        let asker = Asker::new(path, &judge, self.trial).map_err(cannot)?;
        let sound = asker.at_rate(sound).map_err(cannot)?;
        let mut said = Said { of: of.clone(), how, engine: None, names: vec![], numbers: vec![] };
        for plane in &sound.planes {
            for window in windows(plane, judge.window(), judge.rate) {
                let answer = asker.ask(judge.heard_of(&window)).map_err(cannot)?;
                said.names = scores::names(&judge.outputs, &answer.outputs);
                said.engine = answer.engine;
                said.numbers.push(answer.outputs.concat());
            }
        }
        Ok(said)
    }
}

/// Where the file is.
fn model_file(opinion: &OpinionTable) -> Result<PathBuf, String> {
    let model = &opinion.model;
    match model.value.to_str().filter(|text| text.starts_with('@')) {
        Some(text) => installed_path("model", text, model.span.clone()).map_err(|diag| diag.in_a_line()),
        None if model.value.is_file() => Ok(model.value.clone()),
        None => {
            let help = "paths are relative to the file of the test, and \"@NAME/FILE\" names a model of `aw install`";
            Err(format!("there is no model {}; {help}", model.value.display()))
        }
    }
}

/// A model in words that name its very version.
fn version(named: &str, path: &Path, sha256: &str) -> String {
    let record = path.parent().filter(|_| named.starts_with('@')).and_then(|folder| Record::read(folder).ok());
    let package = record.map_or(String::new(), |record| format!(" of {} {}", record.package, record.version));
    format!("{named}{package}, SHA-256 {}", &sha256[..12])
}
