//! A case through its graph.
use super::device::{self, Run, Stopped};
use super::judge::{Evidence, judge};
use super::report::exhibit;
use super::verdict::{Checked, Exhibit, Golden, Status, Verdict};
use super::{Case, Suite};
use crate::control::Turn;
use crate::graph::{Diags, Of, TestTable};
use crate::metrics::Difference;
use crate::plugin::Workers;
use crate::replay::{Job, Keep, Outcome, Progress};
use crate::sim::report::Report;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

/// What all cases share.
pub struct Trial<'a> {
    /// The workers of the graphs.
    pub workers: &'a Workers,
    /// Who watches.
    pub progress: Progress<'a>,
    /// How often each case is played; more than once, to see whether it is the same every time.
    pub times: u32,
    /// What is heard is kept, for players, also where all is well.
    pub keep: bool,
    /// Bytes that players may still take.
    pub room: AtomicI64,
    /// Held by a case that measures the machine, and must be alone for it.
    pub alone: RwLock<()>,
}

/// Plays a case and judges it; also what the compiler says of the graph.
///
/// # Errors
/// Ctrl-C.
pub fn run(case: &Case, suite: &Suite, trial: &Trial) -> Result<(Verdict, Diags), Interrupted> {
    let begun = Instant::now();
    let mut diags = suite.graph_diags.clone();
    let verdict = played(case, suite, trial, &mut diags)?;
    Ok((Verdict { elapsed: begun.elapsed(), ..verdict }, diags))
}

/// Ctrl-C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

fn played(case: &Case, suite: &Suite, trial: &Trial, diags: &mut Diags) -> Result<Verdict, Interrupted> {
    let broken = |why: String| Verdict::of(case, Status::Broken(why));
    let (graph, test) = (suite.graph.path.display(), &suite.tests[case.test]);
    if let Some(why) = &case.trouble {
        return Ok(broken(why.clone()));
    }
    if suite.has_mistakes(case.test) {
        return Ok(broken(format!("{} has mistakes", suite.path.display())));
    }
    if diags.errors() > 0 {
        return Ok(broken(format!("the graph {graph} has mistakes")));
    }
    // On a device nothing hangs on this machine.
    let machine = test.device.is_none() && measures(test, &["load_percent", "memory_mib"]);
    let alone = machine.then(|| trial.alone.write().unwrap_or_else(PoisonError::into_inner));
    let beside = (!machine).then(|| trial.alone.read().unwrap_or_else(PoisonError::into_inner));
    let job = job(case, test);
    let play = |disturbed: bool, diags: &mut Diags| {
        device::run(&job, (test, suite), trial.workers, &trial.progress, disturbed, diags)
    };
    let broken_by = |stopped: Stopped| match stopped {
        Stopped::Interrupted => Err(Interrupted),
        Stopped::Graph => Ok(broken(format!("the graph {graph} has mistakes"))),
        Stopped::Broken(why) => Ok(broken(why)),
    };
    let Run { outcome, device } = match play(true, diags) {
        Ok(run) => run,
        Err(stopped) => return broken_by(stopped),
    };
    for time in 2..=trial.times {
        let again = match play(true, diags) {
            Ok(again) => {
                same(&outcome, &again.outcome).and_then(|()| same_trace(device.as_ref(), again.device.as_ref()))
            }
            Err(Stopped::Interrupted) => return Err(Interrupted),
            Err(Stopped::Graph) => Err(format!("the graph {graph} has mistakes")),
            Err(Stopped::Broken(why)) => Err(why),
        };
        if let Err(why) = again {
            return Ok(broken(format!("run {time} is not as the first: {why}")));
        }
    }
    let asked = test.expect.iter().any(|expect| expect.looks_at(Of::Undisturbed));
    let undisturbed = match asked.then(|| play(false, diags)).transpose() {
        Ok(run) => run.map(|run| run.outcome),
        Err(stopped) => return broken_by(stopped),
    };
    drop(alone);
    let (device, undisturbed) = (device.as_ref(), undisturbed.as_ref());
    let evidence = Evidence { case, test, outcome: &outcome, device, undisturbed, trial };
    let checks = judge(&evidence);
    if trial.progress.stop.load(Relaxed) {
        return Err(Interrupted);
    }
    let damaged = outcome.damaged.first().map(|why| format!("what is played is damaged: {why}"));
    let status = match failure(&outcome).or(damaged) {
        Some(why) => Status::Broken(why),
        None if checks.iter().all(|check| check.passed) => Status::Passed,
        None => Status::Failed,
    };
    let exhibits = exhibits(&checks);
    let sounds = trial.sounds(&evidence, status != Status::Passed);
    // Models that judge sound take time, too.
    drop(beside);
    let (notes, seconds) = (notes(&outcome, test), outcome.seconds);
    Ok(Verdict { status, checks, notes, sounds, exhibits, seconds, ..Verdict::of(case, Status::Passed) })
}

