//! The parent: one child a check, watched.
use super::super::process::{End, ended, last_words, watch};
use super::checks;
use super::child::Line;
use super::report::{Finding, Report, Verdict};
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A run of the suite.
pub struct Suite<'a> {
    /// The library.
    pub library: PathBuf,
    /// Most time that one check may take.
    pub timeout: Duration,
    /// Values of parameters, as `worker.param=value`.
    pub set: Vec<String>,
    /// Only this worker, or only this `worker.check`.
    pub only: Option<String>,
    /// Starts this program again: given the library, the diary and the task, it calls [`super::child`].
    pub start: &'a dyn Fn(&Path, &Path, &[OsString]) -> Command,
}

/// Why the suite could not run.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// No child, or no file for its diary.
    #[error("cannot run the checks in a process of their own: {0}")]
    Io(#[from] std::io::Error),
    /// Nothing is called so.
    #[error("--only {0} names no worker of the library and no check; the checks are {1}")]
    Only(String, String),
}

impl Suite<'_> {
    /// Runs every check; `tell` hears each finding as it comes.
    ///
    /// # Errors
    /// What keeps the children from running. What they find is no error.
    pub fn run(&self, mut tell: impl FnMut(&Finding)) -> Result<Report, SuiteError> {
        let mut report = Report::default();
        let mut add = |finding: Finding| {
            tell(&finding);
            report.findings.push(finding);
        };
        let workers = match self.task("", "open", &[])? {
            (Some(Line::Opened { version: (major, minor), workers }), _) => {
                let saw = format!("{} speaks worker ABI {major}.{minor}: {}", self.name(), workers.join(", "));
                add(Finding::new("", "open", Verdict::Pass, saw, String::new()));
                workers
            }
            (_, finding) => {
                add(finding);
                return Ok(report);
            }
        };
        let wanted = |worker: &str, check: &str| match self.only.as_deref() {
            None => true,
            Some(only) => only == worker || only.split_once('.') == Some((worker, check)),
        };
        let names = || checks::ALL.iter().map(|(name, _)| *name);
        if let Some(only) = self.only.as_ref().filter(|_| !workers.iter().any(|w| names().any(|name| wanted(w, name))))
        {
            return Err(SuiteError::Only(only.clone(), names().collect::<Vec<_>>().join(", ")));
        }
        for worker in &workers {
            let checks: Vec<&str> = names().filter(|check| wanted(worker, check)).collect();
            self.worker(worker, &checks, &mut add)?;
        }
        Ok(report)
    }

    /// Checks one worker.
    fn worker(&self, worker: &str, checks: &[&str], add: &mut impl FnMut(Finding)) -> Result<(), SuiteError> {
        let mut failed: Vec<(&str, String)> = vec![];
        let mut hung = None;
        for check in checks.iter().copied() {
            if let Some(hung) = hung {
                let why = format!("not tried: it would hang as in `{hung}`");
                add(Finding::new(worker, check, Verdict::Skip, why, String::new()));
                continue;
            }
            let args = ["--worker".into(), worker.into(), "--check".into(), check.into()];
            let (line, mut finding) = self.task(worker, check, &args)?;
            // What hangs in `process` with its usual values does so in every check that plays.
            let plays = finding.saw.contains("`process`") && ["again", "finite"].contains(&check);
            hung = (line.is_none() && finding.saw.starts_with(SLOW) && plays).then_some(check);
            if finding.verdict == Verdict::Fail {
                match failed.iter().find(|(_, saw)| *saw == finding.saw) {
                    Some((first, _)) => {
                        (finding.saw, finding.help) = (format!("the same as in `{first}`"), String::new())
                    }
                    None => failed.push((check, finding.saw.clone())),
                }
            }
            add(finding);
        }
        Ok(())
    }

    fn name(&self) -> String {
        self.library.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// One child. Answers the last word of its diary, if it came to its end, and what was found.
    fn task(&self, worker: &str, check: &str, args: &[OsString]) -> Result<(Option<Line>, Finding), SuiteError> {
        let folder = tempfile::tempdir()?;
        let (diary, said) = (folder.path().join("diary"), folder.path().join("said"));
        File::create(&diary)?;
        let set = self.set.iter().flat_map(|set| ["--set".into(), set.into()]);
        let args: Vec<OsString> = args.iter().cloned().chain(set).collect();
        let mut command = (self.start)(&self.library, &diary, &args);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&said)?);
        let end = watch(command.spawn()?, self.timeout)?;
        let text = String::from_utf8_lossy(&std::fs::read(&diary)?).into_owned();
        let mut lines: Vec<Line> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let step = lines.iter().rev().find_map(|line| match line {
            Line::Step(step) => Some(step.clone()),
            _ => None,
        });
        let make = |verdict, saw, help| Finding::new(worker, check, verdict, saw, help);
        Ok(match (lines.pop(), end) {
            (Some(Line::Found { verdict, saw, help }), End::By(_)) => {
                (Some(Line::Found { verdict, saw: saw.clone(), help: help.clone() }), make(verdict, saw, help))
            }
            (Some(opened @ Line::Opened { .. }), End::By(_)) => {
                (Some(opened), make(Verdict::Pass, String::new(), String::new()))
            }
            (_, end) => {
                let last = last_words(&std::fs::read(&said)?);
                let step = step.unwrap_or_else(|| "starting".into());
                (None, make(Verdict::Fail, death(&end, &step, &last, self.timeout), self.again(worker, check)))
            }
        })
    }

    /// How to see it happen again.
    fn again(&self, worker: &str, check: &str) -> String {
        let library = self.library.display();
        match worker {
            "" => "this happens before the library has any worker: look at its initialisers and at `aw_entry`".into(),
            _ => format!(
                "this alone: aw check {library} --only {worker}.{check} (and --timeout SECONDS, if it is only slow)"
            ),
        }
    }
}

const SLOW: &str = "no end after";

/// What became of a child, in words.
fn death(end: &End, step: &str, said: &str, timeout: Duration) -> String {
    let how = match end {
        End::Timeout => return format!("{SLOW} {} s: {step}", timeout.as_secs_f64()),
        End::By(status) => ended(*status),
    };
    let said = if said.is_empty() { String::new() } else { format!("; it said {said:?}") };
    format!("{how}: {step}{said}")
}
