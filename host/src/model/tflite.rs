//! Reads TensorFlow Lite files:
//! <https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs> lists the
//! tables, whose fields count from 0 here.
mod flat;
mod names;

use super::net::{About, Attr, Constant, Graph, Net, Node, Quant, Tensor};
use super::read::{Damage, MOST_AXES, MOST_ENDS};
use super::ty::Type;
use flat::{File, Table};
use std::collections::HashMap;

/// What bytes 4 to 8 of such a file are.
pub const MAGIC: &[u8] = b"TFL3";

/// Number of the operator that is none of the built-in ones.
const CUSTOM: i32 = 32;

/// Reads a model.
pub fn read(bytes: &[u8]) -> Result<Net, Damage> {
    let file = File::new(bytes);
    let root = file.root()?;
    let codes = root.tables(1)?.into_iter().map(Code::read).collect::<Result<Vec<_>, _>>()?;
    let mut buffers = root.tables(4)?.into_iter().map(buffer).collect::<Result<Vec<_>, _>>()?;
    let about = About {
        format: "TensorFlow Lite",
        version: root.i32(0)?.into(),
        doc: root.text(3)?,
        metadata: metadata(root)?,
        ..About::default()
    };
    let mut net = Net { about, ..Net::default() };
    let (subgraphs, mut firsts) = (root.tables(2)?, vec![]);
    for graph in subgraphs {
        firsts.push(net.tensors.len());
        let read = subgraph(&mut net, graph, &codes, &mut buffers)?;
        net.graphs.push(read);
    }
    if net.graphs.is_empty() {
        return Err(Damage("it has no graph".into()));
    }
    for attr in net.graphs.iter().flat_map(|graph| &graph.nodes).flat_map(|node| &node.attrs) {
        if let (_, Attr::Graph(at)) = attr
            && *at >= firsts.len()
        {
            return Err(Damage(format!("an operator calls graph {at}, which is not there")));
        }
    }
    for (tensor, name) in names(root, &net)? {
        let tensor = &mut net.tensors[tensor];
        if name != tensor.name {
            tensor.alias = std::mem::replace(&mut tensor.name, name);
        }
    }
    Ok(net)
}

/// Names by which graphs and engines call inputs and outputs: those of the first signature that names them all.
/// Converters put the author's names there, and call the tensors themselves `serving_default_x:0`.
fn names(root: Table, net: &Net) -> Result<Vec<(usize, String)>, Damage> {
    for signature in root.tables(7)?.into_iter().filter(|signature| signature.i32(4) == Ok(0)) {
        let mut given = HashMap::new();
        for map in [signature.tables(0)?, signature.tables(1)?].concat() {
            let (name, tensor) = (map.text(0)?, map.i32(1)?);
            if let Some(tensor) = usize::try_from(tensor).ok().filter(|_| !name.is_empty()) {
                given.entry(tensor).or_insert(name);
            }
        }
        let ends = || net.main().inputs.iter().chain(&net.main().outputs);
        let named = ends().map(|at| Some((*at, given.get(at)?.clone()))).collect::<Option<Vec<_>>>();
        if let Some(named) = named {
            return Ok(named);
        }
    }
    Ok(vec![])
}

/// An operator that the file uses.
struct Code {
    op: String,
    domain: String,
    version: i64,
}

impl Code {
    fn read(table: Table) -> Result<Self, Damage> {
        // The first field has room for 127 operators, so a second one came.
        let number = table.i32(3)?.max(table.i8(0)?.into());
        let has_version = table.i32(2)?.max(1);
        let custom = table.text(1)?;
        let (op, domain) = match number {
            CUSTOM => (custom, "custom".into()),
            _ => (names::operator(number), String::new()),
        };
        Ok(Self { op, domain, version: has_version.into() })
    }
}

/// How many bytes a buffer has, and whether a tensor has taken them.
struct Buffer {
    bytes: u64,
    taken: bool,
}

fn buffer(table: Table) -> Result<Buffer, Damage> {
    // Files beyond 2 GB have their data behind the tables.
    let (inside, behind) = (table.bytes(0)?.len() as u64, table.u64(2)?);
    Ok(Buffer { bytes: inside.max(behind), taken: false })
}

