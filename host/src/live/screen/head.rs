//! The first lines: what plays and what is heard of it, how late, how near to its limits.
use super::bars::load_style;
use super::look::{BAD, FAINT, GOOD, NEAR, PICKED, STRONG};
use super::numbers::{clock, count, one_line, percent};
use super::rows::{fit, line, span, width};
use crate::live::{Deck, Hearing, Scene, Whose};
use ratatui::text::{Line, Span};

/// The lines.
pub fn rows(scene: &Scene, cells: usize) -> Vec<Line<'static>> {
    let mut rows = vec![first(scene, cells), machine(scene, cells), latency(scene)];
    if !scene.clocks.is_empty() {
        rows.push(clocks(scene));
    }
    rows
}

fn first(scene: &Scene, cells: usize) -> Line<'static> {
    let time = clock(scene.time);
    let hearing = heard(&scene.hearing);
    let wide: usize = hearing.iter().map(Span::width).sum();
    let title = one_line(&scene.title);
    let room = cells.saturating_sub(wide + 2 + time.len() + 1);
    let title = fit(&title, room.min(width(&title)));
    let gap = cells.saturating_sub(width(&title) + 2 + wide + time.len());
    let mut spans = vec![span(title, STRONG), span("  ", FAINT)];
    spans.extend(hearing);
    spans.push(span(" ".repeat(gap), FAINT));
    spans.push(span(time, STRONG));
    line(spans)
}

/// What is heard, in words.
fn heard(hearing: &Hearing) -> Vec<Span<'static>> {
    let mut spans = vec![];
    match (&hearing.decks, hearing.deck) {
        (None, _) => {}
        (Some([file, _]), Deck::A) => spans.push(span(format!("A  {} ", one_line(file)), GOOD)),
        (Some([_, file]), Deck::B) => {
            let louder = match hearing.matched_db {
                0.0 => String::new(),
                db => format!("{db:+.1} dB "),
            };
            spans.push(span(format!("B  {} {louder}", one_line(file)), GOOD));
        }
        (Some(_), Deck::X) => spans.push(span("X ", GOOD)),
    }
    if hearing.muted {
        spans.push(span(" MUTED ", BAD.patch(PICKED)));
    } else if hearing.bypassed {
        spans.push(span(" BYPASS ", NEAR.patch(PICKED)));
    } else if spans.is_empty() {
        spans.push(span("graph heard", GOOD));
    }
    if let Some(score) = &hearing.blind {
        spans.push(span(format!("  blind: {} of {} right, p = {:.3}", score.right, score.of, score.p), STRONG));
    }
    spans
}

fn machine(scene: &Scene, cells: usize) -> Line<'static> {
    let whole = &scene.whole;
    let part = |us: f64| if whole.deadline_us > 0.0 { us / whole.deadline_us } else { f64::NAN };
    let load = |name: &str, us: f64| {
        [span(format!("  {name}"), FAINT), span(percent(part(us)), load_style(part(us))), span(" %", FAINT)]
    };
    let mut spans = vec![span(format!("{} Hz, block {}", scene.rate, scene.block), FAINT)];
    spans.extend(load("load", whole.mean_us));
    if cells >= 100 {
        spans.extend(load("p99", whole.p99_us));
    }
    spans.extend(load("max", whole.max_us));
    spans.push(span("  xruns", FAINT));
    spans.push(span(count(scene.xruns), if scene.xruns > 0 { BAD } else { FAINT }));
    if let Some(gap) = scene.gaps.last().filter(|_| scene.xruns > 0) {
        spans.push(span(format!("  {} {}", clock(gap.time), whose(&gap.whose)), BAD));
    }
    line(spans)
}

/// Who was late, in a word or two; the log has it in full.
fn whose(whose: &Whose) -> String {
    match whose {
        Whose::Node(node) => format!("`{}` late", one_line(node)),
        Whose::Machine => "machine busy".into(),
        Whose::System => "sound system".into(),
    }
}

fn latency(scene: &Scene) -> Line<'static> {
    let sum: f64 = scene.latency.iter().map(|part| part.ms).sum();
    let parts: Vec<_> = scene.latency.iter().map(|part| format!("{:.1} {}", part.ms, one_line(&part.what))).collect();
    let mut spans = vec![span("latency ", FAINT), span(format!("{sum:.1} ms"), STRONG)];
    if let Some(ms) = scene.round_trip_ms {
        spans.push(span(", measured ", FAINT));
        spans.push(span(format!("{ms:.1} ms"), STRONG));
    }
    if !parts.is_empty() {
        spans.push(span(format!(" = {}", parts.join(" + ")), FAINT));
    }
    line(spans)
}

fn clocks(scene: &Scene) -> Line<'static> {
    let mut spans = vec![span("clocks  ", FAINT)];
    for clock in &scene.clocks {
        spans.push(span(format!("{} ", one_line(&clock.device)), FAINT));
        match clock.settled {
            true => spans.push(span(format!("{:+8.1} ppm  ", clock.ppm), STRONG)),
            false => spans.push(span("settling      ", FAINT)),
        }
    }
    line(spans)
}