impl Trial<'_> {
    /// What was played and heard, for players: always of what failed, of the rest if it is wanted and there is room.
    fn sounds(&self, evidence: &Evidence, failed: bool) -> Vec<(String, Option<Vec<u8>>)> {
        if !failed && (!self.keep || self.room.load(Relaxed) <= 0) {
            return vec![];
        }
        let sounds: Vec<_> = evidence.sounds().iter().map(|(name, sound)| (name.clone(), sound.wav())).collect();
        let bytes: usize = sounds.iter().filter_map(|(_, wav)| wav.as_ref()).map(Vec::len).sum();
        self.room.fetch_sub(bytes as i64, Relaxed);
        sounds
    }
}

/// Goldens that are not matched, each once.
fn exhibits(checks: &[Checked]) -> Vec<Exhibit> {
    let mut goldens: Vec<&Arc<Golden>> = checks.iter().filter_map(|check| check.golden.as_ref()).collect();
    goldens.dedup_by(|a, b| Arc::ptr_eq(a, b));
    goldens.into_iter().map(exhibit).collect()
}

/// Whether two runs gave the same, bit for bit.
fn same(first: &Outcome, again: &Outcome) -> Result<(), String> {
    const MEMORY: &str = "a worker remembers something from run to run, or goes by the clock or by chance";
    for (was, is) in first.kept.iter().zip(&again.kept) {
        let width = was.shape.iter().product::<usize>().max(1);
        let found = Difference::of_frames(&was.data, &is.data, (width, width), 0.0);
        if let Some(spot) = found.first_changed {
            let (now, then) = (spot.actual, spot.expected);
            return Err(format!(
                "`{}` differs first in frame {}: {now} instead of {then}; {MEMORY}",
                was.port, spot.frame
            ));
        }
        if !found.same_shape() {
            return Err(format!("`{}` has another length; {MEMORY}", is.port));
        }
    }
    match first.heard == again.heard {
        true => Ok(()),
        false => Err(format!("other events are heard; {MEMORY}")),
    }
}

/// Whether a device did the same, to the picosecond.
fn same_trace(first: Option<&Report>, again: Option<&Report>) -> Result<(), String> {
    match (first, again) {
        (Some(first), Some(again)) if first.trace != again.trace => {
            Err(format!("the device did something else: trace {} instead of {}", again.trace, first.trace))
        }
        _ => Ok(()),
    }
}

/// Whether a test measures one of these.
fn measures(test: &TestTable, keys: &[&str]) -> bool {
    test.expect.iter().flat_map(|expect| &expect.limits).any(|limit| keys.contains(&limit.measure.key))
}

fn job(case: &Case, test: &TestTable) -> Job {
    let ports =
        test.expect.iter().filter(|expect| expect.looks_at(Of::Golden)).filter_map(|expect| expect.port.as_ref());
    let mut ports: Vec<String> = ports.map(|port| port.value.clone()).collect();
    ports.sort();
    ports.dedup();
    let turn = |turn: &crate::graph::Turn| {
        let (node, param) = turn.of.value.clone();
        Turn { node, param, value: turn.value.value.clone(), at: turn.at_s, ramp: turn.ramp_ms / 1000.0 }
    };
    Job {
        inputs: case.inputs.clone(),
        keep: Keep { align: test.align, ports, in_memory: true, ..Keep::default() },
        block: test.block,
        automation: test.set.iter().map(turn).collect(),
        metered: measures(test, &["load_percent", "allocations"]),
        tail: test.tail_ms.map(|ms| ms / 1000.0),
        ..Job::default()
    }
}

/// A worker that failed: what was heard after that is of no use.
fn failure(outcome: &Outcome) -> Option<String> {
    outcome.reports.iter().find_map(|report| match report {
        crate::control::Report::Failed { node, why, instead } => Some(format!("`{node}` {why}; {instead}")),
        _ => None,
    })
}

fn notes(outcome: &Outcome, test: &TestTable) -> Vec<String> {
    let said = outcome.reports.iter().filter_map(|report| match report {
        crate::control::Report::Says { node, text } => Some(format!("`{node}` says: {text}")),
        _ => None,
    });
    let late = test.set.iter().filter(|turn| turn.at_s >= outcome.seconds);
    let late = late.map(|turn| {
        let (node, param) = &turn.of.value;
        format!("`{node}.{param}` is set at {} s, and what is played ends at {:.3} s", turn.at_s, outcome.seconds)
    });
    said.chain(outcome.warnings.iter().cloned()).chain(late).collect()
}
