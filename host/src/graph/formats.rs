//! Calls `prepare` along the order: formats, frames moved, latency.
use super::codes::Code;
use super::compile::Device;
use super::diag::{Diag, Diags};
use super::file::GraphFile;
use super::net::{Input, Net, SinkKind, What};
use super::resolve::{declared_kind, is_sum, kind_diag};
use crate::plugin::{Agreed, Format, Instance, Kind, MAX_PORTS, Refusal};
use std::collections::BTreeMap;

/// How often a loop is walked until the formats in it settle.
const ROUNDS: usize = 4;

/// What a feedback edge is taken to carry, by node and input, before its maker has agreed.
type Guesses = BTreeMap<(usize, usize), Format>;

/// Agrees on the formats of every stream.
pub fn agree(net: &mut Net, file: &GraphFile, device: &Device, diags: &mut Diags) {
    let mut guesses = Guesses::new();
    for round in 1.. {
        let mut found = Diags::default();
        net.order.clone().into_iter().for_each(|at| agree_node(net, at, &guesses, file, device, &mut found));
        let actual = actual_feedback(net);
        if actual == guesses || actual.is_empty() || round == ROUNDS {
            diags.extend(found);
            if actual != guesses && !actual.is_empty() {
                unsettled(net, &actual, &guesses, diags);
            }
            return;
        }
        guesses = actual;
    }
}

fn actual_feedback(net: &Net) -> Guesses {
    let mut actual = Guesses::new();
    for (at, node) in net.nodes.iter().enumerate() {
        for (i, input) in node.inputs.iter().enumerate().filter(|(_, input)| input.feedback.is_some()) {
            actual.extend(net.arriving(input).map(|format| ((at, i), format)));
        }
    }
    actual
}

fn unsettled(net: &Net, actual: &Guesses, guesses: &Guesses, diags: &mut Diags) {
    for (&(at, i), _) in actual.iter().filter(|(key, format)| guesses.get(key) != Some(format)) {
        let input = &net.nodes[at].inputs[i];
        let title = "what this loop carries changes each time round";
        let diag = Diag::new(Code::Feedback, input.span.clone(), title);
        diags.push(diag.help("channels, sizes and rates must come back as they left"));
    }
}

fn agree_node(net: &mut Net, at: usize, guesses: &Guesses, file: &GraphFile, device: &Device, diags: &mut Diags) {
    let node = &net.nodes[at];
    let unknown = |input: &Input| input.feedback.is_none() && net.arriving(input).is_none();
    if node.broken || node.inputs.iter().any(unknown) {
        return;
    }
    match &node.what {
        What::Source => {}
        What::Sink(kind) => check_sink(net, at, *kind, diags),
        What::Worker(_) => agree_worker(net, at, guesses, file, device, diags),
    }
}

fn check_sink(net: &mut Net, at: usize, kind: SinkKind, diags: &mut Diags) {
    let input = &net.nodes[at].inputs[0];
    let Some(format) = net.arriving(input) else { return };
    if input.kind != Kind::ANY && format.kind != input.kind {
        diags.push(kind_diag(net, at, input, format.kind));
        return;
    }
    if let SinkKind::Audio { rate } = kind
        && (format.rate_num, format.rate_den) != (rate, 1)
    {
        let title = format!(
            "output `{}` plays {rate} samples a second, but `{}` gives {}",
            net.nodes[at].name,
            net.nodes[input.from].name,
            format.rate()
        );
        let diag = Diag::new(Code::Rate, input.span.clone(), title);
        diags.push(diag.help(format!("put a `resample` node with `rate = {rate}` before the output")));
    }
}

fn agree_worker(net: &mut Net, at: usize, guesses: &Guesses, file: &GraphFile, device: &Device, diags: &mut Diags) {
    let formats: Vec<Format> = (0..net.nodes[at].inputs.len()).map(|i| arriving(net, at, i, guesses, file)).collect();
    let wrong_kind = |(input, format): (&Input, &Format)| input.kind != Kind::ANY && input.kind != format.kind;
    let wrong: Vec<Diag> = net.nodes[at]
        .inputs
        .iter()
        .zip(&formats)
        .filter(|pair| wrong_kind(*pair))
        .filter(|(input, _)| {
            declared_kind(&net.nodes[input.from], &net.nodes[input.from].outputs[input.output].port) == Kind::ANY
        })
        .map(|(input, format)| kind_diag(net, at, input, format.kind))
        .collect();
    if !wrong.is_empty() {
        wrong.into_iter().for_each(|diag| diags.push(diag));
        return;
    }
    let ports = net.nodes[at].inputs.len() + net.nodes[at].outputs.len();
    if ports > MAX_PORTS {
        let node = &net.nodes[at];
        let title = format!("`{}` has {ports} connected ports, and {MAX_PORTS} are allowed", node.name);
        let at = node.worker().map_or(node.span.clone(), |worker| worker.worker_span.clone());
        diags.push(Diag::new(Code::Size, at, title).help("split it into several nodes"));
        return;
    }
    let block = device.block.unwrap_or(file.graph.block);
    match prepare(net, at, &formats, file.graph.rate, block) {
        Ok(agreed) => {
            record(net, at, &agreed);
            if device.live && agreed.rehearsals > 0 {
                diags.push(not_live(net, at, &agreed.rehearsals_why));
            }
            if let Some(diag) = out_of_step(net, at, &formats, &agreed) {
                diags.push(diag);
                net.nodes[at].outputs.iter_mut().for_each(|output| output.format = None);
            }
        }
        Err(Refusal(why)) => diags.push(refused(net, at, &why)),
    }
}

