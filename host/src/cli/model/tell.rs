//! A model's card as text.
use aw_host::model::{Answer, Card, Outcome, State, Tensor};

/// Operators listed by name; the rest is summed up.
const MOST_OPERATORS: usize = 24;
/// Characters of a fact that its author wrote.
const LONGEST: usize = 100;

/// The whole card.
pub fn text(card: &Card) -> String {
    let mut parts = vec![head(card)];
    parts.push(section("inputs", card.inputs.iter().map(|tensor| row(tensor, &came_from(card, &tensor.name)))));
    parts.push(section("outputs", card.outputs.iter().map(|tensor| row(tensor, &goes_to(card, &tensor.name)))));
    if !card.internal.is_empty() {
        let inside = card.internal.iter().map(|tensor| row(tensor, ""));
        parts.push(section("remembers by itself, inside the engine", inside));
    }
    parts.push(operators(card));
    parts.push(section("a run costs", costs(card).into_iter().map(|line| vec![line])));
    if let Some(answers) = &card.engines {
        parts.push(engines(answers));
    }
    let rate = match card.node.rate {
        _ if card.node.takes.iter().all(|takes| takes.kind != "audio") => String::new(),
        rate if card.node.rate_said => format!(", in a graph at {rate} Hz"),
        rate => format!(", in a graph at the rate of its training, which it does not tell; {rate} Hz is usual"),
    };
    parts.push(format!("to paste, with what is right for `in`{rate}:\n\n{}", card.node.toml));
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// A title, and rows whose columns stand one below the other.
fn section(title: &str, rows: impl Iterator<Item = Vec<String>>) -> String {
    let rows: Vec<Vec<String>> = rows.collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let wide = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|text| text.chars().count()).max();
    let widths: Vec<usize> = (0..columns).filter_map(wide).collect();
    let line = |row: &Vec<String>| {
        let cells: String = row.iter().zip(&widths).map(|(text, width)| format!("  {text:width$}")).collect();
        format!("{}\n", cells.trim_end())
    };
    if rows.is_empty() { String::new() } else { format!("{title}\n{}", rows.iter().map(line).collect::<String>()) }
}

fn head(card: &Card) -> String {
    let opset = |(domain, version): &(String, i64)| match domain.as_str() {
        "" => format!("opset {version}"),
        domain => format!("{domain} {version}"),
    };
    let opsets: Vec<String> = card.opsets.iter().map(opset).collect();
    let opsets = if opsets.is_empty() { String::new() } else { format!(", {}", opsets.join(", ")) };
    let made = if card.producer.is_empty() { String::new() } else { format!(", by {}", brief(&card.producer)) };
    let format = if card.format == "ONNX" { "ONNX IR" } else { card.format };
    let (file, version) = (&card.file, card.version);
    let mut text = format!("{file}: {format} version {version}{opsets}, {}{made}\n", size(card.bytes as u64));
    if !card.doc.trim().is_empty() {
        text += &format!("  {}\n", brief(&card.doc));
    }
    for (key, value) in &card.metadata {
        let value = brief(value);
        text += &format!("  {}{}{value}\n", brief(key), if value.is_empty() { "" } else { ": " });
    }
    text
}

/// A text of the file on one line.
fn brief(text: &str) -> String {
    let line: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
    if text.trim().chars().count() > LONGEST { format!("{line}…") } else { line }
}

/// Name, type, shape, and what else there is to say.
fn row(tensor: &Tensor, remark: &str) -> Vec<String> {
    let mut remarks = vec![];
    if let Some(quant) = &tensor.quantisation {
        let each = if quant.channels > 1 { format!(", first of {} channels", quant.channels) } else { String::new() };
        let number = match quant.zero_point {
            0 => "n".into(),
            zero if zero < 0 => format!("(n + {})", zero.unsigned_abs()),
            zero => format!("(n − {zero})"),
        };
        remarks.push(format!("value = {} × {number}{each}", quant.scale));
    }
    if !remark.is_empty() {
        remarks.push(remark.into());
    }
    let alias = if tensor.alias.is_empty() { String::new() } else { format!(" ({})", brief(&tensor.alias)) };
    let ty = if tensor.ty.is_empty() { "?" } else { tensor.ty };
    vec![format!("{}{alias}", brief(&tensor.name)), ty.into(), shape(tensor), remarks.join("; ")]
}

/// `1×samples×80`; an extent without a name that is open is `?`.
fn shape(tensor: &Tensor) -> String {
    let Some(dims) = &tensor.shape else { return "unknown".into() };
    if dims.is_empty() {
        return "one value".into();
    }
    let symbol =
        |at: usize| tensor.symbols.get(at).filter(|name| !name.is_empty()).map_or("?".into(), |name| brief(name));
    let one = |(at, n): (usize, &Option<u64>)| n.map_or_else(|| symbol(at), |n| n.to_string());
    dims.iter().enumerate().map(one).collect::<Vec<_>>().join("×")
}

