//! What a test expects: what is looked at, what is measured of it, and the limits that this must keep.
use super::super::codes::Code;
use super::super::diag::{Diag, Diags};
use super::super::item::{Entry, Item, Span, Spanned};
use super::super::table::Table;
use super::measure::{MEASURES, Measure, Of, SETTINGS, Side};
use super::opinion::{EXAMPLE, OpinionTable, read_opinion};
use std::path::{Path, PathBuf};

/// A table of `expect`.
#[derive(Clone, Debug)]
pub struct ExpectTable {
    /// The output that is looked at; the only one of its kind if it is not said.
    pub output: Option<Spanned<String>>,
    /// Or the port of a node, NODE or NODE.PORT.
    pub port: Option<Spanned<String>>,
    /// Only this channel, from 1.
    pub channel: Option<usize>,
    /// Only from here, in seconds.
    pub from_s: Option<f64>,
    /// Only up to here, in seconds.
    pub to_s: Option<f64>,
    /// A WAV file or a .npy array as it was when all was well.
    pub like: Option<PathBuf>,
    /// A clean version of what is played.
    pub reference: Option<PathBuf>,
    /// What is to be heard, and when.
    pub labels: Option<PathBuf>,
    /// A model that judges sound.
    pub opinion: Option<OpinionTable>,
    /// A band, in Hz.
    pub band_hz: Option<(f64, f64)>,
    /// How far off an event may be, in ms.
    pub tolerance_ms: f64,
    /// Below this it is silent, in dBFS.
    pub silence_db: f64,
    /// What must be true.
    pub limits: Vec<Limit>,
    /// The table.
    pub span: Span,
}

/// A measure, and what it may be.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// What is measured.
    pub measure: &'static Measure,
    /// It may be no less.
    pub min: Option<f64>,
    /// It may be no more.
    pub max: Option<f64>,
    /// Where it is written.
    pub span: Span,
}

/// A golden that says nothing else may be off by the last bit of 16.
const LIKE_DB: f64 = -90.0;
/// Events may be off by so much, in ms.
const TOLERANCE_MS: f64 = 100.0;
/// Below this it is silent, in dBFS.
const SILENCE_DB: f64 = -60.0;
/// The number of a limit may lie in here.
const ANY: std::ops::RangeInclusive<f64> = -1e12..=1e12;

pub(super) fn read_expect(span: Span, entries: Vec<Entry>, folder: &Path, diags: &mut Diags) -> ExpectTable {
    let given: Vec<(&str, Span)> =
        entries.iter().filter_map(|entry| Some((setting(&entry.key.value)?, entry.key.span.clone()))).collect();
    let mut table = Table::new("a table of `expect`", entries, span.clone(), diags);
    let (output, port) = (table.text("output"), table.text("port"));
    table.either(&output, &port);
    let channel = table.int("channel", 1..=64).map(|n| n.value as usize);
    let (from, to) = (table.float("from_s", 0.0..=86_400.0), table.float("to_s", 0.0..=86_400.0));
    if let (Some(from), Some(to)) = (&from, &to)
        && from.value >= to.value
    {
        let diag = Diag::new(Code::Value, to.span.clone(), "`to_s` is not after `from_s`").mark(from.span.clone(), "");
        table.push(diag);
    }
    let path = |text: Option<Spanned<String>>| text.map(|text| folder.join(text.value));
    let like = path(table.text("like"));
    let reference = path(table.text("reference"));
    let labels = path(table.text("labels"));
    let opinion = read_opinion(folder, &mut table);
    let band_hz = read_band(&mut table);
    let tolerance_ms = table.float("tolerance_ms", 0.0..=600_000.0).map_or(TOLERANCE_MS, |ms| ms.value);
    let silence_db = table.float("silence_db", -200.0..=0.0).map_or(SILENCE_DB, |db| db.value);
    let mut limits: Vec<Limit> = MEASURES.iter().filter_map(|measure| read_limit(measure, &mut table)).collect();
    limits.sort_by_key(|limit| limit.span.start);
    let mut expect = ExpectTable {
        output,
        port,
        channel,
        from_s: from.map(|at| at.value),
        to_s: to.map(|at| at.value),
        like,
        reference,
        labels,
        opinion,
        band_hz,
        tolerance_ms,
        silence_db,
        limits,
        span,
    };
    expect.makes_sense(&mut table);
    expect.uses(&given, &mut table);
    let known: Vec<&str> = MEASURES.iter().map(|measure| measure.key).chain(SETTINGS.iter().copied()).collect();
    table.rest_of(&known, "`aw explain expect` lists all that is known");
    expect
}

