//! Whether a file means something: what its numbers name exists, and what it says fits together.
//!
//! [`super::flatbuffer::verify`] has made sure that every table lies in the file. Here every index is followed (operators,
//! tensors, buffers, graphs called by graphs), sizes are computed as the runtimes compute them, and weights are looked at.
use super::file::builtin;
use super::flatbuffer::Table;
use super::operators::{self, CUSTOM};
use super::rules::{self, Seen};
use super::schema::{buffer, code, model, operator, quantization, signature, subgraph, tensor};
use super::values::type_of;
use std::collections::HashMap;

/// More memory than all tensors of a graph may want that are not part of the file.
const MOST_BYTES: u64 = 1 << 31;

/// What was checked, or why it cannot be.
pub type Checked<T = ()> = Result<T, String>;

/// Says what is damaged.
pub fn damaged<T>(why: impl std::fmt::Display) -> Checked<T> {
    Err(format!("is damaged: {why}"))
}

/// Checks a model whose tables all lie in `bytes`.
///
/// Engines that are `strict` take every shape as the file gives it, and their kernels rely on it; others work shapes out
/// anew.
///
/// # Errors
/// What it says that cannot be, to be put behind the name of the file.
pub fn check<'a>(root: Table<'a>, bytes: &'a [u8], strict: bool) -> Checked {
    let version = root.number(model::VERSION, 4);
    if version != 3 {
        return Err(format!("has version {version} of the TensorFlow Lite schema, but only 3 is known"));
    }
    if !root.tables(model::EXTERNAL_BUFFERS).is_empty() {
        return Err("keeps its weights in another file, which no engine here reads".into());
    }
    let codes = root.tables(model::OPERATOR_CODES);
    for table in &codes {
        match builtin(*table) {
            CUSTOM if table.text(code::CUSTOM).is_empty() => return damaged("an operator has neither number nor name"),
            number if operators::name(number).is_none() => {
                return Err(format!("uses operator {number}, which the schema of TensorFlow Lite does not have"));
            }
            _ => {}
        }
    }
    let model = Model { root, bytes, strict, codes, buffers: root.tables(model::BUFFERS) };
    let tables = root.tables(model::SUBGRAPHS);
    let Some(main) = tables.first() else { return damaged("there is no graph in it") };
    if main.ints(subgraph::INPUTS).is_empty() || main.ints(subgraph::OUTPUTS).is_empty() {
        return Err("has no inputs or no outputs".into());
    }
    let graph = |table: Table<'a>| Graph { model: &model, table, tensors: table.tables(subgraph::TENSORS) };
    let graphs: Vec<Graph> = tables.iter().copied().map(graph).collect();
    graphs.iter().try_for_each(Graph::check)?;
    model.named()?;
    model.calls(&tables)?;
    let mut variables = HashMap::new();
    graphs.iter().try_for_each(|graph| graph.variables(&mut variables))
}

/// A model on its way through.
pub struct Model<'a> {
    root: Table<'a>,
    bytes: &'a [u8],
    pub strict: bool,
    codes: Vec<Table<'a>>,
    buffers: Vec<Table<'a>>,
}

/// A graph of it.
pub struct Graph<'m, 'a> {
    pub model: &'m Model<'a>,
    table: Table<'a>,
    pub tensors: Vec<Table<'a>>,
}

impl<'a> Model<'a> {
    /// The operator of a node: its name and number.
    fn operator(&self, node: &Table) -> Checked<(String, usize)> {
        let at = node.number(operator::CODE, 4) as usize;
        let Some(table) = self.codes.get(at) else { return damaged(format!("it has no operator {at}")) };
        match builtin(*table) {
            CUSTOM => Ok((table.text(code::CUSTOM), CUSTOM)),
            number => Ok((operators::name(number).unwrap_or_default().into(), number)),
        }
    }

