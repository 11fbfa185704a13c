//! What is found on this machine, and what to do about each lack.
//!
//! Nothing here opens a library: that is done in a process of its own, which may crash or hang without harm.
mod installed; // engines and models
mod machine; //   CPU, C library, disk
mod realtime; //  whether audio may go first
mod sound; //     sound systems
mod workers; //   worker libraries

pub use machine::features as cpu_features;

use crate::install::{Catalogue, Home};
use crate::plugin::SearchPath;
use serde::Serialize;
use std::path::Path;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What it belongs to.
    pub area: Area,
    /// What was looked at.
    pub what: String,
    /// How it stands.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do about it; empty where nothing needs to be done.
    pub remedy: Vec<String>,
}

/// What findings belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// Libraries that run models.
    Engines,
    /// Files of models.
    Models,
    /// Worker libraries.
    Workers,
    /// Sound systems.
    Sound,
    /// Scheduling and memory for live sound.
    Realtime,
    /// The rest of the machine.
    Machine,
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Fine,
    /// Something is not there, and nothing is broken by that.
    Lack,
    /// Something is there and does not work.
    Broken,
}

/// What a library is opened as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// Any library: whether the linker takes it.
    Library,
    /// A library of workers, whose ids are answered.
    Workers,
}

/// Opens a library in a process of its own; answers what that printed, or why it could not.
pub type Open<'a> = &'a dyn Fn(&Path, Opened) -> Result<String, String>;

/// Looks at everything.
pub fn examine(home: Option<&Home>, catalogue: &Catalogue, search: &SearchPath, open: Open) -> Vec<Finding> {
    let mut findings = vec![];
    if let Some(home) = home {
        findings.extend(installed::engines(home, catalogue, open));
        findings.extend(installed::models(home, catalogue));
    }
    findings.extend(workers::libraries(search, open));
    findings.extend(sound::systems(open));
    findings.extend(realtime::rights());
    findings.extend(machine::about(home, catalogue));
    findings
}

impl Finding {
    fn fine(area: Area, what: impl Into<String>, found: impl Into<String>) -> Self {
        Self { area, what: what.into(), verdict: Verdict::Fine, found: found.into(), remedy: vec![] }
    }
    fn lack(area: Area, what: impl Into<String>, found: impl Into<String>) -> Self {
        Self { verdict: Verdict::Lack, ..Self::fine(area, what, found) }
    }
    fn broken(area: Area, what: impl Into<String>, found: impl Into<String>) -> Self {
        Self { verdict: Verdict::Broken, ..Self::fine(area, what, found) }
    }
    fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy.push(remedy.into());
        self
    }
}
