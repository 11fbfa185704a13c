//! What came of a case.
use super::{Case, Sound};
use crate::graph::Limit;
use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What came of a case.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The file that the test stands in.
    pub path: String,
    /// What it is called.
    pub name: String,
    /// How it ended.
    pub status: Status,
    /// What was measured, in the order of the file.
    pub checks: Vec<Checked>,
    /// What was odd, but decides nothing.
    pub notes: Vec<String>,
    /// What was played and heard, for players: its name, and a WAV file; nothing where there was no room.
    pub sounds: Vec<(String, Option<Vec<u8>>)>,
    /// Goldens that it does not match, to look at.
    pub exhibits: Vec<Exhibit>,
    /// Seconds of input.
    pub seconds: f64,
    /// Time it took, files and measures included.
    pub elapsed: Duration,
}

/// How a case ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// All that is expected is so.
    Passed,
    /// Something is not as expected.
    Failed,
    /// It could not be played, or not be judged: why.
    Broken(String),
}

/// A measure and its limits.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Of what: an output, a port, or "the run".
    pub subject: String,
    /// What was measured, and what it may be.
    pub limit: Limit,
    /// What it is; `None` where it could not be measured.
    pub measured: Option<f64>,
    /// Whether it is as expected.
    pub passed: bool,
    /// What else helps to understand it, a sentence each.
    pub why: Vec<String>,
    /// The version of its definition.
    pub definition: Option<Cow<'static, str>>,
    /// The golden that it was compared with.
    pub golden: Option<Arc<Golden>>,
}

/// A golden and what came instead, to look at.
#[derive(Clone, Debug)]
pub struct Exhibit {
    /// The golden.
    pub golden: Arc<Golden>,
    /// Expected, actual and difference, as a PNG.
    pub png: Option<Vec<u8>>,
    /// The level of the difference over time, as SVG.
    pub plot: Option<String>,
    /// What was expected, as a WAV file for players.
    pub wav: Option<Vec<u8>>,
}

/// A golden, and what came instead.
#[derive(Clone, Debug)]
pub struct Golden {
    /// Its file.
    pub path: PathBuf,
    /// What came.
    pub actual: Heard,
    /// What is in the file; `None` if there is none, or it is no golden.
    pub expected: Option<Heard>,
}

/// Sound, or the frames of a port.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// Sound.
    Sound(Sound),
    /// Frames of a shape, and how many there are a second.
    Frames {
        /// The shape of one.
        shape: Vec<usize>,
        /// All values.
        data: Vec<f32>,
        /// Frames a second.
        rate: f64,
    },
}

impl Verdict {
    /// FILE::NAME.
    pub fn id(&self) -> String {
        format!("{}::{}", self.path, self.name)
    }

    /// Of a case of which nothing is known yet.
    pub(super) fn of(case: &Case, status: Status) -> Self {
        let (path, name) = (case.path.clone(), case.name.clone());
        let (checks, notes, sounds, exhibits) = Default::default();
        Self { path, name, status, checks, notes, sounds, exhibits, seconds: 0.0, elapsed: Duration::ZERO }
    }

    /// Whether all is as expected.
    pub fn passed(&self) -> bool {
        self.status == Status::Passed
    }
}

impl Checked {
    /// What is measured, in one word: `speaker.si_sdr`, `latency_ms`.
    pub fn what(&self) -> String {
        match self.subject.as_str() {
            "" => self.limit.measure.key.into(),
            subject => format!("{subject}.{}", self.limit.measure.key),
        }
    }

    /// What was measured, with its unit.
    pub fn value(&self) -> String {
        match (self.measured, self.limit.measure.key) {
            (None, _) => "not measured".into(),
            (Some(yes), "bit_equal") => if yes > 0.0 { "equal" } else { "not equal" }.into(),
            // What failed by little is told from its limit.
            (Some(value), _) if !self.passed => format!("{}{}", exact(value), self.limit.measure.unit),
            (Some(value), _) => format!("{}{}", number(value), self.limit.measure.unit),
        }
    }

    /// What it may be, with its unit.
    pub fn wanted(&self) -> String {
        let unit = self.limit.measure.unit;
        match (self.limit.min, self.limit.max) {
            _ if self.limit.measure.key == "bit_equal" => "bit for bit".into(),
            (Some(min), Some(max)) if min == max => format!("{}{unit}", min),
            (Some(min), Some(max)) => format!("{} to {}{unit}", min, max),
            (Some(min), None) => format!("at least {}{unit}", min),
            (None, Some(max)) => format!("at most {}{unit}", max),
            (None, None) => "anything".into(),
        }
    }
}

/// With more digits than people want to read.
fn exact(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if !(1e-3..1e9).contains(&size) => number(value),
        _ => format!("{value:.7}").trim_end_matches('0').trim_end_matches('.').into(),
    }
}

/// With as many digits as tell something.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    let text = match size {
        _ if value.fract() == 0.0 && size < 1e9 => return format!("{value:.0}"),
        _ if !value.is_finite() => return value.to_string().replace("inf", "∞"),
        _ if size >= 100.0 => format!("{value:.1}"),
        _ if size >= 1.0 => format!("{value:.3}"),
        _ if size >= 1e-3 => format!("{value:.5}"),
        _ => return format!("{value:.3e}"),
    };
    text.trim_end_matches('0').trim_end_matches('.').into()
}