impl ExpectTable {
    /// Whether something of this sort is measured.
    pub fn looks_at(&self, of: Of) -> bool {
        self.limits.iter().any(|limit| limit.measure.of == of)
    }

    /// Says which key is missing, and which is of no use; a golden alone gets its usual limit.
    fn makes_sense(&mut self, table: &mut Table) {
        let span = self.span.clone();
        let given = |key: &str| match key {
            "like" => self.like.is_some(),
            "reference" => self.reference.is_some(),
            "labels" => self.labels.is_some(),
            "model" => self.opinion.is_some(),
            _ => self.band_hz.is_some(),
        };
        if let Some(measure) = MEASURES.iter().find(|measure| measure.key == "within_db")
            && self.like.is_some()
            && !self.limits.iter().any(|limit| limit.measure.of == Of::Golden)
        {
            self.limits.push(Limit { measure, min: None, max: Some(LIKE_DB), span: span.clone() });
        }
        for limit in &self.limits {
            let key = limit.measure.key;
            if let Some(needs) = limit.measure.of.needs().filter(|needs| !given(needs) && !table.seen(needs)) {
                let title = format!("`{key}` needs `{needs}`");
                let example = match needs {
                    "band_hz" => "write `band_hz = [50, 70]`".to_string(),
                    "labels" => "name a file with times and labels: `labels = \"words.txt\"`".to_string(),
                    "model" => EXAMPLE.to_string(),
                    "like" => "name a file; `aw test --bless` makes it: `like = \"golden.wav\"`".to_string(),
                    _ => "name the clean sound: `reference = \"clean.wav\"`".to_string(),
                };
                table.push(Diag::new(Code::Missing, limit.span.clone(), title).help(example));
            }
            let golden = limit.measure.of == Of::Golden;
            if golden && limit.measure.side == Side::AtMost && limit.max.is_none() {
                let diag =
                    Diag::new(Code::Value, limit.span.clone(), format!("`{key}` has no upper end: anything would do"));
                table.push(diag.help(format!("write `{key} = {{ max = .. }}`, or the number alone")));
            }
            if let Some(port) = self.port.as_ref().filter(|_| !golden) {
                let title = format!("`{key}` is not measured of a port");
                let diag = Diag::new(Code::Value, limit.span.clone(), title).mark(port.span.clone(), "a port");
                table.push(diag.help("a port is compared with an array: `like = \"golden.npy\"`"));
            }
        }
        if self.limits.is_empty() && table.diags().errors() == 0 && !table.left_any() {
            let diag = Diag::new(Code::Missing, span, "nothing is expected here");
            table.push(diag.help("say what must be true, such as `peak_db = -1` or `like = \"golden.wav\"`"));
        }
    }
}

/// The setting of this name.
fn setting(key: &str) -> Option<&'static str> {
    SETTINGS.iter().copied().find(|setting| *setting == key)
}

impl ExpectTable {
    /// Whether a setting changes anything of what is measured here.
    fn is_used(&self, setting: &str) -> bool {
        let of = |all: &[Of]| all.iter().any(|of| self.looks_at(*of));
        let sound =
            self.port.is_none() && of(&[Of::Sound, Of::Band, Of::Golden, Of::Quality, Of::Opinion, Of::Undisturbed]);
        match setting {
            "like" => of(&[Of::Golden]),
            "reference" => of(&[Of::Quality]),
            "labels" | "tolerance_ms" => of(&[Of::Labels]),
            "model" | "model_hz" | "score" | "polynomial" => of(&[Of::Opinion]),
            "band_hz" => of(&[Of::Band]),
            "silence_db" => self.limits.iter().any(|limit| limit.measure.key == "silence_s"),
            "channel" => sound,
            "from_s" | "to_s" => sound || of(&[Of::Events, Of::Labels]),
            _ => true,
        }
    }

