//! A plan for people and scripts: as text, as JSON, and as a Mermaid diagram.
use super::net::kind_name;
use super::plan::{Edge, Lane, Output, OutputKind, Plan, Step};
use super::time::Time;
use crate::plugin::{Format, Kind};
use serde_json::{Value, json};
use std::fmt::Write;

/// "audio ×2", "spectrum 257", "tensor 2×128".
fn shape(format: &Format) -> String {
    let mut text = kind_name(format.kind).to_string();
    if format.kind != Kind::AUDIO {
        let rank = format.dims.iter().rposition(|&dim| dim != 1).map_or(1, |last| last + 1);
        let dims: Vec<String> = format.dims[..rank].iter().map(u32::to_string).collect();
        let _ = write!(text, " {}", dims.join("×"));
    }
    if format.channels > 1 {
        let _ = write!(text, " ×{}", format.channels);
    }
    text
}

/// "125/s", "16000/s", "44.1/s".
fn pace(format: &Format) -> String {
    match format.rate_num % format.rate_den {
        0 => format!("{}/s", format.rate_num / format.rate_den),
        _ => format!("{:.3}/s", format.rate()),
    }
}

fn ms(time: Time) -> String {
    format!("{:.3}", time.ms()).trim_end_matches('0').trim_end_matches('.').to_string()
}

fn frames(n: u32) -> String {
    if n == 0 { "all".into() } else { n.to_string() }
}

/// Why frames wait at an edge at the start.
fn tokens(edge: &Edge) -> Vec<(&'static str, u64)> {
    let t = &edge.tokens;
    let all =
        [("align", t.align), ("delay", t.delay), ("feedback", t.feedback), ("lane", t.lane), ("priming", t.priming)];
    all.into_iter().filter(|(_, frames)| *frames > 0).collect()
}

fn reads(plan: &Plan, edge: usize) -> String {
    let edge = &plan.edges[edge];
    let waits: Vec<String> = tokens(edge).iter().map(|(why, frames)| format!("+{frames} {why}")).collect();
    let waits = if waits.is_empty() { String::new() } else { format!(" ({})", waits.join(", ")) };
    format!("{} {}{waits}", frames(edge.take), plan.streams[edge.stream].name)
}

fn gives(plan: &Plan, step: &Step) -> Vec<String> {
    let one = |output: &super::plan::StepOutput| match output.stream {
        Some(stream) => {
            let format = &plan.streams[stream].format;
            format!("{} {} {} {}", frames(output.give), output.port, shape(format), pace(format))
        }
        None => format!("{} events", output.port),
    };
    step.outputs.iter().map(one).collect()
}

