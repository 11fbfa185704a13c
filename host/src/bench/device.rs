//! On a sound card: what a graph costs where it is played and heard.
use super::advice::Advice;
use super::paced::Timing;
use super::run::{Costs, NodeCosts, late_of};
use crate::live::{Accounts, LiveError, Session, Setup};
use crate::plugin::Workers;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Plays a graph on devices for so many seconds, and tells what it cost. Gaps in the sound count as overruns.
///
/// # Errors
/// [`LiveError`].
pub fn bench_on_device(
    setup: Setup,
    workers: Workers,
    seconds: f64,
    stop: &AtomicBool,
    passed: &(dyn Fn(f64) + Sync),
) -> Result<Costs, LiveError> {
    let mut session = Session::open(setup, workers)?;
    let (start, mut told) = (Instant::now(), 0.0);
    while told < seconds && !stop.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(25));
        session.turn(Instant::now());
        let now = start.elapsed().as_secs_f64().min(seconds);
        passed(now - std::mem::replace(&mut told, now));
    }
    let scene = session.scene();
    let nothing = || LiveError::Nothing(scene.title.clone());
    let Accounts { plan, steps: accounts, whole: block } = session.accounts().ok_or_else(nothing)?;
    let loads: Vec<_> = accounts.iter().map(|(load, _)| load.clone()).collect();
    let advice = Advice::of(&plan, &loads);
    let node = |((step, (paced, missed)), advice): ((&crate::graph::Step, _), Advice)| NodeCosts {
        name: step.name.clone(),
        worker: step.worker.clone(),
        lane: step.lane.as_ref().map(|lane| lane.name.clone()),
        late: late_of(step),
        hot: None,
        paced,
        missed,
        advice,
    };
    let nodes = plan.steps.iter().zip(accounts).zip(advice).map(node).collect();
    let mut notes: Vec<String> = scene.notes.iter().map(|note| note.text.clone()).collect();
    notes.extend(session.close());
    Ok(Costs {
        period: f64::from(plan.block) / f64::from(plan.rate),
        nodes,
        taken: block.taken(),
        block,
        timing: Timing { overruns: scene.xruns, ..Timing::default() },
        lanes: vec![],
        notes,
        failed: scene.loads.iter().any(|load| load.failed.is_some()),
    })
}