/// A worker that must hear the end before the start cannot play live.
fn not_live(net: &Net, at: usize, why: &str) -> Diag {
    let refused = refused(net, at, why);
    let title = format!("`{}` must hear the whole recording before its first frame is right", net.nodes[at].name);
    let (wrong, way_out) = why.rsplit_once("; ").map_or((why, None), |(wrong, way_out)| (wrong, Some(way_out)));
    let place = refused.marks.first().map_or(net.nodes[at].span.clone(), |mark| mark.span.clone());
    let diag = Diag::new(Code::Offline, place, title)
        .label(wrong)
        .note("a replay plays the input once more before; live there is no before");
    match way_out {
        Some(way_out) => diag.help(way_out),
        None => diag,
    }
}

/// What arrives at an input; for a feedback edge whose maker has not agreed yet, the best guess.
fn arriving(net: &Net, at: usize, input: usize, guesses: &Guesses, file: &GraphFile) -> Format {
    let inputs = &net.nodes[at].inputs;
    let known = |input: &Input| if input.feedback.is_none() { net.arriving(input) } else { None };
    let guess = || {
        let alike = inputs.iter().filter(|other| other.kind == inputs[input].kind).find_map(known);
        alike.unwrap_or(Format::audio(1, file.graph.rate))
    };
    known(&inputs[input]).or_else(|| guesses.get(&(at, input)).copied()).unwrap_or_else(guess)
}

fn prepare(net: &mut Net, at: usize, formats: &[Format], rate: u32, block: u32) -> Result<Agreed, Refusal> {
    let node = &mut net.nodes[at];
    let inputs: Vec<(&str, Format)> =
        node.inputs.iter().map(|i| i.port.as_str()).zip(formats.iter().copied()).collect();
    let outputs: Vec<&str> = node.outputs.iter().map(|output| output.port.as_str()).collect();
    let What::Worker(worker) = &mut node.what else { return Err(Refusal("not a worker".into())) };
    let instance = match &mut worker.instance {
        Some(instance) => instance,
        none => none.insert(Instance::create(&worker.found.worker, &worker.values)?),
    };
    instance.prepare(rate, block, &inputs, &outputs).cloned()
}

fn record(net: &mut Net, at: usize, agreed: &Agreed) {
    let node = &mut net.nodes[at];
    for (input, port) in node.inputs.iter_mut().zip(&agreed.inputs) {
        input.take = port.frames;
    }
    for (output, port) in node.outputs.iter_mut().zip(&agreed.outputs) {
        output.format = Some(port.format);
        (output.give, output.latency, output.tail) = (port.frames, port.latency, port.tail);
    }
}

/// The worker's own words, at the key or port that they speak of.
fn refused(net: &Net, at: usize, why: &str) -> Diag {
    let node = &net.nodes[at];
    let worker = node.worker();
    let words: Vec<&str> =
        why.split('`').skip(1).step_by(2).map(|word| word.split(' ').next().unwrap_or(word)).collect();
    let keys = worker.map(|worker| worker.keys.as_slice()).unwrap_or_default();
    let key = || words.iter().find_map(|word| keys.iter().find(|key| key.value == **word)).map(|key| key.span.clone());
    let port = || words.iter().find_map(|word| node.inputs.iter().find(|i| i.port == **word)).map(|i| i.span.clone());
    let whole = worker.map_or(node.span.clone(), |worker| worker.worker_span.clone());
    let place = key().or_else(port).unwrap_or(whole.clone());
    // "what is wrong; the way out"
    let (wrong, way_out) = why.rsplit_once("; ").map_or((why, None), |(wrong, way_out)| (wrong, Some(way_out)));
    let mut diag = Diag::new(Code::Refused, place.clone(), format!("`{}` refused: {wrong}", node.name));
    for word in &words {
        let key = keys.iter().find(|key| key.value == **word).map(|key| &key.span);
        let spoken_of = key.or(node.inputs.iter().find(|input| input.port == **word).map(|input| &input.span));
        if let Some(span) = spoken_of.filter(|span| !diag.marks.iter().any(|mark| mark.span == **span)) {
            diag = diag.mark(span.clone(), "");
        }
    }
    if let Some(worker) = worker.filter(|_| place != whole) {
        let verb = match node.implied {
            Some(_) if is_sum(node) => "adds them up",
            Some(_) => "converts the rate",
            None => "says so",
        };
        diag = diag.mark(whole, format!("`{}` {verb}", worker.found.worker.id));
    }
    match way_out {
        Some(way_out) => diag.help(way_out),
        None => diag,
    }
}

