//! An ONNX file: read, checked for what engines crash on or silently accept, and what it declares.
//!
//! All engines that run ONNX models begin here, so that a mistake in a file is answered in the same words by each.
use crate::shapes::{MOST_VALUES, values};
use crate::words::{Tensor, shape_text};
use aw_sdk::{Error, Result};
use std::collections::{BTreeSet, HashSet};
use std::path::{Component, Path};
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::tensor_shape_proto::dimension::Value::DimValue;
use tract_onnx::pb::type_proto::Value::TensorType;
use tract_onnx::pb::{GraphProto, ModelProto, TensorProto, ValueInfoProto};
use tract_onnx::prelude::Framework;

/// An ONNX file without visible damage.
pub struct OnnxFile {
    /// Where it lies.
    pub path: String,
    /// What is in it.
    pub proto: ModelProto,
    /// What goes in.
    pub inputs: Vec<Tensor>,
    /// What comes out.
    pub outputs: Vec<Tensor>,
}

impl OnnxFile {
    /// Reads a model.
    ///
    /// # Errors
    /// No such file, not an ONNX file, a damaged one.
    pub fn open(path: &str) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|e| Error(format!("cannot read the model {path}: {e}")))?;
        let proto = crate::tract::contained(|| tract_onnx::onnx().proto_model_for_read(&mut &bytes[..]));
        let whole = |proto: &ModelProto| proto.graph.as_ref().is_some_and(|graph| !graph.output.is_empty());
        let Some(proto) = proto.ok().filter(whole) else { return Err(Error(format!("{path} {}", no_model(&bytes)))) };
        drop(bytes);
        let none = GraphProto::default();
        let graph = proto.graph.as_ref().unwrap_or(&none);
        let open = |info: &&ValueInfoProto| !graph.initializer.iter().any(|weights| weights.name == info.name);
        let taken: Vec<&ValueInfoProto> = graph.input.iter().filter(open).collect();
        let folder = Path::new(path).parent().unwrap_or(Path::new("."));
        check(graph, &taken, folder).map_err(|why| Error(format!("{path} {why}")))?;
        let inputs = taken.into_iter().map(declared).collect();
        let outputs = graph.output.iter().map(declared).collect();
        Ok(Self { path: path.into(), inputs, outputs, proto })
    }
}

/// What is wrong with a graph, as "is damaged: ..".
fn check(graph: &GraphProto, taken: &[&ValueInfoProto], folder: &Path) -> std::result::Result<(), String> {
    let mut unmade = BTreeSet::new();
    find_unmade(graph, &HashSet::new(), &mut unmade);
    if !unmade.is_empty() {
        let names = unmade.into_iter().collect::<Vec<_>>().join("`, `");
        return Err(format!("is damaged: nothing in it makes `{names}`"));
    }
    for info in taken {
        match info.r#type.as_ref().and_then(|ty| ty.value.as_ref()) {
            Some(TensorType(tensor)) if tensor.elem_type == DataType::String as i32 => {
                return Err(format!("takes text at `{}`, and only numbers can be bound", info.name));
            }
            Some(_) => {}
            None => return Err(format!("takes no tensor at `{}`, and only tensors can be bound", info.name)),
        }
    }
    for info in taken.iter().copied().chain(&graph.output).chain(&graph.value_info) {
        let tensor = declared(info);
        let known: Vec<usize> = tensor.dims.iter().flatten().copied().collect();
        if values(&known).is_none() {
            return Err(format!("declares {tensor}, more than {MOST_VALUES} values"));
        }
    }
    weights(graph).try_for_each(|(name, tensor)| check_weights(name, tensor, folder))
}

/// Names that are used and that no input, weight or node of the graph, or of those around it, makes.
fn find_unmade<'a>(graph: &'a GraphProto, around: &HashSet<&'a str>, unmade: &mut BTreeSet<&'a str>) {
    let mut made = around.clone();
    made.extend(graph.input.iter().map(|info| info.name.as_str()));
    made.extend(graph.initializer.iter().map(|tensor| tensor.name.as_str()));
    made.extend(graph.sparse_initializer.iter().flat_map(|sparse| &sparse.values).map(|tensor| tensor.name.as_str()));
    made.extend(graph.node.iter().flat_map(|node| &node.output).map(String::as_str));
    let used = graph.node.iter().flat_map(|node| &node.input).filter(|name| !name.is_empty());
    let used = used.chain(graph.output.iter().map(|info| &info.name));
    unmade.extend(used.map(String::as_str).filter(|name| !made.contains(name)));
    for inner in graph.node.iter().flat_map(|node| &node.attribute).flat_map(|a| a.g.iter().chain(&a.graphs)) {
        find_unmade(inner, &made, unmade);
    }
}

/// All weights and constants, with the names they go by, also those of graphs within nodes.
fn weights(graph: &GraphProto) -> Box<dyn Iterator<Item = (&str, &TensorProto)> + '_> {
    let own = graph.initializer.iter().map(|tensor| (tensor.name.as_str(), tensor));
    let inner = graph.node.iter().flat_map(|node| {
        let name = node.output.first().map_or("", String::as_str);
        node.attribute.iter().flat_map(move |attribute| {
            let constants = attribute.t.iter().chain(&attribute.tensors).map(move |tensor| (name, tensor));
            constants.chain(attribute.g.iter().chain(&attribute.graphs).flat_map(weights))
        })
    });
    Box::new(own.chain(inner))
}

