//! Old and new plan in one: shared streams once, fades where a survivor hears something else.
use super::super::plan::{Edge, Fade, Lane, Output, OutputKind, Plan, Source, Step, StepOutput, Stream, Tokens};
use super::super::rates;
use super::super::time::Time;
use super::{Likes, Origin, loops};
use std::collections::BTreeMap;

/// How long a fade takes, in ms.
const FADE_MS: u64 = 40;
/// Longest warm-up, in ms.
const MOST_WARM_UP_MS: u64 = 5000;

/// Which plan a thing belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Old,
    New,
}

/// Both plans in one, as it grows.
pub(super) struct Weave<'p> {
    old: &'p Plan,
    new: &'p Plan,
    /// New step → old step.
    pub(super) survivors: &'p BTreeMap<usize, usize>,
    /// Frames that wait at each edge of the old plan when the change happens.
    resting: Vec<u64>,
    pub(super) plan: Plan,
    pub(super) likes: Likes,
    pub(super) steps: Vec<Origin>,
    /// Streams of either side → streams of both.
    streams: BTreeMap<(Side, usize), usize>,
    wait: Time,
}

impl<'p> Weave<'p> {
    /// Both plans, in an order in which they can be played; `None` if there is none.
    pub(super) fn new(old: &'p Plan, new: &'p Plan, survivors: &'p BTreeMap<usize, usize>) -> Option<Self> {
        let plan = Plan {
            inputs: vec![],
            steps: vec![],
            loops: vec![],
            streams: vec![],
            edges: vec![],
            outputs: vec![],
            ..new.clone()
        };
        let resting = rates::resting(old)?;
        let (likes, streams, wait) = (Likes::default(), BTreeMap::new(), warm_up(new));
        let mut weave = Self { old, new, survivors, resting, plan, likes, steps: vec![], streams, wait };
        weave.lay_streams();
        weave.lay_steps();
        weave.lay_outputs();
        let order = weave.sort()?;
        weave.reorder(&order);
        Some(weave)
    }

    fn side(&self, side: Side) -> &Plan {
        match side {
            Side::Old => self.old,
            Side::New => self.new,
        }
    }

    fn lay_stream(&mut self, side: Side, stream: usize, like: Option<usize>) {
        let laid = Stream { prefill: 0, ..self.side(side).streams[stream].clone() };
        self.plan.streams.push(laid);
        self.likes.streams.push(like);
        let at = self.plan.streams.len() - 1;
        self.streams.insert((side, stream), at);
    }

    /// Streams of inputs and survivors are one for both sides.
    fn lay_streams(&mut self) {
        for (input, old) in self.new.inputs.iter().zip(&self.old.inputs) {
            self.lay_stream(Side::Old, old.stream, Some(old.stream));
            let at = self.streams[&(Side::Old, old.stream)];
            self.streams.insert((Side::New, input.stream), at);
            self.plan.inputs.push(Source { name: input.name.clone(), stream: at });
        }
        let (old, new) = (self.old, self.new);
        for stream in old.steps.iter().flat_map(|step| &step.outputs).filter_map(|output| output.stream) {
            self.lay_stream(Side::Old, stream, Some(stream));
        }
        for (at, step) in new.steps.iter().enumerate() {
            for (port, stream) in
                step.outputs.iter().enumerate().filter_map(|(port, output)| Some((port, output.stream?)))
            {
                match self.survivors.get(&at).and_then(|&from| old.steps[from].outputs[port].stream) {
                    Some(like) => {
                        let both = self.streams[&(Side::Old, like)];
                        self.streams.insert((Side::New, stream), both);
                    }
                    None => self.lay_stream(Side::New, stream, None),
                }
            }
        }
    }

    /// An edge as it is on one side: an old one with the frames that wait there, a new one with those it begins with.
    fn lay_edge(&mut self, side: Side, edge: usize) -> usize {
        let laid = &self.side(side).edges[edge];
        let stream = self.streams[&(side, laid.stream)];
        let held = (side == Side::Old).then(|| self.resting[edge]);
        let mut laid = Edge { stream, held, ..laid.clone() };
        if side == Side::New {
            laid.tokens.priming = 0; // where how much is needed is found out by `settle`
        }
        self.plan.edges.push(laid);
        self.likes.edges.push((side == Side::Old).then_some(edge));
        self.plan.edges.len() - 1
    }

