//! Files of labels: Audacity's, CSV, and the JSON lines of a replay.
use super::{Label, LabelError};
use csv::{ReaderBuilder, StringRecord, Trim};
use serde_json::{Map, Value};
use std::path::Path;

/// How labels are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelFormat {
    /// `start⇥end⇥label` in each line, in seconds, as Audacity exports a label track.
    Audacity,
    /// A header with `time,label` or `start,end,label`, in any order, among other columns.
    Csv,
    /// An object with `time` and `label` in each line, as `aw replay --events` writes.
    JsonLines,
}

impl LabelFormat {
    /// By the end of a file's name.
    pub fn of_path(path: &Path) -> Option<Self> {
        let end = path.extension()?.to_str()?.to_ascii_lowercase();
        match end.as_str() {
            "txt" | "tsv" => Some(Self::Audacity),
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" | "json" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

/// Where something is wrong: line, column, why.
struct Wrong(usize, String, String);

/// Reads a file of labels; of JSON lines, those of one `output` or of all, and those that name none. A file without lines has no labels: nothing is
/// expected.
///
/// # Errors
/// It cannot be read, its name tells no format, or a place in it is wrong: the first is named.
pub fn read_labels(path: impl AsRef<Path>, output: Option<&str>) -> Result<Vec<Label>, LabelError> {
    let file = path.as_ref();
    let format = LabelFormat::of_path(file).ok_or_else(|| LabelError::Kind { file: file.into() })?;
    let bytes = std::fs::read(file).map_err(|source| LabelError::Read { file: file.into(), source })?;
    parse_labels(&bytes, format, output, file)
}

/// The labels in what was read from `file`, which only errors name.
///
/// # Errors
/// The first place that is wrong.
pub fn parse_labels(
    bytes: &[u8],
    format: LabelFormat,
    output: Option<&str>,
    file: &Path,
) -> Result<Vec<Label>, LabelError> {
    let labels = text(bytes).and_then(|text| match format {
        LabelFormat::Audacity => audacity(text),
        LabelFormat::Csv => csv(text),
        LabelFormat::JsonLines => json_lines(text, output),
    });
    labels.map_err(|Wrong(line, column, why)| LabelError::Wrong { file: file.into(), line, column, why })
}

/// Without a byte-order mark.
fn text(bytes: &[u8]) -> Result<&str, Wrong> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let before = &bytes[..error.valid_up_to()];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            let column = before.rsplit(|byte| *byte == b'\n').next().map_or(0, <[u8]>::len) + 1;
            let why = "this is not UTF-8; save the file as UTF-8, or export it again".into();
            Err(Wrong(line, format!("byte {column}"), why))
        }
    }
}

fn audacity(text: &str) -> Result<Vec<Label>, Wrong> {
    let mut labels = vec![];
    for (at, line) in text.lines().enumerate() {
        // A line that begins with a backslash is the range of frequencies of the label before.
        if line.trim().is_empty() || line.starts_with('\\') {
            continue;
        }
        let columns: Vec<&str> = line.split('\t').collect();
        let [start, end, label] = columns[..] else {
            let why = format!("a line has start, end and label with a tab between, and this one has {}", columns.len());
            return Err(Wrong(at + 1, format!("column {}", columns.len().min(4)), why));
        };
        let place = |column: usize| Place { line: at + 1, column, name: ["start", "end", "label"][column - 1] };
        let (start_s, end_s) = (seconds(start, place(1))?, seconds(end, place(2))?);
        // A label without a length begins where it ends.
        let end_s = Some(end_s).filter(|end| *end != start_s);
        labels.push(checked(start_s, end_s, label, place(2), place(3))?);
    }
    Ok(labels)
}

/// A column of a line.
#[derive(Clone, Copy)]
struct Place<'a> {
    line: usize,
    column: usize,
    name: &'a str,
}

impl Place<'_> {
    fn wrong(self, why: String) -> Wrong {
        Wrong(self.line, format!("column {} (`{}`)", self.column, self.name), why)
    }
}

fn seconds(text: &str, place: Place) -> Result<f64, Wrong> {
    let text = text.trim();
    let hint = if text.contains(',') { "; write a point, not a comma" } else { "" };
    let time = text.parse::<f64>();
    let time = time.map_err(|_| place.wrong(format!("`{text}` is no time in seconds, such as 1.25{hint}")))?;
    if time.is_finite() && time >= 0.0 {
        return Ok(time);
    }
    Err(place.wrong(format!("`{text}` is no time; it counts in seconds from the beginning of the sound, from 0")))
}

fn checked(start_s: f64, end_s: Option<f64>, label: &str, end: Place, name: Place) -> Result<Label, Wrong> {
    if let Some(end_s) = end_s.filter(|end| *end < start_s) {
        return Err(end.wrong(format!("it ends at {end_s} s, before it begins at {start_s} s; swap the two")));
    }
    let label = label.trim();
    if label.is_empty() {
        return Err(name.wrong("the label is empty; write what is to be heard, or remove the line".into()));
    }
    Ok(Label { start_s, end_s, label: label.into() })
}

/// Where a header has what.
struct Columns {
    start: usize,
    end: Option<usize>,
    label: usize,
    count: usize,
}

