//! A plan with its instances and memory, ready to be rendered. Made and freed on the control side.
use super::step::Step;
use super::stream::Stream;
use crate::graph::{Compiled, OutputKind, Pace, Plan};

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
}

impl Program {
    /// Allocates all that rendering needs.
    pub fn new(compiled: Compiled) -> Box<Self> {
        let Compiled { plan, instances } = compiled;
        let streams: Vec<Stream> = plan.streams.iter().map(Stream::new).collect();
        let position = |edge: &crate::graph::Edge| plan.streams[edge.stream].prefill - edge.tokens.total();
        let positions = plan.edges.iter().map(position).collect();
        let mut readers = vec![vec![]; streams.len()];
        plan.edges.iter().enumerate().for_each(|(at, edge)| readers[edge.stream].push(at));
        let steps = instances.into_iter().enumerate().map(|(at, instance)| Step::new(&plan, at, instance)).collect();
        let pace = |stream: usize| plan.pace(&plan.streams[stream].format);
        let sources = plan.inputs.iter().map(|input| (input.stream, pace(input.stream))).collect();
        let sink = |kind: &OutputKind| match *kind {
            OutputKind::Audio(edge) => Some((edge, Some(pace(plan.edges[edge].stream)))),
            OutputKind::Probe(edge) => Some((edge, None)),
            OutputKind::Events(..) => None,
        };
        let sinks = plan.outputs.iter().map(|output| sink(&output.kind)).collect();
        Box::new(Self { streams, steps, positions, readers, sources, sinks, block: 0, plan })
    }

    /// What is rendered.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The step of that name.
    pub fn step(&self, name: &str) -> Option<usize> {
        self.plan.steps.iter().position(|step| step.name == name)
    }
}
