//! Where what is shown: the page, by the room there is.
use super::look::{BAD, FAINT, HAND, NEAR, PICKED, STRONG};
use super::numbers::{moment, one_line};
use super::rows::{heights, line, pane, put, span, width};
use super::view::{Entry, Page, Typing, View};
use super::{head, help, levels, log, nodes, sliders, spectrum, ways};
use crate::live::Scene;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// From here on there is room for two columns of panes.
const TWO_COLUMNS: (u16, u16) = (110, 30);

impl View {
    /// Draws the scene.
    pub fn draw(&mut self, scene: &Scene, frame: &mut Frame) {
        let area = frame.area();
        self.draw_into(&scene.blindfolded(), area, frame.buffer_mut());
        self.look.fold(frame.buffer_mut());
    }

    fn draw_into(&mut self, scene: &Scene, area: Rect, buffer: &mut Buffer) {
        if self.help {
            let (title, rows) = help::rows();
            self.scroll = pane(buffer, area, &title, &rows, self.scroll);
            return;
        }
        let margin = u16::from(area.width > 40);
        let area = Rect { x: area.x + margin, width: area.width.saturating_sub(2 * margin), ..area };
        let cells = usize::from(area.width);
        let head = head::rows(scene, cells);
        // A low window gives its rows to the levels.
        let head_rows = (head.len() as u16).min(area.height / 4).max(area.height.min(1));
        for (row, line) in (0..head_rows).zip(&head) {
            put(buffer, area, row, line);
        }
        let foot_rows = (area.height.saturating_sub(head_rows) / 3).min(2);
        let foot = Rect { y: area.bottom() - foot_rows, height: foot_rows, ..area };
        put(buffer, foot, foot_rows.saturating_sub(1), &self.tabs(scene, cells));
        if foot_rows == 2 || self.entry.is_some() {
            put(buffer, foot, 0, &self.message(scene));
        }
        let gap = u16::from(area.height >= 30);
        let top = area.y + head_rows + gap;
        let body = Rect { y: top, height: foot.y.saturating_sub(top), ..area };
        self.body(scene, body, buffer);
    }

    fn body(&mut self, scene: &Scene, area: Rect, buffer: &mut Buffer) {
        if self.page == Page::All {
            return self.all(scene, area, buffer);
        }
        // The levels stay in sight, if that leaves the page enough.
        let (title, rows) = levels::rows(scene, usize::from(area.width));
        let want = rows.len() as u16 + 2;
        let above = if area.height >= want + 10 { want } else { 0 };
        pane(buffer, Rect { height: above, ..area }, &title, &rows, 0);
        let area = Rect { y: area.y + above, height: area.height - above, ..area };
        let cells = usize::from(area.width);
        match self.page {
            Page::Spectrum => spectrum::draw(&scene.spectrum, self.look, area, buffer),
            Page::Params => self.sliders(scene, area, buffer),
            Page::Log => self.log(scene, area, buffer),
            Page::Graph | Page::All => {
                let (title, mut rows) = nodes::rows(scene, cells, true);
                rows.extend(ways::rows(scene));
                self.scroll = pane(buffer, area, &title, &rows, self.scroll);
            }
            Page::Wrong => {
                let (title, rows) = wrong(scene);
                self.scroll = pane(buffer, area, &title, &rows, self.scroll);
            }
        }
    }

    fn all(&mut self, scene: &Scene, area: Rect, buffer: &mut Buffer) {
        let two = area.width >= TWO_COLUMNS.0 && area.height >= TWO_COLUMNS.1 - 7;
        let (title, rows) = levels::rows(scene, usize::from(area.width));
        let full = rows.len() as u16 + 1;
        // All channels, unless they are so many that nothing else were seen.
        let levels = (full.min((area.height / 2).max(6)).min(area.height), full);
        let left = if two { area.width * 3 / 5 - 1 } else { area.width };
        let (node_title, node_rows) = nodes::rows(scene, usize::from(left), false);
        let want = |least: u16, rows: usize| (least, if rows > 0 { rows as u16 + 1 } else { 0 });
        let nodes = want(3, node_rows.len());
        let sliders = want(3, scene.params.len());
        let entries = scene.events.len() + scene.notes.len() + scene.gaps.len();
        if two {
            let above = levels.0 + 1;
            pane(buffer, Rect { height: above, ..area }, &title, &rows, 0);
            let area = Rect { y: area.y + above, height: area.height - above, ..area };
            let [nodes, sliders, log] = stacked(Rect { width: left, ..area }, [nodes, sliders, (2, 8)]);
            let log = Rect { height: area.bottom() - log.y, ..log };
            pane(buffer, nodes, &node_title, &node_rows, 0);
            self.sliders(scene, sliders, buffer);
            self.log(scene, log, buffer);
            let picture = Rect { x: area.x + left + 2, width: area.width - left - 2, ..area };
            spectrum::draw(&scene.spectrum, self.look, picture, buffer);
            return;
        }
        let [levels, nodes, sliders, log] = stacked(area, [levels, nodes, sliders, want(2, entries.min(8))]);
        pane(buffer, levels, &title, &rows, 0);
        pane(buffer, nodes, &node_title, &node_rows, 0);
        self.sliders(scene, sliders, buffer);
        // What is left over is the spectrogram's, or the log's if it is too little for that.
        let used = levels.height + nodes.height + sliders.height + log.height;
        let rest = Rect { y: area.y + used, height: area.height - used, ..area };
        if rest.height >= 6 {
            self.log(scene, Rect { height: log.height.saturating_sub(1), ..log }, buffer);
            spectrum::draw(&scene.spectrum, self.look, rest, buffer);
        } else if entries > 0 {
            self.log(scene, Rect { height: log.height + rest.height, ..log }, buffer);
        }
    }