fn subgraph(net: &mut Net, graph: Table, codes: &[Code], buffers: &mut [Buffer]) -> Result<Graph, Damage> {
    let first = net.tensors.len();
    for table in graph.tables(0)? {
        table.spend(size_of::<Tensor>())?;
        let tensor = tensor(table, buffers)?;
        net.tensors.push(tensor);
    }
    let count = net.tensors.len() - first;
    let known = |at: i32| match usize::try_from(at) {
        Ok(at) if at < count => Ok(Some(first + at)),
        _ if at == -1 => Ok(None), // an optional one that is left out
        _ => Err(Damage(format!("it speaks of tensor {at}, but has {count}"))),
    };
    let tensors = |table: Table, field| -> Result<Vec<Option<usize>>, Damage> {
        table.i32s(field)?.unwrap_or_default().into_iter().map(known).collect()
    };
    let mut nodes = vec![];
    for table in graph.tables(3)? {
        let code = usize::try_from(table.i32(0)?).ok().and_then(|at| codes.get(at));
        let Some(code) = code else { return Err(Damage("an operator in it is not in its list of operators".into())) };
        table.spend(size_of::<Node>() + code.op.len() + code.domain.len())?;
        nodes.push(Node {
            op: code.op.clone(),
            domain: code.domain.clone(),
            version: code.version,
            inputs: tensors(table, 1)?,
            outputs: tensors(table, 2)?,
            attrs: attrs(&code.op, table.table(4)?)?,
        });
    }
    let ends = |field| -> Result<Vec<usize>, Damage> {
        let ends: Vec<usize> = tensors(graph, field)?.into_iter().flatten().collect();
        if ends.len() > MOST_ENDS {
            Err(Damage(format!("it has more than {MOST_ENDS} inputs or outputs")))
        } else {
            Ok(ends)
        }
    };
    Ok(Graph { inputs: ends(1)?, outputs: ends(2)?, nodes })
}

/// The settings that matter here: graphs that an operator calls, and what a variable is called.
fn attrs(op: &str, options: Option<Table>) -> Result<Vec<(String, Attr)>, Damage> {
    let Some(options) = options else { return Ok(vec![]) };
    let graph = |name: &str, field| -> Result<(String, Attr), Damage> {
        let at = usize::try_from(options.i32(field)?).map_err(|_| Damage("an operator calls no graph".into()))?;
        Ok((name.into(), Attr::Graph(at)))
    };
    Ok(match op {
        "IF" => vec![graph("then_branch", 0)?, graph("else_branch", 1)?],
        "WHILE" => vec![graph("cond", 0)?, graph("body", 1)?],
        "CALL_ONCE" => vec![graph("init", 0)?],
        "VAR_HANDLE" => vec![("name".into(), Attr::Text(options.text(1)?))],
        "BATCH_MATMUL" => vec![("adj_x".into(), Attr::Int(options.i8(0)?.into()))],
        _ => vec![],
    })
}

fn tensor(table: Table, buffers: &mut [Buffer]) -> Result<Tensor, Damage> {
    let (ready, signature) = (table.i32s(0)?, table.i32s(7)?);
    let longest = ready.iter().chain(&signature).map(Vec::len).max().unwrap_or(0);
    if longest > MOST_AXES {
        return Err(Damage(format!("a tensor in it has more than {MOST_AXES} axes")));
    }
    let extent = |n: &i32| u64::try_from(*n).ok();
    // An empty shape is one value; in old files also that of a tensor whose shape is not known.
    let ready = ready.unwrap_or_default();
    let dims = signature.filter(|open| open.len() == ready.len()).unwrap_or_else(|| ready.clone());
    let ready: Option<Vec<u64>> = ready.iter().map(extent).collect();
    let dims: Vec<Option<u64>> = dims.iter().map(|n| extent(n).filter(|n| *n > 0)).collect();
    let count = ready.as_ref().map_or(0, |extents| extents.iter().fold(1u64, |all, n| all.saturating_mul(*n)));
    let mut constant = None;
    if let Some(buffer) = usize::try_from(table.i32(2)?).ok().and_then(|at| buffers.get_mut(at))
        && buffer.bytes > 0
    {
        constant = Some(Constant { count, bytes: buffer.bytes, shared: buffer.taken, values: None });
        buffer.taken = true;
    }
    Ok(Tensor {
        name: table.text(3)?,
        ty: Type::tflite(table.i8(1)?.into()),
        symbols: vec![String::new(); dims.len()],
        dims: Some(dims),
        ready,
        constant,
        quant: table.table(4)?.map_or(Ok(None), quant)?,
        variable: table.i8(5)? != 0,
        alias: String::new(),
    })
}

fn quant(table: Table) -> Result<Option<Quant>, Damage> {
    let Some((scale, channels)) = table.first_u32(2)? else { return Ok(None) };
    Ok(Some(Quant { scale: f32::from_bits(scale), zero_point: table.first_i64(3)?.unwrap_or(0), channels }))
}

/// Names of what a program put beside the model, and the text if it is a short one.
fn metadata(root: Table) -> Result<Vec<(String, String)>, Damage> {
    let buffers = root.tables(4)?;
    let mut facts = vec![];
    for entry in root.tables(6)? {
        let buffer = usize::try_from(entry.i32(1)?).ok().and_then(|at| buffers.get(at)).copied();
        let bytes = buffer.map_or(Ok(&[][..]), |buffer| buffer.bytes(0))?;
        let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        let printable = text.len() <= 64 && text.iter().all(|byte| (b' '..=b'~').contains(byte));
        let text =
            if printable { String::from_utf8_lossy(text).into_owned() } else { format!("{} bytes", bytes.len()) };
        facts.push((entry.text(0)?, text));
    }
    Ok(facts)
}
