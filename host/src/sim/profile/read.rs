//! The tables of a device profile, key by key.
use super::super::band::Band;
use super::{Audio, Cost, Heap, Holds, Interrupt, Measured, Profile, Runtime, SampleFormat, Underrun, shipped};
use crate::graph::{Code, Diag, Diags, Entry, Fault, Item, Span, Spanned, Table, parse_toml, read_fault, text_of};
use crate::sim::calibrate;
use std::path::{Path, PathBuf};

/// Why a profile cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// No profile has that name.
    #[error("there is no device `{name}`{}; aw knows {}, or name the file of a profile", near.as_ref().map_or(String::new(), |near| format!("; did you mean `{near}`?")), shipped::names().collect::<Vec<_>>().join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
        /// What may have been meant.
        near: Option<String>,
    },
    /// The file cannot be read.
    #[error("cannot read {}: {why}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's words.
        why: String,
    },
    /// It has mistakes.
    #[error("{}", render(path, text, diags))]
    Mistakes {
        /// The file.
        path: PathBuf,
        /// Its text.
        text: String,
        /// What is wrong.
        diags: Diags,
    },
}

fn render(path: &Path, text: &str, diags: &Diags) -> String {
    let many = if diags.errors() == 1 { "1 error".into() } else { format!("{} errors", diags.errors()) };
    format!("{} has {many}\n{}", path.display(), diags.render(path, text, false).trim_end())
}

impl Profile {
    /// Finds a profile by its name, or by the path of its file.
    ///
    /// # Errors
    /// [`ProfileError`]: it is not there, or all that is wrong with it.
    pub fn find(name: &str) -> Result<Self, ProfileError> {
        if let Some(text) = shipped::text(name) {
            return Self::parse(Path::new(&format!("{name}.toml")), text.into());
        }
        let path = Path::new(name);
        if !name.contains(['/', '\\']) && !name.ends_with(".toml") && !path.is_file() {
            let longer = shipped::names().find(|known| known.starts_with(name) || known.contains(name));
            let near = longer.or(crate::graph::nearest(name, shipped::names())).map(Into::into);
            return Err(ProfileError::Unknown { name: name.into(), near });
        }
        let failed = |why: String| ProfileError::Read { path: path.into(), why };
        let bytes = std::fs::read(path).map_err(|why| failed(why.to_string()))?;
        Self::parse(path, text_of(path, bytes).map_err(failed)?)
    }

    /// Reads a text; paths in it are relative to the folder of `path`.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(path: &Path, text: String) -> Result<Self, ProfileError> {
        let mut diags = Diags::default();
        let entries = parse_toml(&text, &mut diags);
        let name = path.file_stem().map_or(String::new(), |name| name.to_string_lossy().into_owned());
        let profile = read(name, path.parent().unwrap_or(Path::new("")), entries, &mut diags);
        match (profile, diags.errors()) {
            (Some(profile), 0) => Ok(profile),
            _ => {
                diags.sort();
                Err(ProfileError::Mistakes { path: path.into(), text, diags })
            }
        }
    }
}

fn read(name: String, folder: &Path, entries: Vec<Entry>, diags: &mut Diags) -> Option<Profile> {
    let mut root = Table::new("the profile", entries, 0..1, diags);
    let [device, audio, interrupt, cost] = ["device", "audio", "interrupt", "cost"].map(|key| root.table(key));
    for (key, table) in [("device", &device), ("audio", &audio), ("interrupt", &interrupt)] {
        if table.is_none() && !root.seen(key) {
            root.missing(key, format!("a profile needs [{key}]"), "`graphs/devices/README.md` tells what it holds");
        }
    }
    let [heaps, runtimes, measured, faults] = ["heap", "runtime", "measured", "fault"].map(|key| root.tables(key));
    root.rest(&["device", "audio", "interrupt", "cost", "heap", "runtime", "measured", "fault"]);
    let audio = audio.map(|(span, entries)| read_audio(span, entries, diags));
    let interrupt = interrupt.map(|(span, entries)| read_interrupt(span, entries, diags));
    let costs = cost.map(|(span, entries)| read_costs(span, entries, folder, diags)).unwrap_or_default();
    let heaps = heaps.into_iter().filter_map(|(span, entries)| read_heap(span, entries, diags)).collect();
    let runtimes = runtimes.into_iter().filter_map(|(span, entries)| read_runtime(span, entries, diags)).collect();
    let mut all = costs.measured;
    all.extend(measured.into_iter().filter_map(|(span, entries)| read_measured(span, entries, diags)));
    let mut faults: Vec<Fault> =
        faults.into_iter().filter_map(|(span, entries)| read_fault(span, entries, diags)).collect();
    let (span, entries) = device?;
    let mut table = Table::new("[device]", entries, span, diags);
    let clock_hz = needed(&mut table, "clock_hz", 1..=100_000_000_000);
    let title = table.text("title").map_or_else(|| name.clone(), |title| title.value);
    let cores = table.int("cores", 1..=1024).map_or(1, |cores| cores.value as u32);
    let isa = table.text("isa").map(|isa| isa.value);
    let (calibrated, allocates) = (yes(&mut table, "calibrated"), yes(&mut table, "allocates"));
    let source = table.text("source").map_or(String::new(), |source| source.value);
    table.rest(&["title", "clock_hz", "cores", "isa", "calibrated", "allocates", "source"]);
    let (interrupt, jitter) = interrupt??;
    faults.extend(jitter);
    Some(Profile {
        name,
        title,
        clock_hz: clock_hz? as u64,
        cores,
        isa,
        calibrated,
        allocates,
        source,
        audio: audio??,
        interrupt,
        heaps,
        runtimes,
        cpi: costs.cpi,
        mac: costs.mac,
        measured: all,
        faults,
        counts: costs.counts,
    })
}

