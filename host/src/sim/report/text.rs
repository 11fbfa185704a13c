//! A report as tables for people.
use super::super::band::Band;
use super::super::fit::Fit;
use super::super::verdict::{Verdict, bytes};
use super::{Device, Latency, Missing, Node, Report, Task, grouped, least, of_firing};
use crate::sim::cost::Tier;
use crate::sim::memory::Account;
use std::fmt::Write;

/// A report as tables.
pub fn table(report: &Report) -> String {
    let mut text = head(&report.device);
    let blocks = &report.blocks;
    let _ = writeln!(
        text,
        "{:.3} s: {} blocks of {} samples at {} Hz, {:.3} ms and {} cycles each; {} DMA buffers",
        blocks.seconds, blocks.count, blocks.samples, blocks.rate, blocks.ms, blocks.cycles, blocks.buffers
    );
    let faults =
        if report.faults.is_empty() { String::new() } else { format!(", faults: {}", report.faults.join(" ")) };
    let _ = writeln!(text, "seed {}{faults}; trace {} of {} events\n", report.seed, report.trace, report.events);
    text += &nodes(&report.nodes);
    text += &tasks(&report.tasks, &report.nodes);
    text += &missing(&report.missing);
    text += &memory(&report.memory);
    text += &latency(&report.latency);
    for snr in &report.snr {
        let db = snr.db.map_or("nothing is off, or nothing was heard".into(), |db| format!("{db:.1} dB"));
        let _ = writeln!(text, "rounding at the edges: `{}` against floating point, SNR {db}", snr.output);
    }
    if report.clipped > 0 {
        let _ = writeln!(text, "{} samples did not fit the format of the device and were clipped", report.clipped);
    }
    text += "\n";
    text += &verdict(&report.verdict);
    text
}

/// What the device is.
pub fn head(device: &Device) -> String {
    let cores = if device.cores == 1 { "1 core".to_string() } else { format!("{} cores", device.cores) };
    let clock = device.clock_hz as f64 / 1e6;
    let mut text = format!("{}: {}, {clock} MHz, {cores}\n", device.name, device.title);
    if !device.calibrated {
        text += "NOT CALIBRATED: what it costs is derived or estimated, and was not measured on it; bands are wide for that reason\n";
    }
    text
}

/// Columns: of all rows the widest; the first `left` of them to the left.
pub fn columns(rows: &[Vec<String>], left: usize) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..count).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let pad = " ".repeat(widths[column] - cell.chars().count());
            let gap = if column == 0 { "" } else { "  " };
            line += &if column < left { format!("{gap}{cell}{pad}") } else { format!("{gap}{pad}{cell}") };
        }
        text += line.trim_end();
        text += "\n";
    }
    text
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_string()).collect()
}

/// "12.3 (10.1 … 15.0)".
fn band(band: &Band, digits: usize) -> String {
    let Band { low, typical, high } = band;
    if low == high {
        format!("{typical:.digits$}")
    } else {
        format!("{typical:.digits$} ({low:.digits$} … {high:.digits$})")
    }
}

fn nodes(nodes: &[Node]) -> String {
    let mut rows =
        vec![row(["node", "worker", "task", "cost", "a second", "mean", "p99", "peak", "% of a core", "MHz"])];
    for node in nodes {
        let mut cells = row([&node.name, &node.worker, &node.task, node.tier.name()]);
        cells.push(format!("{:.1}", node.firings_per_s));
        match (&node.cycles, &node.percent, &node.mhz) {
            (Some([mean, p99, peak]), Some(percent), Some(mhz)) => {
                cells.extend([mean, p99, peak].map(|cycles| format!("{cycles:.0}")));
                cells.extend([band(percent, 2), band(mhz, 2)]);
            }
            _ => cells.extend(row(["?", "?", "?", "?", "?"])),
        }
        rows.push(cells);
    }
    let mut text = format!("Cycles of nodes in a block, as expected; shares with their band\n{}", columns(&rows, 4));
    for (source, names) in
        grouped(nodes.iter().map(|node| (node.source.as_str(), format!("{}{}", node.name, of_firing(node)))))
    {
        let _ = writeln!(text, "  {}: {source}", names.join(", "));
    }
    text + "\n"
}

