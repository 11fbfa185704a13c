//! A picture of one or more heat maps: where everything goes, and drawing it.
use super::PictureError;
use super::axis::{BandTick, Bands};
use super::canvas::{self, Area, Canvas, FAINT, INK, LABEL, NOTE, TITLE};
use super::colour::{Scale, magma};
use super::columns::Columns;
use super::ticks::{self, Tick};
use embedded_graphics::text::Alignment;

/// Values over time and bands, as colours.
#[derive(Clone, Debug)]
pub struct Heatmap {
    /// The line above it.
    pub title: String,
    /// The values: frames × bands.
    pub columns: Columns,
    /// When the column of the first frame begins, in seconds.
    pub start: f64,
    /// From frame to frame.
    pub seconds_per_frame: f64,
    /// What the bands are.
    pub bands: Bands,
    /// The unit of the values, above the colour bar: "dB", "ln", "".
    pub unit: String,
    /// The values of the darkest and the brightest colour; `None`: the smallest and the largest there are.
    pub range: Option<(f32, f32)>,
}

/// Heat maps, one under the other, and how large they are drawn.
#[derive(Clone, Debug)]
pub struct Picture {
    /// From top to bottom.
    pub panels: Vec<Heatmap>,
    /// What is said below them; may be empty.
    pub note: String,
    /// Pixels across, edges and labels included; `None`: as suits the frames.
    pub width: Option<usize>,
    /// Pixels from top to bottom; `None`: as suits the bands.
    pub height: Option<usize>,
}

/// A picture in pixels.
#[derive(Clone, Debug)]
pub struct Drawing {
    canvas: Canvas,
    /// Where the values of each panel are.
    pub panels: Vec<Area>,
}

impl Drawing {
    /// Pixels across and from top to bottom.
    pub fn size(&self) -> (usize, usize) {
        (self.canvas.width, self.canvas.height)
    }

    /// The bytes of a PNG file: 8-bit RGB.
    pub fn png(&self) -> Result<Vec<u8>, PictureError> {
        Ok(self.canvas.png()?)
    }
}

/// Pixels from the edge of a picture to what is drawn.
const EDGE: usize = 10;
/// Above a panel: its title and the units.
const ABOVE: usize = 28;
/// From a panel up to the middle of that line.
const HEADING: usize = 17;
/// Below a panel: ticks and times.
const BELOW: usize = 28;
/// The length of a tick, and from there to its label.
const TICK: usize = 5;
const GAP: usize = 3;
/// From a panel to its colour bar, and the bar's width.
const APART: usize = 14;
const BAR: usize = 14;
/// A line of the note.
const LINE: usize = 14;
/// A panel smaller than this shows nothing.
const LEAST: (usize, usize) = (100, 40);
/// What a panel measures where nobody says, about; lower where there are several.
const USUAL_WIDTH: usize = 1200;
const USUAL_HEIGHT: [usize; 4] = [480, 320, 240, 240];

impl Picture {
    /// One heat map in the size that suits it.
    pub fn of(heatmap: Heatmap) -> Self {
        Self { panels: vec![heatmap], note: String::new(), width: None, height: None }
    }

    /// Draws it. Fails if the size asked for leaves no room for the panels.
    pub fn draw(&self) -> Result<Drawing, PictureError> {
        let count = self.panels.len();
        let least = LEAST.1 * count + (ABOVE + BELOW) * count + 2 * EDGE + 4 * LINE;
        if let Some(height) = self.height.filter(|height| *height < least) {
            let panels = if count == 1 { "a panel" } else { "the panels" };
            return Err(PictureError::Shape(format!("`height` {height} has no room for {panels}: {least} has")));
        }
        let usual = USUAL_HEIGHT[count.clamp(1, USUAL_HEIGHT.len()) - 1];
        let share = |height: usize| (height - (least - LEAST.1 * count)) / count;
        let heights: Vec<usize> = self.panels.iter().map(|panel| extent(panel.columns.bands(), usual)).collect();
        let faces: Vec<Face> = self
            .panels
            .iter()
            .zip(heights)
            .map(|(panel, height)| Face::new(panel, self.height.map_or(height, share)))
            .collect();
        let left = EDGE + faces.iter().map(Face::left).max().unwrap_or(0);
        let right = APART + BAR + faces.iter().map(Face::right).max().unwrap_or(0) + EDGE;
        let frames = self.panels.iter().map(|panel| panel.columns.len()).max().unwrap_or(0);
        let across = self.width.map_or_else(|| extent(frames, USUAL_WIDTH), |width| width.saturating_sub(left + right));
        if across < LEAST.0 {
            let (given, least) = (self.width.unwrap_or(0), left + right + LEAST.0);
            let panels = if count == 1 { "a panel" } else { "the panels" };
            return Err(PictureError::Shape(format!("`width` {given} has no room for {panels}: {least} has")));
        }
        Ok(self.put(&faces, left, across, left + across + right))
    }

