//! Reads ONNX files: <https://github.com/onnx/onnx/blob/main/onnx/onnx.proto> names the fields that are numbered here.
//!
//! Weights are passed over where they lie: all that is kept of them is how many there are. Only short lists of whole
//! numbers are read, because shapes hang on them.
mod parts;
mod wire;

use super::net::{About, Attr, Graph, Net, Node, Tensor};
use super::read::{Damage, LONGEST_LIST, MOST_AXES, MOST_ENDS, MOST_THINGS};
use super::ty::Type;
use parts::{entry, opset, shape, weights};
use std::collections::HashMap;
use wire::{Cut, Fields, Value};

/// Graphs within graphs.
const MOST_DEPTH: usize = 32;
/// Other files with weights.
const MOST_FILES: usize = 1000;

/// Reads a model; `None` if the bytes do not even begin like one.
pub fn read(bytes: &[u8]) -> Option<Result<Net, Damage>> {
    // Every writer puts `ir_version` first; a model without a graph, or with an empty one, is none.
    let begins = matches!(Fields(bytes).next(), Some(Ok((1, Value::Number(_)))));
    let mut reader = Reader { net: Net::default(), scopes: vec![], things: 0 };
    let read = reader.model(bytes);
    let known = !reader.net.graphs.is_empty() && !reader.net.main().outputs.is_empty();
    match read {
        Ok(()) if known => Some(Ok(reader.net)),
        Ok(()) if begins => Some(Err(Damage("it has no graph with outputs".into()))),
        Err(why) if begins => Some(Err(why)),
        _ => None,
    }
}

struct Reader {
    net: Net,
    /// Names → tensors, of the graph being read and of those around it.
    scopes: Vec<HashMap<String, usize>>,
    /// Tensors, operators and settings read: a small file can make very many.
    things: usize,
}

impl From<Cut> for Damage {
    fn from(_: Cut) -> Self {
        Self("it is cut short, or its bytes are no message of Protocol Buffers".into())
    }
}

impl Reader {
    fn model(&mut self, bytes: &[u8]) -> Result<(), Damage> {
        let (mut graph, mut name, mut version, mut functions) = (None, String::new(), String::new(), 0);
        let mut about = About { format: "ONNX", ..About::default() };
        for field in Fields(bytes) {
            match field? {
                (1, value) => about.version = value.int(),
                (2, value) => name = value.text(),
                (3, value) => version = value.text(),
                (6, value) => about.doc = value.text(),
                (7, Value::Bytes(inner)) => graph = Some(inner),
                (8, value) => about.opsets.push(opset(value)?),
                (14, value) => about.metadata.push(entry(value)?),
                (25, _) => functions += 1,
                _ => {}
            }
            self.count()?;
        }
        about.producer = format!("{name} {version}").trim().into();
        if functions > 0 {
            about.metadata.push(("functions in the file".into(), functions.to_string()));
        }
        self.net.about = about;
        if let Some(graph) = graph {
            self.graph(graph, 0)?;
        }
        Ok(())
    }

    fn count(&mut self) -> Result<(), Damage> {
        self.things += 1;
        match self.things > MOST_THINGS {
            true => Err(Damage(format!("it has more than {MOST_THINGS} tensors, operators and settings"))),
            false => Ok(()),
        }
    }

    /// Reads a graph and answers its number.
    fn graph(&mut self, bytes: &[u8], depth: usize) -> Result<usize, Damage> {
        if depth > MOST_DEPTH {
            return Err(Damage(format!("its graphs lie more than {MOST_DEPTH} deep in one another")));
        }
        let at = self.net.graphs.len();
        self.net.graphs.push(Graph::default());
        self.scopes.push(HashMap::new());
        let (mut inputs, mut outputs) = (vec![], vec![]);
        for field in Fields(bytes) {
            match field? {
                (5, Value::Bytes(inner)) => drop(self.constant(inner, false)?),
                (11, Value::Bytes(inner)) => inputs.push(self.declared(inner)?),
                (12, Value::Bytes(inner)) => outputs.push(self.declared(inner)?),
                (13, Value::Bytes(inner)) => drop(self.declared(inner)?),
                (15, Value::Bytes(inner)) => self.sparse(inner)?,
                _ => {}
            }
        }
        // Old files list the weights as inputs too.
        inputs.retain(|input| self.net.tensors[*input].constant.is_none());
        if inputs.len().max(outputs.len()) > MOST_ENDS {
            return Err(Damage(format!("it has more than {MOST_ENDS} inputs or outputs")));
        }
        let mut nodes = vec![];
        for field in Fields(bytes) {
            if let (1, Value::Bytes(inner)) = field? {
                nodes.push(self.node(inner, depth)?);
            }
        }
        self.scopes.pop();
        self.net.graphs[at] = Graph { inputs, outputs, nodes };
        Ok(at)
    }

    /// The tensor of a name in the graph being read, made if need be.
    fn own(&mut self, name: String) -> Result<usize, Damage> {
        let known = self.scopes.last().and_then(|scope| scope.get(&name)).copied();
        match known {
            Some(tensor) => Ok(tensor),
            None => self.add(name),
        }
    }

