//! The dry run: the plan is walked with counters instead of frames until everything repeats. It gives, exactly, the
//! room that every stream needs, the worst shortage at every sink, and the firings. No formula enters.
use super::codes::Code;
use super::diag::{Diag, Diags};
use super::file::GraphFile;
use super::net::Net;
use super::plan::{OutputKind, Plan};
use super::time::Time;
use counters::Counters;
use num_integer::lcm;

mod counters; // in the place of frames
mod paper; //    block by block, for who asks what a block costs

pub use paper::{Paper, Work};

/// Most visits of a step before we give up.
const MOST_VISITS: u64 = 200_000_000;

/// Most of these in loops, where a few frames go round many times a block.
const MOST_ROUNDS: u64 = 50_000_000;

/// Memory that the frames of one stream may take.
const MOST_BYTES: u128 = 4 << 30;

/// Bytes.
const GIB: f64 = (1u64 << 30) as f64;

/// Periods until the start must have died away.
const MOST_PERIODS: u64 = 64;

/// Blocks after which every stream has moved whole firings.
fn period(plan: &Plan) -> Option<u64> {
    let mut period = 1u64;
    let mut join = |blocks: u64| {
        let joined = lcm(u128::from(period), u128::from(blocks));
        period = u64::try_from(joined).ok().filter(|n| *n <= MOST_VISITS)?;
        Some(())
    };
    for edge in &plan.edges {
        join(plan.pace(&plan.streams[edge.stream].format).blocks_of(edge.take))?;
    }
    for (step, output) in plan.steps.iter().flat_map(|step| step.outputs.iter().map(move |output| (step, output))) {
        if let (Some(pace), true) = (step.pace, output.stream.is_some()) {
            join(pace.blocks_of(output.give))?;
        }
    }
    Some(period)
}

/// Fills in room, priming and firings. The caller has made sure that paces fit; what is left to find are loops with too
/// few frames.
pub fn dry_run(plan: &mut Plan, net: &Net, diags: &mut Diags) {
    undriven(plan, diags);
    if diags.errors() > 0 {
        return;
    }
    let steps = plan.steps.len() as u64 + plan.streams.len() as u64 + 1;
    let Some(period) = period(plan).filter(|period| period.saturating_mul(steps) <= MOST_VISITS / 2) else {
        return too_rare(plan, diags);
    };
    plan.period = period;
    let Walked { room, fired, short, settled, .. } = match walk(plan, period, steps) {
        Ok(walked) => walked,
        Err(Stuck::Endless) => return too_rare(plan, diags),
        Err(Stuck::Unsettled(fired)) => {
            let errors = diags.errors();
            plan.steps.iter_mut().zip(fired).for_each(|(step, fired)| step.firings = fired);
            starved(plan, net, diags);
            if diags.errors() == errors {
                let at = plan.steps.first().map_or(0..0, |step| step.span.clone());
                diags.push(Diag::new(Code::Feedback, at, "the frames in a loop never settle"));
            }
            return;
        }
    };
    plan.settled = settled;
    for (step, fired) in plan.steps.iter_mut().zip(&fired) {
        step.firings = *fired;
    }
    starved(plan, net, diags);
    if diags.errors() > 0 {
        return;
    }
    for (i, short) in short.iter().enumerate() {
        if let OutputKind::Audio(edge) = plan.outputs[i].kind {
            plan.edges[edge].tokens.priming = *short;
        }
    }
    // Priming changes what waits, so the room is counted again with it.
    let primed = if short.iter().all(|n| *n == 0) { None } else { walk(plan, period, steps).ok() };
    make_room(plan, &primed.map_or(room, |walked| walked.room));
    hold(plan, diags);
}

fn too_rare(plan: &Plan, diags: &mut Diags) {
    let at = plan.steps.first().map_or(0..0, |step| step.span.clone());
    let title = format!("blocks of {} samples and the hops of this graph meet too rarely to be planned", plan.block);
    let help = "choose a block that shares factors with the hops, such as 128 or 160";
    diags.push(Diag::new(Code::Size, at, title).help(help));
}

/// Refuses streams that no memory holds: long delays of wide frames, or a large block of frames that overlap.
fn hold(plan: &Plan, diags: &mut Diags) {
    for (at, stream) in plan.streams.iter().enumerate() {
        let frames = 2 * u128::from(stream.left.max(stream.prefill)) + u128::from(stream.written);
        let bytes = 4 * frames * stream.format.width() as u128 * u128::from(stream.format.channels);
        if bytes <= MOST_BYTES {
            continue;
        }
        let writes = |step: &&super::plan::Step| step.outputs.iter().any(|output| output.stream == Some(at));
        let span = plan.steps.iter().find(writes).map_or(0..0, |step| step.span.clone());
        let title = format!("the frames of `{}` take {:.1} GiB, and 4 GiB are held", stream.name, bytes as f64 / GIB);
        let label = format!("{} frames wait, and {} come in a block", stream.left.max(stream.prefill), stream.written);
        let diag = Diag::new(Code::Size, span, title).label(label);
        diags.push(diag.help("shorten `delay` or `feedback` behind it, or choose a smaller block or smaller frames"));
    }
}

fn make_room(plan: &mut Plan, room: &[(u64, u64)]) {
    for (stream, (left, written)) in plan.streams.iter_mut().zip(room) {
        (stream.left, stream.written) = (*left, *written);
    }
    for edge in &plan.edges {
        let stream = &mut plan.streams[edge.stream];
        stream.prefill = stream.prefill.max(edge.at_start());
    }
}