    /// The sliders; the one under the hand is always among them.
    fn sliders(&self, scene: &Scene, area: Rect, buffer: &mut Buffer) {
        let (title, rows, picked) = sliders::rows(self, scene, usize::from(area.width));
        let room = usize::from(area.height.saturating_sub(1)).saturating_sub(1);
        pane(buffer, area, &title, &rows, (picked + 1).saturating_sub(room));
    }

    /// The log, by its end.
    fn log(&mut self, scene: &Scene, area: Rect, buffer: &mut Buffer) {
        if area.height == 0 {
            return;
        }
        let (title, rows) = log::rows(scene, usize::from(area.width));
        let room = usize::from(area.height - 1);
        let most = rows.len().saturating_sub(room);
        let back = if self.page == Page::Log { self.scroll.min(most) } else { 0 };
        if self.page == Page::Log {
            self.scroll = back;
        }
        let end = rows.len() - back;
        pane(buffer, area, &title, &rows[end.saturating_sub(room)..end], 0);
    }

    fn tabs(&self, scene: &Scene, cells: usize) -> Line<'static> {
        let mut spans = vec![];
        for (page, key, name) in Page::ALL {
            let style = match page {
                page if page == self.page => PICKED,
                Page::Wrong if scene.wrong.is_some() => NEAR,
                _ => FAINT,
            };
            let name = if cells < 60 { String::new() } else { format!(" {name}") };
            spans.extend([span(format!(" {key}{name} "), style)]);
        }
        let used: usize = spans.iter().map(ratatui::text::Span::width).sum();
        let keys =
            ["space bypass   m mute   ? keys   q quit", "space bypass   ? keys   q quit", "? keys   q quit", "?"];
        let fitting = keys.into_iter().find(|keys| used + 1 + width(keys) <= cells).unwrap_or("");
        spans.push(span(" ".repeat(cells.saturating_sub(used + width(fitting))), FAINT));
        spans.push(span(fitting, FAINT));
        line(spans)
    }

    /// What the user types, or should know now.
    fn message(&self, scene: &Scene) -> Line<'static> {
        if let Some(entry) = &self.entry {
            return typed(entry);
        }
        if let Some(hint) = &self.hint {
            return line([span(hint.clone(), NEAR)]);
        }
        if scene.wrong.is_some() && self.page != Page::Wrong {
            return line([span("the file as saved is not right; the graph before it plays on: w shows why", BAD)]);
        }
        if scene.hearing.blind.is_some() {
            return line([
                span("a b x  hear   ", HAND),
                span("A B  X is A, X is B   ", HAND),
                span("t  end it   levels out and loads are hidden", FAINT),
            ]);
        }
        match scene.notes.last() {
            Some(note) => line([
                span(format!("{}  ", moment(note.time)), FAINT),
                span(one_line(&note.text), if note.warns { NEAR } else { FAINT }),
            ]),
            None => Line::default(),
        }
    }
}

/// The panes one above the other.
fn stacked<const N: usize>(area: Rect, panes: [(u16, u16); N]) -> [Rect; N] {
    let heights = heights(area.height, &panes);
    let mut y = area.y;
    std::array::from_fn(|at| {
        let rect = Rect { y, height: heights[at], ..area };
        y += heights[at];
        rect
    })
}

fn typed(entry: &Entry) -> Line<'static> {
    let what = match &entry.what {
        Typing::Value(at) => one_line(&format!("{}.{} = ", at.node, at.param)),
        Typing::Save => "save the sliders to ".into(),
        Typing::Load => "set the sliders from ".into(),
    };
    let said = match &entry.refused {
        Some(wanted) => span(format!("  {wanted}"), BAD),
        None => span("  Enter takes it, Esc does not", FAINT),
    };
    line([span(what, STRONG), span(one_line(&entry.text), HAND), span(" ", PICKED), said])
}

fn wrong(scene: &Scene) -> (Line<'static>, Vec<Line<'static>>) {
    match &scene.wrong {
        Some(text) => (
            line([span("FILE", STRONG), span("   not right as it was saved; the graph before it plays on", BAD)]),
            text.lines().map(|text| Line::from(text.replace('\t', "    "))).collect(),
        ),
        None => (line([span("FILE", STRONG), span("   as saved, it is right, and it is what plays", FAINT)]), vec![]),
    }
}