    /// Everything at its place.
    fn put(&self, faces: &[Face], left: usize, across: usize, width: usize) -> Drawing {
        let mut areas = Vec::new();
        let mut y = EDGE;
        for face in faces {
            areas.push(Area { x: left, y: y + ABOVE, width: across, height: face.height });
            y += ABOVE + face.height + BELOW;
        }
        let notes = canvas::wrapped(&self.said(&areas), width - left - EDGE, NOTE);
        let height = self.height.unwrap_or(y + notes.len() * LINE + EDGE);
        let mut canvas = Canvas::new(width, height);
        for (face, area) in faces.iter().zip(&areas) {
            face.draw(&mut canvas, *area);
        }
        for (line, text) in notes.iter().enumerate() {
            canvas.text(text, left, y + line * LINE + LINE / 2, Alignment::Left, NOTE, FAINT);
        }
        Drawing { canvas, panels: areas }
    }

    /// The note, and what became of values that share a pixel or cannot be drawn.
    fn said(&self, areas: &[Area]) -> String {
        let mut parts: Vec<String> = vec![self.note.clone()];
        for (panel, area) in self.panels.iter().zip(areas) {
            parts.push(reduction(&panel.columns, *area));
            if panel.columns.not_finite() > 0 {
                parts.push(format!(
                    "{} values are NaN or infinite: grey where nothing else is",
                    panel.columns.not_finite()
                ));
            }
        }
        let mut said: Vec<&str> = Vec::new();
        for part in parts.iter().filter(|part| !part.is_empty()) {
            if !said.contains(&part.as_str()) {
                said.push(part);
            }
        }
        said.join("; ")
    }
}

/// "a pixel is the maximum of about 12.5 frames and 2 bands", or nothing where no two share one.
fn reduction(columns: &Columns, area: Area) -> String {
    let frames = columns.frames() as f64 / area.width as f64;
    let bands = columns.bands() as f64 / area.height as f64;
    let say = |many: f64, what: &str| format!("{} {what}", (many * 10.0).round() / 10.0);
    let of = match (frames > 1.0, bands > 1.0) {
        (false, false) if columns.per_column() == 1 => return String::new(),
        (_, false) => say(frames, "frames"),
        (false, true) => say(bands, "bands"),
        (true, true) => format!("{} by {}", say(frames, "frames"), say(bands, "bands")),
    };
    format!("a pixel is the {} of about {of}", columns.reduce().word())
}

/// Pixels for so many values: a whole number of pixels each, or of values a pixel, and about as many as is usual.
fn extent(count: usize, usual: usize) -> usize {
    match count {
        0 => usual,
        _ if 2 * count < 3 * usual => count * (usual as f64 / count as f64).round().max(1.0) as usize,
        _ => count.div_ceil((count as f64 / usual as f64).round() as usize),
    }
}

/// The values of `count` that pixel `at` of `pixels` shows: one, or all that fall on it.
fn shown(at: usize, pixels: usize, count: usize) -> std::ops::Range<usize> {
    let start = at * count / pixels;
    start..((at + 1) * count / pixels).max(start + 1).min(count)
}

/// A panel with its height and what is written around it.
struct Face<'a> {
    panel: &'a Heatmap,
    height: usize,
    scale: Scale,
    unit: &'static str,
    bands: Vec<BandTick>,
    levels: Vec<Tick>,
}

impl<'a> Face<'a> {
    fn new(panel: &'a Heatmap, height: usize) -> Self {
        let (low, high) = panel.range.or(panel.columns.range()).unwrap_or((0.0, 1.0));
        let scale = Scale::new(low, high);
        let (unit, bands) = panel.bands.ticks(panel.columns.bands(), height / 40);
        let levels = ticks::numbers(scale.low, scale.high, height / 40);
        Self { panel, height, scale, unit, bands, levels }
    }

