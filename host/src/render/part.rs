//! [control] Takes the steps that are on lanes out of a program: each lane gets a program of its own, and the whole keeps
//! count of it.
use super::answers::Answers;
use super::lane::{Lane, Seat};
use super::lanes::{Away, Lanes};
use super::message::{FromRender, Reports};
use super::pipe::pipe;
use super::program::Program;
use super::step::Node;
use crate::graph::{Edge, Late, Output, OutputKind, Plan, Source, Stream, Tokens};
use ringbuf::traits::Split;
use ringbuf::{HeapCons, HeapRb};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Live parameters that may be on their way.
const SETS: usize = 256;

/// A lane that has been taken out of a program: what its thread needs.
pub struct Apart {
    /// Its name in the graph file.
    pub name: String,
    /// The nodes that it runs.
    pub nodes: Vec<String>,
    /// Where its thread sits.
    pub seat: Seat,
    /// What it tells.
    pub reports: HeapCons<FromRender>,
}

impl Lanes {
    /// Takes apart `program`, which has not been rendered, and leaves with it what the render thread needs of its lanes.
    pub(super) fn part(program: &mut Program, lost: &Arc<AtomicU64>, metered: bool) -> Vec<Apart> {
        let plan = program.plan().clone();
        let names = plan.lanes();
        let mut lanes = Self {
            lanes: vec![],
            enters: vec![None; plan.edges.len()],
            answers: plan.streams.iter().map(|_| None).collect(),
            told: program.steps.iter().map(|step| (step.key, 0)).collect(),
            steps: vec![None; plan.steps.len()],
        };
        let apart = names.iter().map(|name| lanes.part_one(program, &plan, name, lost, metered)).collect();
        program.lanes = lanes;
        apart
    }

    fn part_one(
        &mut self,
        program: &mut Program,
        plan: &Plan,
        name: &str,
        lost: &Arc<AtomicU64>,
        metered: bool,
    ) -> Apart {
        let at = self.lanes.len();
        let part = Part::of(plan, name);
        for (step, &whole) in part.members.iter().enumerate() {
            self.steps[whole] = Some((at, step));
        }
        let away = |&whole: &usize| std::mem::replace(&mut program.steps[whole].node, Node::Away);
        let nodes = part.members.iter().map(away);
        let mut own = Program::of(part.plan.clone(), nodes.collect());
        for (step, &whole) in own.steps.iter_mut().zip(&part.members) {
            step.key = program.steps[whole].key;
            std::mem::swap(&mut step.load, &mut program.steps[whole].load);
        }
        let blocks = plan.patience(name);
        let (mut inputs, mut taken) = (vec![], vec![]);
        for (input, &(edge, stream)) in part.enters.iter().enumerate() {
            let format = part.plan.streams[stream].format;
            let most = part.plan.streams[stream].written as usize;
            let frames = plan.pace(&format).after(blocks) as usize + most;
            let (to, from) = pipe(frames, format.channels as usize, format.width());
            self.enters[edge] = Some((at, input));
            inputs.push((to, 0, most));
            taken.push((stream, from));
        }
        let (mut outputs, mut given) = (vec![], vec![]);
        for &(stream, whole) in &part.leaves {
            let format = part.plan.streams[stream].format;
            let most = part.plan.streams[stream].written as usize;
            let frames = plan.pace(&format).after(2 * blocks) as usize + most;
            let (to, from) = pipe(frames, format.channels as usize, format.width());
            outputs.push((from, whole));
            given.push((stream, to, plan.streams[whole].prefill));
            let writer = |&&step: &&usize| plan.steps[step].outputs.iter().any(|o| o.stream == Some(whole));
            let Some(&step) = part.members.iter().find(writer) else { continue };
            let late = plan.steps[step].lane.as_ref().map_or(Late::Hold, |lane| lane.late);
            let give = plan.steps[step].outputs.iter().find(|o| o.stream == Some(whole)).map_or(0, |o| o.give);
            let firing = if give > 0 { u64::from(give) } else { plan.pace(&format).after(1) };
            self.answers[whole] = Some((Answers::new(&plan.streams[whole], late, firing), step));
        }
        let done = Arc::<AtomicU64>::default();
        let messages = 1 + part.members.len() + part.inner_streams.len() + part.inner_edges.len();
        let (to_jobs, jobs) = HeapRb::new(blocks as usize + messages + 2).split();
        let (to_sets, sets) = HeapRb::new(SETS).split();
        let params = part.members.iter().map(|&step| plan.steps[step].values.len()).sum();
        let (to_counts, counts) = HeapRb::new((blocks as usize * inputs.len()).max(1)).split();
        let (to_answered, answered) = HeapRb::new((2 * blocks as usize * outputs.len()).max(1)).split();
        let (told, reports) = Reports::beside(lost);
        let nodes = own.plan().steps.iter().map(|step| step.name.clone()).collect();
        let (lend, next) = HeapRb::new(1).split();
        let (home, back) = HeapRb::new(1).split();
        let lane = Lane {
            name: name.into(),
            program: own,
            jobs,
            sets,
            counts,
            inputs: taken,
            answered: to_answered,
            outputs: given,
            reports: told,
            done: done.clone(),
            metered,
            faults: 0,
        };
        self.lanes.push(Away {
            jobs: to_jobs,
            sets: to_sets,
            waiting: Vec::with_capacity(params),
            counts: to_counts,
            inputs,
            answered,
            outputs,
            inner_streams: part.inner_streams,
            inner_edges: part.inner_edges,
            members: part.members,
            thread: None,
            sent: 0,
            taken: 0,
            done,
            fed: true,
            part: Some(Box::new(lane)),
            lend,
            back,
            called: false,
        });
        Apart { name: name.into(), nodes, seat: Seat::new(next, home), reports }
    }
}

