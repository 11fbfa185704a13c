//! From one plan to another while it plays.
//!
//! A node *survives* when name, worker, fixed parameters and formats are equal: its instance and the frames that wait at
//! it move over. Where a survivor, or an output, hears something else than before, a fade is put in its way: it goes on
//! with the old frames while the new path warms up, then goes over. So nothing is computed twice, nothing that
//! survives forgets, and each path is heard at its own latency. When the fades are over, a second plan leaves the old
//! path out.
//!
//! A new path that comes in bursts is primed at its fade, and all that hear it are so much later. Where it meets others
//! at a survivor, which would then be earlier than it, that survivor and all behind it begin anew.
use super::plan::{Edge, Fade, Output, OutputKind, Plan, Source, Step, StepOutput, Stream, Tokens};
use super::rates;
use super::time::Time;
use super::verify;
use std::collections::BTreeMap;

/// How long a fade takes, in ms.
const FADE_MS: u64 = 40;
/// Longest warm-up, in ms.
const MOST_WARM_UP_MS: u64 = 5000;

/// The way over.
#[derive(Clone, Debug, PartialEq)]
pub struct Splice {
    /// Old and new together, with fades where they meet.
    pub both: Plan,
    /// Where each of its steps comes from.
    pub steps: Vec<Origin>,
    /// For each stream and edge of `both`: its like in the old plan.
    pub from_old: Likes,
    /// The new one alone; fades that are over only pass on.
    pub after: Plan,
    /// For each step of `after`: its like in `both`.
    pub after_steps: Vec<usize>,
    /// For each stream and edge of `after`: its like in `both`.
    pub from_both: Likes,
    /// Blocks after which the fades are over.
    pub blocks: u64,
}

/// What of a plan lives on in another: the index of the like, by stream and by edge.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Likes {
    /// By stream.
    pub streams: Vec<Option<usize>>,
    /// By edge.
    pub edges: Vec<Option<usize>>,
}

/// Where a step comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A step of the old plan.
    Old(usize),
    /// A step of the new plan.
    New(usize),
    /// A fade.
    Fade,
}

/// Which plan a thing belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Old,
    New,
}

/// Plans the way over. `None` if inputs, outputs, rate or block differ: then the graph must be started anew.
pub fn splice(old: &Plan, new: &Plan, live: impl Fn(&Step, usize) -> bool) -> Option<Splice> {
    let shape = |plan: &Plan| {
        let inputs: Vec<_> =
            plan.inputs.iter().map(|input| (input.name.clone(), plan.streams[input.stream].format)).collect();
        let kind = |output: &Output| std::mem::discriminant(&output.kind);
        let outputs: Vec<_> =
            plan.outputs.iter().map(|output| (output.name.clone(), kind(output), plan.output_format(output))).collect();
        (plan.rate, plan.block, inputs, outputs)
    };
    if shape(old) != shape(new) {
        return None;
    }
    let survivors = survivors(old, new, live);
    let fewer = || weave(old, new, &untouched(old, new, survivors.clone()));
    weave(old, new, &survivors).or_else(fewer).or_else(|| weave(old, new, &BTreeMap::new()))
}

/// Steps of the old plan by their likes in the new one.
fn survivors(old: &Plan, new: &Plan, live: impl Fn(&Step, usize) -> bool) -> BTreeMap<usize, usize> {
    let takes = |plan: &Plan, step: &Step| -> Vec<_> {
        step.inputs
            .iter()
            .map(|&edge| {
                (plan.edges[edge].to.clone(), plan.edges[edge].take, plan.streams[plan.edges[edge].stream].format)
            })
            .collect()
    };
    let gives = |plan: &Plan, step: &Step| -> Vec<_> {
        let format = |output: &StepOutput| output.stream.map(|stream| plan.streams[stream].format);
        step.outputs.iter().map(|output| (output.port.clone(), output.give, format(output))).collect()
    };
    let fixed = |step: &Step| -> Vec<_> {
        let values = step.values.iter().enumerate().filter(|(param, _)| !live(step, *param));
        values.map(|(_, value)| value.clone()).collect()
    };
    let same = |a: &Step, b: &Step| {
        a.worker == b.worker
            && a.fade.is_none()
            && b.fade.is_none()
            && a.lane == b.lane
            && a.latency == b.latency
            && fixed(a) == fixed(b)
            && takes(old, a) == takes(new, b)
            && gives(old, a) == gives(new, b)
    };
    let mut pairs = BTreeMap::new();
    for (to, step) in new.steps.iter().enumerate() {
        if let Some(from) = old.steps.iter().position(|other| other.name == step.name && same(other, step)) {
            pairs.insert(to, from);
        }
    }
    pairs
}

