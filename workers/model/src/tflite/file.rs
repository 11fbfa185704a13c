//! A TensorFlow Lite file, read and checked before any runtime sees it.
//!
//! The runtimes are C++ that trusts the file: what they would follow blindly is checked here (see [`super::check`]), and
//! names, types, shapes and quantisation are taken from the file itself, the same for every engine.
use super::check::check;
use super::flatbuffer::{Table, verify};
use super::operators::{self, CUSTOM};
use super::schema::{self, buffer, code, model, operator, quantization, signature, subgraph, tensor};
use super::values::{Quantization, Type, Values, type_of};
use crate::words::Tensor as Declared;
use aw_sdk::{Error, Result};
use std::sync::Arc;

/// A model as its file has it.
pub struct File {
    pub path: String,
    pub bytes: Bytes,
    /// What goes in and comes out, as the graph may name it.
    pub inputs: Vec<Declared>,
    pub outputs: Vec<Declared>,
    /// What these tensors hold, and what the file itself calls them.
    pub input_tensors: Vec<Tensor>,
    pub output_tensors: Vec<Tensor>,
    /// The operators that it uses, each once.
    pub operators: Vec<Operator>,
    /// Variables that its runs read and write.
    pub variables: usize,
    /// Whether a run may depend on the runs before, beside what goes in.
    pub remembers: bool,
    /// An input that no operator reads.
    pub unread: Option<String>,
    /// Number of the signature that stands for the main graph, if there is one.
    pub signature: Option<usize>,
}

/// A tensor that goes into the main graph or comes out.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// Its name in the file, which a signature may hide from the graph.
    pub name: String,
    pub values: Values,
    /// Its extents as the file gives them; an open one is 1 there.
    pub shape: Vec<usize>,
}

/// An operator that a model uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    pub name: String,
    /// Not one of TensorFlow Lite's own.
    pub custom: bool,
}

/// The bytes of a file, where the runtimes want them: at a multiple of 16, with some zeros behind.
#[derive(Clone)]
pub struct Bytes {
    words: Arc<[u128]>,
    len: usize,
}

/// Room behind a file that a read of a short field may touch; see [`super::flatbuffer`].
const MARGIN: usize = 16;

impl Bytes {
    fn new(bytes: &[u8]) -> Self {
        let word = |chunk: &[u8]| {
            let mut word = [0; 16];
            word[..chunk.len()].copy_from_slice(chunk);
            u128::from_le_bytes(word).to_le()
        };
        let margin = std::iter::repeat_n(0, MARGIN / 16);
        Self { words: bytes.chunks(16).map(word).chain(margin).collect(), len: bytes.len() }
    }

    /// Their first one; they stay where they are while a clone of this lives.
    pub fn as_ptr(&self) -> *const u8 {
        self.words.as_ptr().cast()
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn as_slice(&self) -> &[u8] {
        // SAFETY: `words` has at least `len` bytes, which any value of a word is.
        unsafe { std::slice::from_raw_parts(self.as_ptr(), self.len) }
    }
}

impl File {
    /// The table that the file begins with, in [`File::bytes`].
    pub fn root(&self) -> *const u8 {
        let offset = (u128::from_le(self.bytes.words[0]) & u128::from(u32::MAX)) as usize;
        self.bytes.as_ptr().wrapping_add(offset)
    }

    /// Checks that every shape follows from the operators as it stands in the file: an engine that works out none relies
    /// on it.
    ///
    /// # Errors
    /// What does not go together.
    pub fn check_strictly(&self) -> Result<()> {
        let bytes = self.bytes.as_slice();
        let reads = Table::root(bytes).tables(model::BUFFERS).iter().any(|table| table.number(buffer::OFFSET, 8) > 1);
        let checked =
            if reads { Err("keeps weights behind its tables".into()) } else { check(Table::root(bytes), bytes, true) };
        checked.map_err(|why| Error(format!("{} {why}", self.path)))
    }