/// A whole number that must be there.
fn needed(table: &mut Table, key: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
    let found = table.int(key, range).map(|number| number.value);
    if found.is_none() && !table.seen(key) {
        table.missing(key, format!("`{key}` is missing"), &format!("write `{key} = …`"));
    }
    found
}

fn yes(table: &mut Table, key: &str) -> bool {
    match table.take(key).map(|entry| entry.item) {
        Some(Spanned { value: Item::Bool(yes), .. }) => yes,
        Some(Spanned { value, span }) => {
            table.wrong_type(key, &value, span, "true or false");
            false
        }
        None => false,
    }
}

/// A list of whole numbers.
fn ints(table: &mut Table, key: &str, range: std::ops::RangeInclusive<i64>) -> Vec<u32> {
    let mut numbers = vec![];
    for item in table.list(key).unwrap_or_default() {
        match item.value {
            Item::Int(n) if range.contains(&n) => numbers.push(n as u32),
            Item::Int(n) => {
                let diag = Diag::new(Code::Value, item.span, format!("`{key}` cannot have {n}"));
                table.push(diag.label(format!("{} to {} are allowed", range.start(), range.end())));
            }
            other => table.wrong_type(key, &other, item.span, "whole numbers"),
        }
    }
    numbers
}

fn texts(table: &mut Table, key: &str) -> Vec<Spanned<String>> {
    let mut texts = vec![];
    for item in table.list(key).unwrap_or_default() {
        match item.value {
            Item::Text(text) => texts.push(Spanned::new(text, item.span)),
            other => table.wrong_type(key, &other, item.span, "texts"),
        }
    }
    texts
}

/// One of several words.
fn word<T: Copy>(table: &mut Table, key: &str, words: &[(&str, T)]) -> Option<T> {
    let text = table.text(key)?;
    let found = words.iter().find(|(word, _)| *word == text.value).map(|(_, value)| *value);
    if found.is_none() {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let diag = Diag::new(Code::Value, text.span, format!("`{key}` cannot be {:?}", text.value));
        table.push(diag.label(format!("{} are known", known.join(", "))).suggest(&text.value, known.iter().copied()));
    }
    found
}

fn read_audio(span: Span, entries: Vec<Entry>, diags: &mut Diags) -> Option<Audio> {
    let mut table = Table::new("[audio]", entries, span, diags);
    let rates = ints(&mut table, "rates", 1..=768_000);
    if rates.is_empty() {
        table.missing(
            "rates",
            "`rates` is missing",
            "write the rates that it can have, such as `rates = [16000, 48000]`",
        );
    }
    let block = needed(&mut table, "block", 1..=65_536);
    let others = ints(&mut table, "blocks", 1..=65_536);
    let (inputs, outputs) = (table.int("inputs", 0..=64), table.int("outputs", 0..=64));
    let formats = [
        ("s16", SampleFormat::S16),
        ("s24", SampleFormat::S24),
        ("s32", SampleFormat::S32),
        ("f32", SampleFormat::F32),
    ];
    let format = word(&mut table, "format", &formats);
    if format.is_none() && !table.seen("format") {
        table.missing("format", "`format` is missing", "write `format = \"s16\"`, or s24, s32, f32");
    }
    let buffers = table.int("buffers", 2..=64).map_or(2, |buffers| buffers.value as u32);
    let underruns = [("stale", Underrun::Stale), ("silence", Underrun::Silence)];
    let underrun = word(&mut table, "underrun", &underruns).unwrap_or(Underrun::Stale);
    table.rest(&["rates", "block", "blocks", "inputs", "outputs", "format", "buffers", "underrun"]);
    let block = block? as u32;
    let mut blocks = vec![block];
    blocks.extend(others.into_iter().filter(|other| *other != block));
    let channels = |count: Option<Spanned<i64>>| count.map_or(2, |count| count.value as u32);
    let (inputs, outputs) = (channels(inputs), channels(outputs));
    (!rates.is_empty()).then_some(Audio { rates, blocks, inputs, outputs, format: format?, buffers, underrun })
}

