//! Tests in a file of their own, which names the graph: `graph = "denoise.toml"`, then `[[test]]`.
use super::super::codes::Code;
use super::super::diag::{Diag, Diags};
use super::super::item::{Entry, Item, Spanned};
use super::super::syntax;
use super::super::table::Table;
use super::test::{TestTable, read_test};
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
    /// Whether a text has tests of a graph: in a graph file, or in a file of their own. Other TOML files have not.
    pub fn has_tests(text: &str) -> Option<Home> {
        let entries = syntax::parse(text, &mut Diags::default());
        let find = |name: &str| entries.iter().find(|entry: &&Entry| entry.key.value == name);
        find("test")?;
        match find("graph")?.item.value {
            Item::Text(_) => Some(Home::Apart),
            _ => Some(Home::Graph),
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
        if let Some(graph) = graph.as_ref().filter(|graph| !graph.value.is_file()) {
            let title = format!("there is no graph {}", graph.value.display());
            diags.push(Diag::new(Code::Path, graph.span.clone(), title).help("paths are relative to this file"));
        }
        let tests = tests.into_iter().map(|(span, entries)| read_test(span, entries, folder, &mut diags)).collect();
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
