//! The keys.
use super::keys::HELP;
use super::look::{FAINT, HAND, STRONG};
use super::rows::{fit, line, span};
use ratatui::text::Line;

/// The title and the lines.
pub fn rows() -> (Line<'static>, Vec<Line<'static>>) {
    let group = |(title, keys): &(&'static str, &'static [(&'static str, &'static str)])| {
        let head = line([span(*title, STRONG)]);
        let key = |(key, does): &(&'static str, &'static str)| line([span(fit(key, 11), HAND), span(*does, FAINT)]);
        std::iter::once(head).chain(keys.iter().map(key)).collect::<Vec<_>>()
    };
    (
        line([span("KEYS", STRONG), span("   ↑ ↓ scroll, any other key closes this", FAINT)]),
        HELP.iter().flat_map(group).collect(),
    )
}
