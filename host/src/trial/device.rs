//! Tests on a simulated device.
use super::Suite;
use crate::graph::{Code, Diag, Diags, TestTable};
use crate::plugin::Workers;
use crate::replay::{Outcome, Progress, ReplayError, replay};
use crate::sim::{Faults, Job, Profile, ProfileError, SimError, StageError, report::Report, simulate};

/// What came of one run of a case.
pub(super) struct Run {
    pub outcome: Outcome,
    /// What the device did, if there is one.
    pub device: Option<Report>,
}

/// Why there is none.
pub(super) enum Stopped {
    /// Ctrl-C.
    Interrupted,
    /// The graph has mistakes, which were reported.
    Graph,
    /// Something else.
    Broken(String),
}

impl From<ReplayError> for Stopped {
    fn from(why: ReplayError) -> Self {
        match why {
            ReplayError::Interrupted => Self::Interrupted,
            ReplayError::Graph => Self::Graph,
            why => Self::Broken(why.to_string()),
        }
    }
}

/// Plays a job, on the device of the test if it names one. `disturbed`: with the faults of the test.
pub(super) fn run(
    job: &crate::replay::Job,
    (test, suite): (&TestTable, &Suite),
    workers: &Workers,
    progress: &Progress,
    disturbed: bool,
    diags: &mut Diags,
) -> Result<Run, Stopped> {
    let Some(device) = &test.device else {
        let outcome = replay(job, &suite.graph, workers, progress, diags)?;
        return Ok(Run { outcome, device: None });
    };
    let profile = Profile::find(&device.value.to_string_lossy()).map_err(|why| Stopped::Broken(why.to_string()))?;
    let mut faults = profile.faults.clone();
    if disturbed {
        faults.extend(test.faults.iter().cloned());
    }
    let job = Job { replay: job.clone(), profile, faults: Faults::new(faults, test.seed), counts: vec![] };
    match simulate(&job, &suite.graph, workers, progress, diags) {
        Ok(simulated) => Ok(Run { outcome: simulated.outcome, device: Some(simulated.report) }),
        Err(SimError::Replay(why) | SimError::Stage(StageError::Graph(why))) => Err(why.into()),
        Err(why) => Err(Stopped::Broken(why.to_string())),
    }
}

/// Devices that tests name and that there are not, or that have mistakes.
pub fn check_devices(tests: &[TestTable], diags: &mut Diags) {
    for test in tests {
        let Some(device) = &test.device else { continue };
        let profile = match Profile::find(&device.value.to_string_lossy()) {
            Ok(profile) => profile,
            Err(why) => {
                diags.push(no_device(device.span.clone(), &why));
                continue;
            }
        };
        if let Some(block) = test.block.filter(|block| !profile.audio.blocks.contains(block)) {
            let known: Vec<String> = profile.audio.blocks.iter().map(u32::to_string).collect();
            let title = format!("{} has no buffers of {block} samples", profile.name);
            let diag = Diag::new(Code::Value, device.span.clone(), title);
            diags.push(diag.label(format!("it has {}", known.join(", "))).help("write one of them as `block`"));
        }
    }
}

fn no_device(span: crate::graph::Span, why: &ProfileError) -> Diag {
    match why {
        ProfileError::Unknown { name, near } => {
            let diag = Diag::new(Code::Path, span, format!("there is no device `{name}`"));
            let known: Vec<&str> = crate::sim::profiles().collect();
            let diag = diag.label(format!("aw knows {}", known.join(", ")));
            let diag = near.iter().fold(diag, |diag, near| diag.help(format!("did you mean `{near}`?")));
            diag.help("a profile of your own is named by its file, such as \"devices/mine.toml\"")
        }
        ProfileError::Read { path, why } => {
            let diag = Diag::new(Code::Path, span, format!("the profile {} cannot be read", path.display()));
            diag.label(why.clone())
                .help("paths are relative to this file; `aw sim --list` shows the devices that aw knows")
        }
        ProfileError::Mistakes { path, diags, .. } => {
            let title = format!("the profile {} has mistakes", path.display());
            let diag = Diag::new(Code::Value, span, title);
            let diag = diags.iter().fold(diag, |diag, mistake| diag.note(mistake.in_a_line()));
            diag.help(format!("`aw sim GRAPH --device {}` shows them on their lines", path.display()))
        }
    }
}
