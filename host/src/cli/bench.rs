//! `aw bench`.
use super::graph::Graph;
use super::many::{self, Bar};
use super::{FAILED, WorkersFrom, fail, json, print};
use aw_host::bench::{Advice, BenchError, Costs, NodeCosts, Setting, bench, bench_on_device};
use aw_host::live::Setup;
use aw_host::plugin::Taken;
use aw_host::render::Load;
use aw_host::sound::Host;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct Command {
    /// The graph file; - reads standard input
    #[arg(value_name = "GRAPH")]
    path: PathBuf,
    /// What asks for blocks
    #[arg(long, value_enum, default_value = "paced")]
    device: DeviceKind,
    /// For so long
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    seconds: f64,
    /// A WAV or FLAC file that every input plays, round and round; noise by default
    #[arg(long = "in", value_name = "FILE")]
    input: Option<PathBuf>,
    /// Samples a block, instead of what the graph says
    #[arg(long, value_name = "SAMPLES", value_parser = clap::value_parser!(u32).range(1..=65536))]
    block: Option<u32>,
    /// Leave the caches alone between blocks
    #[arg(long)]
    warm: bool,
    /// Do not ask for real-time priority
    #[arg(long)]
    ordinary: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    workers: WorkersFrom,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum DeviceKind {
    /// A clock, as a sound card would ask: no sound system is needed
    Paced,
    /// The sound card of this machine: it is heard, and plays
    Default,
}

pub fn seconds(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|n| (0.5..=86400.0).contains(n));
    number.ok_or_else(|| "seconds from 0.5 to 86400 are wanted".into())
}

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        if self.device == DeviceKind::Default {
            return self.on_device();
        }
        let graph = Graph::read(&self.path)?;
        let workers = self.workers.find()?;
        let setting = Setting {
            seconds: self.seconds,
            input: self.input.clone(),
            block: self.block,
            realtime: !self.ordinary,
            cold: !self.warm,
        };
        let stop = many::on_ctrl_c()?;
        let bar = Bar::new(Some(self.seconds), None, self.json);
        let passed = |seconds: f64| bar.played(seconds);
        let mut diags = graph.diags();
        let costs = bench(&setting, &graph.file, &workers, &mut diags, stop, &passed);
        bar.finish();
        diags.sort();
        graph.say(&diags, false);
        let costs = match costs {
            Err(BenchError::Graph) => return Err(ExitCode::from(FAILED)),
            Err(why) => return Err(fail(why)),
            Ok(costs) => costs,
        };
        self.tell(&costs, stop)
    }

    /// On the sound card of this machine, which decides what is heard and when.
    fn on_device(&self) -> Result<ExitCode, ExitCode> {
        let paced = [(self.input.is_some(), "--in"), (self.warm, "--warm")].into_iter().find(|(given, _)| *given);
        if let Some((_, option)) = paced {
            say!("error: `{option}` belongs to `--device paced`: a sound card hears its microphone");
            return Err(ExitCode::from(super::USAGE));
        }
        let setup = Setup {
            graphs: vec![self.path.clone()],
            host: Host::preferred(None).map_err(fail)?,
            input: None,
            output: None,
            rate: None,
            block: self.block,
            realtime: !self.ordinary,
            record: None,
            dumps: std::env::temp_dir(),
        };
        let workers = self.workers.find()?;
        let stop = many::on_ctrl_c()?;
        let bar = Bar::new(Some(self.seconds), None, self.json);
        let costs = bench_on_device(setup, workers, self.seconds, stop, &|seconds| bar.played(seconds));
        bar.finish();
        self.tell(&costs.map_err(fail)?, stop)
    }

    fn tell(&self, costs: &Costs, stop: &std::sync::atomic::AtomicBool) -> Result<ExitCode, ExitCode> {
        for note in &costs.notes {
            say!("note: {note}");
        }
        print(&if self.json { json(&report(costs)) } else { table(costs) })?;
        match (stop.load(std::sync::atomic::Ordering::Relaxed), costs.failed) {
            (true, _) => Err(ExitCode::from(many::INTERRUPTED)), // with what there was until then
            (_, true) => Err(ExitCode::from(FAILED)),
            _ => Ok(ExitCode::SUCCESS),
        }
    }
}

/// Calls of the allocator for every call of something.
fn per(count: u64, calls: u64) -> f64 {
    count as f64 / calls.max(1) as f64
}

fn allocations(load: &Load) -> String {
    match Taken::SEEN {
        true => rounded(per(load.allocations(), load.busy_blocks())),
        false => "?".into(),
    }
}

/// Three digits are enough.
fn rounded(number: f64) -> String {
    match number {
        0.0 => "0".into(),
        n if n < 0.01 => "<0.01".into(),
        n if n < 10.0 => format!("{n:.2}"),
        n => format!("{n:.0}"),
    }
}

