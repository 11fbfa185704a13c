//! One typo in each key, each reference and each value of the good graphs: `check` must find it, and point at it.
#![allow(clippy::unwrap_used)] // helpers of tests, too

mod cc;

use aw_host::graph::{Device, GraphFile, check};
use aw_host::plugin::{ParamType, SearchPath, Workers};
use aw_tests::{built, file};
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A good graph with one thing wrong.
struct Mutant {
    /// What was done.
    story: String,
    text: String,
    /// The place of the typo in the text.
    place: Range<usize>,
    must: Must,
}

/// What `check` must do.
#[derive(Clone, Debug, PartialEq)]
enum Must {
    /// Point at the typo.
    Point,
    /// A name was changed where it is given: point at all that refers to the old one. Without such, nothing is wrong.
    PointAtReferences(String),
    /// A text that may be anything: nothing is wrong.
    Accept,
}

/// A leaf of the TOML tree.
struct Leaf {
    path: Vec<String>,
    key: Range<usize>,
    value: Range<usize>,
    what: What,
}

#[derive(Clone, Copy, PartialEq)]
enum What {
    Text,
    Int,
    Float,
    Bool,
    List,
    Table,
}

/// All keys and values in tables that have a header.
fn leaves(table: &DeTable, path: &[String], found: &mut Vec<Leaf>) {
    for (key, value) in table.iter() {
        let path = [path, &[key.get_ref().to_string()]].concat();
        leaf(path, key.span(), value, found);
    }
}

fn leaf(path: Vec<String>, key: Range<usize>, value: &Spanned<DeValue>, found: &mut Vec<Leaf>) {
    let what = match value.get_ref() {
        DeValue::String(_) => What::Text,
        DeValue::Integer(_) => What::Int,
        DeValue::Float(_) => What::Float,
        DeValue::Boolean(_) => What::Bool,
        DeValue::Array(list) => {
            let items = list.iter().enumerate();
            items.for_each(|(i, item)| leaf([path.as_slice(), &[i.to_string()]].concat(), 0..0, item, found));
            What::List
        }
        DeValue::Table(inner) => {
            leaves(inner, &path, found);
            What::Table
        }
        DeValue::Datetime(_) => panic!("no graph has a date"),
    };
    found.push(Leaf { path, key, value: value.span(), what });
}

/// One letter dropped, doubled, swapped with the next, or another one; for names of one letter only the last.
fn misspellings(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let mut words = BTreeSet::new();
    for at in 0..letters.len() {
        let edited = |edit: &dyn Fn(&mut Vec<char>)| {
            let mut letters = letters.clone();
            edit(&mut letters);
            letters.into_iter().collect::<String>()
        };
        words.insert(edited(&|letters| letters[at] = if letters[at] == 'x' { 'y' } else { 'x' }));
        words.insert(edited(&|letters| letters.insert(at, letters[at])));
        words.insert(edited(&|letters| {
            letters.remove(at);
        }));
        if at + 1 < letters.len() {
            words.insert(edited(&|letters| letters.swap(at, at + 1)));
        }
    }
    words.remove(word);
    words.remove("");
    words.into_iter().collect()
}

/// Makes the mutants of one graph.
struct Mill<'a> {
    name: &'a str,
    text: &'a str,
    workers: &'a Workers,
    leaves: Vec<Leaf>,
    mutants: Vec<Mutant>,
}

impl<'a> Mill<'a> {
    fn new(name: &'a str, text: &'a str, workers: &'a Workers) -> Self {
        let mut leaves_ = vec![];
        leaves(DeTable::parse(text).expect("TOML").get_ref(), &[], &mut leaves_);
        Self { name, text, workers, leaves: leaves_, mutants: vec![] }
    }

    fn mutate(&mut self, place: &Range<usize>, new: &str, must: Must) {
        let story = format!("{}: {:?} became {new:?}", self.name, &self.text[place.clone()]);
        let text = format!("{}{new}{}", &self.text[..place.start], &self.text[place.end..]);
        let place = place.start..place.start + new.len();
        self.mutants.push(Mutant { story, text, place, must });
    }

