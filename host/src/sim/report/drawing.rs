//! Who had a core when, as a picture: a row a task, a bar where a core worked at it, in ms of the device's time.
use super::super::clock::Ps;
use super::super::trace::{Event, What};
use super::Task;
use super::spans::{Bar, Is, Release, Spans};
use crate::page::escaped;
use std::fmt::Write;
use std::ops::Range;

/// Where rows begin, and how wide they are.
const LEFT: f64 = 132.0;
const WIDTH: f64 = 960.0;
const ROW: f64 = 44.0;
const TOP: f64 = 24.0;
/// What is written out below.
const MOST_SAID: usize = 8;

/// A stretch of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// What it shows.
    pub title: String,
    /// The picture, as an SVG element.
    pub svg: String,
    /// What is marked in it, in words.
    pub said: Vec<String>,
}

/// What is drawn.
pub struct Drawing<'r> {
    /// A row each.
    pub tasks: &'r [Task],
    /// What they did.
    pub spans: &'r Spans,
    /// How long a block is.
    pub block: Ps,
    /// From when to when.
    pub window: Range<Ps>,
    /// When something first went wrong, if the picture is of that.
    pub wrong: Option<Ps>,
}

fn ms(at: Ps) -> f64 {
    at as f64 / 1e9
}

impl Drawing<'_> {
    fn x(&self, at: Ps) -> f64 {
        let (from, to) = (self.window.start, self.window.end);
        LEFT + WIDTH * (at.clamp(from, to) - from) as f64 / (to - from).max(1) as f64
    }

    fn bottom(&self) -> f64 {
        TOP + ROW * self.tasks.len() as f64
    }

    /// The picture.
    pub fn picture(&self) -> Picture {
        let (first, last) = (self.window.start / self.block, self.window.end.div_ceil(self.block).max(1) - 1);
        let (from, to) = (ms(self.window.start), ms(self.window.end));
        let title = match self.wrong {
            None => format!("From the start: blocks {first} to {last}, {from:.1} to {to:.1} ms"),
            Some(at) => {
                format!(
                    "Around what went wrong first, at {:.3} ms: blocks {first} to {last}, {from:.1} to {to:.1} ms",
                    ms(at)
                )
            }
        };
        let (width, height) = (LEFT + WIDTH + 16.0, self.bottom() + 34.0);
        let mut svg = format!(
            "<svg class=\"timeline\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">\n",
            escaped(&title)
        );
        self.grid(&mut svg);
        self.axis(&mut svg);
        for (task, of) in self.tasks.iter().enumerate() {
            self.row(&mut svg, task, of);
        }
        self.wrong(&mut svg);
        svg += "</svg>\n";
        Picture { title, svg, said: self.said() }
    }

    /// A line where each block begins, and its number where there is room.
    fn grid(&self, svg: &mut String) {
        let _ = writeln!(
            svg,
            "<rect class=\"plot\" x=\"{LEFT}\" y=\"{TOP}\" width=\"{WIDTH}\" height=\"{}\"/>",
            ROW * self.tasks.len() as f64
        );
        let blocks = (self.window.end - self.window.start).div_ceil(self.block).max(1);
        let every = (blocks as f64 * 44.0 / WIDTH).ceil().max(1.0) as u64;
        let mut lines = String::new();
        for block in self.window.start / self.block..=self.window.end / self.block {
            let x = self.x(block * self.block);
            let _ = write!(lines, "M{x:.1} {TOP}V{:.1}", self.bottom());
            if block.is_multiple_of(every) && x < LEFT + WIDTH - 1.0 {
                let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{:.1}\">{block}</text>", x + 3.0, TOP - 6.0);
            }
        }
        let _ = writeln!(svg, "<path class=\"grid\" d=\"{lines}\"/><text x=\"0\" y=\"{:.1}\">block</text>", TOP - 6.0);
    }

    /// Round numbers of ms.
    fn axis(&self, svg: &mut String) {
        let (from, to) = (ms(self.window.start), ms(self.window.end));
        let least = ((to - from) / 10.0).max(1e-6);
        let power = 10f64.powf(least.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * power).into_iter().find(|step| *step >= least * 0.999);
        let step = step.unwrap_or(10.0 * power);
        let decimals = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
        let bottom = self.bottom();
        for tick in (from / step).ceil() as u64..=(to / step).floor() as u64 {
            let at = tick as f64 * step;
            let x = self.x((at * 1e9) as Ps);
            let _ = writeln!(
                svg,
                "<path class=\"tick\" d=\"M{x:.1} {bottom:.1}v5\"/><text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{at:.decimals$}</text>",
                bottom + 18.0
            );
        }
        let _ = writeln!(svg, "<text x=\"0\" y=\"{:.1}\">ms of the device</text>", bottom + 18.0);
    }

    fn row(&self, svg: &mut String, task: usize, of: &Task) {
        let top = TOP + ROW * task as f64;
        let name: String = match of.name.char_indices().nth(17) {
            Some((cut, _)) => format!("{}…", &of.name[..cut]),
            None => of.name.clone(),
        };
        let _ = writeln!(
            svg,
            "<text class=\"who\" x=\"0\" y=\"{:.1}\">{}<title>{}</title></text>\
             <path class=\"grid\" d=\"M{LEFT} {:.1}h{WIDTH}\"/>",
            top + ROW / 2.0 + 4.0,
            escaped(&name),
            escaped(&of.name),
            top + ROW
        );
        let is_of = |bar: &&Bar| bar.task == task && bar.from < self.window.end && bar.to > self.window.start;
        self.spans.bars.iter().filter(is_of).for_each(|bar| self.bar(svg, bar, top, of));
        let is_of = |release: &&Release| release.task == task;
        let (mut ups, mut downs) = (String::new(), String::new());
        for release in self.spans.releases.iter().filter(is_of) {
            if self.window.contains(&release.at) {
                let _ = write!(ups, "M{:.1} {:.1}l-3 6h6z", self.x(release.at), top + ROW - 8.0);
            }
            if let Some(due) = release.due.filter(|due| self.window.contains(due)) {
                let _ = write!(downs, "M{:.1} {:.1}l-3 -6h6z", self.x(due), top + 8.0);
            }
        }
        let _ = writeln!(svg, "<path class=\"release\" d=\"{ups}\"/><path class=\"due\" d=\"{downs}\"/>");
        let is_of = |mark: &&Event| mark.task as usize == task && self.window.contains(&mark.at);
        self.spans.marks.iter().filter(is_of).for_each(|mark| self.mark(svg, mark, top));
    }

    fn bar(&self, svg: &mut String, bar: &Bar, top: f64, of: &Task) {
        let (x, end) = (self.x(bar.from), self.x(bar.to));
        let (class, what) = match (bar.is, of.deadline_ms) {
            (Is::Waits, _) => ("waits", "waits for a core"),
            (Is::Late, _) => ("late", "runs, and is late"),
            (Is::Runs, None) => ("other", "runs"),
            (Is::Runs, Some(_)) => ("runs", "runs"),
        };
        let (y, height) = if bar.is == Is::Waits { (top + ROW / 2.0 - 2.0, 4.0) } else { (top + 11.0, ROW - 22.0) };
        let block = if of.deadline_ms.is_some() { format!(", block {}", bar.block) } else { String::new() };
        let _ = writeln!(
            svg,
            "<rect class=\"{class}\" x=\"{x:.2}\" y=\"{y:.1}\" width=\"{:.2}\" height=\"{height:.1}\">\
             <title>{}{block}: {what} {:.3} to {:.3} ms, {:.3} ms</title></rect>",
            (end - x).max(0.6),
            escaped(&of.name),
            ms(bar.from),
            ms(bar.to),
            ms(bar.to - bar.from)
        );
    }

    fn mark(&self, svg: &mut String, mark: &Event, top: f64) {
        let class = if mark.what == What::Anew { "anew" } else { "wrong" };
        let (x, y) = (self.x(mark.at), top + ROW / 2.0);
        let _ = writeln!(
            svg,
            "<g><title>{}</title><circle class=\"halo\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"7\"/>\
             <path class=\"{class}\" d=\"M{x:.1} {y:.1}m-4 -4l8 8m0 -8l-8 8\"/></g>",
            escaped(&self.sentence(mark))
        );
    }

    /// A line through all rows.
    fn wrong(&self, svg: &mut String) {
        if let Some(at) = self.wrong {
            let x = self.x(at);
            let _ = writeln!(svg, "<path class=\"first\" d=\"M{x:.1} {TOP}V{:.1}\"/>", self.bottom());
        }
    }

    fn sentence(&self, mark: &Event) -> String {
        let name = self.tasks.get(mark.task as usize).map_or("?", |task| task.name.as_str());
        format!("{:.3} ms: {name}, block {}: {}", ms(mark.at), mark.block, words(mark.what))
    }

    fn said(&self) -> Vec<String> {
        let marks: Vec<&Event> = self.spans.marks.iter().filter(|mark| self.window.contains(&mark.at)).collect();
        let mut said: Vec<String> = marks.iter().take(MOST_SAID).map(|mark| self.sentence(mark)).collect();
        if marks.len() > MOST_SAID {
            said.push(format!("and {} more here", marks.len() - MOST_SAID));
        }
        said
    }
}

/// What happened, of what is marked.
fn words(what: What) -> &'static str {
    match what {
        What::Released => "there is something to do",
        What::Runs => "a core works at it",
        What::Waits => "another goes before it",
        What::Idle => "there is nothing left to do",
        What::Done => "done",
        What::Late => "done after it was due",
        What::Overrun => "not begun before its input was overwritten",
        What::Lost => "its interrupt did not come",
        What::Gone => "the device was not there",
        What::Missed => "read before it was there",
        What::Full => "so much waits for it that it gets nothing more",
        What::Anew => "it begins anew",
    }
}
