//! Nodes and edges → steps, streams and the edges between them.
use super::super::align;
use super::super::compile::Device;
use super::super::file::GraphFile;
use super::super::net::{Input, Net, Node, SinkKind, What, WorkerNode};
use super::super::time::Time;
use super::{Edge, Lane, Output, OutputKind, Plan, Source, Step, StepOutput, Stream, Tokens};
use crate::plugin::{ENDLESS, Kind, Value};
use std::ops::Range;

impl Plan {
    /// Lays out steps, streams and edges. Room, priming and firings come from the dry run.
    pub(in crate::graph) fn lay_out(net: &Net, file: &GraphFile, device: &Device) -> Self {
        let mut plan = Self {
            title: file.graph.title.clone(),
            rate: file.graph.rate,
            block: device.block.unwrap_or(file.graph.block),
            inputs: vec![],
            steps: vec![],
            loops: vec![],
            streams: vec![],
            edges: vec![],
            outputs: vec![],
            period: 1,
            settled: 1,
        };
        let streams = plan.lay_streams(net);
        let mut place = vec![usize::MAX; net.nodes.len()];
        let workers = net.nodes.iter().scan(0, |workers, node| {
            let before = *workers;
            *workers += usize::from(node.worker().is_some());
            Some(before)
        });
        let instances: Vec<usize> = workers.collect();
        for &at in &net.order {
            let node = &net.nodes[at];
            match &node.what {
                What::Source => {
                    plan.inputs.extend(streams[at][0].map(|stream| Source { name: node.name.clone(), stream }))
                }
                What::Worker(_) => {
                    place[at] = plan.steps.len();
                    plan.lay_step(net, at, instances[at], &streams);
                }
                What::Sink(_) => {}
            }
        }
        let tails = tails(net);
        for (at, node) in net.nodes.iter().enumerate() {
            if let What::Sink(kind) = node.what {
                plan.lay_output(net, at, kind, &streams, &place, &tails);
            }
        }
        plan.lay_loops(net, &place);
        plan
    }

    /// One stream an output that carries frames; answers which, by node and output.
    fn lay_streams(&mut self, net: &Net) -> Vec<Vec<Option<usize>>> {
        let mut streams = vec![];
        for node in &net.nodes {
            let mut of_node = vec![];
            for output in &node.outputs {
                let format = output.format.filter(|format| format.kind != Kind::EVENTS);
                of_node.push(format.map(|format| {
                    let name = format!("{}.{}", node.name, output.port);
                    self.streams.push(Stream { name, format, prefill: 0, left: 0, written: 0 });
                    self.streams.len() - 1
                }));
            }
            streams.push(of_node);
        }
        streams
    }

    fn lay_edge(&mut self, net: &Net, at: usize, input: &Input, streams: &[Vec<Option<usize>>]) -> Option<usize> {
        let stream = streams[input.from][input.output]?;
        let tokens = Tokens {
            align: input.align_frames,
            delay: input.delay_frames,
            feedback: input.feedback.as_ref().map_or(0, |frames| u64::from(frames.value)),
            lane: input.lane_frames,
            ..Tokens::default()
        };
        let to = format!("{}.{}", net.nodes[at].name, input.port);
        self.edges.push(Edge { stream, to, take: input.take, tokens, held: None });
        Some(self.edges.len() - 1)
    }

    fn lay_step(&mut self, net: &Net, at: usize, instance: usize, streams: &[Vec<Option<usize>>]) {
        let node = &net.nodes[at];
        let Some(worker) = node.worker() else { return };
        let inputs: Vec<usize> =
            node.inputs.iter().filter_map(|input| self.lay_edge(net, at, input, streams)).collect();
        let mut outputs = vec![];
        for (output, stream) in node.outputs.iter().zip(&streams[at]) {
            let dry = stream.and_then(|stream| self.lay_dry(&inputs, stream, output.give, output.latency));
            outputs.push(StepOutput { port: output.port.clone(), stream: *stream, give: output.give, dry });
        }
        let paced = outputs.iter().find_map(|output| output.stream).filter(|_| inputs.is_empty());
        let lane = worker.lane.as_ref();
        self.steps.push(Step {
            name: node.name.clone(),
            worker: worker.found.worker.id.clone(),
            instance,
            implied: node.implied,
            may_block: worker.found.worker.may_block,
            inputs,
            outputs,
            lane: lane.map(|lane| Lane { name: lane.name.clone(), delay: lane.delay, late: lane.late }),
            pace: paced.map(|stream| self.pace(&self.streams[stream].format)),
            latency: node.outputs.iter().map(|output| output.latency).collect(),
            lag: align::meeting(net, at),
            firings: 0,
            values: worker.values.clone(),
            labels: labels(worker),
            span: node.span.clone(),
            rehearsals: worker.instance.as_ref().map_or(0, |instance| instance.agreed().rehearsals),
            notes: worker.instance.as_ref().map_or(vec![], |instance| instance.notes().to_vec()),
            fade: None,
        });
    }

