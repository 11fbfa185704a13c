//! Levels in and out, a channel a row.
use super::bars::{Bar, deflection, level_style, scale};
use super::look::{BAD, FAINT, NEAR, STRONG};
use super::numbers::{count, decibels};
use super::rows::{column, fit, line, span};
use crate::live::{Meter, Port, Scene};
use ratatui::text::{Line, Span};

/// The columns, by the room there is.
struct Columns {
    name: usize,
    device: usize,
    bar: usize,
    /// RMS and hold beside the peak.
    all: bool,
}

impl Columns {
    fn new(scene: &Scene, width: usize) -> Self {
        let ports = || scene.inputs.iter().chain(&scene.outputs);
        let name = column(ports().map(|port| port.name.as_str()), 4, if width < 60 { 8 } else { 14 });
        let device = match width {
            100.. => column(ports().map(|port| port.device.as_str()), 6, 24) + 1,
            _ => 0,
        };
        let all = width >= 60;
        let numbers = if all { 7 * 3 + 6 } else { 7 + 6 };
        Self { name, device, bar: width.saturating_sub(4 + name + 1 + device + 3 + numbers), all }
    }
}

/// The title, with the scale, and the rows.
pub fn rows(scene: &Scene, width: usize) -> (Line<'static>, Vec<Line<'static>>) {
    let columns = Columns::new(scene, width);
    let left = 4 + columns.name + 1 + columns.device + 3;
    let numbers = if columns.all { "    rms   peak   hold  clip" } else { "   peak  clip" };
    let title = line([
        span(fit("LEVELS dBFS", left.min(width)), STRONG),
        span(scale(columns.bar), FAINT),
        span(numbers, FAINT),
    ]);
    let side = |what: &'static str, ports: &[Port]| -> Vec<Line<'static>> {
        ports.iter().flat_map(|port| port_rows(what, port, &columns)).collect()
    };
    let mut rows = side("in", &scene.inputs);
    rows.extend(side("out", &scene.outputs));
    (title, rows)
}

fn port_rows(what: &str, port: &Port, columns: &Columns) -> Vec<Line<'static>> {
    let head = |first: bool| {
        let (what, name, device) = if first { (what, &*port.name, &*port.device) } else { ("", "", "") };
        vec![
            span(fit(what, 4), FAINT),
            span(fit(name, columns.name + 1), STRONG),
            span(fit(device, columns.device), FAINT),
        ]
    };
    if let Some(why) = &port.waits {
        let mut spans = head(true);
        spans.push(span(format!("   silent: {}", super::numbers::one_line(why)), NEAR));
        return vec![line(spans)];
    }
    let channel = |(at, meter): (usize, &Meter)| {
        let mut spans = head(at == 0);
        spans.push(span(format!("{:>2} ", at + 1), FAINT));
        spans.extend(bar(meter).draw(columns.bar, level_style));
        spans.extend(numbers(meter, columns.all));
        line(spans)
    };
    port.meters.iter().enumerate().map(channel).collect()
}

fn bar(meter: &Meter) -> Bar {
    Bar { solid: deflection(meter.rms), shade: deflection(meter.peak), mark: deflection(meter.hold) }
}

fn numbers(meter: &Meter, all: bool) -> Vec<Span<'static>> {
    let peak = span(format!(" {}", decibels(meter.peak)), level_style(deflection(meter.peak)));
    let clip = match meter.clipped {
        0 => span("     0", FAINT),
        some => span(format!(" {}", count(some)), BAD),
    };
    match all {
        true => vec![
            span(format!(" {}", decibels(meter.rms)), FAINT),
            peak,
            span(format!(" {}", decibels(meter.hold)), level_style(deflection(meter.hold))),
            clip,
        ],
        false => vec![peak, clip],
    }
}
