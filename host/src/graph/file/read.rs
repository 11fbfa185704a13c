//! The tables of a graph file, key by key.
use super::super::codes::Code;
use super::super::diag::{Diag, Diags, nearest};
use super::super::item::{Entry, Item, Span, Spanned};
use super::super::table::Table;
use super::{Delay, GraphTable, InputTable, Lane, Late, NodeTable, OutputTable, Run, Source, Wire};
use std::path::Path;

/// Highest sample rate, in Hz.
const MAX_RATE: i64 = 768_000;
/// Most samples of a block.
pub(super) const MAX_BLOCK: i64 = 1 << 16;
/// Keys of `[graph]`.
const GRAPH_KEYS: &[&str] = &["rate", "block", "title", "max_latency_ms", "tail_ms"];

/// Keys of `[graph]` that stand before any table.
pub(super) fn strays(entries: &mut Vec<Entry>, diags: &mut Diags) -> Vec<Entry> {
    let is_stray = |entry: &mut Entry| GRAPH_KEYS.contains(&entry.key.value.as_str());
    let strays: Vec<Entry> = entries.extract_if(.., is_stray).collect();
    for stray in &strays {
        let title = format!("`{}` stands before `[graph]`, where it belongs", stray.key.value);
        diags.push(Diag::new(Code::Key, stray.key.span.clone(), title).help("move it below the line `[graph]`"));
    }
    strays
}

pub(super) fn check_name(name: &Spanned<String>, diags: &mut Diags) {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.value.is_empty() || !name.value.chars().all(plain) {
        let title = match name.value.as_str() {
            "" => "a name cannot be empty".into(),
            name => format!("`{name}` cannot be a name"),
        };
        diags.push(Diag::new(Code::Name, name.span.clone(), title).help("use letters, digits, `_` and `-`"));
    }
}

pub(super) fn read_graph(table: Option<(Span, Vec<Entry>)>, has_gaps: bool, diags: &mut Diags) -> GraphTable {
    let Some((span, entries)) = table else {
        if !has_gaps {
            let diag = Diag::new(Code::Missing, 0..0, "the table `[graph]` is missing");
            diags.push(diag.help("begin the file with `[graph]` and `rate = 16000`"));
        }
        return GraphTable { rate: 16000, block: 128, ..GraphTable::default() };
    };
    let mut table = Table::new("`[graph]`", entries, span, diags);
    let rate = table.int("rate", 1..=MAX_RATE);
    if rate.is_none() && !table.seen("rate") {
        table.missing("rate", "`[graph]` needs `rate`, the sample rate inside the graph", "write `rate = 16000`");
    }
    let block = table.int("block", 1..=MAX_BLOCK);
    let title = table.text("title").map(|t| t.value);
    let max_latency_ms = table.float("max_latency_ms", 0.0..=60_000.0);
    let tail_ms = table.float("tail_ms", 0.0..=600_000.0).map(|t| t.value);
    table.rest(GRAPH_KEYS);
    let rate = rate.map_or(16000, |n| n.value as u32);
    GraphTable { rate, block: block.map_or(128, |n| n.value as u32), title, max_latency_ms, tail_ms }
}

pub(super) fn read_input(name: Spanned<String>, entries: Vec<Entry>, folder: &Path, diags: &mut Diags) -> InputTable {
    let what = format!("input `{}`", name.value);
    let mut table = Table::new(what, entries, name.span.clone(), diags);
    let (device, wav) = (table.text("device"), table.text("wav"));
    let channels = table.int("channels", 1..=64);
    table.either(&device, &wav);
    table.rest(&["device", "wav", "channels"]);
    InputTable {
        name,
        device: device.map(|t| t.value),
        wav: wav.map(|t| folder.join(t.value)),
        channels: channels.map(|n| Spanned::new(n.value as u32, n.span)),
    }
}

pub(super) fn read_output(name: Spanned<String>, entries: Vec<Entry>, folder: &Path, diags: &mut Diags) -> OutputTable {
    let what = format!("output `{}`", name.value);
    let mut table = Table::new(what, entries, name.span.clone(), diags);
    let from = table.text("from");
    if from.is_none() && !table.seen("from") {
        let title = format!("output `{}` does not say where it comes from", name.value);
        table.missing("from", title, "write `from = \"NODE\"`");
    }
    let (device, wav, to) = (table.text("device"), table.text("wav"), table.text("to"));
    table.either(&device, &wav);
    table.either(&device, &to);
    table.either(&wav, &to);
    if let Some(to) = to.as_ref().filter(|to| to.value != "stdout") {
        let title = format!("events cannot go to `{}`", to.value);
        table.push(Diag::new(Code::Value, to.span.clone(), title).help("write `to = \"stdout\"`"));
    }
    table.rest(&["from", "device", "wav", "to"]);
    let wav = wav.map(|t| folder.join(t.value));
    OutputTable { name, from, device: device.map(|t| t.value), wav, to_stdout: to.map(|t| t.span) }
}

pub(super) fn read_node(name: Spanned<String>, entries: Vec<Entry>, diags: &mut Diags) -> NodeTable {
    let what = format!("node `{}`", name.value);
    let mut table = Table::new(what, entries, name.span.clone(), diags);
    let mut nests = false;
    if !table.has("worker") {
        nests = nested(&name, &mut table);
        table.misspelt("worker");
    }
    let worker = table.text("worker");
    if worker.is_none() && !table.seen("worker") && !nests {
        let title = format!("node `{}` does not say which worker it is", name.value);
        table.missing("worker", title, "write `worker = \"ID\"`; `aw workers` lists them");
    }
    let wires = table.take("in").map(|entry| read_wires(entry.item, &mut table)).unwrap_or_default();
    let run = table.take("run").and_then(|entry| read_run(entry.item, &mut table));
    let params = table.left();
    NodeTable { name, worker, wires, run, params }
}