    /// What a buffer holds.
    pub fn buffer(&self, at: u64) -> Checked<&'a [u8]> {
        let Some(table) = usize::try_from(at).ok().and_then(|at| self.buffers.get(at)) else {
            return damaged(format!("it has no buffer {at}"));
        };
        let (offset, size) = (table.number(buffer::OFFSET, 8), table.number(buffer::SIZE, 8));
        if offset > 1 {
            let range = offset.checked_add(size).and_then(|end| Some(offset.try_into().ok()?..end.try_into().ok()?));
            let data = range.and_then(|range: std::ops::Range<usize>| self.bytes.get(range));
            return data.map_or_else(|| damaged(format!("buffer {at} does not lie in the file")), Ok);
        }
        Ok(table.data(buffer::DATA))
    }

    /// Signatures and metadata name what there is.
    fn named(&self) -> Checked {
        let graphs = self.root.tables(model::SUBGRAPHS);
        for table in self.root.tables(model::SIGNATURES) {
            let at = table.number(signature::SUBGRAPH, 4);
            let Some(graph) = graphs.get(at as usize) else { return damaged(format!("it has no graph {at}")) };
            for (side, slot) in [(signature::INPUTS, subgraph::INPUTS), (signature::OUTPUTS, subgraph::OUTPUTS)] {
                let mut tensors: Vec<i32> = table.tables(side).iter().map(|map| map.int(signature::TENSOR)).collect();
                let mut names: Vec<String> = table.tables(side).iter().map(|map| map.text(signature::NAME)).collect();
                let there = graph.ints(slot);
                tensors.sort_unstable();
                names.sort_unstable();
                let twice = tensors.windows(2).any(|pair| pair[0] == pair[1])
                    || names.windows(2).any(|pair| pair[0] == pair[1]);
                if twice || tensors.iter().any(|at| !there.contains(at)) {
                    return damaged("a signature names a tensor twice, or one that does not go in or come out");
                }
            }
        }
        let metadata = self.root.tables(model::METADATA);
        if metadata.iter().any(|table| table.number(1, 4) >= self.buffers.len() as u64) {
            return damaged("its metadata are not there");
        }
        Ok(())
    }

    /// Graphs that operators call exist, and none calls itself.
    fn calls(&self, graphs: &[Table<'a>]) -> Checked {
        let mut called = vec![];
        for graph in graphs {
            let mut calls = vec![];
            for node in graph.tables(subgraph::OPERATORS) {
                calls.extend(self.called(&node)?);
            }
            if let Some(at) = calls.iter().find(|at| **at >= graphs.len()) {
                return damaged(format!("it has no graph {at}"));
            }
            called.push(calls);
        }
        // Peel off the graphs that call none of those that are left.
        let mut left: Vec<usize> = (0..graphs.len()).collect();
        loop {
            let before = left.len();
            let calls = |at: &usize, left: &[usize]| called[*at].iter().any(|at| left.contains(at));
            left = left.iter().copied().filter(|at| calls(at, &left)).collect();
            if left.is_empty() {
                return Ok(());
            }
            if left.len() == before {
                return damaged("its graphs call each other without end");
            }
        }
    }

    /// Graphs that an operator calls.
    fn called(&self, node: &Table<'a>) -> Checked<Vec<usize>> {
        let (name, _) = self.operator(node)?;
        let slots: &[usize] = match name.as_str() {
            "IF" | "WHILE" | "STABLEHLO_WHILE" => &[0, 1],
            "CALL" | "CALL_ONCE" => &[0],
            "STABLEHLO_COMPOSITE" | "STABLEHLO_REDUCE" => &[1],
            "STABLEHLO_SORT" => &[2],
            "STABLEHLO_REDUCE_WINDOW" => &[5],
            "STABLEHLO_SCATTER" => &[6],
            "STABLEHLO_CASE" => return Err("uses the operator `STABLEHLO_CASE`, which no engine here has".into()),
            _ => return Ok(vec![]),
        };
        let options = node.table(operator::OPTIONS).filter(|_| node.number(operator::OPTIONS_TYPE, 1) != 0);
        let later = node.table(operator::OPTIONS_2).filter(|_| node.number(operator::OPTIONS_2_TYPE, 1) != 0);
        let Some(options) = options.or(later) else { return damaged(format!("`{name}` does not say what it calls")) };
        Ok(slots.iter().map(|slot| options.number(*slot, 4) as usize).collect())
    }
}

impl Graph<'_, '_> {
    fn check(&self) -> Checked {
        let (mut made, mut total) = (vec![], 0);
        for at in 0..self.tensors.len() {
            let (constant, bytes) = self.tensor(at)?;
            let variable = self.tensors[at].number(tensor::IS_VARIABLE, 1) != 0;
            made.push(constant || variable || bytes == Some(0));
            total += if constant { 0 } else { bytes.unwrap_or(0) };
        }
        if total > MOST_BYTES {
            return Err(format!("wants {total} bytes for the tensors of one graph, more than {MOST_BYTES}"));
        }
        for at in self.indices(&self.table, subgraph::INPUTS, "the graph", false)? {
            made[at] = true;
        }
        for node in self.table.tables(subgraph::OPERATORS) {
            self.node(&node, &mut made)?;
        }
        for at in self.indices(&self.table, subgraph::OUTPUTS, "the graph", false)? {
            if !made[at] {
                return damaged(format!("nothing in it makes `{}`", self.tensors[at].text(tensor::NAME)));
            }
        }
        Ok(())
    }

