//! Tests in a file of their own, which names the graph: `graph = "denoise.toml"`, then `[[test]]`.
use super::super::codes::Code;
use super::super::diag::{Diag, Diags};
use super::super::item::{Entry, Item, Spanned};
use super::super::syntax;
use super::super::table::Table;
use super::test::{TestTable, check_names, read_test};
use std::path::{Path, PathBuf};

/// Tests in a file of their own.
#[derive(Clone, Debug)]
pub struct TestFile {
    /// Where it is; paths in it are relative to its folder.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// The graph that is played.
    pub graph: Option<Spanned<PathBuf>>,
    /// `[[test]]`, in order.
    pub tests: Vec<TestTable>,
}

impl TestFile {
    /// Whether a text has tests of a graph: in a graph file, or in a file of their own. Other TOML files have not, such as
    /// manifests of Rust. What cannot be read to its end has them if it looks so.
    pub fn has_tests(text: &str) -> Option<Home> {
        let mut diags = Diags::default();
        let entries = syntax::parse(text, &mut diags);
        let find = |name: &str| entries.iter().find(|entry: &&Entry| entry.key.value == name);
        let begins = |word: &str| text.lines().any(|line| line.trim_start().starts_with(word));
        let is_broken = diags.errors() > 0;
        let has_tests = find("test").is_some() || is_broken && begins("[[test");
        match find("graph").map(|entry| &entry.item.value) {
            _ if !has_tests => None,
            Some(Item::Text(_)) => Some(Home::Apart),
            Some(_) => Some(Home::Graph),
            None if is_broken && begins("[graph]") => Some(Home::Graph),
            None if is_broken && begins("graph") => Some(Home::Apart),
            // A test that plays or expects something is one of ours.
            None if begins("play") || begins("expect") => Some(Home::Apart),
            None => None,
        }
    }

    /// Reads a text. Everything that could be understood is there, even beside mistakes.
    pub fn parse(path: &Path, text: String) -> (Self, Diags) {
        let mut diags = Diags::default();
        let entries = syntax::parse(&text, &mut diags);
        let mut root = Table::new("the file", entries, 0..text.len().min(1), &mut diags);
        let folder = path.parent().unwrap_or(Path::new(""));
        let graph = root.text("graph").map(|graph| Spanned::new(folder.join(graph.value), graph.span));
        let tests = root.tables("test");
        root.rest(&["graph", "test"]);
        if graph.is_none() && diags.errors() == 0 {
            let diag = Diag::new(Code::Missing, 0..0, "the graph of these tests is not named");
            diags.push(diag.help("begin the file with `graph = \"FILE.toml\"`"));
        }
        if tests.is_empty() && diags.errors() == 0 {
            diags.push(Diag::new(Code::Missing, 0..0, "there are no tests here").help("write `[[test]]`"));
        }
        if let Some(graph) = graph.as_ref().filter(|graph| !graph.value.is_file()) {
            let title = format!("there is no graph {}", graph.value.display());
            diags.push(Diag::new(Code::Path, graph.span.clone(), title).help("paths are relative to this file"));
        }
        let tests: Vec<_> =
            tests.into_iter().map(|(span, entries)| read_test(span, entries, folder, &mut diags)).collect();
        check_names(&tests, &mut diags);
        (Self { path: path.into(), text, graph, tests }, diags)
    }
}

/// Where tests stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// In the file of their graph.
    Graph,
    /// In a file of their own.
    Apart,
}
