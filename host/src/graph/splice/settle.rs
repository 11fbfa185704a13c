//! New paths that come up short at first begin later, and everything behind them says so.
use super::super::plan::{Edge, OutputKind};
use super::super::rates;
use super::super::time::Time;
use super::weave::Weave;

impl Weave<'_> {
    /// Rehearses until no output comes up short: a new path that is late at first begins with so many more zeros, which
    /// nobody hears while it warms up. Best at the outputs, where nothing else has to meet it.
    pub(super) fn settle(&mut self) -> Option<()> {
        let at_outputs: Vec<usize> =
            self.plan.outputs.iter().filter_map(|output| self.plan.output_edge(output)).collect();
        let at_outputs: Vec<usize> = at_outputs.into_iter().map(|edge| self.plan.edges[edge].stream).collect();
        let fades = self.plan.steps.iter().filter(|step| step.fade.is_some());
        let fades: Vec<(usize, bool)> = fades
            .filter_map(|step| Some((*step.inputs.get(1)?, at_outputs.contains(&step.outputs.first()?.stream?))))
            .collect();
        let some = |last: bool| fades.iter().filter(move |(_, is_last)| *is_last == last).map(|(edge, _)| *edge);
        let ways: [Vec<usize>; 3] = [some(true).collect(), some(false).collect(), fades.iter().map(|f| f.0).collect()];
        let unprimed = self.plan.clone();
        ways.iter().find_map(|edges| {
            self.plan = unprimed.clone();
            self.prime(edges)
        })
    }

    /// Primes new paths at these edges until nothing comes up short.
    fn prime(&mut self, edges: &[usize]) -> Option<()> {
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
        None
    }

    /// What has been primed on the way comes so much later at all that hear it; `None` if something else would meet it
    /// there, which does not.
    pub(super) fn shift(&mut self) -> Option<()> {
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
}
