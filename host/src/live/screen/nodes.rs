//! The graph as a list in the order of play: what each node hears, what it costs, what it did that it should not.
use super::bars::{Bar, load_style};
use super::look::{BAD, FAINT, NEAR, STRONG};
use super::numbers::{count, micros, one_line, percent};
use super::rows::{column, fit, line, span, wrap};
use crate::live::{Load, Scene};
use ratatui::text::{Line, Span};

struct Columns {
    node: usize,
    worker: usize,
    lane: usize,
    hears: usize,
    bar: usize,
    /// Microseconds, too.
    micros: bool,
}

impl Columns {
    fn new(scene: &Scene, width: usize, detailed: bool) -> Self {
        let of = |text: fn(&Load) -> &str, least, most| column(scene.loads.iter().map(text), least, most);
        let wide = width >= 60;
        let node = of(|load| &load.node, 5, if wide { 14 } else { 10 });
        let worker = if wide { of(|load| &load.worker, 6, 12) } else { 0 };
        let lanes = scene.loads.iter().any(|load| load.lane.is_some());
        let lane = if wide && lanes { of(|load| load.lane.as_deref().unwrap_or(""), 4, 8) } else { 0 };
        let micros = detailed && width >= 100;
        let gap = |cells: usize| if cells > 0 { cells + 1 } else { 0 };
        let numbers = 16 + 6 + if micros { 24 } else { 0 };
        let rest = width.saturating_sub(gap(node) + gap(worker) + gap(lane) + numbers);
        let listed = scene.loads.iter().map(width_of_hears).max().unwrap_or(0);
        let hears = if wide { listed.clamp(5, 24).min(rest / 2) } else { 0 };
        Self { node, worker, lane, hears, bar: rest.saturating_sub(gap(hears)).min(40), micros }
    }
}

fn width_of_hears(load: &Load) -> usize {
    super::rows::width(&hears(load))
}

fn hears(load: &Load) -> String {
    load.hears.join(" ")
}

/// The title and the rows; with `detailed`, what workers said of themselves, and microseconds.
pub fn rows(scene: &Scene, width: usize, detailed: bool) -> (Line<'static>, Vec<Line<'static>>) {
    let columns = Columns::new(scene, width, detailed);
    let mut rows: Vec<_> = scene.loads.iter().flat_map(|load| node_rows(load, &columns, width, detailed)).collect();
    if scene.whole.deadline_us > 0.0 {
        let whole = Load { node: "block".into(), worker: String::new(), ..scene.whole.clone() };
        rows.extend(node_rows(&whole, &columns, width, detailed));
    }
    (title(&columns), rows)
}

fn title(columns: &Columns) -> Line<'static> {
    let head = |text: &str, cells: usize| span(if cells > 0 { fit(text, cells + 1) } else { String::new() }, FAINT);
    line([
        span(fit("NODE", columns.node + 1), STRONG),
        head("worker", columns.worker),
        head("lane", columns.lane),
        head("hears", columns.hears),
        span(fit(if columns.bar < 15 { "load" } else { "of the deadline" }, columns.bar), FAINT),
        span(" mean  p99  max ", FAINT),
        span(if columns.micros { " mean µs  p99 µs  max µs" } else { "" }, FAINT),
        span("missed", FAINT),
    ])
}

fn node_rows(load: &Load, columns: &Columns, width: usize, detailed: bool) -> Vec<Line<'static>> {
    let cell =
        |text: &str, cells: usize, style| span(if cells > 0 { fit(text, cells + 1) } else { String::new() }, style);
    let mut spans = vec![
        cell(&load.node, columns.node, STRONG),
        cell(&load.worker, columns.worker, FAINT),
        cell(load.lane.as_deref().unwrap_or(""), columns.lane, FAINT),
        cell(&hears(load), columns.hears, FAINT),
    ];
    match &load.failed {
        Some(why) => spans.push(span(format!("✗ left out: {}", one_line(why)), BAD)),
        None => spans.extend(costs(load, columns)),
    }
    let mut rows = vec![line(spans)];
    rows.extend(faults(load).map(|text| line([span(format!("  {text}"), NEAR)])));
    if detailed {
        let said = load.notes.iter().flat_map(|note| wrap(note, width.saturating_sub(4)));
        rows.extend(said.map(|text| line([span(format!("    {text}"), FAINT)])));
    }
    rows
}

fn costs(load: &Load, columns: &Columns) -> Vec<Span<'static>> {
    let part = |us: f64| if load.deadline_us > 0.0 { us / load.deadline_us } else { f64::NAN };
    let parts = [load.mean_us, load.p99_us, load.max_us].map(part);
    let mut spans = Bar { solid: parts[0], shade: parts[1], mark: parts[2] }.draw(columns.bar, load_style);
    spans.extend(parts.map(|part| span(format!(" {}", percent(part)), load_style(part))));
    spans.push(span("%", FAINT));
    if columns.micros {
        spans.extend([load.mean_us, load.p99_us, load.max_us].map(|us| span(format!(" {}", micros(us)), FAINT)));
    }
    spans.push(match load.missed {
        0 => span("     0", FAINT),
        some => span(format!(" {}", count(some)), BAD),
    });
    spans
}

/// What a node did that it should not while the sound waits for it, in one sentence.
pub fn faults(load: &Load) -> Option<String> {
    let times = |count: u64, what: &str| {
        (count > 0).then(|| format!("{what} {count} time{}", if count == 1 { "" } else { "s" }))
    };
    let pages =
        (load.faults > 0).then(|| format!("met {} page fault{}", load.faults, if load.faults == 1 { "" } else { "s" }));
    let did: Vec<_> =
        [times(load.allocations, "allocated"), times(load.sleeps, "slept"), pages].into_iter().flatten().collect();
    let thread = match &load.lane {
        Some(lane) => format!("lane `{lane}`"),
        None => "the render thread".into(),
    };
    (!did.is_empty()).then(|| format!("`{}` {} on {thread}", load.node, did.join(", ")))
}