    /// An operator finds its tensors, and they have been made by then.
    fn node(&self, node: &Table, made: &mut [bool]) -> Checked {
        let (name, number) = self.model.operator(node)?;
        for at in self.indices(node, operator::INPUTS, &name, true)? {
            if !made[at] {
                let tensor = self.tensors[at].text(tensor::NAME);
                return damaged(format!("`{name}` takes `{tensor}`, which nothing before it makes"));
            }
        }
        for at in self.indices(node, operator::OUTPUTS, &name, true)? {
            made[at] = true;
        }
        self.indices(node, operator::INTERMEDIATES, &name, true)?;
        let (ins, outs) = (node.ints(operator::INPUTS), node.ints(operator::OUTPUTS));
        let inputs: Vec<Option<Seen>> =
            ins.iter().map(|at| usize::try_from(*at).ok().map(|at| self.seen(at))).collect();
        let outputs: Vec<Seen> =
            outs.iter().filter_map(|at| usize::try_from(*at).ok()).map(|at| self.seen(at)).collect();
        if number != CUSTOM {
            rules::check(&name, node, &inputs, &outputs)?;
        }
        self.decided(&name, node, &ins, &inputs, &outputs)?;
        let (offset, size) =
            (node.number(operator::LARGE_OPTIONS_OFFSET, 8), node.number(operator::LARGE_OPTIONS_SIZE, 8));
        if offset > 1 && offset.checked_add(size).is_none_or(|end| end > self.model.bytes.len() as u64) {
            return damaged(format!("the options of `{name}` do not lie in the file"));
        }
        if number != CUSTOM && operators::name(number).is_none() {
            return damaged(format!("it has no operator {number}"));
        }
        Ok(())
    }

    /// All that goes into a variable or comes out has one type and shape; variables have a name.
    fn variables(&self, known: &mut HashMap<String, Seen>) -> Checked {
        let mut handles = HashMap::new();
        for node in self.table.tables(subgraph::OPERATORS) {
            let (name, _) = self.model.operator(&node)?;
            let (ins, outs) = (node.ints(operator::INPUTS), node.ints(operator::OUTPUTS));
            let value = match (name.as_str(), &ins[..], &outs[..]) {
                ("VAR_HANDLE", _, [handle]) => {
                    let named = |options: Table| options.text(0) + "/" + &options.text(1);
                    let Some(name) = node.table(operator::OPTIONS).filter(|options| options.has(1)).map(named) else {
                        return damaged("a variable has no name");
                    };
                    handles.insert(*handle, name);
                    continue;
                }
                ("READ_VARIABLE", [handle], [value]) | ("ASSIGN_VARIABLE", [handle, value], _) => (handle, value),
                _ => continue,
            };
            // A handle that comes from elsewhere is left to the engine.
            let Some(variable) = handles.get(value.0) else { continue };
            let seen = self.seen(*value.1 as usize);
            if self.tensors[*value.1 as usize].ints(tensor::SHAPE).contains(&0) {
                return damaged(format!("the variable of `{}` holds nothing", seen.name));
            }
            let other = known.entry(variable.clone()).or_insert_with(|| seen.clone());
            let same = seen.shape.as_ref().zip(other.shape.as_ref()).is_none_or(|(a, b)| a == b);
            if seen.kind != other.kind || !same {
                return damaged(format!("`{}` and `{}` are of one variable but differ", other.name, seen.name));
            }
        }
        Ok(())
    }

    /// A tensor as an operator sees it.
    fn seen(&self, at: usize) -> Seen {
        let table = &self.tensors[at];
        let shape = table.ints(tensor::SHAPE);
        let open = table.ints(tensor::SHAPE_SIGNATURE).iter().any(|n| *n < 0) || shape.contains(&0);
        let constant = self.model.buffer(table.number(tensor::BUFFER, 4)).is_ok_and(|data| !data.is_empty());
        // A tensor without axes is one value, or the file does not know its rank.
        let known = self.model.strict || (!open && (!shape.is_empty() || constant));
        let (scales, zeros) = table.table(tensor::QUANTIZATION).map_or((vec![], vec![]), |q| {
            let scales = q.numbers(quantization::SCALE).into_iter().map(f32::from_le_bytes).collect::<Vec<_>>();
            (scales, q.numbers::<8>(quantization::ZERO_POINT))
        });
        Seen {
            name: table.text(tensor::NAME),
            kind: type_of(table.number(tensor::TYPE, 1) as u8).map_or("unknown", |(kind, _)| kind),
            shape: known.then(|| shape.iter().map(|n| *n as usize).collect()),
            scale: scales.first().copied().filter(|_| scales.len() == zeros.len() && scales.iter().all(|s| *s > 0.0)),
        }
    }

    /// A list of tensors, of which −1 may mean none.
    fn indices(&self, table: &Table, slot: usize, who: &str, optional: bool) -> Checked<Vec<usize>> {
        let all = table.ints(slot);
        let given = all.iter().filter(|at| !optional || **at != -1);
        let index = |at: &i32| usize::try_from(*at).ok().filter(|at| *at < self.tensors.len());
        let indices = given.map(|at| index(at).ok_or(*at)).collect::<Result<Vec<_>, _>>();
        indices.or_else(|at| damaged(format!("{who} names tensor {at} of {}", self.tensors.len())))
    }
}