/// The part of a plan that is on one lane, as a plan.
struct Part {
    plan: Plan,
    /// Its steps, by their number in the whole.
    members: Vec<usize>,
    /// Edges of the whole that bring frames from outside, and the stream of the part that they fill.
    enters: Vec<(usize, usize)>,
    /// Streams that somebody outside reads: their numbers in the part and in the whole.
    leaves: Vec<(usize, usize)>,
    /// Streams and edges that lie within, likewise.
    inner_streams: Vec<(usize, usize)>,
    inner_edges: Vec<(usize, usize)>,
}

impl Part {
    fn of(whole: &Plan, lane: &str) -> Self {
        let on_lane = |step: &crate::graph::Step| step.lane.as_ref().is_some_and(|own| own.name == lane);
        let members: Vec<usize> = (0..whole.steps.len()).filter(|&at| on_lane(&whole.steps[at])).collect();
        let plan = Plan {
            inputs: vec![],
            outputs: vec![],
            steps: vec![],
            streams: vec![],
            edges: vec![],
            loops: vec![],
            ..whole.clone()
        };
        let (enters, leaves, inner_streams, inner_edges) = (vec![], vec![], vec![], vec![]);
        let mut part = Self { plan, members, enters, leaves, inner_streams, inner_edges };
        let mut streams = BTreeMap::new(); // of the whole → of the part
        for &at in &part.members {
            for stream in whole.steps[at].outputs.iter().filter_map(|output| output.stream) {
                streams.insert(stream, part.plan.streams.len());
                part.inner_streams.push((part.plan.streams.len(), stream));
                part.plan.streams.push(whole.streams[stream].clone());
            }
        }
        let mut own = vec![false; whole.edges.len()];
        for at in part.members.clone() {
            let mut step = whole.steps[at].clone();
            let mut lay = |edge: usize| {
                own[edge] = true;
                part.lay_edge(whole, edge, &streams)
            };
            step.inputs.iter_mut().for_each(|edge| *edge = lay(*edge));
            for edge in step.outputs.iter_mut().filter_map(|output| output.dry.as_mut()) {
                *edge = lay(*edge);
            }
            for stream in step.outputs.iter_mut().filter_map(|output| output.stream.as_mut()) {
                *stream = streams[stream];
            }
            step.instance = part.plan.steps.len();
            part.plan.steps.push(step);
        }
        // Events are told from here.
        part.plan.outputs = whole.outputs.iter().filter_map(|output| part.own_events(output)).collect();
        // Whatever waits for whatever: they take turns until none can fire.
        part.plan.loops.push(0..part.plan.steps.len());
        let read_outside = |stream: usize| {
            let edges = whole.edges.iter().zip(&own).filter(|(_, own)| !**own);
            edges.into_iter().any(|(edge, _)| edge.stream == stream)
        };
        part.leaves = part.inner_streams.iter().copied().filter(|(_, stream)| read_outside(*stream)).collect();
        part
    }

    /// An output of the whole that hears events of this part.
    fn own_events(&self, output: &Output) -> Option<Output> {
        let OutputKind::Events(step, port) = output.kind else { return None };
        let step = self.members.iter().position(|member| *member == step)?;
        Some(Output { kind: OutputKind::Events(step, port), ..output.clone() })
    }

    fn lay_edge(&mut self, whole: &Plan, at: usize, streams: &BTreeMap<usize, usize>) -> usize {
        let edge = &whole.edges[at];
        let here = self.plan.edges.len();
        match streams.get(&edge.stream) {
            Some(&stream) => {
                self.inner_edges.push((here, at));
                self.plan.edges.push(Edge { stream, ..edge.clone() });
            }
            None => {
                // All that may lie in the stream may be taken in one block, and nothing is left of it.
                let from = &whole.streams[edge.stream];
                let (stream, most) = (self.plan.streams.len(), from.left.max(from.prefill) + from.written);
                self.plan.streams.push(Stream { prefill: 0, left: 0, written: most, ..from.clone() });
                self.plan.inputs.push(Source { name: edge.to.clone(), stream });
                self.enters.push((at, stream));
                self.plan.edges.push(Edge { stream, tokens: Tokens::default(), held: None, ..edge.clone() });
            }
        }
        here
    }
}