/// Fills in room and firings of a plan whose frames at the start are given, and says by how many frames each output
/// comes up short.
pub(super) fn rehearse(plan: &mut Plan) -> Option<Vec<u64>> {
    let steps = plan.steps.len() as u64 + plan.streams.len() as u64 + 1;
    plan.period = period(plan).filter(|period| period.saturating_mul(steps) <= MOST_VISITS / 2)?;
    let walked = walk(plan, plan.period, steps).ok()?;
    plan.settled = walked.settled;
    for (step, fired) in plan.steps.iter_mut().zip(&walked.fired) {
        step.firings = *fired;
    }
    make_room(plan, &walked.room);
    Some(walked.short)
}

/// Frames that wait at each edge whenever a settled plan begins a period.
pub(super) fn resting(plan: &Plan) -> Option<Vec<u64>> {
    let steps = plan.steps.len() as u64 + plan.streams.len() as u64 + 1;
    walk(plan, plan.period, steps).ok().map(|walked| walked.state)
}

/// What a walk has shown.
struct Walked {
    /// Frames left after a block and written by one, by stream.
    room: Vec<(u64, u64)>,
    /// Firings in a period, by step.
    fired: Vec<u64>,
    /// Frames by which it came up short, by output.
    short: Vec<u64>,
    /// Blocks until the state repeats.
    settled: u64,
    /// Frames that wait at each edge at the beginning of a period.
    state: Vec<u64>,
}

/// Why a walk comes to no end.
enum Stuck {
    /// It takes too many visits.
    Endless,
    /// The state does not repeat; firings in the last period, by step.
    Unsettled(Vec<u64>),
}

fn walk(plan: &Plan, period: u64, steps: u64) -> Result<Walked, Stuck> {
    let mut counters = Counters::new(plan);
    let mut state = counters.state();
    let budget = (MOST_VISITS / (period * steps)).clamp(2, MOST_PERIODS);
    let mut last = vec![];
    for _ in 0..budget {
        let before = counters.fired.clone();
        for _ in 0..period {
            counters.run_block();
            if counters.rounds > MOST_ROUNDS {
                return Err(Stuck::Endless);
            }
        }
        let now = counters.state();
        last = counters.fired.iter().zip(before).map(|(now, before)| now - before).collect();
        if now == state {
            let room = counters.left.iter().copied().zip(counters.written.iter().copied()).collect();
            let settled = counters.block - period;
            return Ok(Walked { room, fired: last, short: counters.short, settled, state });
        }
        state = now;
    }
    Err(Stuck::Unsettled(last))
}

/// Refuses steps that hear nothing but each other: without a clock they would fire for ever.
fn undriven(plan: &Plan, diags: &mut Diags) {
    for step in plan.undriven().into_iter().map(|step| &plan.steps[step]) {
        let title = format!("`{}` hears only what comes round a loop, so nothing says how fast it goes", step.name);
        let diag = Diag::new(Code::Feedback, step.span.clone(), title);
        diags.push(diag.help("connect an input of the graph, or a node that one drives, to a node of the loop"));
    }
}

/// A step that never fires waits for frames that a loop does not hold.
fn starved(plan: &Plan, net: &Net, diags: &mut Diags) {
    for range in &plan.loops {
        let stuck: Vec<usize> = range.clone().filter(|&step| plan.steps[step].firings == 0).collect();
        if stuck.is_empty() {
            continue;
        }
        let takes = |step: &usize| plan.steps[*step].inputs.iter().map(|&edge| plan.edges[edge].take).max();
        let need = stuck.iter().filter_map(takes).max().unwrap_or(1).max(1);
        let names: Vec<&str> = range.clone().map(|step| plan.steps[step].name.as_str()).collect();
        let edges = net.nodes.iter().filter(|node| names.contains(&node.name.as_str())).flat_map(|node| &node.inputs);
        let Some(frames) = edges.filter_map(|input| input.feedback.as_ref()).next() else { continue };
        let greedy =
            stuck.iter().find(|step| takes(step) == Some(need)).map_or("", |&step| plan.steps[step].name.as_str());
        let title = format!("this loop never starts: `{greedy}` takes {need} frames at once");
        let diag = Diag::new(Code::Feedback, frames.span.clone(), title);
        let diag = diag.label(match frames.value {
            1 => "1 frame goes round".to_string(),
            n => format!("{n} frames go round"),
        });
        diags.push(diag.help(format!("write `feedback = {need}` or more")));
    }
}

/// Refuses a graph that is later than its author allows.
pub fn keep_latency(plan: &Plan, file: &GraphFile, diags: &mut Diags) {
    let Some(most) = &file.graph.max_latency_ms else { return };
    for output in plan.outputs.iter().filter(|output| matches!(output.kind, OutputKind::Audio(_))) {
        let latency = plan.latency(output);
        if latency.ms() <= most.value + 1e-9 {
            continue;
        }
        let title = format!("`{}` comes {:.3} ms late, and {} ms are allowed", output.name, latency.ms(), most.value);
        let mut diag = Diag::new(Code::Latency, most.span.clone(), title).mark(output.span.clone(), "this output");
        for (name, cause, time) in &output.parts {
            diag = diag.note(format!("{:.3} ms: `{name}` {}", time.ms(), cause.words()));
        }
        let priming = latency.minus(output.lag).unwrap_or(Time::ZERO);
        if priming > Time::ZERO {
            diag = diag.note(format!(
                "{:.3} ms: priming, because blocks of {} and the hops do not fall together",
                priming.ms(),
                plan.block
            ));
        }
        diags.push(diag);
    }
}