    /// The id of the worker of a node.
    fn worker(&self, node: &str) -> &'a aw_host::plugin::Descriptor {
        let path = ["node", node, "worker"];
        let leaf = self.leaves.iter().find(|leaf| leaf.path == path).expect("a worker");
        let id = &self.text[leaf.value.start + 1..leaf.value.end - 1];
        &self.workers.get(id).expect("a known worker").worker
    }

    /// Headers: their first word, and the name that they give.
    fn headers(&mut self) {
        let mut at = 0;
        for line in self.text.split_inclusive('\n') {
            if let Some(header) = line.trim_end().strip_prefix('[') {
                let start = at + line.len() - line.trim_start_matches('[').len();
                let words = header.trim_matches(['[', ']']);
                let (table, name) = words.split_once('.').unwrap_or((words, ""));
                for word in misspellings(table) {
                    self.mutate(&(start..start + table.len()), &word, Must::Point);
                }
                let start = start + table.len() + 1;
                for word in misspellings(name) {
                    self.mutate(&(start..start + name.len()), &word, Must::PointAtReferences(name.into()));
                }
            }
            at += line.len();
        }
    }

    fn keys(&mut self) {
        for at in 0..self.leaves.len() {
            let Leaf { path, key, .. } = &self.leaves[at];
            let (path, key) = (path.clone(), key.clone());
            let words: Vec<&str> = path.iter().map(String::as_str).collect();
            if key.is_empty() || words.len() < 3 && words[0] != "graph" || words.contains(&"expect") {
                continue;
            }
            let name = words[words.len() - 1];
            let is_many = |node: &str| self.worker(node).ports.iter().any(|port| port.many && !port.is_output);
            let must = match words.as_slice() {
                ["node", node, "in", _] if name != "from" && is_many(node) => Must::Accept,
                ["node", node, "out", _] => Must::PointAtReferences(format!("{node}.{name}")),
                _ => Must::Point,
            };
            for word in misspellings(name) {
                let beside = |leaf: &&Leaf| {
                    leaf.path.len() >= path.len() && leaf.path[..path.len() - 1] == path[..path.len() - 1]
                };
                let taken = self.leaves.iter().filter(beside).any(|leaf| leaf.path[path.len() - 1] == word);
                let twin = if taken { Must::Point } else { must.clone() };
                self.mutate(&key, &word, twin);
            }
        }
    }

    fn values(&mut self) {
        for at in 0..self.leaves.len() {
            let Leaf { path, value, what, .. } = &self.leaves[at];
            let (path, place, what) = (path.clone(), value.clone(), *what);
            let words: Vec<&str> = path.iter().map(String::as_str).collect();
            if words.contains(&"expect")
                || words.len() < 2
                || (what == What::Table && !words.contains(&"node"))
                || (words.len() == 2 && what == What::Table)
                || (words[0] == "test" && words.len() == 2)
            {
                continue;
            }
            match what {
                What::Text => self.text_value(&words, &place),
                What::Int | What::Float => self.number(&words, &place, what),
                What::Bool => ["\"true\"", "1", "0.5"].iter().for_each(|new| self.mutate(&place, new, Must::Point)),
                What::List | What::Table => {
                    ["7", "true", "1.5"].iter().for_each(|new| self.mutate(&place, new, Must::Point))
                }
            }
        }
    }

    fn text_value(&mut self, words: &[&str], place: &Range<usize>) {
        let in_table = matches!(words, ["node", _, "out", _]);
        if !in_table {
            ["7", "true", "0.5", "[7]", "2026-01-31"].iter().for_each(|new| self.mutate(place, new, Must::Point));
        }
        let word = &self.text[place.start + 1..place.end - 1];
        let last = words[words.len() - 1];
        let free = matches!(
            words,
            ["graph", "title"] | ["test", _, "name"] | ["test", _, "play", _] | ["node", _, "run", "lane"]
        ) || matches!(words, ["input" | "output", _, "device" | "wav"])
            || (words[0] == "node" && last == "labels");
        let inner = place.start + 1..place.end - 1;
        let known = self.known(words);
        for new in misspellings(word) {
            let must = if free || known.contains(&new) { Must::Accept } else { Must::Point };
            if must == Must::Point || free {
                self.mutate(&inner, &new, must);
            }
        }
    }

    /// What else could stand there, spelt right: another worker, choice or node.
    fn known(&self, words: &[&str]) -> Vec<String> {
        match words {
            ["node", _, "worker"] => self.workers.iter().map(|found| found.worker.id.clone()).collect(),
            ["node", node, "preset"] => self.worker(node).presets.iter().map(|preset| preset.name.clone()).collect(),
            ["node", node, key @ ..] => {
                let key = key.join(".");
                let params = &self.worker(node).params;
                let choices = params.iter().find(|param| param.name == key).map(|param| param.choices.clone());
                choices.unwrap_or_default()
            }
            _ => vec![],
        }
    }

    fn number(&mut self, words: &[&str], place: &Range<usize>, what: What) {
        if matches!(words, ["node", _, "out", _]) {
            return self.mutate(place, "7", Must::Point); // a table of texts takes anything; the worker judges it
        }
        ["\"x\"", "true", "[]"].iter().for_each(|new| self.mutate(place, new, Must::Point));
        let digits = self.text[place.clone()].to_string();
        self.mutate(place, &format!("\"{digits}\""), Must::Point);
        self.mutate(place, "nan", Must::Point);
        let (mut least, mut most, mut whole) = (Some(0.0), None, what == What::Int);
        match words {
            ["graph", "rate" | "block"] | ["input", _, "channels"] => least = Some(1.0),
            ["graph", ..] => whole = false,
            [.., "delay_ms"] => whole = false,
            [.., "feedback"] if words.len() > 3 => least = Some(1.0),
            ["node", _, "run", "delay"] => least = Some(1.0),
            ["node", node, key, rest @ ..] if *key != "in" => {
                let grouped = format!("{key}.{}", rest.join("."));
                let mut params = self.worker(node).params.iter();
                let param = params.find(|param| param.name == *key || param.name == grouped).expect("a parameter");
                (least, most) = (Some(param.min), Some(param.max));
                whole = param.ty == ParamType::Int;
            }
            _ => {}
        }
        if whole {
            self.mutate(place, "1.5", Must::Point);
        }
        if let Some(least) = least.filter(|x| x.is_finite()) {
            self.mutate(place, &format!("{}", least - 1.0), Must::Point);
        }
        if let Some(most) = most.filter(|x: &f64| x.is_finite()) {
            self.mutate(place, &format!("{}", most + 1.0), Must::Point);
        }
    }
}