fn tasks(tasks: &[Task], nodes: &[Node]) -> String {
    let mut rows = vec![row([
        "task",
        "cost",
        "deadline",
        "% of a core",
        "jobs",
        "mean",
        "p99",
        "longest",
        "missed (low, expected, high)",
    ])];
    for task in tasks {
        let ms = |ms: f64| format!("{ms:.3} ms");
        let mut cells = vec![
            task.name.clone(),
            least(nodes, Some(&task.name)).map_or("as asked", Tier::name).into(),
            task.deadline_ms.map_or("".into(), ms),
            band(&task.percent, 1),
            task.jobs.to_string(),
        ];
        match (&task.response_ms, &task.longest_ms) {
            (Some([mean, p99, longest]), of_cases) => {
                let longest = of_cases.as_ref().map_or(ms(*longest), |longest| format!("{} ms", band(longest, 3)));
                cells.extend([ms(*mean), ms(*p99), longest]);
            }
            _ => cells.extend(row(["", "", ""])),
        }
        let [low, typical, high] = task.missed;
        cells.push(if task.deadline_ms.is_some() { format!("{low}, {typical}, {high}") } else { String::new() });
        rows.push(cells);
    }
    let mut text =
        format!("Tasks by priority, and how long they take to respond, waiting included\n{}", columns(&rows, 2));
    if nodes.iter().any(|node| node.tier == Tier::Unknown) {
        text += "  nodes of unknown cost count as nothing: tasks that have any take more than this\n";
    }
    text + "\n"
}

fn missing(missing: &Missing) -> String {
    let all = [
        (missing.late, "rendered too late"),
        (missing.overruns, "not begun before their input was overwritten"),
        (missing.lost, "without their interrupt"),
        (missing.slips, "played twice or left out, as two clocks differ"),
    ];
    let said: Vec<String> =
        all.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if said.is_empty() { String::new() } else { format!("Blocks not played as they should: {}\n\n", said.join("; ")) }
}

/// What lies where.
pub fn memory(account: &Account) -> String {
    let mut rows = vec![row(["memory", "size", "taken", "%", "of that"])];
    for heap in &account.heaps {
        let mut kinds: Vec<(&str, u64)> = vec![];
        if heap.held > 0 {
            kinds.push(("something else", heap.held));
        }
        for item in &heap.items {
            let size = item.bytes.unwrap_or(0);
            match kinds.iter_mut().find(|(kind, _)| *kind == item.what.name()) {
                Some((_, sum)) => *sum += size,
                None => kinds.push((item.what.name(), size)),
            }
        }
        let kinds: Vec<String> = kinds.iter().map(|(kind, size)| format!("{kind} {}", bytes(*size))).collect();
        let percent = 100.0 * heap.used as f64 / heap.bytes.max(1) as f64;
        rows.push(vec![
            heap.name.clone(),
            bytes(heap.bytes),
            bytes(heap.used),
            format!("{percent:.1}"),
            kinds.join(", "),
        ]);
    }
    // Numbers stand to the right, and what they are of to the left.
    let widest = rows.iter().filter_map(|row| row.last()).map(|last| last.chars().count()).max().unwrap_or(0);
    rows.iter_mut().filter_map(|row| row.last_mut()).for_each(|last| *last = format!("{last:widest$}"));
    let mut text = columns(&rows, 1);
    for item in &account.homeless {
        let _ = writeln!(text, "no room: {} of `{}`, {}", item.what.name(), item.of, bytes(item.bytes.unwrap_or(0)));
    }
    let unknown = account.unknown.iter().map(|item| ((item.what, item.source), format!("`{}`", item.of)));
    for ((what, source), of) in grouped(unknown) {
        let _ = writeln!(text, "unknown: {} of {}; {source}", what.name(), of.join(", "));
    }
    text + "\n"
}

/// From sound in to sound out.
pub fn latency(all: &[Latency]) -> String {
    let mut text = String::new();
    for latency in all {
        let _ = writeln!(
            text,
            "latency to `{}`: {:.0} samples of the graph + {} of the buffers = {:.3} ms",
            latency.output, latency.graph_samples, latency.device_samples, latency.ms
        );
    }
    text
}

/// The answer, and why.
pub fn verdict(verdict: &Verdict) -> String {
    let mut text = format!("{}\n", verdict.answer.words().to_uppercase());
    for reason in &verdict.reasons {
        let _ = writeln!(text, "  {reason}");
    }
    text
}

/// What is known before anything runs.
pub fn fit_table(fit: &Fit) -> String {
    let mut rows = vec![row(["task", "% of a core", "missed (low, expected, high)"])];
    for task in &fit.tasks {
        let [low, typical, high] = task.missed;
        rows.push(vec![task.name.clone(), band(&task.percent, 1), format!("{low}, {typical}, {high}")]);
    }
    let parts =
        [head(&fit.device), "\n".into(), columns(&rows, 1), "\n".into(), memory(&fit.memory), latency(&fit.latency)];
    format!("{}\n{}", parts.concat(), verdict(&fit.verdict))
}
