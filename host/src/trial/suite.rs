//! Files with tests: graph files, and files of tests that name their graph.
use super::device::check_devices;
use crate::graph::{Diag, Diags, GraphFile, Home, TestFile, TestTable, check_tests, text_of};
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// A file with tests, read.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Where it is.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// What is wrong with its tests, or with a file of tests.
    pub diags: Diags,
    /// Its tests, in order.
    pub tests: Vec<TestTable>,
    /// The graph that they play, without tests; that of another file may be missing.
    pub graph: GraphFile,
    /// What is wrong with the graph, as far as it was read.
    pub graph_diags: Diags,
}

/// Reads every file that is named; of folders, every TOML file in them and below that has tests of a graph. Also answers
/// what was named and cannot be read, or has no tests.
pub fn find(named: &[PathBuf]) -> (Vec<Suite>, Vec<String>) {
    let (mut suites, mut errors) = (vec![], vec![]);
    for path in named {
        match path.is_dir() {
            true => below(path, &mut suites, &mut errors),
            false => match Suite::read(path) {
                Ok(Some(suite)) => suites.push(suite),
                Ok(None) => errors.push(format!(
                    "{} has no tests: write `[[test]]` tables into it, and name its graph with `graph = \"..\"` if it is none",
                    path.display()
                )),
                Err(why) => errors.push(why),
            },
        }
    }
    // What was named twice is tested once.
    let mut seen = std::collections::BTreeSet::new();
    suites.retain(|suite| seen.insert(crate::io::place(&suite.path).unwrap_or(suite.path.clone())));
    (suites, errors)
}

fn below(folder: &Path, suites: &mut Vec<Suite>, errors: &mut Vec<String>) {
    let before = suites.len();
    let walk = WalkDir::new(folder).follow_links(true).sort_by_file_name();
    for entry in walk.into_iter().filter_entry(is_looked_into) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(why) => {
                errors.push(format!("cannot look into {}: {why}", folder.display()));
                continue;
            }
        };
        let is_toml = entry.path().extension().is_some_and(|ending| ending == "toml");
        if entry.file_type().is_file() && is_toml {
            match Suite::read(&shorter(entry.path())) {
                Ok(suite) => suites.extend(suite),
                Err(why) => errors.push(why),
            }
        }
    }
    if suites.len() == before && errors.is_empty() {
        errors.push(format!("no TOML file in {} or below has tests", folder.display()));
    }
}

/// Without a `./` before it.
fn shorter(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).into()
}

/// Hidden folders and what compilers leave are passed by.
fn is_looked_into(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    entry.depth() == 0 || !(name.starts_with('.') || name == "target" || name == "node_modules")
}

impl Suite {
    /// Reads a file; nothing, if it has no tests.
    fn read(path: &Path) -> Result<Option<Self>, String> {
        let text = read(path)?;
        match TestFile::has_tests(&text) {
            None => Ok(None),
            Some(Home::Graph) => {
                let (mut graph, found) = GraphFile::parse(path, text.clone());
                let tests = std::mem::take(&mut graph.tests);
                let of_tests =
                    |diag: &&Diag| tests.iter().any(|test| part(test, &text).contains(&diag.marks[0].span.start));
                let mut diags: Diags = found.iter().filter(of_tests).cloned().collect();
                let graph_diags = found.iter().filter(|diag| !of_tests(diag)).cloned().collect();
                check_tests(&tests, &graph, &mut diags);
                check_devices(&tests, &mut diags);
                diags.sort();
                Ok(Some(Self { path: path.into(), text, diags, tests, graph, graph_diags }))
            }
            Some(Home::Apart) => {
                let (own, mut diags) = TestFile::parse(path, text);
                let graph = own.graph.as_ref().map(|graph| graph.value.clone()).filter(|graph| graph.is_file());
                let (mut graph, graph_diags) = match graph {
                    Some(graph) => GraphFile::parse(&graph, read(&graph)?),
                    None => (GraphFile::parse(path, String::new()).0, Diags::default()),
                };
                graph.tests.clear();
                if own.graph.as_ref().is_some_and(|graph| graph.value.is_file()) {
                    check_tests(&own.tests, &graph, &mut diags);
                }
                check_devices(&own.tests, &mut diags);
                diags.sort();
                Ok(Some(Self { path: own.path, text: own.text, diags, tests: own.tests, graph, graph_diags }))
            }
        }
    }

    /// Whether a test, or all of the file, cannot be run for its mistakes.
    pub fn has_mistakes(&self, test: usize) -> bool {
        let own = |test: &TestTable, diag: &Diag| part(test, &self.text).contains(&diag.marks[0].span.start);
        self.diags
            .iter()
            .filter(|diag| !diag.is_warning)
            .any(|diag| own(&self.tests[test], diag) || !self.tests.iter().any(|other| own(other, diag)))
    }
}

/// From a test to the next table.
fn part(test: &TestTable, text: &str) -> std::ops::Range<usize> {
    let start = test.span.start;
    let end = text[start..].find("\n[").map_or(text.len(), |at| start + at);
    start..end
}

fn read(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|why| format!("cannot read {}: {why}", path.display()))?;
    text_of(path, bytes)
}