fn read_interrupt(span: Span, entries: Vec<Entry>, diags: &mut Diags) -> Option<(Interrupt, Option<Fault>)> {
    let mut table = Table::new("[interrupt]", entries, span, diags);
    let cycles = band(&mut table, "cycles", 0.0..=1e9);
    if cycles.is_none() && !table.seen("cycles") {
        table.missing("cycles", "`cycles` is missing", "write `cycles = { low = 200, typical = 400, high = 800 }`");
    }
    let switch = band(&mut table, "switch_cycles", 0.0..=1e9).map(|(band, _)| band);
    let jitter = table.float("jitter_us", 0.0..=1e7).map_or(0.0, |us| us.value);
    table.rest(&["cycles", "switch_cycles", "jitter_us"]);
    let kind = crate::graph::FaultKind::Jitter { us: jitter };
    let jitter = (jitter > 0.0).then_some(Fault { kind, from_s: 0.0, to_s: f64::INFINITY });
    Some((Interrupt { cycles: cycles?.0, switch: switch.unwrap_or_default() }, jitter))
}

/// `{ low, typical, high, source }`, or a number that is known exactly.
fn band(table: &mut Table, key: &str, range: std::ops::RangeInclusive<f64>) -> Option<(Band, String)> {
    let entry = table.take(key)?;
    let exact = match entry.item.value {
        Item::Int(n) => Some(n as f64),
        Item::Float(x) => Some(x),
        _ => None,
    };
    if let Some(exact) = exact {
        if range.contains(&exact) {
            return Some((Band::exact(exact), String::new()));
        }
        let title = format!("`{key}` cannot be {exact}");
        let label = format!("{} to {} are allowed", range.start(), range.end());
        table.push(Diag::new(Code::Value, entry.item.span, title).label(label));
        return None;
    }
    let Item::Table(entries) = entry.item.value else {
        let wanted = "a table { low, typical, high }";
        table.wrong_type(key, &entry.item.value, entry.item.span, wanted);
        return None;
    };
    let span = entry.item.span;
    let mut inner = Table::new(format!("`{key}`"), entries, span.clone(), table.diags());
    let [low, typical, high] = ["low", "typical", "high"].map(|end| {
        let found = inner.float(end, range.clone()).map(|number| number.value);
        if found.is_none() && !inner.seen(end) {
            inner.missing(end, format!("`{key}` does not say how much at `{end}`"), &format!("write `{end} = …`"));
        }
        found
    });
    let source = inner.text("source").map_or(String::new(), |source| source.value);
    inner.rest(&["low", "typical", "high", "source"]);
    let band = Band { low: low?, typical: typical?, high: high? };
    if !(band.low <= band.typical && band.typical <= band.high) {
        let diag = Diag::new(Code::Value, span, format!("`{key}` goes from more to less"));
        table.push(diag.help("write low ≤ typical ≤ high"));
        return None;
    }
    Some((band, source))
}

fn cost(table: &mut Table, key: &str) -> Option<Cost> {
    let place = table.place(key);
    let (cycles, source) = band(table, key, 0.0..=1e6)?;
    if source.is_empty() {
        let diag =
            Diag::new(Code::Missing, place.unwrap_or_default(), format!("`{key}` does not say where it comes from"));
        table.push(diag.help("write `source = \"…\"` in it: of which measurements, or that it is an estimate"));
        return None;
    }
    Some(Cost { cycles, source })
}

/// What `[cost]` says.
#[derive(Default)]
struct Costs {
    cpi: Option<Cost>,
    mac: Option<Cost>,
    measured: Vec<Measured>,
    counts: Vec<PathBuf>,
}