/// Frames a second divided by frames a firing must agree for all ports.
fn out_of_step(net: &Net, at: usize, formats: &[Format], agreed: &Agreed) -> Option<Diag> {
    let node = &net.nodes[at];
    // Firings a second, as a fraction of wide integers.
    let pace = |format: &Format, frames: u32| {
        (u128::from(format.rate_num), u128::from(format.rate_den) * u128::from(frames.max(1)))
    };
    let same = |a: (u128, u128), b: (u128, u128)| a.0 * b.1 == b.0 * a.1;
    let frames = || agreed.outputs.iter().filter(|port| port.format.kind != Kind::EVENTS);
    if formats.is_empty() && frames().next().is_none() {
        return Some(refused(net, at, "nothing is connected to it, and it gives no frames: it would never fire"));
    }
    let leading = formats.first().map(|format| pace(format, agreed.inputs[0].frames));
    let first = leading.or_else(|| frames().next().map(|port| pace(&port.format, port.frames)));
    for (i, format) in formats.iter().enumerate().skip(1) {
        let Some(first) = first.filter(|first| !same(*first, pace(format, agreed.inputs[i].frames))) else { continue };
        let (a, b) = (&agreed.inputs[0], &agreed.inputs[i]);
        // For every frame of `b` there are so many of `a`.
        let here = pace(format, b.frames);
        let (mut some, mut other) = (first.0 * here.1, first.1 * here.0);
        let common = num_integer::gcd(some, other);
        (some, other) = (some / common * u128::from(a.frames.max(1)), other / common * u128::from(b.frames.max(1)));
        let common = num_integer::gcd(some, other);
        let title = format!(
            "`{}` takes {} of `{}` for {} of `{}`, but gets {} for {}",
            node.name,
            a.frames.max(1),
            a.name,
            b.frames.max(1),
            b.name,
            some / common,
            other / common,
        );
        let mut diag = Diag::new(Code::Rate, node.inputs[i].span.clone(), title);
        diag = diag.label(pace_of(format));
        diag = diag.mark(node.inputs[0].span.clone(), pace_of(&formats[0]));
        for input in [&node.inputs[i], &node.inputs[0]] {
            diag = pace_keys(net, input.from, diag, 0);
        }
        let (some, other) = (some / common * u128::from(b.frames.max(1)), other / common * u128::from(a.frames.max(1)));
        let (slower, more, less) = if some > other { (&b.name, some, other) } else { (&a.name, other, some) };
        return Some(diag.help(match (formats[0].kind, format.kind, more % less) {
            (Kind::AUDIO, Kind::AUDIO, _) => format!("put a `resample` node before `{slower}`"),
            (Kind::AUDIO, ..) | (_, Kind::AUDIO, _) => "make them keep step".into(),
            (.., 0) => {
                format!("make them keep step, or put a `repeat` node with `times = {}` before `{slower}`", more / less)
            }
            _ => format!("make them keep step: no `repeat` before `{slower}` does, as {more} is no multiple of {less}"),
        }));
    }
    let wrong = frames().find(|port| first.is_some_and(|first| !same(first, pace(&port.format, port.frames))));
    wrong.map(|port| {
        let why = format!(
            "`{}` answers `prepare` wrongly: `{}` gives {} frames a firing, so its rate cannot be {}/{} a second",
            node.worker().map_or("", |w| w.found.worker.id.as_str()),
            port.name,
            port.frames,
            port.format.rate_num,
            port.format.rate_den,
        );
        refused(net, at, &why)
    })
}

/// "62.5 frames a second".
fn pace_of(format: &Format) -> String {
    let rate = format!("{:.3}", format.rate());
    format!("{} frames a second", rate.trim_end_matches('0').trim_end_matches('.'))
}

/// Points at the keys upstream that usually decide the pace of frames.
fn pace_keys(net: &Net, at: usize, mut diag: Diag, depth: usize) -> Diag {
    let node = &net.nodes[at];
    let keys = node.worker().map(|worker| worker.keys.as_slice()).unwrap_or_default();
    for key in
        keys.iter().filter(|key| ["hop", "every", "frames", "times", "rate", "window_ms"].contains(&key.value.as_str()))
    {
        if !diag.marks.iter().any(|mark| mark.span == key.span) {
            diag = diag.mark(key.span.clone(), format!("decides the pace of `{}`", node.name));
        }
    }
    match node.inputs.first().filter(|_| depth < 8) {
        Some(input) => pace_keys(net, input.from, diag, depth + 1),
        None => diag,
    }
}
