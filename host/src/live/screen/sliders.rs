//! Live parameters as sliders.
use super::look::{FAINT, HAND, PICKED, STRONG};
use super::numbers::one_line;
use super::rows::{column, fit, line, span, width};
use super::slider;
use super::view::View;
use crate::live::{Param, Scene};
use ratatui::text::{Line, Span};

/// The title, the rows, and which of them is under the hand.
pub fn rows(view: &View, scene: &Scene, cells: usize) -> (Line<'static>, Vec<Line<'static>>, usize) {
    let names: Vec<String> =
        scene.params.iter().map(|param| one_line(&format!("{}.{}", param.at.node, param.at.param))).collect();
    let name = column(names.iter().map(String::as_str), 8, if cells < 60 { 14 } else { 26 });
    let unit = column(scene.params.iter().map(|param| param.unit.as_str()), 0, 6);
    let value = scene.params.iter().flat_map(|param| param.choices.iter()).map(|choice| width(choice));
    let value = value.max().unwrap_or(0).clamp(9, 14);
    let bar = cells.saturating_sub(2 + name + 2 + value + 1 + unit + 1).min(60);
    let picked = view.slider(scene).map(|(at, _)| at);
    let row = |(at, (param, text)): (usize, (&Param, &String))| {
        let hand = picked == Some(at);
        let mut spans = vec![
            span(if hand { "▶ " } else { "  " }, HAND),
            span(fit(text, name), if hand { PICKED } else { STRONG }),
            span(" ", FAINT),
        ];
        spans.extend(track(param, bar));
        spans.push(span(format!(" {:>value$}", fit(&slider::shown(param, param.value), value).trim_end()), STRONG));
        spans.push(span(format!(" {}", fit(&param.unit, unit)), FAINT));
        line(spans)
    };
    let rows = scene.params.iter().zip(&names).enumerate().map(row).collect();
    let keys = "  Tab picks, ← → moves, Enter types, Del is back to the file";
    (line([span("SLIDERS", STRONG), span(keys, FAINT)]), rows, picked.unwrap_or(0))
}

/// The range as a line, with the value on it and a mark where it is in the graph file.
fn track(param: &Param, cells: usize) -> Vec<Span<'static>> {
    let last = cells.saturating_sub(1) as f64;
    if !param.choices.is_empty() || cells == 0 {
        let names = param.choices.join(" / ");
        return vec![span(fit(&names, cells), FAINT)];
    }
    let at = |value: f64| slider::place(param, value).map(|place| (place * last).round() as usize);
    let (now, start) = (at(param.value), at(param.start));
    if now.is_none() {
        return vec![span(fit("no ends: type a value", cells), FAINT)];
    }
    let cell = |cell: usize| match cell {
        _ if now == Some(cell) => span("●", HAND),
        _ if start == Some(cell) => span("┊", STRONG),
        _ => span("─", FAINT),
    };
    (0..cells).map(cell).collect()
}
