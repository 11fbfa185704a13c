//! All there is to say about a model file.
use super::ask::{Answer, Outcome};
use super::infer::Run;
use super::macs::Lost;
use super::net::{Extents, Net, Quant};
use super::node::Node;
use super::read::{self, ModelError};
use super::words::{Words, internal};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;

/// All there is to say about a model file.
#[derive(Clone, Debug, Serialize)]
pub struct Card {
    /// The file, as it was named.
    pub file: String,
    /// Its length.
    pub bytes: usize,
    /// "ONNX" or "TensorFlow Lite".
    pub format: &'static str,
    /// Version of the format.
    pub version: i64,
    /// Operator sets: domain, "" for the standard one, and version.
    pub opsets: Vec<(String, i64)>,
    /// The program that wrote it.
    pub producer: String,
    /// What its author says.
    pub doc: String,
    /// Other facts.
    pub metadata: Vec<(String, String)>,
    /// What goes in.
    pub inputs: Vec<Tensor>,
    /// What comes out.
    pub outputs: Vec<Tensor>,
    /// Likely state.
    pub states: Vec<State>,
    /// What the model remembers by itself, inside the engine.
    pub internal: Vec<Tensor>,
    /// Operators, most frequent first.
    pub operators: Vec<Operator>,
    /// What a run costs.
    pub macs: Macs,
    /// Values in the file.
    pub parameters: Parameters,
    /// Bytes of all other tensors, if all were there at once; `None` where extents are not known before it runs.
    pub tensors: Option<u64>,
    /// What a graph would say.
    pub node: Node,
    /// What the workers say; `None` if they were not asked.
    pub engines: Option<Vec<Answer>>,
}

/// A tensor that goes in or comes out.
#[derive(Clone, Debug, Serialize)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Its own name in the file, where a signature gives it another one, or "".
    pub alias: String,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: &'static str,
    /// Its extents; `None` where one is open, and in place of all where even their number is.
    pub shape: Option<Extents>,
    /// Names of open extents.
    pub symbols: Vec<String>,
    /// How whole numbers stand for real ones.
    pub quantisation: Option<Quant>,
}

/// A likely state.
#[derive(Clone, Debug, Serialize)]
pub struct State {
    /// The input.
    pub input: String,
    /// The output that it gets back.
    pub output: String,
    /// "name and shape", or "shape and order".
    pub by: &'static str,
}

/// Operators of one kind.
#[derive(Clone, Debug, Serialize)]
pub struct Operator {
    /// Where it comes from, "" for the standard set, "custom" in TFLite.
    pub domain: String,
    /// Its name.
    pub name: String,
    /// Newest version that is used, in TFLite; 0 in ONNX, where the set has one.
    pub version: i64,
    /// How many.
    pub count: u64,
    /// Multiply-accumulates of all of them in a run.
    pub macs: u64,
}

/// What a run costs.
#[derive(Clone, Debug, Serialize)]
pub struct Macs {
    /// Multiply-accumulates.
    pub total: u64,
    /// What is missing in them.
    pub uncounted: Vec<Lost>,
    /// Operators `If` of which the branch with more work is counted.
    pub either: usize,
    /// Extents taken where the file leaves some open: input, shape.
    pub taken: Vec<(String, Vec<u64>)>,
}

/// Values in the file.
#[derive(Clone, Debug, Serialize)]
pub struct Parameters {
    /// How many.
    pub count: u64,
    /// How much room they take.
    pub bytes: u64,
    /// The same by type, most first: type, count, bytes.
    pub by_type: Vec<(&'static str, u64, u64)>,
    /// Other files that some are in: name, bytes.
    pub elsewhere: Vec<(String, u64)>,
}

/// Why a model cannot be described as asked.
#[derive(Debug, thiserror::Error)]
pub enum CardError {
    /// The file is at fault.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A shape does not fit the model.
    #[error("{0}")]
    Shape(String),
}

impl Card {
    /// Describes a file; `given` are extents that the user knows, by input.
    ///
    /// # Errors
    /// A file that is no model, a shape that does not fit it.
    pub fn of(path: &Path, given: &[(String, Vec<u64>)]) -> Result<Self, CardError> {
        let (net, bytes) = read::read(path)?;
        Self::new(path, &net, bytes, given)
    }

