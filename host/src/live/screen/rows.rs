//! Text in columns: lines that fit, and what does not, counted.
use super::look::FAINT;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Cells that a text takes.
pub fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// The text, so many cells wide: filled up, or cut with `…`.
pub fn fit(text: &str, cells: usize) -> String {
    let text = super::numbers::one_line(text);
    let wide = width(&text);
    if wide <= cells {
        return text + &" ".repeat(cells - wide);
    }
    let mut cut = String::new();
    let mut taken = 0;
    for letter in text.chars() {
        let more = width(letter.encode_utf8(&mut [0; 4]));
        if taken + more + 1 > cells {
            break;
        }
        cut.push(letter);
        taken += more;
    }
    cut.push_str(if cells > 0 { "…" } else { "" });
    cut + &" ".repeat(cells.saturating_sub(taken + 1))
}

/// The text in lines of at most so many cells, broken between words; a longer word is cut.
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let word = if width(word) > cells { fit(word, cells) } else { word.into() };
        let last = lines.len() - 1;
        if lines[last].is_empty() {
            lines[last] = word;
        } else if width(&lines[last]) + 1 + width(&word) <= cells {
            lines[last].push(' ');
            lines[last].push_str(&word);
        } else {
            lines.push(word);
        }
    }
    lines
}

/// The widest of the texts, between the two bounds.
pub fn column<'t>(texts: impl Iterator<Item = &'t str>, least: usize, most: usize) -> usize {
    texts.map(width).max().unwrap_or(0).clamp(least, most)
}

/// A line of spans.
pub fn line(spans: impl IntoIterator<Item = Span<'static>>) -> Line<'static> {
    Line::from_iter(spans)
}

/// Text in a style.
pub fn span(text: impl Into<String>, style: Style) -> Span<'static> {
    Span::styled(text.into(), style)
}

/// Writes a line into row `row` of the area, if it has one; one that is cut ends in `…`, lest half a number is read.
pub fn put(buffer: &mut Buffer, area: Rect, row: u16, line: &Line) {
    let area = area.intersection(buffer.area);
    if row < area.height && area.width > 0 {
        buffer.set_line(area.x, area.y + row, line, area.width);
        if line.width() > usize::from(area.width) && area.width > 1 {
            buffer[(area.right() - 1, area.y + row)].set_char('…');
        }
    }
}

/// Writes a pane: its title, and of its lines as many as there is room for, from `scroll` on. Gives the scroll that was
/// possible.
pub fn pane(buffer: &mut Buffer, area: Rect, title: &Line, lines: &[Line], scroll: usize) -> usize {
    put(buffer, area, 0, title);
    let room = usize::from(area.height.saturating_sub(1));
    let scroll = scroll.min(lines.len().saturating_sub(room));
    let fits = lines.len() - scroll <= room;
    let shown = if fits { lines.len() - scroll } else { room.saturating_sub(1) };
    for (row, line) in (1..).zip(&lines[scroll..scroll + shown]) {
        put(buffer, area, row, line);
    }
    if !fits && room > 0 {
        let more = format!("… {} more", lines.len() - scroll - shown);
        put(buffer, area, area.height - 1, &line([span(more, FAINT)]));
    }
    scroll
}

/// Heights for panes one above the other, the most important first: each has the least it is of use with and all it could
/// fill. 0 for those that there is no room for; what is left over goes between them, a row each.
pub fn heights(room: u16, panes: &[(u16, u16)]) -> Vec<u16> {
    let mut left = room;
    let mut heights = vec![0; panes.len()];
    for (height, (least, full)) in heights.iter_mut().zip(panes) {
        if *full > 0 && *least <= left {
            *height = (*least).min(*full);
            left -= *height;
        }
    }
    for (height, (_, full)) in heights.iter_mut().zip(panes).filter(|(height, _)| **height > 0) {
        let more = (full - *height).min(left);
        *height += more;
        left -= more;
    }
    for height in heights.iter_mut().filter(|height| **height > 0) {
        *height += left.min(1);
        left -= left.min(1);
    }
    heights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_fits_its_column_in_cells_not_in_bytes() {
        assert_eq!(fit("mikrofon", 5), "mikr…");
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日… ");
        assert_eq!(fit("ab\nc\x1b[31m", 12), "ab c [31m   ");
        assert_eq!(fit("ab", 0), "");
    }

    #[test]
    fn words_are_wrapped() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("extraordinary", 7), ["extrao…"]);
    }

    #[test]
    fn what_matters_most_gets_its_room_first() {
        assert_eq!(heights(17, &[(4, 4), (3, 8), (3, 4), (2, 40)]), [4, 8, 3, 2]);
        assert_eq!(heights(20, &[(4, 4), (3, 8), (0, 0)]), [5, 9, 0]);
        assert_eq!(heights(3, &[(2, 5), (3, 7), (2, 5)]), [3, 0, 0]);
        assert_eq!(heights(1, &[(2, 5), (3, 7), (2, 5)]), [0, 0, 0]);
    }
}