impl Columns {
    fn of(header: &StringRecord, line: usize) -> Result<Self, Wrong> {
        let find = |name: &str| {
            let mut found = (0..header.len()).filter(|at| header[*at].eq_ignore_ascii_case(name));
            match (found.next(), found.next()) {
                (at, None) => Ok(at),
                (_, Some(second)) => {
                    let place = Place { line, column: second + 1, name };
                    Err(place.wrong("the header has this column twice; keep one".into()))
                }
            }
        };
        let lacks = |what: &str| {
            let has: Vec<String> = header.iter().map(|name| format!("`{name}`")).collect();
            let why = format!(
                "the header has no column {what}, only {}; write `time,label` or `start,end,label`",
                has.join(", ")
            );
            Wrong(line, "the header".into(), why)
        };
        let (time, start, end, label) = (find("time")?, find("start")?, find("end")?, find("label")?);
        if let (Some(_), Some(at)) = (time, start) {
            let place = Place { line, column: at + 1, name: "start" };
            return Err(place.wrong("the header has `time` and `start`, which are the same; keep one".into()));
        }
        let start = time.or(start).ok_or_else(|| lacks("`time` or `start`"))?;
        Ok(Self { start, end, label: label.ok_or_else(|| lacks("`label`"))?, count: header.len() })
    }
}

fn csv(text: &str) -> Result<Vec<Label>, Wrong> {
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::All).from_reader(text.as_bytes());
    let (mut header, mut labels): (Option<(Columns, StringRecord)>, _) = (None, vec![]);
    for record in reader.records() {
        let broken = |error: csv::Error| {
            let line = error.position().map_or(1, |at| at.line() as usize);
            Wrong(line, "the line".into(), format!("it cannot be read: {error}"))
        };
        let record = record.map_err(broken)?;
        let line = record.position().map_or(1, |at| at.line() as usize);
        let Some((columns, names)) = &header else {
            header = Some((Columns::of(&record, line)?, record));
            continue;
        };
        if record.iter().all(str::is_empty) {
            continue;
        }
        if record.len() != columns.count {
            let why = format!(
                "the line has {} columns and the header {}; a label with a comma in it needs quotes",
                record.len(),
                columns.count
            );
            return Err(Wrong(line, format!("column {}", record.len().min(columns.count + 1)), why));
        }
        let place = |at: usize| Place { line, column: at + 1, name: &names[at] };
        let start_s = seconds(&record[columns.start], place(columns.start))?;
        let end = columns.end.filter(|at| !record[*at].is_empty());
        let end_s = end.map(|at| seconds(&record[at], place(at))).transpose()?;
        let of_end = place(end.unwrap_or(columns.start));
        labels.push(checked(start_s, end_s, &record[columns.label], of_end, place(columns.label))?);
    }
    match header {
        Some(_) => Ok(labels),
        None => Err(Wrong(1, "the header".into(), "there is none; begin with the line `time,label`".into())),
    }
}

fn json_lines(text: &str, output: Option<&str>) -> Result<Vec<Label>, Wrong> {
    let mut labels = vec![];
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let event: Value = serde_json::from_str(line).map_err(|error| {
            let why =
                format!("this is no line of JSON ({error}); one object a line, as `aw replay --events` writes them");
            Wrong(at + 1, format!("column {}", error.column()), why)
        })?;
        let Value::Object(event) = event else {
            let why = "this is no object; write {\"time\": 1.25, \"label\": \"yes\"}".into();
            return Err(Wrong(at + 1, "column 1".into(), why));
        };
        let from = event.get("output").and_then(Value::as_str);
        if output.is_none() || from.is_none() || output == from {
            labels.push(of_event(&event).map_err(|(key, why)| Wrong(at + 1, format!("key `{key}`"), why))?);
        }
    }
    Ok(labels)
}

/// `Err`: which key is wrong, and why.
fn of_event(event: &Map<String, Value>) -> Result<Label, (&'static str, String)> {
    let time = |key| match event.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => {
            let time = number.as_f64().filter(|time| time.is_finite() && *time >= 0.0);
            let why = format!("{number} is no time; it counts in seconds from the beginning of the sound, from 0");
            time.map(Some).ok_or((key, why))
        }
        Some(other) => Err((key, format!("{other} is no time in seconds, such as 1.25"))),
    };
    let start_s = time("time")?.ok_or(("time", "it is missing: when the event begins, in seconds".into()))?;
    let end_s = time("end")?;
    if let Some(end) = end_s.filter(|end| *end < start_s) {
        return Err(("end", format!("it ends at {end} s, before it begins at {start_s} s; swap the two")));
    }
    let label = match (event.get("label"), event.get("index")) {
        (Some(Value::String(label)), _) if !label.trim().is_empty() => label.trim().to_string(),
        // A worker that does not name its labels numbers them.
        (None | Some(Value::Null), Some(Value::Number(index))) => index.to_string(),
        (None | Some(Value::Null), _) => return Err(("label", "it is missing: what is heard, as text".into())),
        (Some(other), _) => return Err(("label", format!("{other} is no label; write what is heard, as text"))),
    };
    Ok(Label { start_s, end_s, label })
}
