//! Latency compensation: where paths of different latency meet, the shorter one waits.
//!
//! The *lag* of a stream is by how much it comes later than the graph's input, as its makers report it. At a node with
//! several inputs, all wait until the largest lag; each by whole frames of its own.
use super::codes::Code;
use super::compile::Device;
use super::diag::{Diag, Diags};
use super::file::{Delay, GraphFile};
use super::net::{Input, Net};
use super::plan::Cause;
use super::time::Time;
use crate::plugin::{Format, Kind};

/// Steps of the slowest input that are tried until all inputs meet.
const TRIES: u64 = 100_000;

/// Memory that one delay may take.
const MOST_BYTES: u64 = 1 << 30;

/// Computes lags along the order, and the frames that every edge waits.
pub fn compensate(net: &mut Net, file: &GraphFile, device: &Device, diags: &mut Diags) {
    if diags.errors() > 0 {
        return;
    }
    let block = device.block.unwrap_or(file.graph.block);
    for at in net.order.clone() {
        for input in 0..net.nodes[at].inputs.len() {
            delays(net, at, input, file.graph.rate, block, diags);
        }
        match meet(net, at) {
            Some(lag) if set_outputs(net, at, lag).is_some() => {}
            Some(_) => too_fine(net, at, diags),
            None => apart(net, at, diags),
        }
    }
}

/// Frames of `delay`, `delay_ms` and of the lane that the maker is on.
fn delays(net: &mut Net, at: usize, input: usize, rate: u32, block: u32, diags: &mut Diags) {
    let edge = net.nodes[at].inputs[input].clone();
    let Some(format) = net.arriving(&edge).filter(|format| format.kind != Kind::EVENTS) else { return };
    let delay = edge.delay.as_ref().map(|delay| (delay.value, delay.span.clone()));
    let delay_frames = match delay {
        None => 0,
        Some((Delay::Frames(frames), _)) => u64::from(frames),
        Some((Delay::Ms(ms), span)) => {
            let exact = ms / 1000.0 * format.rate();
            if format.kind != Kind::AUDIO && (exact - exact.round()).abs() > 1e-6 {
                let title = format!("{ms} ms are {} frames of `{}`", short(exact), net.nodes[edge.from].name);
                let one = 1000.0 / format.rate();
                let diag = Diag::new(Code::Delay, span, title).label(format!("one frame is {one} ms"));
                let (less, more) = (exact.floor() * one, exact.ceil() * one);
                diags.push(diag.help(format!("write `delay_ms = {less}` or `delay_ms = {more}`")));
            }
            exact.round() as u64
        }
    };
    let factors = format.dims.iter().chain([&format.channels]);
    let floats = factors.fold(1u64, |floats, n| floats.saturating_mul(u64::from(*n)));
    let most = MOST_BYTES / floats.max(1).saturating_mul(4);
    if let Some((_, span)) =
        edge.delay.as_ref().map(|delay| (delay.value, delay.span.clone())).filter(|_| delay_frames > most)
    {
        let title =
            format!("a delay of {delay_frames} frames from `{}` is too long to be held", net.nodes[edge.from].name);
        diags.push(Diag::new(Code::Size, span, title).label(format!("{most} frames of it make 1 GiB")));
    }
    let (from, here) = (net.nodes[edge.from].lane(), net.nodes[at].lane());
    let lane_frames = match (from, here) {
        (Some(from), Some(here)) if from.name == here.name => 0,
        (Some(from), _) => {
            let give = net.nodes[edge.from].outputs[edge.output].give;
            u64::from(from.delay) * firing(give, &format, rate, block)
        }
        _ => 0,
    };
    let edge = &mut net.nodes[at].inputs[input];
    (edge.delay_frames, edge.lane_frames) = (delay_frames, lane_frames);
}

/// Frames of one firing. A worker that takes as many as there are fires once a frame or, for audio, once a block.
fn firing(give: u32, format: &Format, rate: u32, block: u32) -> u64 {
    match (give, format.kind) {
        (0, Kind::AUDIO) => Time::of_samples(u64::from(block), rate).in_frames_up(format),
        (0, _) => 1,
        (give, _) => u64::from(give),
    }
}

/// How late an edge delivers, alignment aside.
fn lag_of(net: &Net, edge: &Input) -> Option<(Time, Format)> {
    let format = net.arriving(edge)?;
    let output = &net.nodes[edge.from].outputs[edge.output];
    Some((output.lag.plus(Time::of(edge.lane_frames, &format))?, format))
}