    /// Reads and checks a model.
    ///
    /// # Errors
    /// No such file, not a TensorFlow Lite file, a damaged one, one that no engine here can run.
    pub fn open(path: &str) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|e| Error(format!("cannot read the model {path}: {e}")))?;
        Self::read(path, &bytes).map_err(|why| Error(format!("{path} {why}")))
    }

    /// As [`File::open`], from what the file holds.
    ///
    /// # Errors
    /// As there, to be put behind the name of the file.
    pub fn read(path: &str, bytes: &[u8]) -> std::result::Result<Self, String> {
        if bytes.get(4..8) != Some(b"TFL3") {
            return Err(no_model(bytes));
        }
        verify(bytes, &schema::MODEL)
            .map_err(|why| format!("is damaged or cut short: {why} ({} bytes)", bytes.len()))?;
        let root = Table::root(bytes);
        check(root, bytes, false)?;
        let graphs = root.tables(model::SUBGRAPHS);
        let main = graphs[0];
        let tensors = main.tables(subgraph::TENSORS);
        let sides = [main.ints(subgraph::INPUTS), main.ints(subgraph::OUTPUTS)];
        let signature = named(root, &sides);
        let [inputs, outputs] = [0, 1].map(|side| {
            let tensors = sides[side].iter().map(|at| tensors[*at as usize]);
            let tensors = tensors.map(at_edge).collect::<std::result::Result<Vec<_>, _>>()?;
            let names = signature.as_ref().map(|(_, names)| names[side].iter());
            let declared = tensors.iter().map(|(tensor, dims)| (tensor.name.clone(), dims.clone()));
            let mut declared: Vec<Declared> = declared.map(|(name, dims)| Declared { name, dims }).collect();
            for (tensor, name) in declared.iter_mut().zip(names.into_iter().flatten()) {
                tensor.name.clone_from(name);
            }
            Ok::<_, String>((declared, tensors.into_iter().map(|(tensor, _)| tensor).collect::<Vec<_>>()))
        });
        let ((inputs, input_tensors), (outputs, output_tensors)) = (inputs?, outputs?);
        let (operators, variables, remembers) = used(root, &graphs);
        let reads =
            |at: &i32| main.tables(subgraph::OPERATORS).iter().any(|node| node.ints(operator::INPUTS).contains(at));
        let unread = sides[0].iter().position(|at| !reads(at)).map(|at| inputs[at].name.clone());
        Ok(Self {
            path: path.into(),
            bytes: Bytes::new(bytes),
            inputs,
            outputs,
            input_tensors,
            output_tensors,
            operators,
            variables,
            remembers,
            unread,
            signature: signature.map(|(at, _)| at),
        })
    }
}

/// A tensor that frames, states or constants cross, and its extents, open ones as such.
fn at_edge(table: Table) -> std::result::Result<(Tensor, Vec<Option<usize>>), String> {
    let name = table.text(tensor::NAME);
    let number = table.number(tensor::TYPE, 1) as u8;
    let kind = type_of(number).map_or("unknown", |(kind, _)| kind);
    let ty = Type::in_file(number).ok_or_else(|| format!("has `{name}` of {kind} values, which no frames become"))?;
    let quantized = table.table(tensor::QUANTIZATION);
    let scales = quantized.map_or(vec![], |q| q.numbers::<4>(quantization::SCALE));
    let zeros = quantized.map_or(vec![], |q| q.numbers::<8>(quantization::ZERO_POINT));
    if scales.len() > 1 {
        return Err(format!("has `{name}` with a scale for each channel, but only one for the whole can be converted"));
    }
    let zero_point = zeros.first().map_or(0, |zero| i64::from_le_bytes(*zero) as i32);
    let whole = !matches!(ty, Type::F32 | Type::F16 | Type::Bool);
    let scale = scales.first().map(|scale| f32::from_le_bytes(*scale)).filter(|scale| whole && *scale > 0.0);
    let quantization = scale.map(|scale| Quantization { scale, zero_point });
    let shape = table.ints(tensor::SHAPE);
    let signature = table.ints(tensor::SHAPE_SIGNATURE);
    let open = |at: usize, n: i32| n == 0 || signature.get(at).is_some_and(|n| *n < 0);
    let dims = shape.iter().enumerate().map(|(at, n)| (!open(at, *n)).then_some(*n as usize)).collect();
    let shape = shape.iter().map(|n| *n as usize).collect();
    Ok((Tensor { name, values: Values { ty, quantization }, shape }, dims))
}