    fn add(&mut self, name: String) -> Result<usize, Damage> {
        self.count()?;
        let at = self.net.tensors.len();
        self.net.tensors.push(Tensor { name: name.clone(), ..Tensor::default() });
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name, at);
        }
        Ok(at)
    }

    /// The tensor that an operator means: of its own graph or of one around it. "" is none.
    fn meant(&mut self, name: String) -> Result<Option<usize>, Damage> {
        if name.is_empty() {
            return Ok(None);
        }
        let known = self.scopes.iter().rev().find_map(|scope| scope.get(&name)).copied();
        known.map_or_else(|| self.add(name), Ok).map(Some)
    }

    /// A tensor with a type and a shape.
    fn declared(&mut self, bytes: &[u8]) -> Result<usize, Damage> {
        let (mut name, mut ty) = (String::new(), &[][..]);
        for field in Fields(bytes) {
            match field? {
                (1, value) => name = value.text(),
                (2, value) => ty = value.bytes(),
                _ => {}
            }
        }
        let (mut kind, mut dims, mut symbols) = (Type::default(), None, vec![]);
        for field in Fields(ty) {
            // A tensor; sequences, maps and optionals have no shape of their own.
            let (1, Value::Bytes(tensor)) = field? else { continue };
            for field in Fields(tensor) {
                match field? {
                    (1, value) => kind = Type::onnx(value.int()),
                    (2, value) => (dims, symbols) = shape(value.bytes()).map(|(dims, names)| (Some(dims), names))?,
                    _ => {}
                }
            }
        }
        let at = self.own(name)?;
        let tensor = &mut self.net.tensors[at];
        (tensor.ty, tensor.symbols) = (kind, symbols);
        if tensor.constant.is_none() {
            tensor.dims = dims;
        }
        Ok(at)
    }

    /// A tensor with values. Inside an operator its name means nothing.
    fn constant(&mut self, bytes: &[u8], inside: bool) -> Result<usize, Damage> {
        let found = weights(bytes)?;
        let at = if inside { self.add(String::new())? } else { self.own(found.name)? };
        if let Some(outside) = found.outside {
            self.elsewhere(outside, found.constant.bytes)?;
        }
        let tensor = &mut self.net.tensors[at];
        tensor.ty = found.ty;
        tensor.dims = Some(found.dims.into_iter().map(Some).collect());
        tensor.constant = Some(found.constant);
        Ok(at)
    }

    /// Weights in another file.
    fn elsewhere(&mut self, name: String, bytes: u64) -> Result<(), Damage> {
        let files = &mut self.net.about.elsewhere;
        if let Some((_, sum)) = files.iter_mut().find(|(known, _)| *known == name) {
            *sum = sum.saturating_add(bytes);
            return Ok(());
        }
        files.push((name, bytes));
        match files.len() > MOST_FILES {
            true => Err(Damage(format!("its weights are in more than {MOST_FILES} files"))),
            false => Ok(()),
        }
    }

    /// A tensor of which only the values that are not zero are in the file.
    fn sparse(&mut self, bytes: &[u8]) -> Result<(), Damage> {
        let (mut at, mut dims) = (None, vec![]);
        for field in Fields(bytes) {
            match field? {
                (1, Value::Bytes(values)) => at = Some(self.constant(values, false)?),
                (3, value) => value.ints(&mut dims, MOST_AXES)?,
                _ => {}
            }
        }
        if let Some(at) = at {
            self.net.tensors[at].dims = Some(dims.into_iter().map(|n| u64::try_from(n).ok()).collect());
        }
        Ok(())
    }

    fn node(&mut self, bytes: &[u8], depth: usize) -> Result<Node, Damage> {
        self.count()?;
        let mut node = Node::default();
        for field in Fields(bytes) {
            match field? {
                (1, value) => {
                    self.count()?;
                    let input = self.meant(value.text())?;
                    node.inputs.push(input);
                }
                (2, value) => {
                    self.count()?;
                    let name = value.text();
                    let output = if name.is_empty() { None } else { Some(self.own(name)?) };
                    node.outputs.push(output);
                }
                (4, value) => node.op = value.text(),
                (7, value) => node.domain = value.text(),
                (5, Value::Bytes(inner)) => {
                    self.count()?;
                    let attr = self.attr(inner, depth)?;
                    node.attrs.extend(attr);
                }
                _ => {}
            }
        }
        if node.domain == "ai.onnx" {
            node.domain.clear();
        }
        Ok(node)
    }

    fn attr(&mut self, bytes: &[u8], depth: usize) -> Result<Option<(String, Attr)>, Damage> {
        let (mut name, mut attr, mut ints) = (String::new(), None, vec![]);
        for field in Fields(bytes) {
            match field? {
                (1, value) => name = value.text(),
                (3, value @ Value::Number(_)) => attr = Some(Attr::Int(value.int())),
                (4, value) => attr = Some(Attr::Text(value.text())),
                (5, Value::Bytes(inner)) => attr = Some(Attr::Tensor(self.constant(inner, true)?)),
                (6, Value::Bytes(inner)) => attr = Some(Attr::Graph(self.graph(inner, depth + 1)?)),
                (8, value) => value.ints(&mut ints, LONGEST_LIST)?,
                _ => {}
            }
        }
        if !ints.is_empty() {
            attr = Some(Attr::Ints(ints));
        }
        Ok(attr.map(|attr| (name, attr)))
    }
}

/// Whether a file is a model of Core ML, which is a message that begins alike: the kind of model is a field from 200 on.
pub fn is_core_ml(bytes: &[u8]) -> bool {
    let mut fields = Fields(bytes);
    matches!(fields.next(), Some(Ok((1, Value::Number(_)))))
        && fields.map_while(Result::ok).any(|(field, value)| matches!((field, value), (200..4000, Value::Bytes(_))))
}
