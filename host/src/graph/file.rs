//! The graph file: what the author wrote, table by table, with every place. Nothing is looked up yet.
use super::diag::Diags;
use super::item::{Entry, Span, Spanned};
use super::syntax;
use super::table::Table;
use read::{check_name, read_graph, read_input, read_node, read_output, strays};
use std::path::{Path, PathBuf};

mod expect; // what a test expects
mod fault; //  what goes wrong on a simulated device
mod measure; // what can be measured
mod opinion; // which model judges sound
mod read; //   the tables, key by key
mod test; //   `[[test]]`
mod tests_of; // tests in a file of their own

pub use expect::{ExpectTable, Limit};
pub(crate) use fault::{FAULTS, read_entries as read_fault};
pub use fault::{Fault, FaultKind};
pub use measure::{MEASURES, Measure, Of, SETTINGS, Side};
pub use opinion::{OpinionTable, Score};
pub use test::{Play, TestTable, Turn, check_tests};
use test::{check_names, read_test};
pub use tests_of::{Home, TestFile};

/// A graph file.
#[derive(Clone, Debug)]
pub struct GraphFile {
    /// Where it is; paths in it are relative to its folder.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// `[graph]`.
    pub graph: GraphTable,
    /// `[input.NAME]`, in order.
    pub inputs: Vec<InputTable>,
    /// `[node.NAME]`, in order.
    pub nodes: Vec<NodeTable>,
    /// `[output.NAME]`, in order.
    pub outputs: Vec<OutputTable>,
    /// `[[test]]`, in order.
    pub tests: Vec<TestTable>,
    /// Tables may be missing here that are in the text: it could not be read to the end.
    pub has_gaps: bool,
}

/// `[graph]`.
#[derive(Clone, Debug, Default)]
pub struct GraphTable {
    /// Sample rate inside, in Hz.
    pub rate: u32,
    /// Samples a block.
    pub block: u32,
    /// What it is.
    pub title: Option<String>,
    /// Latency that is not to be exceeded, in ms.
    pub max_latency_ms: Option<Spanned<f64>>,
    /// How long the graph sounds on after its input ended, in ms, where the workers cannot know.
    pub tail_ms: Option<f64>,
}

/// `[input.NAME]`.
#[derive(Clone, Debug)]
pub struct InputTable {
    /// NAME.
    pub name: Spanned<String>,
    /// The device that is opened live.
    pub device: Option<String>,
    /// The file that is played instead.
    pub wav: Option<PathBuf>,
    /// Channels.
    pub channels: Option<Spanned<u32>>,
}

/// `[node.NAME]`.
#[derive(Clone, Debug)]
pub struct NodeTable {
    /// NAME.
    pub name: Spanned<String>,
    /// The id of its worker.
    pub worker: Option<Spanned<String>>,
    /// Where its inputs come from.
    pub wires: Vec<Wire>,
    /// Where it runs.
    pub run: Option<Spanned<Run>>,
    /// All other keys.
    pub params: Vec<Entry>,
}

/// `[output.NAME]`.
#[derive(Clone, Debug)]
pub struct OutputTable {
    /// NAME.
    pub name: Spanned<String>,
    /// Where it comes from.
    pub from: Option<Spanned<String>>,
    /// The device that is opened live.
    pub device: Option<String>,
    /// The file that is written instead.
    pub wav: Option<PathBuf>,
    /// `to = "stdout"`: events as JSON lines.
    pub to_stdout: Option<Span>,
}

/// A connection that ends at an input port.
#[derive(Clone, Debug)]
pub struct Wire {
    /// The port, if it is named.
    pub port: Option<Spanned<String>>,
    /// Where it comes from: one reference, or several that are summed.
    pub from: Vec<Source>,
    /// The whole value.
    pub span: Span,
}

/// Where a connection comes from.
#[derive(Clone, Debug)]
pub struct Source {
    /// "NAME" or "NAME.PORT".
    pub name: Spanned<String>,
    /// It comes later, on purpose.
    pub delay: Option<Spanned<Delay>>,
    /// It closes a loop, and carries this many frames of the past.
    pub feedback: Option<Spanned<u32>>,
}

/// How much later.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Delay {
    /// By frames.
    Frames(u32),
    /// By time.
    Ms(f64),
}

/// Where a node runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Run {
    /// On the render thread.
    Inline,
    /// On a background thread.
    Lane(Lane),
}

/// A background thread, and when its answers are due.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// Its name.
    pub name: String,
    /// After how many firings an answer is due.
    pub delay: u32,
    /// What is heard when it is not there.
    pub late: Late,
}

/// What is heard when an answer is not there when due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// The last one again.
    Hold,
    /// Silence.
    Zero,
    /// The sound without the node.
    Pass,
}

/// The text of a file, or on which line it is none.
///
/// # Errors
/// Bytes that are not UTF-8.
pub fn text_of(path: &Path, bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|why| {
        let before = &why.as_bytes()[..why.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        format!("{}:{line}: this line is not UTF-8; save the file as UTF-8", path.display())
    })
}

impl GraphFile {
    /// Reads a text. Everything that could be understood is there, even beside mistakes.
    pub fn parse(path: &Path, text: String) -> (Self, Diags) {
        let mut diags = Diags::default();
        let mut entries = syntax::parse(&text, &mut diags);
        let strays = strays(&mut entries, &mut diags);
        let mut root = Table::new("the file", entries, 0..text.len().min(1), &mut diags);
        let mut graph = root.table("graph");
        let (inputs, nodes) = (root.named("input"), root.named("node"));
        let (outputs, tests) = (root.named("output"), root.tables("test"));
        root.rest(&["graph", "input", "node", "output", "test"]);
        let has_gaps = diags.errors() > strays.len();
        if let Some((_, entries)) = &mut graph {
            entries.extend(strays);
        }
        let mut file = Self {
            path: path.into(),
            text: String::new(),
            graph: GraphTable::default(),
            inputs: vec![],
            nodes: vec![],
            outputs: vec![],
            tests: vec![],
            has_gaps,
        };
        file.graph = read_graph(graph.take(), has_gaps, &mut diags);
        let folder = path.parent().unwrap_or(Path::new(""));
        for (name, entries) in inputs {
            check_name(&name, &mut diags);
            file.inputs.push(read_input(name, entries, folder, &mut diags));
        }
        for (name, entries) in nodes {
            check_name(&name, &mut diags);
            file.nodes.push(read_node(name, entries, &mut diags));
        }
        for (name, entries) in outputs {
            check_name(&name, &mut diags);
            file.outputs.push(read_output(name, entries, folder, &mut diags));
        }
        file.tests = tests.into_iter().map(|(span, entries)| read_test(span, entries, folder, &mut diags)).collect();
        check_names(&file.tests, &mut diags);
        file.text = text;
        (file, diags)
    }
}