/// The survivors that hear the same as before: a path that is put later moves nothing that they do.
fn untouched(old: &Plan, new: &Plan, mut pairs: BTreeMap<usize, usize>) -> BTreeMap<usize, usize> {
    loop {
        let inputs = new.inputs.iter().zip(&old.inputs).map(|(to, from)| (to.stream, from.stream));
        let mut like: BTreeMap<usize, usize> = inputs.collect();
        for (&to, &from) in &pairs {
            let outputs = new.steps[to].outputs.iter().zip(&old.steps[from].outputs);
            like.extend(outputs.filter_map(|(to, from)| to.stream.zip(from.stream)));
        }
        let hears = |(&to, &from): (&usize, &usize)| (new.edges[to].clone(), old.edges[from].clone());
        let same = |(to, from): (Edge, Edge)| {
            like.get(&to.stream) == Some(&from.stream) && to.tokens.total() == from.tokens.total()
        };
        let before = pairs.len();
        pairs.retain(|to, from| new.steps[*to].inputs.iter().zip(&old.steps[*from].inputs).map(hears).all(same));
        if pairs.len() == before {
            return pairs;
        }
    }
}

/// Both plans in one, as it grows.
struct Weave<'p> {
    old: &'p Plan,
    new: &'p Plan,
    /// New step → old step.
    survivors: &'p BTreeMap<usize, usize>,
    /// Frames that wait at each edge of the old plan when the change happens.
    resting: Vec<u64>,
    plan: Plan,
    likes: Likes,
    steps: Vec<Origin>,
    /// Streams of either side → streams of both.
    streams: BTreeMap<(Side, usize), usize>,
    wait: Time,
}