    /// As [`Card::of`], of bytes that were read from such a file.
    ///
    /// # Errors
    /// As [`Card::of`].
    pub fn of_bytes(path: &Path, bytes: &[u8], given: &[(String, Vec<u64>)]) -> Result<Self, CardError> {
        Self::new(path, &read::parse(path, bytes)?, bytes.len(), given)
    }

    /// Takes what the workers say. If another one than is usual runs the model, the node is for that one.
    pub fn hear(&mut self, answers: Vec<Answer>) {
        let mut able = answers.iter().filter(|answer| matches!(answer.outcome, Outcome::Runs { .. }));
        let usual = able.clone().any(|answer| answer.worker == self.node.worker);
        if let (false, Some(other)) = (usual, able.next()) {
            self.node.run_by(&other.worker);
        }
        self.engines = Some(answers);
    }

    fn new(path: &Path, net: &Net, bytes: usize, given: &[(String, Vec<u64>)]) -> Result<Self, CardError> {
        let given = given.iter().map(|(name, dims)| shaped(net, name, dims)).collect::<Result<Vec<_>, _>>()?;
        let words = Words::guess(net, &given);
        let values: Vec<(usize, Vec<f64>)> = words.fixed.iter().map(|fixed| (fixed.input, vec![fixed.value])).collect();
        let run = Run::new(net, &words.shapes, &values);
        let shapes: Vec<_> = net.main().outputs.iter().map(|at| (*at, run.known[*at].all())).collect();
        let tensors = |list: &[usize]| list.iter().map(|at| tensor(net, *at)).collect::<Vec<_>>();
        let name = |at: usize| net.tensors[at].name.clone();
        let states = words.states.iter().map(|pair| State {
            input: name(pair.input),
            output: name(pair.output),
            by: if pair.named { "name and shape" } else { "shape and order" },
        });
        let internal = internal(net).into_iter().map(|(name, at)| Tensor { name, ..tensor(net, at) });
        let open = |at: usize| net.tensors[at].dims.as_ref().is_none_or(|dims| dims.contains(&None));
        // All other extents of a TFLite file are for those that it stands ready for.
        let counted = |at: usize, dims: &Vec<u64>| net.tensors[at].ready.clone().unwrap_or_else(|| dims.clone());
        let taken = words.shapes.iter().filter(|(at, _)| open(*at)).map(|(at, dims)| (name(*at), counted(*at, dims)));
        let about = &net.about;
        Ok(Self {
            file: path.to_string_lossy().into_owned(),
            bytes,
            format: about.format,
            version: about.version,
            opsets: about.opsets.clone(),
            producer: about.producer.clone(),
            doc: about.doc.clone(),
            metadata: about.metadata.clone(),
            inputs: tensors(&net.main().inputs),
            outputs: tensors(&net.main().outputs),
            states: states.collect(),
            internal: internal.collect(),
            operators: operators(net, &run),
            macs: Macs {
                total: run.work.total(),
                uncounted: run.work.lost.clone(),
                either: run.work.either,
                taken: taken.collect(),
            },
            parameters: parameters(net),
            tensors: all_at_once(net, &run),
            node: Node::new(net, &words, path, &shapes),
            engines: None,
        })
    }
}

/// Bytes of all tensors that go in or are computed.
fn all_at_once(net: &Net, run: &Run) -> Option<u64> {
    /// Of a type that no file tells: no number is wider.
    const WIDEST: u64 = 64;
    let computed = net.graphs.iter().flat_map(|graph| graph.nodes.iter().flat_map(|node| &node.outputs));
    let tensors = net.main().inputs.iter().chain(computed.flatten()).copied().collect::<BTreeSet<usize>>();
    tensors.into_iter().try_fold(0u64, |sum, at| {
        let count = run.known[at].all()?.into_iter().try_fold(1u64, u64::checked_mul)?;
        let bits = net.tensors[at].ty.bits().unwrap_or(WIDEST);
        sum.checked_add(count.checked_mul(bits)?.div_ceil(8))
    })
}

/// A shape that the user gives, checked against the model.
fn shaped(net: &Net, name: &str, dims: &[u64]) -> Result<(usize, Vec<u64>), CardError> {
    let inputs = || net.main().inputs.iter().copied();
    let Some(at) = inputs().find(|at| net.tensors[*at].name == name) else {
        let names: Vec<&str> = inputs().map(|at| net.tensors[at].name.as_str()).collect();
        let near = crate::graph::nearest(name, names.iter().copied());
        let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        return Err(CardError::Shape(format!("the model has no input `{name}`; it has {}{hint}", names.join(", "))));
    };
    let agrees =
        |own: &Extents| own.len() == dims.len() && own.iter().zip(dims).all(|(own, n)| own.is_none_or(|own| own == *n));
    match &net.tensors[at].dims {
        Some(own) if !agrees(own) => {
            let own = own.iter().map(|n| n.map_or("?".into(), |n| n.to_string())).collect::<Vec<_>>().join("×");
            let given = dims.iter().map(u64::to_string).collect::<Vec<_>>().join("×");
            Err(CardError::Shape(format!("`{name}` is {own}, and {given} does not agree")))
        }
        _ => Ok((at, dims.to_vec())),
    }
}

fn tensor(net: &Net, at: usize) -> Tensor {
    let tensor = &net.tensors[at];
    Tensor {
        name: tensor.name.clone(),
        alias: tensor.alias.clone(),
        ty: tensor.ty.0,
        shape: tensor.dims.clone(),
        symbols: tensor.symbols.clone(),
        quantisation: tensor.quant.clone(),
    }
}

fn operators(net: &Net, run: &Run) -> Vec<Operator> {
    let mut found: Vec<Operator> = vec![];
    let mut places = std::collections::HashMap::new();
    for node in net.graphs.iter().flat_map(|graph| &graph.nodes) {
        let at = *places.entry((&node.domain, &node.op)).or_insert_with(|| {
            let (domain, name) = (node.domain.clone(), node.op.clone());
            let macs = run
                .work
                .macs
                .iter()
                .find(|(known, _)| known.0 == domain && known.1 == name)
                .map_or(0, |(_, macs)| *macs);
            found.push(Operator { domain, name, version: 0, count: 0, macs });
            found.len() - 1
        });
        found[at].count += 1;
        found[at].version = found[at].version.max(node.version);
    }
    found.sort_by_key(|op| (std::cmp::Reverse((op.macs, op.count)), op.name.clone()));
    found
}

fn parameters(net: &Net) -> Parameters {
    let mut by_type: Vec<(&'static str, u64, u64)> = vec![];
    for tensor in &net.tensors {
        let Some(constant) = tensor.constant.as_ref().filter(|constant| !constant.shared) else { continue };
        match by_type.iter_mut().find(|(ty, ..)| *ty == tensor.ty.0) {
            Some((_, count, bytes)) => {
                (*count, *bytes) = (count.saturating_add(constant.count), bytes.saturating_add(constant.bytes));
            }
            None => by_type.push((tensor.ty.0, constant.count, constant.bytes)),
        }
    }
    by_type.sort_by_key(|(ty, count, _)| (std::cmp::Reverse(*count), *ty));
    Parameters {
        count: by_type.iter().fold(0, |all, (_, count, _)| all.saturating_add(*count)),
        bytes: by_type.iter().fold(0, |all, (.., bytes)| all.saturating_add(*bytes)),
        by_type,
        elsewhere: net.about.elsewhere.clone(),
    }
}