/// Rows in columns, two spaces apart.
fn columns(rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = (0..rows.iter().map(Vec::len).max().unwrap_or(0))
        .map(|i| rows.iter().filter_map(|row| row.get(i)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        let _ = writeln!(text, "  {}", cells.join("  ").trim_end());
    }
    text
}

/// Steps, streams, rates, shapes, priming and latency with its parts, as text.
pub fn table(plan: &Plan) -> String {
    let mut text = String::new();
    if let Some(title) = &plan.title {
        let _ = writeln!(text, "{title}");
    }
    let block = Time::of_samples(u64::from(plan.block), plan.rate);
    let _ = writeln!(text, "{} Hz, blocks of {} samples ({} ms)\n", plan.rate, plan.block, ms(block));
    let mut rows = vec![["node", "worker", "takes", "gives"].map(String::from).to_vec()];
    for input in &plan.inputs {
        let format = &plan.streams[input.stream].format;
        rows.push(vec![
            input.name.clone(),
            "input".into(),
            String::new(),
            format!("{} {}", shape(format), pace(format)),
        ]);
    }
    for step in &plan.steps {
        let takes: Vec<String> = step.inputs.iter().map(|&edge| reads(plan, edge)).collect();
        let gives = gives(plan, step);
        for i in 0..takes.len().max(gives.len()).max(1) {
            let cell = |list: &[String]| list.get(i).cloned().unwrap_or_default();
            let (name, worker) = if i == 0 { (step.name.clone(), step.worker.clone()) } else { Default::default() };
            rows.push(vec![name, worker, cell(&takes), cell(&gives)]);
        }
    }
    for output in &plan.outputs {
        let takes = match output.kind {
            OutputKind::Audio(edge) | OutputKind::Probe(edge) => reads(plan, edge),
            OutputKind::Events(step, port) => {
                format!("{}.{}", plan.steps[step].name, plan.steps[step].outputs[port].port)
            }
        };
        rows.push(vec![output.name.clone(), "output".into(), takes]);
    }
    text += &columns(&rows);
    for step in &plan.steps {
        if let Some(why) = step.implied {
            let _ = writeln!(text, "\n  {} is there because {why}.", step.name);
        }
    }
    for (step, note) in plan.steps.iter().flat_map(|step| step.notes.iter().map(move |note| (step, note))) {
        let _ = writeln!(text, "\n  {} {note}", step.name);
    }
    text += &lanes(plan);
    for output in &plan.outputs {
        text += &latency(plan, output);
    }
    text
}

/// A line a lane: who is on it.
fn lanes(plan: &Plan) -> String {
    let mut lanes: Vec<(&Lane, Vec<&str>)> = vec![];
    for (lane, name) in plan.steps.iter().filter_map(|step| Some((step.lane.as_ref()?, step.name.as_str()))) {
        match lanes.iter_mut().find(|(known, _)| *known == lane) {
            Some((_, names)) => names.push(name),
            None => lanes.push((lane, vec![name])),
        }
    }
    let line = |(lane, names): &(&Lane, Vec<&str>)| {
        let firings = if lane.delay == 1 { "firing" } else { "firings" };
        let late = format!("{:?}", lane.late).to_lowercase();
        let (name, delay, names) = (&lane.name, lane.delay, names.join(", "));
        format!("\n  lane {name}: {names}; answers are due {delay} {firings} later, late = \"{late}\"\n")
    };
    lanes.iter().map(line).collect()
}

fn latency(plan: &Plan, output: &Output) -> String {
    let mut text = format!("\nlatency of {}: {} ms\n", output.name, ms(plan.latency(output)));
    let mut rows: Vec<Vec<String>> = vec![];
    for (name, cause, time) in &output.parts {
        let samples = time.in_samples(plan.rate);
        rows.push(vec![format!("{} ms", ms(*time)), format!("{samples} samples"), format!("{name} {}", cause.words())]);
    }
    let priming = plan.latency(output).minus(output.lag).unwrap_or(Time::ZERO);
    if priming > Time::ZERO {
        let why = format!("priming, because blocks of {} and the hops do not fall together", plan.block);
        rows.push(vec![format!("{} ms", ms(priming)), format!("{} samples", priming.in_samples(plan.rate)), why]);
    }
    text += &columns(&rows);
    match output.tail {
        Some(tail) if tail == Time::ZERO => {}
        Some(tail) => {
            let _ = writeln!(text, "  sounds on for {} ms", ms(tail));
        }
        None => text += "  may sound on for ever\n",
    }
    text
}

/// The same as data.
pub fn to_json(plan: &Plan) -> Value {
    let format = |format: &Format| {
        json!({
            "kind": kind_name(format.kind), "channels": format.channels, "dims": format.dims,
            "rate": format.rate(), "rate_num": format.rate_num, "rate_den": format.rate_den,
        })
    };
    let edge = |edge: usize| {
        let edge = &plan.edges[edge];
        let waits: serde_json::Map<String, Value> =
            tokens(edge).into_iter().map(|(why, n)| (why.into(), n.into())).collect();
        json!({ "from": plan.streams[edge.stream].name, "to": edge.to, "take": edge.take, "tokens": waits })
    };
    let steps = plan.steps.iter().map(|step| {
        let outputs = step.outputs.iter().zip(&step.latency).map(|(output, latency)| {
            let shape = output.stream.map_or(json!("events"), |stream| format(&plan.streams[stream].format));
            json!({ "port": output.port, "give": output.give, "latency": latency, "format": shape })
        });
        json!({
            "name": step.name, "worker": step.worker, "implied": step.implied, "may_block": step.may_block,
            "notes": step.notes,
            "inputs": step.inputs.iter().map(|&e| edge(e)).collect::<Vec<_>>(),
            "outputs": outputs.collect::<Vec<_>>(),
            "lane": step.lane.as_ref().map(|lane| json!({ "name": lane.name, "delay": lane.delay, "late": format!("{:?}", lane.late).to_lowercase() })),
            "firings_per_period": step.firings,
        })
    });
    let outputs = plan.outputs.iter().map(|output| {
        let parts = output
            .parts
            .iter()
            .map(|(name, cause, time)| json!({ "node": name, "cause": cause.words(), "ms": time.ms() }));
        let priming = plan.output_edge(output).map_or(0, |edge| plan.edges[edge].tokens.priming);
        json!({
            "name": output.name, "edge": plan.output_edge(output).map(edge), "latency_ms": plan.latency(output).ms(),
            "lag_ms": output.lag.ms(), "lag_samples": output.lag.in_samples(plan.rate), "priming_frames": priming,
            "parts": parts.collect::<Vec<_>>(), "tail_ms": output.tail.map(Time::ms),
        })
    });
    let streams = plan.streams.iter().map(|stream| {
        json!({ "name": stream.name, "format": format(&stream.format), "prefill": stream.prefill, "left": stream.left, "written": stream.written })
    });
    let inputs = plan
        .inputs
        .iter()
        .map(|input| json!({ "name": input.name, "format": format(&plan.streams[input.stream].format) }));
    json!({
        "title": plan.title, "rate": plan.rate, "block": plan.block, "period_blocks": plan.period,
        "inputs": inputs.collect::<Vec<_>>(), "steps": steps.collect::<Vec<_>>(),
        "outputs": outputs.collect::<Vec<_>>(), "streams": streams.collect::<Vec<_>>(),
    })
}

/// The same as a Mermaid flow chart.
pub fn mermaid(plan: &Plan) -> String {
    let id = |name: &str| name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let mut text = String::from("flowchart LR\n");
    let mut writer = vec![String::new(); plan.streams.len()];
    for input in &plan.inputs {
        writer[input.stream] = format!("in_{}", id(&input.name));
        let _ = writeln!(text, "    in_{}([\"{}\"])", id(&input.name), input.name);
    }
    for step in &plan.steps {
        let _ = writeln!(text, "    {}[\"{}<br/><i>{}</i>\"]", id(&step.name), step.name, step.worker);
        step.outputs.iter().filter_map(|output| output.stream).for_each(|stream| writer[stream] = id(&step.name));
    }
    let mut arrow = |from: &str, to: &str, label: String| {
        let _ = writeln!(text, "    {from} -->|\"{label}\"| {to}");
    };
    let label = |edge: &Edge| {
        let format = &plan.streams[edge.stream].format;
        let waits: String = tokens(edge).iter().map(|(why, frames)| format!("<br/>+{frames} {why}")).collect();
        format!("{}<br/>{}{waits}", shape(format), pace(format))
    };
    for step in &plan.steps {
        for edge in step.inputs.iter().map(|&edge| &plan.edges[edge]) {
            arrow(&writer[edge.stream], &id(&step.name), label(edge));
        }
    }
    for output in &plan.outputs {
        let to = format!("out_{}([\"{}<br/>{} ms\"])", id(&output.name), output.name, ms(plan.latency(output)));
        match output.kind {
            OutputKind::Audio(edge) | OutputKind::Probe(edge) => {
                let edge = &plan.edges[edge];
                arrow(&writer[edge.stream], &to, label(edge));
            }
            OutputKind::Events(step, _) => arrow(&id(&plan.steps[step].name), &to, "events".into()),
        }
    }
    text
}