fn came_from(card: &Card, name: &str) -> String {
    let state = card.states.iter().find(|state| state.input == name);
    state.map_or(String::new(), |State { output, by, .. }| format!("state: gets {} back ({by})", brief(output)))
}

fn goes_to(card: &Card, name: &str) -> String {
    let state = card.states.iter().find(|state| state.output == name);
    state.map_or(String::new(), |state| format!("state: goes back into {}", brief(&state.input)))
}

fn operators(card: &Card) -> String {
    let all: u64 = card.operators.iter().map(|op| op.count).sum();
    let (listed, rest) = card.operators.split_at(card.operators.len().min(MOST_OPERATORS));
    let mut rows: Vec<Vec<String>> = listed
        .iter()
        .map(|op| {
            let name = match op.domain.as_str() {
                "" => brief(&op.name),
                "custom" => format!("{} (custom)", brief(&op.name)),
                domain => format!("{}.{} (custom)", brief(domain), brief(&op.name)),
            };
            let version = if op.version > 1 { format!(" v{}", op.version) } else { String::new() };
            let macs = if op.macs > 0 { format!("{} MAC", grouped(op.macs)) } else { String::new() };
            vec![format!("{name}{version}"), op.count.to_string(), macs]
        })
        .collect();
    if !rest.is_empty() {
        let others: u64 = rest.iter().map(|op| op.count).sum();
        let s = if rest.len() == 1 { "" } else { "s" };
        rows.push(vec![format!("{} other kind{s}", rest.len()), others.to_string()]);
    }
    section(&format!("{} operator{}", grouped(all), if all == 1 { "" } else { "s" }), rows.into_iter())
}

fn costs(card: &Card) -> Vec<String> {
    let macs = &card.macs;
    let least = if macs.uncounted.is_empty() { "" } else { "at least " };
    let mut lines = vec![format!("{least}{} multiply-accumulates (MAC)", grouped(macs.total))];
    let mut reasons: Vec<&str> = macs.uncounted.iter().map(|lost| lost.why.as_str()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    for why in reasons {
        let same = macs.uncounted.iter().filter(|lost| lost.why == why);
        let ops: Vec<String> = same.map(|lost| format!("{} × {}", lost.count, brief(&lost.op))).collect();
        lines.push(format!("not counted: {}: {why}", ops.join(", ")));
    }
    if macs.either > 0 {
        lines.push(format!("{} × If: the branch with more work is counted", macs.either));
    }
    let text = |dims: &[u64], between| dims.iter().map(u64::to_string).collect::<Vec<_>>().join(between);
    if let Some((input, dims)) = macs.taken.first() {
        let all = macs.taken.iter().map(|(input, dims)| format!("{} {}", brief(input), text(dims, "×")));
        let way = format!("`--shape {}={}` says another", brief(input), text(dims, ","));
        lines.push(format!("taken for what the file leaves open: {} ({way})", all.collect::<Vec<_>>().join(", ")));
    }
    let parameters = &card.parameters;
    let types = parameters.by_type.iter().map(|(ty, count, bytes)| {
        format!("{} {}, {}", grouped(*count), if ty.is_empty() { "?" } else { ty }, size(*bytes))
    });
    let types = types.collect::<Vec<_>>().join("; ");
    lines.push(match parameters.count {
        0 => "no parameters".into(),
        1 => format!("1 parameter: {types}"),
        count => format!("{} parameters: {types}", grouped(count)),
    });
    for (file, bytes) in &parameters.elsewhere {
        lines.push(format!("{} of them in {}, which must lie beside the model", size(*bytes), brief(file)));
    }
    lines.extend(card.tensors.map(|bytes| format!("{} of other tensors, if all are there at once", size(bytes))));
    lines
}

fn engines(answers: &[Answer]) -> String {
    if answers.is_empty() {
        return "engines\n  no worker that runs models was found: `cargo build -p aw-model`, or --workers DIR\n".into();
    }
    let row = |answer: &Answer| {
        let engine = answer.engine.as_ref().map_or(String::new(), |engine| format!(", engine = \"{engine}\""));
        let said = match &answer.outcome {
            Outcome::Runs { said } if said.is_empty() => "runs it".into(),
            Outcome::Runs { said } => format!("runs it: {}", said.join("; ")),
            Outcome::Refuses { why } => format!("refuses it: {why}"),
            Outcome::Otherwise { why } => format!("does not run it as below: {why}"),
            Outcome::Died { why } => format!("fails: {why}"),
        };
        vec![format!("{}{engine}", answer.worker), said.replace(char::is_control, " ")]
    };
    section("engines", answers.iter().map(row))
}

/// 1,234,567
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let comma = |at: usize| at > 0 && (digits.len() - at).is_multiple_of(3);
    digits.chars().enumerate().flat_map(|(at, c)| [comma(at).then_some(','), Some(c)].into_iter().flatten()).collect()
}

/// Bytes in a few digits, of units of 1000.
fn size(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} bytes"),
        1000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}