/// The first signature that names every input and output of the main graph, and its names in the order of the graph.
///
/// Converters give a model the names of its author there, and call the tensors themselves `serving_default_x:0`.
fn named(root: Table, sides: &[Vec<i32>; 2]) -> Option<(usize, [Vec<String>; 2])> {
    let names = |table: Table, side: usize| {
        let slot = [signature::INPUTS, signature::OUTPUTS][side];
        let maps = table.tables(slot);
        let name = |at: &i32| {
            let map = maps.iter().find(|map| map.int(signature::TENSOR) == *at)?;
            Some(map.text(signature::NAME)).filter(|name| !name.is_empty())
        };
        sides[side].iter().map(name).collect::<Option<Vec<_>>>()
    };
    let mut signatures = root.tables(model::SIGNATURES).into_iter().enumerate();
    signatures.find_map(|(at, table)| {
        let main = table.number(signature::SUBGRAPH, 4) == 0;
        main.then(|| Some((at, [names(table, 0)?, names(table, 1)?]))).flatten()
    })
}

/// Of an operator code: the builtin number.
pub fn builtin(table: Table) -> usize {
    // Older files have only a byte for the number, newer ones both; the larger one holds.
    let old = table.number(code::OLD_BUILTIN, 1) as u8 as i8;
    i32::from(old).max(table.int(code::BUILTIN)).max(0) as usize
}

/// Operators, how many variables there are, and whether a run depends on those before.
fn used(root: Table, graphs: &[Table]) -> (Vec<Operator>, usize, bool) {
    let codes = root.tables(model::OPERATOR_CODES);
    let (mut operators, mut variables, mut remembers) = (vec![], 0, false);
    for graph in graphs {
        remembers |= graph.tables(subgraph::TENSORS).iter().any(|t| t.number(tensor::IS_VARIABLE, 1) != 0);
        for table in graph.tables(subgraph::OPERATORS) {
            let code = codes[table.number(operator::CODE, 4) as usize];
            let number = builtin(code);
            let custom = number == CUSTOM;
            let name = if custom { code.text(code::CUSTOM) } else { operators::name(number).unwrap_or("?").into() };
            variables += usize::from(name == "VAR_HANDLE" && !custom);
            let once = ["VAR_HANDLE", "CALL_ONCE", "HASHTABLE"].contains(&name.as_str());
            remembers |= custom || once || name.starts_with("RANDOM_") || name == "MULTINOMIAL";
            let operator = Operator { name, custom };
            if !operators.contains(&operator) {
                operators.push(operator);
            }
        }
    }
    (operators, variables, remembers)
}

/// What a file is that is no model.
fn no_model(bytes: &[u8]) -> String {
    if bytes.starts_with(b"version https://git-lfs") {
        return "is only a Git LFS pointer: `git lfs pull` brings the model itself".into();
    }
    let onnx = bytes.first() == Some(&0x08) && bytes.windows(5).take(200).any(|at| at[1] == 0x12 || at[1] == 0x3a);
    if onnx && bytes.len() > 16 {
        return "is an ONNX model, not a TensorFlow Lite one: `worker = \"onnx\"` runs it".into();
    }
    format!("is no TensorFlow Lite model ({} bytes)", bytes.len())
}