fn read_costs(span: Span, entries: Vec<Entry>, folder: &Path, diags: &mut Diags) -> Costs {
    let mut table = Table::new("[cost]", entries, span, diags);
    let (cpi, mac) = (cost(&mut table, "cpi"), cost(&mut table, "mac"));
    let mut measured = vec![];
    if let Some(file) = table.text("measured") {
        match calibrate::Measured::read(&folder.join(&file.value)) {
            Ok(rows) => {
                measured.extend(rows.into_iter().map(|row| Measured { node: row.node, mean: row.mean, max: row.max }))
            }
            Err(why) => table.push(Diag::new(Code::Path, file.span, why.to_string())),
        }
    }
    let counts = texts(&mut table, "counts").into_iter().map(|path| folder.join(path.value)).collect();
    table.rest(&["cpi", "mac", "measured", "counts"]);
    Costs { cpi, mac, measured, counts }
}

fn read_heap(span: Span, entries: Vec<Entry>, diags: &mut Diags) -> Option<Heap> {
    let mut table = Table::new("[[heap]]", entries, span, diags);
    let name = table.text("name");
    if name.is_none() && !table.seen("name") {
        table.missing("name", "a heap needs a `name`", "write `name = \"sram\"`");
    }
    let kib = table.float("kib", 0.0..=1e12);
    if kib.is_none() && !table.seen("kib") {
        table.missing("kib", "a heap needs its size", "write `kib = 192`");
    }
    let wait_states = table.float("wait_states", 0.0..=10_000.0).map_or(0.0, |wait| wait.value);
    let mut holds = vec![];
    for word in texts(&mut table, "holds") {
        match Holds::ALL.iter().find(|holds| holds.name() == word.value) {
            Some(found) => holds.push(*found),
            None => {
                let names = Holds::ALL.map(Holds::name);
                let diag = Diag::new(Code::Value, word.span, format!("a heap holds no `{}`", word.value));
                table.push(diag.label(format!("there are {}", names.join(", "))).suggest(&word.value, names));
            }
        }
    }
    if holds.is_empty() && !table.seen("holds") {
        table.missing("holds", "a heap does not say what it holds", "write `holds = [\"streams\", \"state\"]`");
    }
    table.rest(&["name", "kib", "wait_states", "holds"]);
    Some(Heap { name: name?.value, bytes: (kib?.value * 1024.0) as u64, wait_states, holds })
}

fn read_runtime(span: Span, entries: Vec<Entry>, diags: &mut Diags) -> Option<Runtime> {
    let mut table = Table::new("[[runtime]]", entries, span, diags);
    let worker = table.text("worker");
    if worker.is_none() && !table.seen("worker") {
        table.missing("worker", "a runtime does not name its `worker`", "write `worker = \"tflm\"`, or onnx, tflite");
    }
    let kernels = table.text("kernels").map_or(String::new(), |kernels| kernels.value);
    let ops = texts(&mut table, "ops").into_iter().map(|op| op.value).collect();
    let mac = cost(&mut table, "mac");
    let code = table.float("code_kib", 0.0..=1e9).map(|kib| (kib.value * 1024.0) as u64);
    table.rest(&["worker", "kernels", "ops", "mac", "code_kib"]);
    Some(Runtime { worker: worker?.value, kernels, ops, mac, code })
}

fn read_measured(span: Span, entries: Vec<Entry>, diags: &mut Diags) -> Option<Measured> {
    let mut table = Table::new("[[measured]]", entries, span, diags);
    let node = table.text("node");
    if node.is_none() && !table.seen("node") {
        table.missing("node", "what was measured has no `node`", "write the name that the node has in the graph");
    }
    let cycles = table.take("cycles");
    let (mut mean, mut max) = (None, None);
    match cycles.map(|entry| entry.item) {
        Some(Spanned { value: Item::Table(entries), span }) => {
            let mut inner = Table::new("`cycles`", entries, span, table.diags());
            mean = inner.float("mean", 0.0..=1e15).map(|n| n.value);
            max = inner.float("max", 0.0..=1e15).map(|n| n.value);
            if mean.is_none() && !inner.seen("mean") {
                inner.missing("mean", "`cycles` has no `mean`", "write `cycles = { mean = …, max = … }`");
            }
            inner.rest(&["mean", "max"]);
        }
        Some(Spanned { value, span }) => table.wrong_type("cycles", &value, span, "a table { mean, max }"),
        None if !table.seen("cycles") => {
            table.missing("cycles", "what was measured has no `cycles`", "write `cycles = { mean = …, max = … }`");
        }
        None => {}
    }
    table.rest(&["node", "cycles"]);
    Some(Measured { node: node?.value, mean: mean?, max: max.or(mean)? })
}
