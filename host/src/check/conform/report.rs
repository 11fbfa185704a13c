//! What the suite finds.
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Pass,
    /// Probably wrong, or not nice.
    Warn,
    /// Wrong.
    Fail,
    /// Does not apply, or could not be tried.
    Skip,
}

/// One check of one worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The worker; empty for the library as a whole.
    pub worker: String,
    /// The check.
    pub check: String,
    /// What it came to.
    pub verdict: Verdict,
    /// What was seen.
    pub saw: String,
    /// The way out, if one is needed.
    pub help: String,
}

/// All that was found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// One entry a check, in order.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Findings of a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.findings.iter().filter(|finding| finding.verdict == verdict).count()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.verdict {
            Verdict::Pass => '✓',
            Verdict::Warn => '!',
            Verdict::Fail => '✗',
            Verdict::Skip => '-',
        };
        let dot = if self.worker.is_empty() { "" } else { "." };
        write!(f, "{mark} {}{dot}{}: {}", self.worker, self.check, self.saw)?;
        if self.help.is_empty() { Ok(()) } else { write!(f, "\n    {}", self.help) }
    }
}

/// Why a check did not pass.
#[derive(Clone, Debug)]
pub struct Flaw {
    pub verdict: Verdict,
    pub saw: String,
    pub help: String,
}

/// What a check that passed has seen, or its flaw.
pub type Seen<T = String> = Result<T, Flaw>;

fn flaw<T>(verdict: Verdict, saw: impl Into<String>, help: impl Into<String>) -> Seen<T> {
    Err(Flaw { verdict, saw: saw.into(), help: help.into() })
}

/// Something is wrong.
pub fn fail<T>(saw: impl Into<String>, help: impl Into<String>) -> Seen<T> {
    flaw(Verdict::Fail, saw, help)
}

/// Something may be wrong.
pub fn warn<T>(saw: impl Into<String>, help: impl Into<String>) -> Seen<T> {
    flaw(Verdict::Warn, saw, help)
}

/// The check says nothing about this worker.
pub fn skip<T>(why: impl Into<String>) -> Seen<T> {
    flaw(Verdict::Skip, why, "")
}
