//! A plan with its instances and memory, ready to be rendered. Made and freed on the control side.
use super::lanes::Lanes;
use super::load::Load;
use super::step::{Node, Step};
use super::stream::Stream;
use crate::graph::{Compiled, Likes, Origin, OutputKind, Pace, Plan, Splice};
use crate::plugin::Instance;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::Thread;

/// The next key of an instance.
static KEYS: AtomicU64 = AtomicU64::new(0);

/// A plan with its instances and memory.
pub struct Program {
    plan: Plan,
    pub(super) streams: Vec<Stream>,
    pub(super) steps: Vec<Step>,
    /// Frames that each edge has read.
    pub(super) positions: Vec<u64>,
    /// Edges that read each stream.
    pub(super) readers: Vec<Vec<usize>>,
    /// Frames due each block, by input.
    pub(super) sources: Vec<(usize, Pace)>,
    /// The edge that each output reads, and its pace if it is a device's.
    pub(super) sinks: Vec<Option<(usize, Option<Pace>)>>,
    /// Blocks rendered.
    pub(super) block: u64,
    /// Samples that programs before it have rendered.
    samples: u64,
    pub(super) succession: Option<Succession>,
    /// What the render thread needs of the lanes, while this does not play.
    pub(super) lanes: Lanes,
}

/// How a program takes over from the one before.
pub(super) struct Succession {
    /// For each stream, edge and step: its like in the program before.
    pub(super) likes: Likes,
    steps: Vec<Option<usize>>,
    /// Blocks that the program before must have rendered.
    after: u64,
    /// Live parameters that change with it.
    set: Vec<(usize, u32, f64)>,
}

impl Program {
    /// Allocates all that rendering needs.
    pub fn new(compiled: Compiled) -> Box<Self> {
        let Compiled { plan, instances } = compiled;
        Self::of(plan, instances.into_iter().map(Node::Worker).collect())
    }

    /// A program that begins with nothing before it.
    pub(super) fn of(plan: Plan, nodes: Vec<Node>) -> Box<Self> {
        Self::with(plan, nodes, None)
    }

    /// The two programs that go over to another graph: both together, and then the new one alone.
    pub fn splice(splice: Splice, new: Vec<Instance>, set: Vec<(usize, u32, f64)>) -> [Box<Self>; 2] {
        let mut new: Vec<Option<Instance>> = new.into_iter().map(Some).collect();
        let node = |origin: &Origin| match *origin {
            Origin::New(at) => new.get_mut(at).and_then(Option::take).map_or(Node::Vacant, Node::Worker),
            _ => Node::Vacant,
        };
        let nodes = splice.steps.iter().map(node).collect();
        let from = |origin: &Origin| if let Origin::Old(at) = *origin { Some(at) } else { None };
        let steps = splice.steps.iter().map(from).collect();
        let first = Succession { likes: splice.from_old, steps, after: 0, set };
        let both = Self::with(splice.both, nodes, Some(first));
        let steps: Vec<Option<usize>> = splice.after_steps.iter().copied().map(Some).collect();
        let nodes = steps.iter().map(|_| Node::Vacant).collect();
        let then = Succession { likes: splice.from_both, steps, after: splice.blocks, set: vec![] };
        [both, Self::with(splice.after, nodes, Some(then))]
    }

    fn with(plan: Plan, nodes: Vec<Node>, succession: Option<Succession>) -> Box<Self> {
        let streams: Vec<Stream> = plan.streams.iter().map(Stream::new).collect();
        let position = |edge: &crate::graph::Edge| plan.streams[edge.stream].prefill - edge.at_start();
        let positions = plan.edges.iter().map(position).collect();
        let mut readers = vec![vec![]; streams.len()];
        plan.edges.iter().enumerate().for_each(|(at, edge)| readers[edge.stream].push(at));
        let step = |(at, node)| Step::new(&plan, at, node, KEYS.fetch_add(1, Relaxed));
        let steps = nodes.into_iter().enumerate().map(step).collect();
        let pace = |stream: usize| plan.pace(&plan.streams[stream].format);
        let sources = plan.inputs.iter().map(|input| (input.stream, pace(input.stream))).collect();
        let sink = |kind: &OutputKind| match *kind {
            OutputKind::Audio(edge) => Some((edge, Some(pace(plan.edges[edge].stream)))),
            OutputKind::Probe(edge) => Some((edge, None)),
            OutputKind::Events(..) => None,
        };
        let sinks = plan.outputs.iter().map(|output| sink(&output.kind)).collect();
        let (block, samples, lanes) = (0, 0, Lanes::default());
        Box::new(Self { streams, steps, positions, readers, sources, sinks, block, samples, succession, lanes, plan })
    }

    /// RT — whether this is the moment to take over from `before`: only when a period begins, and nothing of its start
    /// is left, are the frames in flight those that were planned with.
    pub(super) fn may_follow(&self, before: &Self) -> bool {
        let after = self.succession.as_ref().map_or(0, |succession| succession.after);
        before.block >= after.max(before.plan.settled) && before.block.is_multiple_of(before.plan.period)
    }

    /// RT — takes over: instances, and frames in flight.
    pub(super) fn succeed(&mut self, before: &mut Self) {
        let Some(succession) = &self.succession else { return };
        self.samples = before.samples + before.block * u64::from(before.plan.block);
        for (stream, like) in self.streams.iter_mut().zip(&succession.likes.streams) {
            if let Some(like) = like.and_then(|like| before.streams.get(like)) {
                stream.succeed(like);
            }
        }
        for (step, like) in self.steps.iter_mut().zip(&succession.steps) {
            match like.and_then(|like| before.steps.get_mut(like)) {
                Some(like) => step.succeed(like, self.samples),
                None => step.begin_at(self.samples),
            }
        }
        for &(step, param, value) in &succession.set {
            if let Some(step) = self.steps.get_mut(step) {
                step.set_param(param, value);
            }
        }
    }

    /// [control] Goes back to the start after the input was heard so often, with workers that forget the past but not
    /// what they learned of the whole, unless it was not yet what they will hear: some before them were learning too.
    pub(super) fn rewind(&mut self, heard: u32) {
        let steps = std::mem::take(&mut self.steps);
        let keys: Vec<u64> = steps.iter().map(|step| step.key).collect();
        let mut nodes: Vec<Node> = steps.into_iter().map(Step::into_node).collect();
        for (node, before) in nodes.iter_mut().zip(self.plan.rehearsals_before()) {
            if let Node::Worker(instance) = node {
                if heard > before { instance.rewind() } else { instance.reset() }
            }
        }
        *self = *Self::of(self.plan.clone(), nodes);
        self.steps.iter_mut().zip(keys).for_each(|(step, key)| step.key = key);
    }

    /// Control side: tells which thread runs a lane, to be woken when there is something to do.
    pub fn runs_on(&mut self, lane: usize, thread: Thread) {
        self.lanes.runs_on(lane, thread);
    }

    /// What is rendered.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What a step costs for as long as its instance lives, wherever it runs. To be asked before lanes are parted.
    pub fn load(&self, step: usize) -> Arc<Load> {
        self.steps[step].load.clone()
    }

    /// Names the instance of a step for as long as it lives, whichever program it is in.
    pub fn key(&self, step: usize) -> u64 {
        self.steps[step].key
    }
}