/// `[node.a.b]` is a table in a table to TOML, and a name with a dot to its author.
fn nested(name: &Spanned<String>, table: &mut Table) -> bool {
    let is_node =
        |entry: &Entry| matches!(&entry.item.value, Item::Table(t) if t.iter().any(|e| e.key.value == "worker"));
    let inner = table.take_all(is_node);
    for Entry { key, .. } in &inner {
        let title = format!("`{}.{}` cannot be a name: names have no dots", name.value, key.value);
        let diag = Diag::new(Code::Name, key.span.clone(), title);
        table.push(diag.help(format!("write `[node.{}_{}]`", name.value, key.value)));
    }
    !inner.is_empty()
}

/// `in = "a"`, `in = ["a", "b"]`, `in = { from = "a", .. }` or `in = { port = .. , .. }`.
fn read_wires(item: Spanned<Item>, table: &mut Table) -> Vec<Wire> {
    match item.value {
        Item::Table(entries) if !entries.iter().any(|entry| entry.key.value == "from") => {
            let wire = |Entry { key, item }: Entry| Wire {
                port: Some(key),
                span: item.span.clone(),
                from: read_sources(item, table),
            };
            entries.into_iter().map(wire).collect()
        }
        value => {
            let span = item.span.clone();
            vec![Wire { port: None, from: read_sources(Spanned::new(value, item.span), table), span }]
        }
    }
}

fn read_sources(item: Spanned<Item>, table: &mut Table) -> Vec<Source> {
    match item.value {
        Item::List(list) if list.is_empty() => {
            let diag = Diag::new(Code::Value, item.span, "an empty list connects nothing");
            table.push(diag.help("name at least one node, or leave the port out"));
            vec![]
        }
        Item::List(list) => list.into_iter().filter_map(|item| read_source(item, table)).collect(),
        value => read_source(Spanned::new(value, item.span), table).into_iter().collect(),
    }
}

fn read_source(item: Spanned<Item>, table: &mut Table) -> Option<Source> {
    match item.value {
        Item::Unread(name) if name.is_empty() => None,
        Item::Text(name) if name.contains('\0') => {
            table.push(Diag::new(Code::Value, item.span, "`in` has a null byte in it"));
            None
        }
        Item::Text(name) | Item::Unread(name) => {
            Some(Source { name: Spanned::new(name, item.span), delay: None, feedback: None })
        }
        Item::Table(entries) => {
            let mut inner = Table::new("a connection", entries, item.span.clone(), table.diags());
            let from = inner.text("from");
            if from.is_none() && !inner.seen("from") {
                inner.missing("from", "this connection does not say where it comes from", "write `from = \"NODE\"`");
            }
            let frames = inner.int("delay", 0..=1 << 24);
            let ms = inner.float("delay_ms", 0.0..=600_000.0);
            let closes = inner.place("feedback");
            let feedback = inner.int("feedback", 1..=1 << 24);
            inner.either(&frames, &ms);
            inner.rest(&["from", "delay", "delay_ms", "feedback"]);
            let frames = frames.map(|n| Spanned::new(Delay::Frames(n.value as u32), n.span));
            let delay = frames.or(ms.map(|x| Spanned::new(Delay::Ms(x.value), x.span)));
            let feedback = feedback.map(|n| Spanned::new(n.value as u32, n.span));
            let feedback = feedback.or(closes.map(|span| Spanned::new(1, span))); // a wrong number closes a loop too
            Some(Source { name: from?, delay, feedback })
        }
        other => {
            table.wrong_type("in", &other, item.span, "the name of a node or input");
            None
        }
    }
}

fn read_run(item: Spanned<Item>, table: &mut Table) -> Option<Spanned<Run>> {
    let span = item.span.clone();
    match item.value {
        Item::Text(text) if text == "inline" => Some(Spanned::new(Run::Inline, span)),
        Item::Text(text) => {
            let diag = Diag::new(Code::Run, span, format!("a node cannot run `{text}`"));
            table.push(match nearest(&text, ["inline"]) {
                Some(_) => diag.help("did you mean `inline`?"),
                None => diag.help("write `run = \"inline\"` or `run = { lane = \"NAME\" }`"),
            });
            None
        }
        Item::Table(entries) => {
            let mut inner = Table::new("`run`", entries, span.clone(), table.diags());
            let lane = inner.text("lane");
            if lane.is_none() && !inner.seen("lane") {
                inner.missing("lane", "`run` does not name a lane", "write `run = { lane = \"NAME\" }`");
            }
            let delay = inner.int("delay", 1..=1000).map_or(1, |n| n.value as u32);
            let late = inner.text("late");
            let known = [("hold", Late::Hold), ("zero", Late::Zero), ("pass", Late::Pass)];
            let found = late.as_ref().map(|late| known.iter().find(|(name, _)| *name == late.value));
            if let (Some(late), Some(None)) = (&late, &found) {
                let diag = Diag::new(Code::Run, late.span.clone(), format!("`late` cannot be `{}`", late.value));
                let diag = diag.label("known are hold, zero, pass");
                inner.push(diag.suggest(&late.value, known.map(|(name, _)| name)));
            }
            inner.rest(&["lane", "delay", "late"]);
            let late = found.flatten().map_or(Late::Hold, |(_, late)| *late);
            Some(Spanned::new(Run::Lane(Lane { name: lane?.value, delay, late }), span))
        }
        other => {
            table.wrong_type("run", &other, span, "\"inline\" or a table");
            None
        }
    }
}