    /// Says which settings are of no use.
    fn uses(&self, given: &[(&str, Span)], table: &mut Table) {
        if self.limits.is_empty() || table.left_any() {
            return;
        }
        for (setting, span) in given.iter().filter(|(setting, _)| !self.is_used(setting)) {
            let measured: Vec<&str> = self.limits.iter().map(|limit| limit.measure.key).collect();
            let title = format!("`{setting}` changes nothing of {}", measured.join(", "));
            let diag = Diag::new(Code::Value, span.clone(), title);
            table.push(
                diag.help("remove it, or measure something that it is for: `aw explain expect` says what needs it"),
            );
        }
        let ending = |path: &PathBuf| path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        if let (Some(ending), Some((_, span))) =
            (self.like.as_ref().map(ending), given.iter().find(|(key, _)| *key == "like"))
        {
            let (fits, help) = match self.port.is_some() {
                true => (ending.as_deref() == Some("npy"), "the frames of a port are kept in a .npy file"),
                false => (matches!(ending.as_deref(), Some("wav" | "wave" | "flac")), "sound is kept in a .wav file"),
            };
            if !fits {
                let diag =
                    Diag::new(Code::Value, span.clone(), "`like` has another ending than what it is compared with");
                table.push(diag.help(help));
            }
        }
    }
}

fn read_band(table: &mut Table) -> Option<(f64, f64)> {
    let place = table.place("band_hz")?;
    let list = table.list("band_hz")?;
    let number = |item: &Spanned<Item>| match item.value {
        Item::Int(n) => Some(n as f64),
        Item::Float(x) => Some(x),
        _ => None,
    };
    match list.iter().map(number).collect::<Option<Vec<f64>>>().as_deref() {
        Some(&[low, high]) if low >= 0.0 && low < high && high.is_finite() => Some((low, high)),
        _ => {
            let diag = Diag::new(Code::Value, place, "`band_hz` takes two frequencies, the lower one first");
            table.push(diag.help("write `band_hz = [50, 70]`"));
            None
        }
    }
}

fn read_limit(measure: &'static Measure, table: &mut Table) -> Option<Limit> {
    let key = measure.key;
    let span = table.place(key)?;
    let bare = |value: f64, table: &mut Table| match measure.side {
        Side::AtMost => Some((None, Some(value))),
        Side::AtLeast => Some((Some(value), None)),
        Side::Exactly => Some((Some(value), Some(value))),
        Side::Both => {
            let title = format!("`{key}` may be too high or too low: which is meant?");
            let help = format!("write `{key} = {{ min = {value} }}`, `{{ max = {value} }}`, or both");
            table.push(Diag::new(Code::Value, span.clone(), title).help(help));
            None
        }
    };
    if key == "bit_equal" {
        return super::test::bool(table, key).then_some(Limit { measure, min: Some(1.0), max: None, span });
    }
    if key == "fits" {
        let fits = f64::from(u8::from(super::test::bool(table, key)));
        return Some(Limit { measure, min: Some(fits), max: Some(fits), span });
    }
    let Entry { item, .. } = table.take(key)?;
    let (min, max) = match item.value {
        Item::Int(n) => bare(n as f64, table)?,
        Item::Float(x) if x.is_finite() => bare(x, table)?,
        Item::Float(x) => {
            let title = format!("`{key}` cannot be {x}");
            table.push(Diag::new(Code::Value, item.span, title.to_lowercase()));
            return None;
        }
        Item::Table(entries) => {
            let mut ends = Table::new(format!("`{key}`"), entries, span.clone(), table.diags());
            let (min, max) = (ends.float("min", ANY), ends.float("max", ANY));
            if let (Some(min), Some(max)) = (&min, &max)
                && min.value > max.value
            {
                let diag = Diag::new(Code::Value, max.span.clone(), "`max` is less than `min`");
                ends.push(diag.mark(min.span.clone(), ""));
            }
            let none = min.is_none() && max.is_none() && !ends.left_any() && !ends.seen("min") && !ends.seen("max");
            if none {
                ends.push(Diag::new(Code::Missing, span.clone(), format!("`{key}` has neither `min` nor `max`")));
            }
            ends.rest(&["min", "max"]);
            (min.map(|x| x.value), max.map(|x| x.value))
        }
        other => {
            table.wrong_type(key, &other, item.span, "a number, or { min = .., max = .. }");
            return None;
        }
    };
    Some(Limit { measure, min, max, span })
}
