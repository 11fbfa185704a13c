//! `[[test]]`: what is played, what changes meanwhile, and what is expected of it.
use super::super::codes::Code;
use super::super::diag::{Diag, Diags};
use super::super::item::{Entry, Item, Span, Spanned};
use super::super::table::Table;
use super::GraphFile;
use super::expect::{ExpectTable, Limit, read_expect};
use super::fault::{Fault, read_faults};
use super::measure::Of;
use std::path::{Path, PathBuf};

/// Keys of `[[test]]`.
pub(crate) const TEST_KEYS: &[&str] =
    &["name", "play", "set", "block", "tail_ms", "align", "device", "seed", "faults", "expect"];
/// Keys of what `set` lists.
const SET_KEYS: &[&str] = &["param", "value", "at_s", "ramp_ms"];

/// `[[test]]`.
#[derive(Clone, Debug)]
pub struct TestTable {
    /// What it shows.
    pub name: Spanned<String>,
    /// Files for inputs.
    pub play: Vec<Play>,
    /// Live parameters that change while it plays.
    pub set: Vec<Turn>,
    /// Samples a block, instead of what the graph says.
    pub block: Option<u32>,
    /// How long the graph sounds on after its input ended, in ms, instead of what it declares.
    pub tail_ms: Option<f64>,
    /// Latency is taken off what is compared and measured.
    pub align: bool,
    /// The device that it is played on; none is there: a name or the path of a profile.
    pub device: Option<Spanned<PathBuf>>,
    /// Which of all things that may go wrong by chance do.
    pub seed: u64,
    /// What goes wrong on the device.
    pub faults: Vec<Fault>,
    /// What must be true.
    pub expect: Vec<ExpectTable>,
    /// The table.
    pub span: Span,
}

/// What an input plays: a file, several, or all of a folder. Of several, each is a run of its own.
#[derive(Clone, Debug)]
pub struct Play {
    /// The input.
    pub input: Spanned<String>,
    /// As written, joined to the folder of the file.
    pub files: Vec<Spanned<PathBuf>>,
}

/// A live parameter that changes while a test plays.
#[derive(Clone, Debug)]
pub struct Turn {
    /// NODE.PARAM.
    pub of: Spanned<(String, String)>,
    /// Its value, as text.
    pub value: Spanned<String>,
    /// When, in seconds of the input.
    pub at_s: f64,
    /// How long it takes to get there from what it was before, in ms.
    pub ramp_ms: f64,
}

pub(super) fn read_test(span: Span, entries: Vec<Entry>, folder: &Path, diags: &mut Diags) -> TestTable {
    let mut table = Table::new("`[[test]]`", entries, span.clone(), diags);
    let name = table.text("name");
    if name.is_none() && !table.seen("name") {
        table.missing("name", "a test needs a `name`", "say what it shows: `name = \"the noise goes\"`");
    }
    if let Some(name) = name.as_ref().filter(|name| name.value.trim().is_empty()) {
        table.push(Diag::new(Code::Value, name.span.clone(), "the name of a test is empty").help("say what it shows"));
    }
    let mut play = vec![];
    if let Some((_, entries)) = table.table("play") {
        for Entry { key, item } in entries {
            play.extend(files(&key.value, item, folder, &mut table).map(|files| Play { input: key, files }));
        }
    }
    let set = table.list("set").unwrap_or_default();
    let set = set.into_iter().filter_map(|item| read_turn(item, &mut table)).collect();
    let block = table.int("block", 1..=super::read::MAX_BLOCK).map(|n| n.value as u32);
    let tail_ms = table.float("tail_ms", 0.0..=600_000.0).map(|t| t.value);
    let align = bool(&mut table, "align");
    let expectations = table.list("expect").unwrap_or_default();
    // A name is one of those that come with aw; a path is that of a file, from here.
    let device = table.text("device").map(|device| {
        let is_path = device.value.contains(['/', '\\']) || device.value.ends_with(".toml");
        Spanned::new(if is_path { folder.join(device.value) } else { device.value.into() }, device.span)
    });
    let seed = table.int("seed", 0..=i64::MAX);
    let faults = table.take("faults").map(|entry| (entry.key.span, entry.item));
    if device.is_none() && !table.seen("device") {
        let needs =
            seed.as_ref().map(|seed| ("seed", &seed.span)).or(faults.as_ref().map(|(span, _)| ("faults", span)));
        if let Some((key, span)) = needs {
            let diag = Diag::new(Code::Missing, span.clone(), format!("`{key}` is of a device, and none is named"));
            table.push(diag.help("write `device = \"desktop\"`, or another that `aw sim --list` shows"));
        }
    }
    let seed = seed.map_or(0, |seed| seed.value as u64);
    let faults = match faults.map(|(_, item)| item) {
        Some(Spanned { value: Item::List(list), .. }) => read_faults(list, table.diags()),
        Some(Spanned { value, span }) => {
            table.wrong_type("faults", &value, span, "a list of faults, such as [{ kind = \"lost\", share = 0.02 }]");
            vec![]
        }
        None => vec![],
    };
    if expectations.is_empty() && !table.seen("expect") {
        table.missing("expect", "a test needs something to `expect`", "such as `expect = [{ latency_ms = 40 }]`");
    }
    let mut expect = vec![];
    for item in expectations {
        match item.value {
            Item::Table(entries) => expect.push(read_expect(item.span, entries, folder, table.diags())),
            other => table.wrong_type("expect", &other, item.span, "tables, such as { latency_ms = 40 }"),
        }
    }
    if device.is_none() && !table.seen("device") {
        let of_device = |limit: &&Limit| matches!(limit.measure.of, Of::Device | Of::Undisturbed);
        for limit in expect.iter().flat_map(|expect: &ExpectTable| &expect.limits).filter(of_device) {
            let title = format!("`{}` is measured on a device, and the test names none", limit.measure.key);
            let diag = Diag::new(Code::Missing, limit.span.clone(), title);
            table.push(diag.help("write `device = \"desktop\"` in the test, or another that `aw sim --list` shows"));
        }
    }
    table.rest(TEST_KEYS);
    let name = name.unwrap_or(Spanned::new(String::new(), span.clone()));
    TestTable { name, play, set, block, tail_ms, align, device, seed, faults, expect, span }
}