/// What is wrong with how `check` took a mutant, if anything; `true` if a mark overlaps the typo itself.
fn judge(mutant: &Mutant, path: &Path, workers: &Workers) -> Result<bool, String> {
    let (file, diags) = GraphFile::parse(path, mutant.text.clone());
    let (diags, _) = check(&file, diags, workers, &Device::default());
    let errors = || diags.iter().filter(|diag| !diag.is_warning);
    let marks = || errors().flat_map(|diag| &diag.marks).map(|mark| mark.span.clone());
    let line = |at: usize| mutant.text[..at.min(mutant.text.len())].matches('\n').count();
    let said = || diags.render(path, &mutant.text, false);
    match &mutant.must {
        Must::Accept if errors().next().is_none() => Ok(true),
        Must::Accept => Err(format!("is refused:\n{}", said())),
        Must::PointAtReferences(old) => {
            let names = |span: Range<usize>| {
                let text = mutant.text[span].trim_matches('"');
                text == old || text.split('.').next() == Some(old)
            };
            let referred = ["\"", "{ ", ", "].iter().any(|before| {
                ["\"", ".", " ="].iter().any(|after| mutant.text.contains(&format!("{before}{old}{after}")))
            });
            match (referred, errors().next().is_none()) {
                (false, true) => Ok(true),
                (true, false) if marks().any(names) => Ok(true),
                (true, false) => Err(format!("points at no reference:\n{}", said())),
                (true, true) => Err("is accepted".into()),
                (false, false) => Err(format!("is refused:\n{}", said())),
            }
        }
        Must::Point => {
            let place = &mutant.place;
            let overlaps = |span: Range<usize>| span.start < place.end && place.start < span.end;
            let same_line =
                |span: Range<usize>| line(span.start) <= line(place.start) && line(place.start) <= line(span.end);
            match (errors().next(), marks().any(overlaps), marks().any(same_line)) {
                (None, ..) => Err("is accepted".into()),
                (_, true, _) => Ok(true),
                (_, _, true) => Ok(false),
                _ => Err(format!("is not pointed at:\n{}", said())),
            }
        }
    }
}

