//! A spectrogram that is written from left to right and over again, as on a radar screen: what is old stays where it is,
//! so that a frame changes one column, and little has to travel over a slow line.
use super::look::{FAINT, Ink, Look, STRONG};
use super::numbers::hertz;
use super::rows::{line, put, span};
use crate::live::Spectrum;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

/// Darkest and brightest, in dB full scale.
const RANGE: [f64; 2] = [-100.0, -20.0];
/// From empty to full, where there is no colour.
const SHADES: &[u8] = b" .:-=+*#%@";
/// From black to white in the eight colours of old.
const HEAT: [Color; 6] = [Color::Black, Color::Blue, Color::Magenta, Color::Red, Color::Yellow, Color::Gray];
/// Seconds that a column of cells should stand for at least: a faster one would flicker.
const CELL_S: f64 = 0.1;
/// Cells for the figures at the left.
const FIGURES: u16 = 6;

/// Draws it with its title.
pub fn draw(spectrum: &Spectrum, look: Look, area: Rect, buffer: &mut Buffer) {
    let area = area.intersection(buffer.area);
    let [low, high] = RANGE;
    let what = if spectrum.columns.is_empty() { "  nothing yet".into() } else { format!("  {low} to {high} dBFS") };
    put(buffer, area, 0, &line([span("SPECTRUM", STRONG), span(what, FAINT)]));
    let body = Rect { y: area.y.saturating_add(1), height: area.height.saturating_sub(1), ..area };
    let plot = Rect { x: body.x.saturating_add(FIGURES), width: body.width.saturating_sub(FIGURES), ..body };
    if plot.area() == 0 || spectrum.columns.is_empty() {
        return;
    }
    figures(spectrum.top, body, buffer);
    let sweep = Sweep::new(spectrum, plot.width);
    for x in 0..plot.width {
        for y in 0..plot.height {
            let half = |lower: u16| {
                let bands = 2.0 * f64::from(plot.height);
                let from = f64::from(2 * (plot.height - 1 - y) + 1 - lower) / bands;
                sweep.level(x, [from, from + 1.0 / bands])
            };
            paint(buffer, (plot.x + x, plot.y + y), [half(0), half(1)], look);
        }
    }
}

/// Round frequencies, where there is room.
fn figures(top: f64, body: Rect, buffer: &mut Buffer) {
    let mut free = body.height;
    for hz in [100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10_000.0, 20_000.0, 50_000.0] {
        let at = (1.0_f64 + hz / 700.0).ln() / (1.0 + top / 700.0).ln();
        let row = f64::from(body.height) * (1.0 - at);
        if row >= 0.0 && row < f64::from(free) {
            put(buffer, body, row as u16, &line([span(hertz(hz), FAINT)]));
            free = (row as u16).saturating_sub(1);
        }
    }
}

/// Hz at a height from 0 to 1, evenly on the mel scale (2595 log10(1 + f / 700)), on which pitch is heard.
fn frequency(at: f64, top: f64) -> f64 {
    700.0 * ((1.0 + top / 700.0).powf(at) - 1.0)
}

/// Which columns of the spectrogram are shown in which column of cells.
struct Sweep<'s> {
    spectrum: &'s Spectrum,
    width: u64,
    /// Columns of the spectrogram in one of cells.
    each: u64,
}

impl<'s> Sweep<'s> {
    fn new(spectrum: &'s Spectrum, width: u16) -> Self {
        let each = if spectrum.hop > 0.0 { (CELL_S / spectrum.hop).ceil().max(1.0) as u64 } else { 1 };
        Self { spectrum, width: u64::from(width), each }
    }

    /// The loudest between two heights in a column of cells; nothing where it is still, or already, empty.
    fn level(&self, x: u16, [from, to]: [f64; 2]) -> Option<f64> {
        let made = self.spectrum.made;
        let head = made.checked_sub(1)? / self.each;
        // The column of cells at the head is being written; the one after it is kept empty, to show where.
        let back = (head % self.width + self.width - u64::from(x)) % self.width;
        if back + 1 == self.width && self.width > 1 {
            return None;
        }
        let cell = head.checked_sub(back)?;
        let first = made - (self.spectrum.columns.len() as u64).min(made);
        let columns = (cell * self.each..(cell + 1) * self.each).filter_map(|number| {
            let at = number.checked_sub(first)?;
            self.spectrum.columns.get(usize::try_from(at).ok()?)
        });
        columns.filter_map(|column| loudest(column, [from, to].map(|at| self.part(at)))).reduce(f64::max)
    }

    /// A height as a part of the bins.
    fn part(&self, at: f64) -> f64 {
        match self.spectrum.top {
            top if top > 0.0 => frequency(at, top) / top,
            _ => at,
        }
    }
}

/// The loudest bin of a part of a column; the nearest one if the part holds none.
fn loudest(column: &[f32], [from, to]: [f64; 2]) -> Option<f64> {
    let last = column.len().checked_sub(1)?;
    let bin = |part: f64| (part * last as f64).clamp(0.0, last as f64);
    let first = (bin(from).ceil() as usize).min(last);
    let end = (bin(to).ceil() as usize).min(last + 1);
    let near = bin((from + to) / 2.0).round() as usize;
    let bins = if first < end { &column[first..end] } else { &column[near..=near] };
    bins.iter().map(|level| f64::from(*level)).filter(|level| !level.is_nan()).reduce(f64::max)
}

/// A cell of two halves, the upper and the lower.
fn paint(buffer: &mut Buffer, at: (u16, u16), halves: [Option<f64>; 2], look: Look) {
    let [low, high] = RANGE;
    let bright = |level: f64| ((level - low) / (high - low)).clamp(0.0, 1.0);
    let Some(cell) = buffer.cell_mut(at) else { return };
    if look.ink == Ink::None || look.ascii {
        let loud = halves.into_iter().flatten().reduce(f64::max).map_or(0.0, bright);
        let shade = SHADES[((loud * SHADES.len() as f64) as usize).min(SHADES.len() - 1)];
        cell.set_char(char::from(shade));
        return;
    }
    let [upper, lower] = halves.map(|half| half.map_or(Color::Reset, |level| colour(bright(level), look.ink)));
    if upper == lower {
        cell.set_char(' ').set_bg(upper);
    } else {
        cell.set_char('▀').set_fg(upper).set_bg(lower);
    }
}

/// A colour of the map.
fn colour(bright: f64, ink: Ink) -> Color {
    let colorous::Color { r, g, b } = colorous::INFERNO.eval_continuous(bright);
    match ink {
        Ink::None => Color::Reset,
        Ink::Eight => HEAT[((bright * HEAT.len() as f64) as usize).min(HEAT.len() - 1)],
        Ink::Palette => {
            // The cube of 6 × 6 × 6 colours that begins at number 16, with its levels 0, 95, 135, …, 255.
            let level = |part: u8| match part {
                0..48 => 0,
                48..115 => 1,
                _ => (part - 35) / 40,
            };
            Color::Indexed(16 + 36 * level(r) + 6 * level(g) + level(b))
        }
        Ink::True => Color::Rgb(r, g, b),
    }
}
