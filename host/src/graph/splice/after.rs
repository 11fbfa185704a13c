//! What is left when the fades are over.
use super::super::plan::{Edge, OutputKind, Plan, Step, Stream};
use super::super::time::Time;
use super::super::{rates, verify};
use super::weave::Weave;
use super::{Likes, Origin, Splice, loops};

impl Weave<'_> {
    /// What is left when the fades are over.
    pub(super) fn finish(self) -> Option<Splice> {
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