    /// Whether a survivor hears the same as before.
    fn unchanged(&self, old: usize, new: usize) -> bool {
        let (a, b) = (&self.old.edges[old], &self.new.edges[new]);
        self.streams[&(Side::Old, a.stream)] == self.streams[&(Side::New, b.stream)]
            && a.take == b.take
            && a.tokens.total() - a.tokens.priming == b.tokens.total() - b.tokens.priming
    }

    /// An edge of a survivor: as before, or through a fade from what it heard to what it will hear. The fade is on the
    /// lane of who hears it, if there is one: within a lane nothing waits for answers.
    fn meet(&mut self, old: usize, new: usize, lane: Option<Lane>) -> usize {
        if self.unchanged(old, new) {
            return self.lay_edge(Side::Old, old);
        }
        let (from, to) = (self.lay_edge(Side::Old, old), self.lay_edge(Side::New, new));
        let format = self.plan.streams[self.plan.edges[to].stream].format;
        let take = self.plan.edges[to].take;
        let name = format!("{} (fade)", self.plan.edges[to].to);
        for edge in [from, to] {
            self.plan.edges[edge].take = 0;
        }
        self.plan.streams.push(Stream { name: name.clone(), format, prefill: 0, left: 0, written: 0 });
        self.likes.streams.push(None);
        let stream = self.plan.streams.len() - 1;
        let wait = self.wait.in_frames_up(&format);
        let length = Time::of_samples(FADE_MS, 1000).in_frames_up(&format).max(1);
        let output = StepOutput { port: "out".into(), stream: Some(stream), give: 0, dry: None };
        let step = Step {
            name,
            worker: String::new(),
            instance: 0,
            implied: Some("the graph changes while it plays"),
            may_block: false,
            inputs: vec![from, to],
            outputs: vec![output],
            lane,
            pace: None,
            latency: vec![0],
            lag: Time::ZERO,
            firings: 0,
            values: vec![],
            labels: vec![],
            span: 0..0,
            rehearsals: 0,
            notes: vec![],
            fade: Some(Fade { wait, length }),
        };
        self.plan.steps.push(step);
        self.steps.push(Origin::Fade);
        let edge = Edge { stream, to: self.new.edges[new].to.clone(), take, tokens: Tokens::default(), held: None };
        self.plan.edges.push(edge);
        self.likes.edges.push(None);
        self.plan.edges.len() - 1
    }

    fn lay_steps(&mut self) {
        let kept: Vec<usize> = self.survivors.values().copied().collect();
        for at in (0..self.old.steps.len()).filter(|at| !kept.contains(at)) {
            self.lay_step(Side::Old, at);
        }
        for at in 0..self.new.steps.len() {
            match self.survivors.get(&at) {
                Some(&from) => self.lay_survivor(from, at),
                None => self.lay_step(Side::New, at),
            }
        }
    }

    fn lay_step(&mut self, side: Side, at: usize) {
        let mut step = self.side(side).steps[at].clone();
        step.inputs = step.inputs.iter().map(|&edge| self.lay_edge(side, edge)).collect();
        for output in &mut step.outputs {
            output.stream = output.stream.map(|stream| self.streams[&(side, stream)]);
            output.dry = output.dry.map(|edge| self.lay_edge(side, edge));
        }
        if side == Side::Old {
            step.name = format!("{} (before)", step.name);
        }
        self.plan.steps.push(step);
        self.steps.push(if side == Side::Old { Origin::Old(at) } else { Origin::New(at) });
    }