/// The earliest lag at which all inputs can meet, each by whole frames; their waits are noted.
fn meet(net: &mut Net, at: usize) -> Option<Time> {
    let joins = |input: &Input| input.feedback.is_none();
    let edges: Vec<usize> = (0..net.nodes[at].inputs.len()).filter(|&i| joins(&net.nodes[at].inputs[i])).collect();
    let lags: Option<Vec<(Time, Format)>> = edges.iter().map(|&i| lag_of(net, &net.nodes[at].inputs[i])).collect();
    let lags = lags?;
    let latest = lags.iter().map(|(lag, _)| *lag).max().unwrap_or(Time::ZERO);
    if lags.len() < 2 {
        return Some(latest);
    }
    let slowest = lags.iter().min_by(|a, b| a.1.rate().total_cmp(&b.1.rate()))?;
    let first = latest.minus(slowest.0)?.in_frames_up(&slowest.1);
    let waits = |meeting: Time| -> Option<Vec<u64>> {
        lags.iter().map(|(lag, format)| meeting.minus(*lag)?.in_frames(format)).collect()
    };
    for step in first..first + TRIES {
        let meeting = slowest.0.plus(Time::of(step, &slowest.1))?;
        if let Some(waits) = waits(meeting) {
            for (&edge, frames) in edges.iter().zip(waits) {
                net.nodes[at].inputs[edge].align_frames = frames;
            }
            return Some(meeting);
        }
    }
    None
}

/// Notes by how much the outputs lag; `None` if that cannot be held exactly. Of a sink, also with priming.
fn set_outputs(net: &mut Net, at: usize, lag: Time) -> Option<()> {
    if let [input] = net.nodes[at].inputs.as_slice() {
        let frame = net.arriving(input).map_or(Time::ZERO, |format| Time::of(1, &format));
        lag.plus(frame)?;
    }
    for output in &mut net.nodes[at].outputs {
        let own = output.format.filter(|format| format.kind != Kind::EVENTS);
        let own = own.map_or(Time::ZERO, |format| Time::of(u64::from(output.latency), &format));
        output.lag = lag.plus(own)?;
    }
    Some(())
}

fn too_fine(net: &Net, at: usize, diags: &mut Diags) {
    let node = &net.nodes[at];
    let title = format!("the latency up to `{}` cannot be held exactly", node.name);
    let diag = Diag::new(Code::Align, node.span.clone(), title).label("too many rates have been passed until here");
    diags.push(diag.help("choose rates that are multiples of each other"));
}

/// Three digits behind the point at most.
fn short(x: f64) -> String {
    format!("{x:.3}").trim_end_matches('0').trim_end_matches('.').to_string()
}

fn apart(net: &Net, at: usize, diags: &mut Diags) {
    let node = &net.nodes[at];
    let title = format!("no whole number of frames makes the inputs of `{}` meet", node.name);
    let mut inputs = node.inputs.iter().filter(|input| input.feedback.is_none());
    let label = |input: &Input| match lag_of(net, input) {
        Some((lag, format)) => {
            format!("lags by {} ms, and one frame is {} ms", short(lag.ms()), short(1000.0 / format.rate()))
        }
        None => "lags by a time that cannot be held exactly".into(),
    };
    let Some(first) = inputs.next() else { return };
    let mut diag = Diag::new(Code::Align, first.span.clone(), title).label(label(first));
    for input in inputs {
        diag = diag.mark(input.span.clone(), label(input));
    }
    diags.push(diag.help("choose sizes and hops whose latencies are multiples of each other"));
}

/// By how much the inputs of a node lag the graph's inputs, once they wait for each other.
pub(super) fn meeting(net: &Net, at: usize) -> Time {
    let edges = net.nodes[at].inputs.iter().filter(|input| input.feedback.is_none());
    let lag = |edge: &Input| {
        let (lag, format) = lag_of(net, edge)?;
        let waits = if format.kind == Kind::EVENTS { 0 } else { edge.align_frames };
        lag.plus(Time::of(waits, &format))
    };
    edges.filter_map(lag).max().unwrap_or(Time::ZERO)
}

/// What the lag of a sink is made of, from the sink backwards along the path that decides it.
pub(super) fn parts(net: &Net, at: usize) -> Vec<(String, Cause, Time)> {
    let mut parts = vec![];
    let mut at = at;
    loop {
        let edges = net.nodes[at].inputs.iter().filter(|input| input.feedback.is_none());
        let Some(edge) = edges.max_by_key(|edge| lag_of(net, edge).map(|(lag, _)| lag)) else { break };
        let Some(format) = net.arriving(edge) else { break };
        let from = &net.nodes[edge.from];
        let mut part = |frames: u64, cause: Cause| {
            if frames > 0 && format.kind != Kind::EVENTS {
                parts.push((from.name.clone(), cause, Time::of(frames, &format)));
            }
        };
        part(edge.align_frames, Cause::Align);
        part(edge.lane_frames, Cause::Lane);
        part(u64::from(from.outputs[edge.output].latency), Cause::Worker);
        at = edge.from;
    }
    parts.reverse();
    parts
}