/// A file, or a list of files.
fn files(key: &str, item: Spanned<Item>, folder: &Path, table: &mut Table) -> Option<Vec<Spanned<PathBuf>>> {
    let items = match item.value {
        Item::List(items) => items,
        one => vec![Spanned::new(one, item.span)],
    };
    let mut files = vec![];
    for item in items {
        match item.value {
            Item::Text(path) => files.push(Spanned::new(folder.join(path), item.span)),
            other => {
                table.wrong_type(key, &other, item.span, "the path of a WAV file, of a folder, or a list of files")
            }
        }
    }
    (!files.is_empty()).then_some(files)
}

fn read_turn(item: Spanned<Item>, table: &mut Table) -> Option<Turn> {
    let Item::Table(entries) = item.value else {
        table.wrong_type(
            "set",
            &item.value,
            item.span,
            "tables, such as { param = \"NODE.PARAM\", value = 3, at_s = 1 }",
        );
        return None;
    };
    let mut turn = Table::new("a table of `set`", entries, item.span, table.diags());
    let (param, value) = (turn.text("param"), turn.take("value"));
    let at_s = turn.float("at_s", 0.0..=86_400.0).map_or(0.0, |at| at.value);
    let ramp_ms = turn.float("ramp_ms", 0.0..=600_000.0).map_or(0.0, |ramp| ramp.value);
    if param.is_none() && !turn.seen("param") {
        turn.missing("param", "`set` does not say which parameter", "write `param = \"NODE.PARAM\"`");
    }
    if value.is_none() && param.is_some() {
        turn.missing("value", "`set` does not say to which value", "write `value = 3`");
    }
    let of = param.and_then(|param| match param.value.split_once('.') {
        Some((node, name)) => Some(Spanned::new((node.to_string(), name.to_string()), param.span)),
        None => {
            let title = format!("`{}` is no parameter of a node", param.value);
            turn.push(Diag::new(Code::Value, param.span, title).help("write NODE.PARAM"));
            None
        }
    });
    turn.rest(SET_KEYS);
    let value = value.map(|entry| Spanned::new(entry.item.value.plain(), entry.item.span));
    Some(Turn { of: of?, value: value?, at_s, ramp_ms })
}

/// `true` or `false`; false if it is not said.
pub(super) fn bool(table: &mut Table, key: &str) -> bool {
    match table.take(key).map(|entry| entry.item) {
        Some(Spanned { value: Item::Bool(yes), .. }) => yes,
        Some(Spanned { value, span }) => {
            table.wrong_type(key, &value, span, "true or false");
            false
        }
        None => false,
    }
}

/// Two tests of one name could not be told apart.
pub(super) fn check_names(tests: &[TestTable], diags: &mut Diags) {
    for (at, test) in tests.iter().enumerate() {
        if let Some(first) = tests[..at].iter().find(|other| other.name.value == test.name.value) {
            let diag =
                Diag::new(Code::Name, test.name.span.clone(), format!("two tests are called {:?}", test.name.value));
            diags.push(diag.mark(first.name.span.clone(), "the first").help("give each a name of its own"));
        }
    }
}

/// What of tests does not fit a graph: names of inputs and outputs.
pub fn check_tests(tests: &[TestTable], file: &GraphFile, diags: &mut Diags) {
    let inputs: Vec<&str> = file.inputs.iter().map(|input| input.name.value.as_str()).collect();
    let outputs: Vec<&str> = file.outputs.iter().map(|output| output.name.value.as_str()).collect();
    let nodes: Vec<&str> = file.nodes.iter().map(|node| node.name.value.as_str()).collect();
    let mut check = |name: &Spanned<String>, base: &str, what: &str, known: &[&str]| {
        if !known.contains(&base) {
            let label = match known {
                [] => format!("it has no {what}s"),
                known => format!("it has {}", known.join(", ")),
            };
            let title = format!("`{base}` is no {what} of this graph");
            let diag = Diag::new(Code::Source, name.span.clone(), title).label(label);
            diags.push(diag.suggest(base, known.iter().copied()));
        }
    };
    for test in tests {
        test.play.iter().for_each(|play| check(&play.input, &play.input.value, "input", &inputs));
        for expect in &test.expect {
            if let Some(output) = &expect.output {
                check(output, &output.value, "output", &outputs);
            }
            if let Some(port) = &expect.port {
                check(port, port.value.split('.').next().unwrap_or_default(), "node", &nodes);
            }
        }
        for turn in &test.set {
            let name = Spanned::new(turn.of.value.0.clone(), turn.of.span.clone());
            check(&name, &turn.of.value.0, "node", &nodes);
        }
    }
}