    /// The instance is the old one, its connections the new ones. Its dry path hears what it hears, so many frames late.
    fn lay_survivor(&mut self, from: usize, at: usize) {
        let (old, new) = (&self.old.steps[from], &self.new.steps[at]);
        let mut step = new.clone();
        step.inputs = old.inputs.iter().zip(&new.inputs).map(|(&a, &b)| self.meet(a, b, new.lane.clone())).collect();
        for (output, was) in step.outputs.iter_mut().zip(&old.outputs) {
            let stream = output.stream.map(|stream| self.streams[&(Side::New, stream)]);
            let unchanged = was.dry.zip(output.dry).filter(|(a, b)| self.unchanged(*a, *b));
            let fresh = output.dry.and_then(|dry| {
                let main =
                    new.inputs.iter().position(|&edge| self.new.edges[edge].stream == self.new.edges[dry].stream)?;
                let mut edge = self.plan.edges[step.inputs[main]].clone();
                edge.tokens.dry = self.new.edges[dry].tokens.dry;
                edge.held = Some(edge.at_start() + edge.tokens.dry);
                edge.to.clone_from(&self.new.edges[dry].to);
                Some(edge)
            });
            output.dry = match (unchanged, fresh) {
                (Some((edge, _)), _) => Some(self.lay_edge(Side::Old, edge)),
                (None, Some(edge)) => {
                    self.plan.edges.push(edge);
                    self.likes.edges.push(None);
                    Some(self.plan.edges.len() - 1)
                }
                (None, None) => None,
            };
            output.stream = stream;
        }
        self.plan.steps.push(step);
        self.steps.push(Origin::Old(from));
    }

    fn lay_outputs(&mut self) {
        for (old, new) in self.old.outputs.iter().zip(&self.new.outputs) {
            let kind = match (&old.kind, &new.kind) {
                (OutputKind::Audio(a), OutputKind::Audio(b)) => OutputKind::Audio(self.meet(*a, *b, None)),
                (OutputKind::Probe(a), OutputKind::Probe(b)) => OutputKind::Probe(self.meet(*a, *b, None)),
                (_, OutputKind::Events(step, port)) => OutputKind::Events(self.place(*step), *port),
                (_, kind) => kind.clone(),
            };
            self.plan.outputs.push(Output { kind, ..new.clone() });
        }
    }

    /// Where a step of the new plan is.
    fn place(&self, new: usize) -> usize {
        let origin = self.survivors.get(&new).map_or(Origin::New(new), |&old| Origin::Old(old));
        self.steps.iter().position(|step| *step == origin).unwrap_or(0)
    }

    /// An order in which everybody comes after those that they hear, feedback left out; `None` if there is none.
    fn sort(&self) -> Option<Vec<usize>> {
        let mut writer = vec![None; self.plan.streams.len()];
        for (at, step) in self.plan.steps.iter().enumerate() {
            step.outputs.iter().filter_map(|output| output.stream).for_each(|stream| writer[stream] = Some(at));
        }
        let hears = |step: &Step| -> Vec<usize> {
            let edges = step.inputs.iter().map(|&edge| &self.plan.edges[edge]);
            edges.filter(|edge| edge.tokens.feedback == 0).filter_map(|edge| writer[edge.stream]).collect()
        };
        let hears: Vec<Vec<usize>> = self.plan.steps.iter().map(hears).collect();
        let (mut order, mut placed) = (vec![], vec![false; hears.len()]);
        while order.len() < hears.len() {
            let next = (0..hears.len()).find(|&at| !placed[at] && hears[at].iter().all(|&from| placed[from]))?;
            placed[next] = true;
            order.push(next);
        }
        Some(order)
    }

    fn reorder(&mut self, order: &[usize]) {
        let place = |step: usize| order.iter().position(|&at| at == step).unwrap_or(step);
        for output in &mut self.plan.outputs {
            if let OutputKind::Events(step, _) = &mut output.kind {
                *step = place(*step);
            }
        }
        self.plan.steps = order.iter().map(|&at| self.plan.steps[at].clone()).collect();
        self.steps = order.iter().map(|&at| self.steps[at]).collect();
        for (at, step) in self.plan.steps.iter_mut().enumerate() {
            step.instance = at;
        }
        self.plan.loops = loops(&self.plan);
    }
}

/// How long the new path takes until what it gives is as if it had always been there.
fn warm_up(new: &Plan) -> Time {
    let lag = |output: &Output| new.latency(output);
    let lags = new.outputs.iter().map(lag).chain(new.steps.iter().map(|step| step.lag));
    let tokens = new.edges.iter().map(|edge| Time::of(edge.tokens.total(), &new.streams[edge.stream].format));
    let longest = lags.chain(tokens).max().unwrap_or(Time::ZERO);
    let block = Time::of_samples(2 * u64::from(new.block), new.rate);
    let whole = longest.plus(longest).and_then(|twice| twice.plus(block)).unwrap_or(longest);
    whole.min(Time::of_samples(MOST_WARM_UP_MS, 1000))
}
