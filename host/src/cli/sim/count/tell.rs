//! `aw sim count`: what was counted, for people and for scripts.
use aw_host::sim::count::{Counted, Isa};
use aw_host::sim::{Count, Counts};
use serde_json::{Value, json};
use std::fmt::Write;

/// The comments at the head of a table of counts.
pub fn head(isa: &Isa) -> String {
    let Isa { name, what, caution, cpu, flags, triple, .. } = isa;
    let flags = if flags.is_empty() { String::new() } else { format!(" with {flags}") };
    let text = format!(
        "Instructions of nodes on `{name}`: {what}. Counted exactly by QEMU, playing a {cpu}; built for {triple}{flags}. \
         {caution}\n\
         `made` is the command that makes this file, with `--out` and its name."
    );
    text.lines().map(|line| wrapped(line, 118)).collect::<Vec<_>>().join("\n")
}

fn wrapped(text: &str, width: usize) -> String {
    let (mut lines, mut line) = (vec![], String::new());
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += word;
    }
    lines.push(line);
    lines.join("\n")
}

/// What is said where a program failed that was given no workers of the user's own.
pub fn own_workers(isa: &Isa) -> String {
    let environment: Vec<String> =
        isa.environment().iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    format!(
        "note: workers of your own are found where they are built for `{}` and named:\n  {} cargo build --release --target {}\n  \
         aw sim count … --target-workers target/{}/release",
        isa.name,
        environment.join(" "),
        isa.triple,
        isa.triple
    )
    .replace("\n   cargo", "\n  cargo")
}

const HEAD: [&str; 9] = ["node", "frames", "calls", "min", "mean", "p99", "max", "loads, stores", "code"];

/// All graphs, each as a table.
pub fn tables(counted: &[Counted], isa: &Isa) -> String {
    let mut text = String::new();
    for one in counted {
        let block = one.block.map_or(String::new(), |block| format!(", {block} samples a block"));
        let _ = writeln!(text, "{}{block}:", one.graph.display());
        text += &table(one);
        text.push('\n');
    }
    let _ =
        writeln!(text, "Instructions a call of a node, and of the engine a block, on `{}`: {}.", isa.name, isa.what);
    let _ = writeln!(text, "{}", wrapped(isa.caution, 100));
    text
}

fn table(one: &Counted) -> String {
    let row = |name: &str, frames: Option<u64>, count: &Count| {
        let frames = frames.map_or("-".into(), |frames| frames.to_string());
        let code = count.code.map_or("-".into(), |bytes| format!("{bytes} B"));
        let [min, mean, p99, max, memory] =
            [count.min, count.instructions_mean, count.p99, count.max, count.memory].map(|n| format!("{n:.0}"));
        [name.into(), frames, count.calls.to_string(), min, mean, p99, max, memory, code]
    };
    let mut rows = vec![HEAD.map(String::from)];
    for node in &one.nodes {
        match node.counts.as_slice() {
            [] => rows.push([node.name.as_str(), "-", "0", "-", "-", "-", "-", "-", "-"].map(String::from)),
            counts => rows.extend(counts.iter().map(|(frames, count)| row(&node.name, Some(*frames), count))),
        }
    }
    rows.push(row("the engine", None, &one.engine));
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(at, (cell, width))| match at {
            0 => format!("{cell:width$}"),
            _ => format!("{cell:>width$}"),
        });
        let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    text
}

/// For scripts.
pub fn report(counted: &[Counted], counts: &Counts) -> Value {
    let count = |count: &Count| {
        let Count { calls, min, instructions_mean: mean, p99, max, memory, code, .. } = count;
        json!({ "calls": calls, "min": min, "mean": mean, "p99": p99, "max": max, "memory": memory, "code": code })
    };
    let of_node = |(frames, of): &(u64, Count)| {
        let mut value = count(of);
        value["frames"] = json!(frames);
        value
    };
    let graph = |one: &Counted| {
        let nodes = one.nodes.iter().map(|node| {
            let counts: Vec<Value> = node.counts.iter().map(of_node).collect();
            json!({ "node": node.name, "signature": node.signature, "counts": counts })
        });
        json!({
            "graph": one.graph, "block": one.block, "optimised": one.optimised,
            "nodes": nodes.collect::<Vec<_>>(), "engine": count(&one.engine), "total": one.total,
        })
    };
    json!({
        "isa": counts.isa, "made": counts.made, "graphs": counted.iter().map(graph).collect::<Vec<_>>(),
    })
}