/// Weights must hold as many values as they declare, and numbers only: one NaN in them turns all that leaves into NaN.
fn check_weights(name: &str, tensor: &TensorProto, folder: &Path) -> std::result::Result<(), String> {
    let Some(size) = size_of_one(tensor.data_type) else { return Ok(()) };
    let count = tensor.dims.iter().try_fold(1usize, |all, n| all.checked_mul(usize::try_from(*n).ok()?));
    let dims: Vec<usize> = tensor.dims.iter().map(|n| usize::try_from(*n).unwrap_or(0)).collect();
    let shape = shape_text(&dims);
    let Some(bytes) = count.and_then(|count| count.checked_mul(size)) else {
        return Err(format!("is damaged: the weights `{name}` have impossible extents {:?}", tensor.dims));
    };
    let count = bytes / size;
    let holds = |held: usize| {
        let wrong = format!("is damaged: the weights `{name}` are {shape}, but hold {held} of {count} values");
        if held == count { Ok(()) } else { Err(wrong) }
    };
    let nan = |at: Option<usize>| match at {
        Some(at) => Err(format!(
            "has a weight that is no number, NaN: value {at} of `{name}` ({shape}): its training went wrong, or it is damaged"
        )),
        None => Ok(()),
    };
    if tensor.data_location == Some(DataLocation::External as i32) {
        let outside = external(tensor, folder).map_err(|why| format!("keeps the weights `{name}` {why}"))?;
        holds(outside.len() / size)?;
        return nan(raw_nan(tensor.data_type, &outside));
    }
    if !tensor.raw_data.is_empty() {
        holds(tensor.raw_data.len() / size)?;
        return nan(raw_nan(tensor.data_type, &tensor.raw_data));
    }
    holds(match tensor.data_type {
        1 | 14 => tensor.float_data.len() * 4 / size,
        11 | 15 => tensor.double_data.len() * 8 / size,
        7 => tensor.int64_data.len(),
        12 | 13 => tensor.uint64_data.len(),
        _ => tensor.int32_data.len(),
    })?;
    let float = || tensor.float_data.iter().position(|x| x.is_nan());
    nan(float().or_else(|| tensor.double_data.iter().position(|x| x.is_nan())))
}

/// Bytes of one value, of the types whose values are whole bytes.
fn size_of_one(data_type: i32) -> Option<usize> {
    Some(match DataType::try_from(data_type).ok()? {
        DataType::Uint8 | DataType::Int8 | DataType::Bool => 1,
        DataType::Uint16 | DataType::Int16 | DataType::Float16 | DataType::Bfloat16 => 2,
        DataType::Float | DataType::Int32 | DataType::Uint32 => 4,
        DataType::Double | DataType::Int64 | DataType::Uint64 | DataType::Complex64 => 8,
        DataType::Complex128 => 16,
        _ => return None,
    })
}

/// The first value that is NaN.
fn raw_nan(data_type: i32, bytes: &[u8]) -> Option<usize> {
    // A floating-point number is NaN if without its sign it is larger than infinity.
    let half = |infinity: u16| bytes.as_chunks().0.iter().position(|b| u16::from_le_bytes(*b) & 0x7fff > infinity);
    match DataType::try_from(data_type).ok()? {
        DataType::Float => bytes.as_chunks().0.iter().position(|b| f32::from_le_bytes(*b).is_nan()),
        DataType::Double => bytes.as_chunks().0.iter().position(|b| f64::from_le_bytes(*b).is_nan()),
        DataType::Float16 => half(0x7c00),
        DataType::Bfloat16 => half(0x7f80),
        _ => None,
    }
}

/// Weights that lie in a file beside the model; "in .., but" says what is wrong with it.
fn external(tensor: &TensorProto, folder: &Path) -> std::result::Result<Vec<u8>, String> {
    use std::io::{Read, Seek, SeekFrom};
    let entry =
        |key: &str| tensor.external_data.iter().find(|entry| entry.key == key).map(|entry| entry.value.as_str());
    let file = entry("location").unwrap_or_default();
    let place = Path::new(file);
    if file.is_empty() || !place.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(format!("in `{file}`, which is no file beside it"));
    }
    let number = |key| entry(key).map(str::parse::<u64>).transpose().map_err(|_| format!("in {file}, but not where"));
    let (offset, length) = (number("offset")?.unwrap_or(0), number("length")?.unwrap_or(u64::MAX));
    let mut bytes = vec![];
    let read = std::fs::File::open(folder.join(place)).and_then(|mut opened| {
        opened.seek(SeekFrom::Start(offset))?;
        opened.take(length).read_to_end(&mut bytes)
    });
    read.map_err(|e| format!("in {file} beside it, which cannot be read: {e}"))?;
    Ok(bytes)
}

/// A tensor as the file declares it; some exporters write 0 for an extent they leave open.
fn declared(info: &ValueInfoProto) -> Tensor {
    let ty = info.r#type.as_ref().and_then(|ty| ty.value.as_ref());
    let shape = ty.and_then(|TensorType(tensor)| tensor.shape.as_ref());
    let dims = shape.into_iter().flat_map(|shape| &shape.dim).map(|dim| match dim.value {
        Some(DimValue(n)) if n > 0 => usize::try_from(n).ok(),
        _ => None,
    });
    Tensor { name: info.name.clone(), dims: dims.collect() }
}

/// What a file is that is no model.
fn no_model(bytes: &[u8]) -> String {
    if bytes.get(4..8) == Some(b"TFL3") {
        return "is a TensorFlow Lite model, not an ONNX one".into();
    }
    if bytes.starts_with(b"version https://git-lfs") {
        return "is only a Git LFS pointer: `git lfs pull` brings the model itself".into();
    }
    // Field 1 of an ONNX file, `ir_version`, comes first.
    let begun = bytes.first() == Some(&0x08) && bytes.len() > 16;
    let what = if begun { "is damaged or cut short" } else { "is no ONNX model" };
    format!("{what} ({} bytes)", bytes.len())
}
