//! Files with tests: graph files, and files of tests that name their graph.
use crate::graph::{Diags, GraphFile, Home, TestFile, TestTable, check_tests};
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// A file with tests, read.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Where it is.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// What is wrong with its tests.
    pub diags: Diags,
    /// Its tests, in order.
    pub tests: Vec<TestTable>,
    /// The graph that they play; that of another file may be missing.
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
                let (graph, graph_diags) = GraphFile::parse(path, text.clone());
                let tests = graph.tests.clone();
                Ok(Some(Self { path: path.into(), text, diags: Diags::default(), tests, graph, graph_diags }))
            }
            Some(Home::Apart) => {
                let (own, mut diags) = TestFile::parse(path, text);
                let graph = own.graph.as_ref().map(|graph| graph.value.clone()).filter(|graph| graph.is_file());
                let (graph, graph_diags) = match graph {
                    Some(graph) => GraphFile::parse(&graph, read(&graph)?),
                    None => (GraphFile::parse(path, String::new()).0, Diags::default()),
                };
                if diags.errors() == 0 {
                    check_tests(&own.tests, &graph, &mut diags);
                }
                diags.sort();
                Ok(Some(Self { path: own.path, text: own.text, diags, tests: own.tests, graph, graph_diags }))
            }
        }
    }

    /// Whether its tests are in the file of their graph.
    pub fn is_graph(&self) -> bool {
        self.path == self.graph.path
    }
}

fn read(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|why| format!("cannot read {}: {why}", path.display()))?;
    String::from_utf8(bytes).map_err(|why| {
        let before = &why.as_bytes()[..why.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        format!("{}:{line}: this line is not UTF-8; save the file as UTF-8", path.display())
    })
}