    /// Pixels that its labels take on the left.
    fn left(&self) -> usize {
        let labels = self.bands.iter().map(|tick| tick.label.as_str()).chain([self.unit]);
        labels.map(|label| canvas::width(label, LABEL)).max().unwrap_or(0) + GAP + TICK + 1
    }

    /// Pixels that the labels of its colour bar take.
    fn right(&self) -> usize {
        let labels = self.levels.iter().map(|tick| canvas::width(&tick.label, LABEL)).max().unwrap_or(0);
        // The last time may stand out beyond the panel, the unit beyond the bar.
        (labels + GAP + TICK + 1).max(canvas::width(&self.panel.unit, LABEL).saturating_sub(BAR)).max(20)
    }

    fn draw(&self, canvas: &mut Canvas, area: Area) {
        canvas.frame(area, INK);
        self.values(canvas, area);
        let heading = area.y - HEADING;
        let room = area.width.saturating_sub(canvas::width(&self.panel.unit, LABEL));
        canvas.text(&canvas::fitting(&self.panel.title, room, TITLE), area.x, heading, Alignment::Left, TITLE, INK);
        canvas.text(self.unit, area.x - TICK - GAP - 1, heading, Alignment::Right, LABEL, INK);
        self.times(canvas, area);
        for tick in &self.bands {
            let y = down(area, tick.at);
            canvas.fill(Area { x: area.x - 1 - TICK, y, width: TICK, height: 1 }, INK);
            canvas.text(&tick.label, area.x - TICK - GAP - 1, y, Alignment::Right, LABEL, INK);
        }
        self.bar(canvas, Area { x: area.x + area.width + APART, width: BAR, ..area });
    }

    fn values(&self, canvas: &mut Canvas, area: Area) {
        let columns = &self.panel.columns;
        let (frames, bands, reduce) = (columns.len(), columns.bands(), columns.reduce());
        let mut band = vec![0.0; bands];
        for x in 0..area.width {
            let shared = shown(x, area.width, frames);
            for (at, value) in band.iter_mut().enumerate() {
                *value = reduce.of(shared.clone().map(|frame| columns.column(frame)[at]));
            }
            for y in 0..area.height {
                let value = reduce.of(band[shown(y, area.height, bands)].iter().copied());
                canvas.set(area.x + x, area.y + area.height - 1 - y, self.scale.colour(value));
            }
        }
    }

    fn times(&self, canvas: &mut Canvas, area: Area) {
        let start = self.panel.start;
        // What is kept, not what came: the last column is as wide as all others.
        let frames = self.panel.columns.len() as f64 * self.panel.columns.per_column() as f64;
        let length = frames * self.panel.seconds_per_frame;
        if !(length > 0.0 && length.is_finite() && start.is_finite()) {
            return;
        }
        for tick in ticks::times(start, start + length, area.width / 80) {
            let across = ((tick.at - start) / length * area.width as f64).floor() as usize;
            let (x, y) = (area.x + across.min(area.width - 1), area.y + area.height + 1);
            canvas.fill(Area { x, y, width: 1, height: TICK }, INK);
            canvas.text(&tick.label, x, y + TICK + GAP + 5, Alignment::Center, LABEL, INK);
        }
    }

    fn bar(&self, canvas: &mut Canvas, area: Area) {
        canvas.frame(area, INK);
        for y in 0..area.height {
            let part = 1.0 - y as f64 / (area.height - 1).max(1) as f64;
            canvas.fill(Area { y: area.y + y, height: 1, ..area }, magma(part));
        }
        canvas.text(&self.panel.unit, area.x, area.y - HEADING, Alignment::Left, LABEL, INK);
        let x = area.x + area.width + 1;
        for tick in &self.levels {
            let y = down(area, self.scale.part(tick.at));
            canvas.fill(Area { x, y, width: TICK, height: 1 }, INK);
            canvas.text(&tick.label, x + TICK + GAP, y, Alignment::Left, LABEL, INK);
        }
    }
}

/// The row at this part of the height, counted from below.
fn down(area: Area, part: f64) -> usize {
    area.y + (((1.0 - part) * area.height as f64).floor().max(0.0) as usize).min(area.height - 1)
}
