//! A model as its file has it, in one form for ONNX and TFLite.
use super::ty::Type;

/// Extents of a tensor; `None` where one is open.
pub type Extents = Vec<Option<u64>>;

/// A model as its file has it.
#[derive(Debug, Default)]
pub struct Net {
    /// What it says of itself.
    pub about: About,
    /// All tensors, those of inner graphs too.
    pub tensors: Vec<Tensor>,
    /// All graphs; the first is the model, the others are inside an operator (`If`, `Loop`, `CALL_ONCE` …).
    pub graphs: Vec<Graph>,
}

/// What a model says of itself.
#[derive(Debug, Default)]
pub struct About {
    /// "ONNX" or "TensorFlow Lite".
    pub format: &'static str,
    /// Version of the file format.
    pub version: i64,
    /// Program that wrote it, with its version.
    pub producer: String,
    /// Operator sets of ONNX: domain, version. The standard one is "".
    pub opsets: Vec<(String, i64)>,
    /// What its author says about it.
    pub doc: String,
    /// Other facts: names and texts.
    pub metadata: Vec<(String, String)>,
    /// Weights that are in other files: name, bytes.
    pub elsewhere: Vec<(String, u64)>,
}

/// Operators in the order of the file.
#[derive(Debug, Default)]
pub struct Graph {
    /// Tensors that go in.
    pub inputs: Vec<usize>,
    /// Tensors that come out.
    pub outputs: Vec<usize>,
    /// Operators.
    pub nodes: Vec<Node>,
}

/// A tensor.
#[derive(Clone, Debug, Default)]
pub struct Tensor {
    /// Its name; of inputs and outputs the one by which graphs and engines call it.
    pub name: String,
    /// Its own name in the file, where a signature gives it another one.
    pub alias: String,
    /// Its type.
    pub ty: Type,
    /// What its file says of its extents; `None` where it says nothing.
    pub dims: Option<Extents>,
    /// Extents that a TFLite file stands ready to run with, where `dims` leaves some open.
    pub ready: Option<Vec<u64>>,
    /// Names of open extents: "batch", "samples".
    pub symbols: Vec<String>,
    /// If its values are in the file.
    pub constant: Option<Constant>,
    /// How whole numbers stand for real ones.
    pub quant: Option<Quant>,
    /// It keeps its values from run to run, inside the engine.
    pub variable: bool,
}

/// Values in the file.
#[derive(Clone, Debug, Default)]
pub struct Constant {
    /// How many.
    pub count: u64,
    /// How much room they take.
    pub bytes: u64,
    /// They are shared with an earlier tensor, and counted there.
    pub shared: bool,
    /// The values of short lists: shapes, axes, indices.
    pub values: Option<Vec<f64>>,
}

/// Real value = scale × (whole number − zero point).
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Quant {
    /// Of the first channel, if each has its own.
    pub scale: f32,
    /// Of the first channel.
    pub zero_point: i64,
    /// How many pairs of scale and zero point there are.
    pub channels: usize,
}

/// An operator.
#[derive(Debug, Default)]
pub struct Node {
    /// Its name: `Conv`, `CONV_2D`.
    pub op: String,
    /// Where the operator comes from, "" for the standard set; "custom" in TFLite.
    pub domain: String,
    /// Version of the operator, in TFLite.
    pub version: i64,
    /// Tensors it reads; `None` where an optional one is left out.
    pub inputs: Vec<Option<usize>>,
    /// Tensors it makes.
    pub outputs: Vec<Option<usize>>,
    /// Settings.
    pub attrs: Vec<(String, Attr)>,
}

/// A setting of an operator.
#[derive(Debug)]
pub enum Attr {
    /// A whole number.
    Int(i64),
    /// Whole numbers.
    Ints(Vec<i64>),
    /// A text.
    Text(String),
    /// A tensor of the net.
    Tensor(usize),
    /// A graph of the net.
    Graph(usize),
}

impl Node {
    fn attr(&self, name: &str) -> Option<&Attr> {
        self.attrs.iter().find(|(known, _)| known == name).map(|(_, attr)| attr)
    }

    /// A whole number.
    pub fn int(&self, name: &str) -> Option<i64> {
        if let Some(Attr::Int(n)) = self.attr(name) { Some(*n) } else { None }
    }

    /// Whole numbers.
    pub fn ints(&self, name: &str) -> Option<&[i64]> {
        if let Some(Attr::Ints(list)) = self.attr(name) { Some(list) } else { None }
    }

    /// A text.
    pub fn text(&self, name: &str) -> Option<&str> {
        if let Some(Attr::Text(text)) = self.attr(name) { Some(text) } else { None }
    }

    /// A tensor.
    pub fn tensor(&self, name: &str) -> Option<usize> {
        if let Some(Attr::Tensor(tensor)) = self.attr(name) { Some(*tensor) } else { None }
    }

    /// Graphs inside it, with the names of their settings.
    pub fn graphs(&self) -> impl Iterator<Item = (&str, usize)> {
        self.attrs.iter().filter_map(|(name, attr)| match attr {
            Attr::Graph(graph) => Some((name.as_str(), *graph)),
            _ => None,
        })
    }

    /// Input number `at`, if it is given.
    pub fn input(&self, at: usize) -> Option<usize> {
        self.inputs.get(at).copied().flatten()
    }

    /// Output number `at`, if it is used.
    pub fn output(&self, at: usize) -> Option<usize> {
        self.outputs.get(at).copied().flatten()
    }
}

impl Net {
    /// The model itself.
    ///
    /// # Panics
    /// Never: both readers refuse a file without a graph.
    pub fn main(&self) -> &Graph {
        &self.graphs[0]
    }
}