fn weave(old: &Plan, new: &Plan, survivors: &BTreeMap<usize, usize>) -> Option<Splice> {
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
    let mut weave = Weave { old, new, survivors, resting, plan, likes, steps: vec![], streams, wait };
    weave.lay_streams();
    weave.lay_steps();
    weave.lay_outputs();
    let order = weave.sort()?;
    weave.reorder(&order);
    weave.settle()?;
    weave.shift()?;
    verify::flows(&weave.plan).ok()?;
    weave.finish()
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

impl Weave<'_> {
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

    /// An edge of a survivor: as before, or through a fade from what it heard to what it will hear.
    fn meet(&mut self, old: usize, new: usize) -> usize {
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
            lane: None,
            pace: None,
            latency: vec![0],
            lag: Time::ZERO,
            firings: 0,
            values: vec![],
            labels: vec![],
            span: 0..0,
            rehearsals: 0,
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
        step.inputs = old.inputs.iter().zip(&new.inputs).map(|(&a, &b)| self.meet(a, b)).collect();
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
                (OutputKind::Audio(a), OutputKind::Audio(b)) => OutputKind::Audio(self.meet(*a, *b)),
                (OutputKind::Probe(a), OutputKind::Probe(b)) => OutputKind::Probe(self.meet(*a, *b)),
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

    /// Rehearses until no output comes up short: a new path that is late at first begins with so many more zeros, which
    /// nobody hears while it warms up. Best at the outputs, where nothing else has to meet it.
    fn settle(&mut self) -> Option<()> {
        let at_outputs: Vec<usize> =
            self.plan.outputs.iter().filter_map(|output| self.plan.output_edge(output)).collect();
        let at_outputs: Vec<usize> = at_outputs.into_iter().map(|edge| self.plan.edges[edge].stream).collect();
        let fades = self.plan.steps.iter().filter(|step| step.fade.is_some());
        let fades: Vec<(usize, bool)> = fades
            .filter_map(|step| Some((*step.inputs.get(1)?, at_outputs.contains(&step.outputs.first()?.stream?))))
            .collect();
        let some = |last: bool| fades.iter().filter(move |(_, is_last)| *is_last == last).map(|(edge, _)| *edge);
        let ways: [Vec<usize>; 3] = [some(true).collect(), some(false).collect(), fades.iter().map(|f| f.0).collect()];
        ways.iter().find_map(|edges| self.prime(edges))
    }

    /// Primes new paths at these edges until nothing comes up short.
    fn prime(&mut self, edges: &[usize]) -> Option<()> {
        let before = self.plan.clone();
        for _ in 0..4 {
            let short = rates::rehearse(&mut self.plan)?;
            let longest = short.iter().zip(&self.plan.outputs).filter_map(|(&short, output)| {
                let format = self.plan.output_format(output)?;
                Some(Time::of(short, &format))
            });
            let longest = longest.max().filter(|time| *time > Time::ZERO);
            let Some(longest) = longest else { return Some(()) };
            for &edge in edges {
                let format = self.plan.streams[self.plan.edges[edge].stream].format;
                self.plan.edges[edge].tokens.priming += longest.in_frames_up(&format);
            }
        }
        self.plan = before;
        None
    }

    /// What has been primed on the way comes so much later at all that hear it; `None` if something else would meet it
    /// there, which does not.
    fn shift(&mut self) -> Option<()> {
        let plan = &mut self.plan;
        let mut shifts = vec![Time::ZERO; plan.streams.len()];
        for step in &mut plan.steps {
            let heard = if step.fade.is_some() { &step.inputs[1..] } else { &step.inputs };
            let heard = heard.iter().map(|&edge| &plan.edges[edge]).filter(|edge| edge.tokens.feedback == 0);
            let shift = |edge: &Edge| {
                shifts[edge.stream].plus(Time::of(edge.tokens.priming, &plan.streams[edge.stream].format))
            };
            let all: Vec<Time> = heard.map(shift).collect::<Option<_>>()?;
            let first = all.first().copied().unwrap_or(Time::ZERO);
            if all.iter().any(|shift| *shift != first) {
                return None;
            }
            step.outputs.iter().filter_map(|output| output.stream).for_each(|stream| shifts[stream] = first);
            step.lag = step.lag.plus(first)?;
        }
        for output in &mut plan.outputs {
            let shift = match output.kind {
                OutputKind::Audio(edge) | OutputKind::Probe(edge) => shifts[plan.edges[edge].stream],
                OutputKind::Events(step, _) => {
                    output.lag = plan.steps[step].lag;
                    Time::ZERO
                }
            };
            output.lag = output.lag.plus(shift)?;
        }
        Some(())
    }

    /// What is left when the fades are over.
    fn finish(self) -> Option<Splice> {
        let both = self.plan;
        let gone = |at: usize| matches!(self.steps[at], Origin::Old(from) if !self.survivors.values().any(|&kept| kept == from));
        let after_steps: Vec<usize> = (0..both.steps.len()).filter(|&at| !gone(at)).collect();
        let resting = rates::resting(&both)?;
        let mut after = Plan { steps: vec![], streams: vec![], edges: vec![], ..both.clone() };
        let mut likes = Likes::default();
        let mut streams = vec![usize::MAX; both.streams.len()];
        let written = after_steps.iter().flat_map(|&at| &both.steps[at].outputs).filter_map(|output| output.stream);
        for stream in both.inputs.iter().map(|input| input.stream).chain(written) {
            streams[stream] = after.streams.len();
            after.streams.push(Stream { prefill: 0, ..both.streams[stream].clone() });
            likes.streams.push(Some(stream));
        }
        after.inputs.iter_mut().for_each(|input| input.stream = streams[input.stream]);
        let mut keep = |edge: usize, after: &mut Plan| {
            let stream = streams[both.edges[edge].stream];
            after.edges.push(Edge { stream, held: Some(resting[edge]), ..both.edges[edge].clone() });
            likes.edges.push(Some(edge));
            after.edges.len() - 1
        };
        for (at, &from) in after_steps.iter().enumerate() {
            let mut step = Step { instance: at, ..both.steps[from].clone() };
            if step.fade.is_some() {
                step.inputs.remove(0);
            }
            step.inputs = step.inputs.iter().map(|&edge| keep(edge, &mut after)).collect();
            for output in &mut step.outputs {
                output.stream = output.stream.map(|stream| streams[stream]);
                output.dry = output.dry.map(|edge| keep(edge, &mut after));
            }
            after.steps.push(step);
        }
        for output in 0..after.outputs.len() {
            after.outputs[output].kind = match after.outputs[output].kind {
                OutputKind::Audio(edge) => OutputKind::Audio(keep(edge, &mut after)),
                OutputKind::Probe(edge) => OutputKind::Probe(keep(edge, &mut after)),
                OutputKind::Events(step, port) => {
                    OutputKind::Events(after_steps.iter().position(|at| *at == step)?, port)
                }
            };
        }
        after.loops = loops(&after);
        let short = rates::rehearse(&mut after)?;
        if short.iter().any(|short| *short > 0) || verify::flows(&after).is_err() {
            return None;
        }
        let over = |step: &Step| {
            let fade = step.fade?;
            let format = both.streams[both.edges[*step.inputs.get(1)?].stream].format; // one that is over has one input
            Some(Time::of(fade.wait + fade.length, &format))
        };
        let over = both.steps.iter().filter_map(over).max().unwrap_or(Time::ZERO);
        let blocks = over.in_samples(both.rate) / u64::from(both.block) + 2 + both.settled;
        Some(Splice { steps: self.steps, from_old: self.likes, after, after_steps, from_both: likes, blocks, both })
    }
}

/// A feedback edge ties together all steps from its reader to its writer.
fn loops(plan: &Plan) -> Vec<std::ops::Range<usize>> {
    let mut writer = vec![0; plan.streams.len()];
    for (at, step) in plan.steps.iter().enumerate() {
        step.outputs.iter().filter_map(|output| output.stream).for_each(|stream| writer[stream] = at);
    }
    let mut loops = vec![];
    for (at, step) in plan.steps.iter().enumerate() {
        let back = step.inputs.iter().map(|&edge| &plan.edges[edge]).filter(|edge| edge.tokens.feedback > 0);
        loops.extend(back.filter(|edge| at <= writer[edge.stream]).map(|edge| at..writer[edge.stream] + 1));
    }
    super::plan::join(loops)
}
