//! Pixels that lines and text are drawn into, and the PNG file they become.
use embedded_graphics::mono_font::iso_8859_1::{FONT_6X12, FONT_7X13, FONT_8X13_BOLD};
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::*;
use embedded_graphics::text::{Alignment, Baseline, Text, TextStyleBuilder};
use std::convert::Infallible;

/// A colour: red, green, blue.
pub(super) type Rgb = [u8; 3];

pub(super) const PAPER: Rgb = [255, 255, 255];
pub(super) const INK: Rgb = [34, 34, 34];
pub(super) const FAINT: Rgb = [110, 110, 110];

/// Fonts that the drawing crate brings along, with the letters of Latin-1; others become "?".
pub(super) const LABEL: &MonoFont = &FONT_7X13;
pub(super) const TITLE: &MonoFont = &FONT_8X13_BOLD;
pub(super) const NOTE: &MonoFont = &FONT_6X12;

/// A rectangle of a picture, in pixels from its upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// The leftmost column.
    pub x: usize,
    /// The topmost row.
    pub y: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// RGB pixels, three bytes each, row by row from the top. What is drawn beyond the edges is lost.
#[derive(Clone, Debug)]
pub(super) struct Canvas {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<u8>,
}

impl Canvas {
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, rgb: PAPER.repeat(width * height) }
    }

    pub fn set(&mut self, x: usize, y: usize, colour: Rgb) {
        if x < self.width && y < self.height {
            let at = (y * self.width + x) * 3;
            self.rgb[at..at + 3].copy_from_slice(&colour);
        }
    }

    pub fn fill(&mut self, area: Area, colour: Rgb) {
        for y in area.y..area.y + area.height {
            for x in area.x..area.x + area.width {
                self.set(x, y, colour);
            }
        }
    }

    /// A line one pixel wide around an area, outside of it.
    pub fn frame(&mut self, area: Area, colour: Rgb) {
        let Area { x, y, width, height } = area;
        let (x, y) = (x.saturating_sub(1), y.saturating_sub(1));
        for line in [
            Area { x, y, width: width + 2, height: 1 },
            Area { x, y: y + height + 1, width: width + 2, height: 1 },
            Area { x, y, width: 1, height: height + 2 },
            Area { x: x + width + 1, y, width: 1, height: height + 2 },
        ] {
            self.fill(line, colour);
        }
    }

    /// A line of text whose middle is at the height `y`.
    pub fn text(&mut self, text: &str, x: usize, y: usize, side: Alignment, font: &MonoFont, colour: Rgb) {
        let style = MonoTextStyle::new(font, Rgb888::new(colour[0], colour[1], colour[2]));
        let place = TextStyleBuilder::new().alignment(side).baseline(Baseline::Middle).build();
        let at = Point::new(x as i32, y as i32);
        let Ok(_) = Text::with_text_style(text, at, style, place).draw(self);
    }

    /// The bytes of a PNG file.
    pub fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.rgb)?;
        writer.finish()?;
        Ok(bytes)
    }
}

impl OriginDimensions for Canvas {
    fn size(&self) -> Size {
        Size::new(self.width as u32, self.height as u32)
    }
}

impl DrawTarget for Canvas {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(at, colour) in pixels {
            if let (Ok(x), Ok(y)) = (usize::try_from(at.x), usize::try_from(at.y)) {
                self.set(x, y, [colour.r(), colour.g(), colour.b()]);
            }
        }
        Ok(())
    }
}

/// How wide a text is, in pixels.
pub(super) fn width(text: &str, font: &MonoFont) -> usize {
    text.chars().count() * font.character_size.width as usize
}

/// The text, or as much of its beginning as fits into so many pixels.
pub(super) fn fitting(text: &str, room: usize, font: &MonoFont) -> String {
    let letters = room / font.character_size.width as usize;
    if text.chars().count() <= letters {
        return text.into();
    }
    text.chars().take(letters.saturating_sub(3)).chain("...".chars().take(letters)).collect()
}

/// The words in lines that fit into so many pixels.
pub(super) fn wrapped(text: &str, room: usize, font: &MonoFont) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line, font) + width(word, font) + width(" ", font) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_too_long_for_its_line_is_cut_and_says_so() {
        assert_eq!(fitting("noisy.wav", 9 * 8, TITLE), "noisy.wav");
        assert_eq!(fitting("noisy.wav", 8 * 8, TITLE), "noisy...");
        assert_eq!(fitting("noisy.wav", 2 * 8, TITLE), "..");
        assert_eq!(wrapped("a long story made short", 10 * 6, NOTE), ["a long", "story made", "short"]);
    }
}