fn us(ns: u64) -> String {
    format!("{:.1}", ns as f64 / 1000.0)
}

fn where_to(node: &NodeCosts) -> String {
    let now = node.lane.as_ref().map_or("inline".into(), |lane| format!("lane {lane}"));
    match (&node.advice, &node.lane) {
        (Advice::Unknown, _) => format!("{now} (too few blocks to advise)"),
        (Advice::Inline, None) => now,
        (Advice::Inline, Some(_)) => format!("{now}; inline would do"),
        (Advice::Lane { delay }, _) => {
            let lane = node.lane.as_deref().unwrap_or(&node.name);
            let late = node.late.map_or(String::new(), |late| format!(", late = \"{late}\""));
            format!("{now}; run = {{ lane = \"{lane}\", delay = {delay}{late} }}")
        }
    }
}

fn table(costs: &Costs) -> String {
    let mut rows = vec![
        ["node", "hot", "p50", "p99", "p99.9", "max", "of block", "alloc", "missed", "runs; advice"].map(String::from),
    ];
    let period = costs.period * 1e9;
    let row = |name: &str, hot: String, load: &Load, missed: String, place: String| {
        let share = format!("{:.1} %", 100.0 * load.busy(0.999) as f64 / period);
        let of = |share: f64| us(load.busy(share));
        [name.into(), hot, of(0.5), of(0.99), of(0.999), us(load.max()), share, allocations(load), missed, place]
    };
    for node in &costs.nodes {
        let missed = if node.lane.is_some() { node.missed.to_string() } else { "-".into() };
        rows.push(row(&node.name, node.hot.map_or("-".into(), us), &node.paced, missed, where_to(node)));
    }
    rows.push(row(
        "render thread",
        "-".into(),
        &costs.block,
        "-".into(),
        "all that is inline, and the lanes' errands".into(),
    ));
    let widths: Vec<usize> =
        (0..rows[0].len()).map(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(at, (cell, width))| match at {
            0 | 9 => format!("{cell:width$}"),
            _ => format!("{cell:>width$}"),
        });
        let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    let blocks = costs.block.blocks();
    let _ = writeln!(
        text,
        "\nµs a block in which there was something to do; `hot` in a loop, all else by the clock, a block every {:.3} ms.",
        costs.period * 1e3
    );
    let woken = match costs.timing.wakes.blocks() {
        0 => String::new(),
        _ => format!(
            "; woken {} µs late at p99, {} µs at most",
            us(costs.timing.wakes.p99()),
            us(costs.timing.wakes.max())
        ),
    };
    let _ = writeln!(text, "{blocks} blocks, {} overruns{woken}.", costs.timing.overruns);
    let seen = if Taken::SEEN { rounded(per(costs.taken.allocations, blocks)) } else { "?".into() };
    let _ = writeln!(
        text,
        "A block of the render thread: {seen} allocations and frees, {} page faults.",
        rounded(per(costs.taken.faults, blocks))
    );
    for lane in &costs.lanes {
        let _ = writeln!(
            text,
            "A block of the lane `{}`: {} page faults.",
            lane.name,
            rounded(per(lane.faults, lane.blocks))
        );
    }
    text
}

fn load(load: &Load) -> Value {
    json!({
        "blocks": load.busy_blocks(), "mean_ns": load.busy_mean(), "p50_ns": load.busy(0.5), "p99_ns": load.busy(0.99),
        "p999_ns": load.busy(0.999), "max_ns": load.max(),
        "allocations": Taken::SEEN.then(|| load.allocations()),
    })
}

fn report(costs: &Costs) -> Value {
    let node = |node: &NodeCosts| {
        let advice = match node.advice {
            Advice::Inline => json!({ "run": "inline" }),
            Advice::Lane { delay } => {
                json!({ "run": { "lane": node.lane.as_ref().unwrap_or(&node.name), "delay": delay } })
            }
            Advice::Unknown => Value::Null,
        };
        json!({
            "node": node.name, "worker": node.worker, "lane": node.lane, "hot_ns": node.hot, "paced": load(&node.paced),
            "missed": node.lane.as_ref().map(|_| node.missed), "advice": advice,
        })
    };
    let lanes =
        costs.lanes.iter().map(|lane| json!({ "lane": lane.name, "blocks": lane.blocks, "page_faults": lane.faults }));
    json!({
        "period_ns": costs.period * 1e9,
        "nodes": costs.nodes.iter().map(node).collect::<Vec<_>>(),
        "render": {
            "blocks": load(&costs.block), "overruns": costs.timing.overruns, "page_faults": costs.taken.faults,
            "allocations": Taken::SEEN.then_some(costs.taken.allocations),
            "woken_late_p99_ns": costs.timing.wakes.p99(), "woken_late_max_ns": costs.timing.wakes.max(),
        },
        "lanes": lanes.collect::<Vec<_>>(),
        "notes": costs.notes,
    })
}
