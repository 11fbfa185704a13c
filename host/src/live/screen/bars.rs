//! Bars of an eighth of a cell's resolution, and the scale of levels.
use super::look::{BAD, GOOD, NEAR};
use super::rows::span;
use ratatui::style::Style;
use ratatui::text::Span;

/// What a bar shows, each from 0 to 1.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bar {
    /// Filled up to here.
    pub solid: f64,
    /// Shaded up to here.
    pub shade: f64,
    /// A mark here, if not 0.
    pub mark: f64,
}

const EIGHTHS: [&str; 8] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

impl Bar {
    /// The bar in so many cells; the style of a cell follows from where it is.
    pub fn draw(&self, cells: usize, style: impl Fn(f64) -> Style) -> Vec<Span<'static>> {
        let end = |part: f64| part.clamp(0.0, 1.0) * cells as f64;
        let (solid, shade) = (end(self.solid), end(self.shade));
        let mark = (self.mark > 0.0).then(|| (end(self.mark).ceil() as usize).max(1) - 1);
        let drawn = |cell: usize| {
            let from = cell as f64;
            let style = style((from + 0.5) / cells as f64);
            let eighths = ((solid - from) * 8.0).round().clamp(0.0, 8.0) as usize;
            if eighths == 8 {
                span("█", style)
            } else if mark == Some(cell) {
                span("│", style)
            } else if eighths > 0 {
                span(EIGHTHS[eighths], style)
            } else if shade - from >= 0.5 {
                span("░", style)
            } else {
                span(" ", style)
            }
        };
        (0..cells).map(drawn).collect()
    }
}

/// Where a level stands on the scale of IEC 60268-18, from 0 at −70 dB to 1 at full scale: finer the louder.
pub fn deflection(db: f64) -> f64 {
    let percent = match db {
        db if db.is_nan() || db < -70.0 => 0.0,
        db if db < -60.0 => (db + 70.0) * 0.25,
        db if db < -50.0 => (db + 60.0) * 0.5 + 2.5,
        db if db < -40.0 => (db + 50.0) * 0.75 + 7.5,
        db if db < -30.0 => (db + 40.0) * 1.5 + 15.0,
        db if db < -20.0 => (db + 30.0) * 2.0 + 30.0,
        db if db < 0.0 => (db + 20.0) * 2.5 + 50.0,
        _ => 100.0,
    };
    percent / 100.0
}

/// Green up to −12 dB, yellow up to −3 dB, red above, by where it stands on the scale.
pub fn level_style(at: f64) -> Style {
    match at {
        at if at < deflection(-12.0) => GOOD,
        at if at < deflection(-3.0) => NEAR,
        _ => BAD,
    }
}

/// Green up to half of the time there is, yellow up to 80 %, red above.
pub fn load_style(part: f64) -> Style {
    match part {
        part if part < 0.5 => GOOD,
        part if part < 0.8 => NEAR,
        _ => BAD,
    }
}

/// The figures of the scale over a bar of so many cells: as many as have room, the outer ones first.
pub fn scale(cells: usize) -> String {
    let mut row = vec![' '; cells];
    for db in [0, -60, -20, -10, -40, -30, -6, -3, -50] {
        let text: Vec<char> = db.to_string().chars().collect();
        let end = ((deflection(f64::from(db)) * cells as f64).round() as usize).clamp(text.len().min(cells), cells);
        let Some(from) = end.checked_sub(text.len()) else { continue };
        let free = row[from.saturating_sub(1)..(end + 1).min(cells)].iter().all(|letter| *letter == ' ');
        if free {
            row[from..end].copy_from_slice(&text);
        }
    }
    row.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bar: Bar, cells: usize) -> String {
        bar.draw(cells, |_| Style::new()).iter().map(|span| span.content.to_string()).collect()
    }

    #[test]
    fn a_bar_shows_an_eighth_of_a_cell() {
        assert_eq!(text(Bar { solid: 0.5, shade: 0.7, mark: 1.0 }, 10), "█████░░  │");
        assert_eq!(text(Bar { solid: 1.0 / 32.0, ..Bar::default() }, 4), "▏   ");
        assert_eq!(text(Bar { solid: f64::INFINITY, shade: f64::NAN, mark: f64::NAN }, 3), "███");
        assert_eq!(text(Bar::default(), 0), "");
    }

    #[test]
    fn the_scale_is_that_of_the_standard() {
        // IEC 60268-18: −20 dB stands at half, −40 dB at 15 %, −60 dB at 2.5 %.
        assert_eq!([-20.0, -40.0, -60.0, 0.0, 6.0].map(deflection), [0.5, 0.15, 0.025, 1.0, 1.0]);
        assert_eq!([f64::NEG_INFINITY, f64::NAN].map(deflection), [0.0, 0.0]);
        assert_eq!(scale(40).len(), 40);
        assert!(scale(40).ends_with("0") && scale(40).contains("-20"), "{}", scale(40));
        assert_eq!(scale(1), "0");
        assert_eq!(scale(0), "");
    }
}
