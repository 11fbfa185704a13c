//! Frames in step, and who waits for whom.
use super::super::plan::{OutputKind, Plan, Tokens};
use super::super::time::Time;
use super::{Flaw, ensure};
use crate::plugin::{Format, Kind};

/// All ports of a step fire equally often; one without inputs keeps the pace of what it gives.
pub fn balanced(plan: &Plan) -> Result<(), Flaw> {
    for step in &plan.steps {
        let inputs = step.inputs.iter().map(|&edge| (plan.edges[edge].stream, plan.edges[edge].take));
        let outputs = step.outputs.iter().filter_map(|output| output.stream.map(|stream| (stream, output.give)));
        let mut ports = inputs.chain(outputs).map(|(stream, moves)| (plan.streams[stream].format, moves));
        let Some(first) = ports.next() else { continue };
        let alike = |port: (Format, u32)| firings(port) == firings(first) && (port.1 == 0) == (first.1 == 0);
        ensure(ports.all(alike), || format!("the ports of `{}` do not keep step", step.name))?;
        let pace = step.inputs.is_empty().then(|| plan.pace(&first.0));
        ensure(step.pace == pace, || format!("`{}` does not keep its pace", step.name))?;
    }
    let idle = plan.undriven();
    ensure(idle.is_empty(), || format!("nothing drives `{}`", plan.steps[idle[0]].name))?;
    for output in plan.outputs.iter().filter(|output| matches!(output.kind, OutputKind::Audio(_))) {
        let audio = plan.output_format(output).is_some_and(|format| format.kind == Kind::AUDIO);
        ensure(audio, || format!("output `{}` hears no audio", output.name))?;
    }
    Ok(())
}

/// Firings a second, as a fraction in its lowest terms.
fn firings((format, moves): (Format, u32)) -> (u64, u64) {
    let (num, den) = (u64::from(format.rate_num), u64::from(format.rate_den) * u64::from(moves.max(1)));
    let common = num_integer::gcd(num, den).max(1);
    (num / common, den / common)
}

/// Everything that meets at a step is equally late, as late as the plan says, and a stand-in as late as its worker.
pub fn arrivals(plan: &Plan) -> Result<(), Flaw> {
    let mut lags = vec![Time::ZERO; plan.streams.len()];
    for step in &plan.steps {
        let mut meeting = None;
        for edge in step.inputs.iter().map(|&edge| &plan.edges[edge]) {
            ensure(edge.tokens.priming + edge.tokens.dry == 0, || format!("`{}` waits for nothing", edge.to))?;
            let lag = arrives(plan, &lags, edge.stream, &edge.tokens);
            if edge.tokens.feedback == 0 {
                meeting = Some(step.lag);
                ensure(lag == Some(step.lag), || format!("`{}` comes at another time than it should", edge.to))?;
            }
        }
        let lag = meeting.unwrap_or(Time::ZERO);
        ensure(step.lag == lag, || format!("`{}` hears nothing and is late", step.name))?;
        for (output, latency) in step.outputs.iter().zip(&step.latency) {
            if let Some(edge) = output.dry.map(|edge| &plan.edges[edge]) {
                let tokens = Tokens { dry: u64::from(*latency), ..edge.tokens };
                let undone = Tokens { dry: 0, ..edge.tokens };
                let mut inputs = step.inputs.iter().map(|&input| &plan.edges[input]);
                let like = inputs.any(|e| (e.stream, e.take, e.tokens) == (edge.stream, edge.take, undone));
                let fits = output.stream.is_some_and(|stream| {
                    edge.take == output.give && plan.streams[stream].format == plan.streams[edge.stream].format
                });
                ensure(tokens == edge.tokens && like && fits, || format!("`{}` cannot stand in", edge.to))?;
            }
            if let Some(stream) = output.stream {
                let own = Time::of(u64::from(*latency), &plan.streams[stream].format);
                lags[stream] = lag.plus(own).ok_or_else(|| Flaw(format!("`{}` is late for ever", step.name)))?;
            }
        }
    }
    for output in &plan.outputs {
        let lag = match output.kind {
            OutputKind::Audio(edge) | OutputKind::Probe(edge) => {
                arrives(plan, &lags, plan.edges[edge].stream, &plan.edges[edge].tokens)
            }
            OutputKind::Events(step, _) => Some(plan.steps[step].lag),
        };
        ensure(lag == Some(output.lag), || format!("output `{}` is not as late as the plan says", output.name))?;
    }
    Ok(())
}

/// By how much frames lag the inputs of the graph when they leave an edge: what comes later on purpose is not late.
fn arrives(plan: &Plan, lags: &[Time], stream: usize, tokens: &Tokens) -> Option<Time> {
    lags[stream].plus(Time::of(tokens.align + tokens.lane, &plan.streams[stream].format))
}