    /// The first input of audio or spectrum that could stand in for an output: same frames, same number of them.
    fn lay_dry(&mut self, inputs: &[usize], stream: usize, give: u32, latency: u32) -> Option<usize> {
        let format = self.streams[stream].format;
        let alike = |&&edge: &&usize| {
            let edge = &self.edges[edge];
            self.streams[edge.stream].format == format && edge.take == give
        };
        let sounds = matches!(format.kind, Kind::AUDIO | Kind::SPECTRUM);
        let mut edge = self.edges[*inputs.iter().find(alike).filter(|_| sounds)?].clone();
        edge.tokens.dry = u64::from(latency);
        edge.to += " (dry)";
        self.edges.push(edge);
        Some(self.edges.len() - 1)
    }

    fn lay_output(
        &mut self,
        net: &Net,
        at: usize,
        kind: SinkKind,
        streams: &[Vec<Option<usize>>],
        place: &[usize],
        tails: &[Option<Time>],
    ) {
        let node = &net.nodes[at];
        let input = &node.inputs[0];
        let edge = self.lay_edge(net, at, input, streams);
        let kind = match (kind, edge) {
            (SinkKind::Audio { .. }, Some(edge)) => OutputKind::Audio(edge),
            (SinkKind::Probe, Some(edge)) => OutputKind::Probe(edge),
            (_, None) => OutputKind::Events(place[input.from], input.output),
            (SinkKind::Events, Some(_)) => return, // the formats pass refused it
        };
        if let Some(edge) = edge {
            self.edges[edge].to.clone_from(&node.name);
        }
        let (lag, parts) = (align::meeting(net, at), align::parts(net, at));
        self.outputs.push(Output {
            name: node.name.clone(),
            kind,
            lag,
            tail: tails[input.from],
            parts,
            span: node.span.clone(),
        });
    }

    /// A feedback edge ties together all steps from its reader to its writer.
    fn lay_loops(&mut self, net: &Net, place: &[usize]) {
        let mut loops: Vec<Range<usize>> = vec![];
        for (at, node) in net.nodes.iter().enumerate() {
            let back = node.inputs.iter().filter(|input| input.feedback.is_some() && place[input.from] != usize::MAX);
            loops.extend(
                back.filter(|input| place[at] <= place[input.from]).map(|input| place[at]..place[input.from] + 1),
            );
        }
        self.loops = join(loops);
    }
}

/// Ranges that overlap become one.
pub(in crate::graph) fn join(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<usize>> = vec![];
    for range in ranges {
        match joined.last_mut().filter(|last| range.start < last.end) {
            Some(last) => last.end = last.end.max(range.end),
            None => joined.push(range),
        }
    }
    joined
}

/// The texts between the commas of a parameter called `labels`.
fn labels(worker: &WorkerNode) -> Vec<String> {
    let named = worker.found.worker.params.iter().zip(&worker.values).find(|(param, _)| param.name == "labels");
    match named {
        Some((_, Value::Text(text))) if !text.trim().is_empty() => {
            text.split(',').map(|label| label.trim().into()).collect()
        }
        _ => vec![],
    }
}

/// How long each node sounds on after the inputs ended; `None` is for ever.
fn tails(net: &Net) -> Vec<Option<Time>> {
    let mut tails = vec![Some(Time::ZERO); net.nodes.len()];
    for &at in &net.order {
        tails[at] = tail(net, &net.nodes[at], &tails);
    }
    tails
}

fn tail(net: &Net, node: &Node, tails: &[Option<Time>]) -> Option<Time> {
    if matches!(node.what, What::Worker(_)) && node.inputs.is_empty() {
        return None;
    }
    let mut longest = Time::ZERO;
    for input in &node.inputs {
        if input.feedback.is_some() {
            return None;
        }
        let delay = net.arriving(input).filter(|f| f.kind != Kind::EVENTS);
        let delay = delay.map_or(Time::ZERO, |format| Time::of(input.delay_frames, &format));
        longest = longest.max(tails[input.from]?.plus(delay)?);
    }
    let mut own = Time::ZERO;
    for output in node.outputs.iter().filter(|output| output.tail > 0) {
        let format = output.format.filter(|_| output.tail != ENDLESS)?;
        own = own.max(Time::of(u64::from(output.tail), &format));
    }
    longest.plus(own)
}
