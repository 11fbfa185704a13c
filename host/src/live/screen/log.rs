//! Events, notes and gaps in the order of time.
use super::look::{BAD, FAINT, HAND, NEAR, STRONG};
use super::numbers::{moment, one_line};
use super::rows::{column, fit, line, span, wrap};
use crate::live::{Happening, Note, Scene, Whose, Xrun};
use ratatui::text::Line;

/// One of the three.
enum Entry<'s> {
    Event(&'s Happening),
    Note(&'s Note),
    Gap(&'s Xrun),
}

/// The title and the lines, oldest first.
pub fn rows(scene: &Scene, width: usize) -> (Line<'static>, Vec<Line<'static>>) {
    let mut entries: Vec<(f64, Entry)> = scene.events.iter().map(|event| (event.time, Entry::Event(event))).collect();
    entries.extend(scene.notes.iter().map(|note| (note.time, Entry::Note(note))));
    entries.extend(scene.gaps.iter().map(|gap| (gap.time, Entry::Gap(gap))));
    entries.sort_by(|one, other| one.0.total_cmp(&other.0));
    let output = column(scene.events.iter().map(|event| event.output.as_str()), 5, 14);
    let label = column(scene.events.iter().map(|event| event.label.as_str()), 6, 28);
    let lines = entries.iter().flat_map(|(time, entry)| {
        let (what, style, text, look) = match entry {
            Entry::Event(event) => {
                let text = format!("{} {} {:9.3}", fit(&event.output, output), fit(&event.label, label), event.value);
                ("event", HAND, text, STRONG)
            }
            Entry::Note(note) if note.warns => ("note", NEAR, one_line(&note.text), NEAR),
            Entry::Note(note) => ("note", FAINT, one_line(&note.text), STRONG),
            Entry::Gap(gap) => ("xrun", BAD, whose(&gap.whose), BAD),
        };
        let room = width.saturating_sub(20).max(8);
        let texts = if matches!(entry, Entry::Event(_)) { vec![text] } else { wrap(&text, room) };
        let time = moment(*time);
        texts.into_iter().enumerate().map(move |(row, text)| match row {
            0 => line([span(format!("{time:>12}  "), FAINT), span(fit(what, 6), style), span(text, look)]),
            _ => line([span(" ".repeat(20), FAINT), span(text, look)]),
        })
    });
    (line([span("LOG", STRONG)]), lines.collect())
}

/// Who was late, in words.
pub fn whose(whose: &Whose) -> String {
    match whose {
        Whose::Node(node) => format!("`{}` took longer than there was time", one_line(node)),
        Whose::Machine => "the thread was not run in time: the machine had other work".into(),
        Whose::System => "the sound system lost samples".into(),
    }
}