/// Groups of parameters in both spellings, and presets with keys beside them.
const GROUPED: &str = "[graph]\nrate = 16000\n\n[input.mic]\n\n\
    [node.loud]\nworker = \"normalize\"\nin = \"mic\"\npreset = \"half\"\nlevel = { peak = 0.75, over = \"heard\" }\n\n\
    [node.soft]\nworker = \"normalize\"\nin = \"loud\"\npreset = \"live\"\nlevel.peak = 0.125\n\n\
    [output.speaker]\nfrom = \"soft\"\n";

#[test]
fn every_typo_in_presets_and_groups_is_found_and_pointed_at() {
    let folder = tempfile::tempdir().expect("a folder");
    cc::library(&file("tests/workers/normalize.c"), folder.path(), "normalize");
    let (workers, errors) = Workers::find(&SearchPath { given: vec![folder.path().into()], own: vec![built()] });
    assert!(errors.is_empty(), "{errors:?}");
    let mut mill = Mill::new("grouped", GROUPED, &workers);
    mill.headers();
    mill.keys();
    mill.values();
    let judged = mill.mutants.iter().map(|mutant| (mutant, judge(mutant, Path::new("grouped.toml"), &workers)));
    let (mut exact, mut failed) = (0, vec![]);
    for (mutant, verdict) in judged {
        match verdict {
            Ok(pointed) => exact += usize::from(pointed),
            Err(why) => failed.push(format!("{} {why}", mutant.story)),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(exact > 300, "{exact} of {} typos are marked exactly", mill.mutants.len());
}

#[test]
fn every_typo_is_found_and_pointed_at() {
    let (workers, errors) = Workers::find(&SearchPath { given: vec![], own: vec![built()] });
    assert!(errors.is_empty(), "{errors:?}");
    let mut paths: Vec<_> =
        std::fs::read_dir(file("tests/graphs")).expect("graphs").map(|f| f.expect("a file").path()).collect();
    paths.sort();
    let (mut exact, mut same_line, mut free, mut failed) = (0, 0, 0, vec![]);
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("text");
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut mill = Mill::new(&name, &text, &workers);
        mill.headers();
        mill.keys();
        mill.values();
        for mutant in &mill.mutants {
            match judge(mutant, &path, &workers) {
                Ok(_) if mutant.must == Must::Accept => free += 1,
                Ok(true) => exact += 1,
                Ok(false) => same_line += 1,
                Err(why) => failed.push(format!("{} {why}", mutant.story)),
            }
        }
    }
    println!("{exact} typos are marked exactly, {same_line} on their line; {free} changes are none of its business");
    assert!(
        failed.is_empty(),
        "{} of {} typos are missed:\n{}",
        failed.len(),
        failed.len() + exact + same_line,
        failed[..failed.len().min(25)].join("\n")
    );
    assert!(exact > 3000 && exact > 50 * same_line, "{exact} exact, {same_line} on their line");
}
