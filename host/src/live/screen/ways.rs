//! Where sound comes from and goes to, and what it waits for on its way.
use super::look::{FAINT, NEAR, STRONG};
use super::numbers::one_line;
use super::rows::{column, fit, line, span};
use crate::live::{Port, Scene};
use ratatui::text::Line;

/// The lines, below those of the graph.
pub fn rows(scene: &Scene) -> Vec<Line<'static>> {
    let ports = || scene.inputs.iter().chain(&scene.outputs);
    let name = column(ports().map(|port| port.name.as_str()), 4, 14);
    let port = |arrow: &'static str, port: &Port| {
        let state = match &port.waits {
            Some(why) => span(format!("  silent: {}", one_line(why)), NEAR),
            None => span(format!("  {} Hz", port.rate), FAINT),
        };
        line([span(fit(&port.name, name), STRONG), span(format!(" {arrow} {}", one_line(&port.device)), FAINT), state])
    };
    let title = |text: &'static str| [Line::default(), line([span(text, STRONG)])];
    let mut rows = Vec::from(title("DEVICES"));
    rows.extend(scene.inputs.iter().map(|input| port("←", input)));
    rows.extend(scene.outputs.iter().map(|output| port("→", output)));
    if !scene.latency.is_empty() {
        rows.extend(title("LATENCY"));
        let part = |what: &str, ms: f64, style| line([span(format!("{ms:7.1} ms  {}", one_line(what)), style)]);
        rows.extend(scene.latency.iter().map(|latency| part(&latency.what, latency.ms, FAINT)));
        rows.push(part("in all", scene.latency.iter().map(|latency| latency.ms).sum(), STRONG));
        rows.extend(scene.round_trip_ms.map(|ms| part("measured, from the loudspeaker to the microphone", ms, STRONG)));
    }
    rows
}
