//! Shapes of the tensors between the inputs and the outputs, as far as the work of a run hangs on them.
//!
//! A TFLite file says them all. An ONNX file seldom says any, so they are followed from operator to operator, together
//! with the values of short lists: a shape is often computed by the model itself. What an operator not known here makes
//! has the shape that the file declares, or an unknown one.
mod fold; //    values of short lists
mod kernels; // what kernels leave of an axis
mod pieces; //  cut, padded, reshaped
mod rules; //   every operator that is known

pub use rules::letters;

use super::macs::Work;
use super::net::{Extents, Net, Node};
use super::read::LONGEST_LIST;

/// What is known of a tensor in a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// Its extents; `None` if not even their number is known.
    pub dims: Option<Extents>,
    /// Its values, if they are few.
    pub values: Option<Vec<f64>>,
    /// They are whole numbers, and division drops the rest.
    pub whole: bool,
}

/// Operators visited at most: graphs may call each other many times over.
const MOST_STEPS: usize = 1 << 21;
/// Graphs within graphs.
const MOST_DEPTH: usize = 40;

/// A run of a model in thought.
pub struct Run<'a> {
    /// The model.
    pub net: &'a Net,
    /// One for each tensor.
    pub known: Vec<Known>,
    /// What was counted on the way.
    pub work: Work,
    steps: usize,
}

impl Known {
    /// A tensor of this shape.
    pub fn of(dims: Extents) -> Self {
        Self { dims: Some(dims), ..Self::default() }
    }

    /// A list of whole numbers.
    pub fn list(values: Vec<f64>) -> Self {
        Self { dims: Some(vec![Some(values.len() as u64)]), values: Some(values), whole: true }
    }

    /// All extents, if all are known.
    pub fn all(&self) -> Option<Vec<u64>> {
        self.dims.as_ref()?.iter().copied().collect()
    }
}

impl<'a> Run<'a> {
    /// Runs a model whose inputs have these shapes and values.
    pub fn new(net: &'a Net, shapes: &[(usize, Vec<u64>)], values: &[(usize, Vec<f64>)]) -> Self {
        let start = |tensor: &super::net::Tensor| {
            let ready = tensor.ready.as_ref().map(|dims| dims.iter().map(|n| Some(*n)).collect());
            let constant = tensor.constant.as_ref();
            let dims = ready.or_else(|| tensor.dims.clone());
            Known { dims, values: constant.and_then(|c| c.values.clone()), whole: tensor.ty.is_whole() }
        };
        let mut run = Self { net, known: net.tensors.iter().map(start).collect(), work: Work::default(), steps: 0 };
        for (tensor, dims) in shapes {
            run.known[*tensor].dims = Some(dims.iter().map(|n| Some(*n)).collect());
        }
        for (tensor, values) in values {
            run.known[*tensor].values = Some(values.clone());
        }
        run.graph(0, 0);
        run
    }

    fn graph(&mut self, graph: usize, depth: usize) {
        let net = self.net;
        for node in &net.graphs[graph].nodes {
            self.steps += 1;
            if self.steps > MOST_STEPS || depth > MOST_DEPTH {
                return self.work.lost("graphs that call each other without end", &node.op);
            }
            match (node.op.as_str(), node.domain.as_str()) {
                ("If" | "IF", "") => self.branches(node, depth),
                ("Loop" | "Scan" | "SequenceMap" | "WHILE", "") => {
                    let bodies: Vec<usize> = node.graphs().map(|(_, graph)| graph).collect();
                    bodies.into_iter().for_each(|body| self.graph(body, depth + 1));
                    self.work.lost("what it repeats is counted once", &node.op);
                    self.made(node, vec![]);
                }
                // Runs once in the life of a model.
                ("CALL_ONCE", "") => {}
                _ => self.step(node),
            }
        }
    }

    fn step(&mut self, node: &Node) {
        // In a TFLite file shapes are said, and none of them follows from values.
        let made = match self.net.about.format {
            "ONNX" if node.domain.is_empty() || node.domain == "com.microsoft" => rules::outputs(node, self),
            _ => vec![],
        };
        self.made(node, made);
        let macs = super::macs::of(node, self);
        self.work.add(node, macs);
    }

    /// Notes what an operator makes; where that is not known, what the file declares stays.
    fn made(&mut self, node: &Node, made: Vec<Known>) {
        for (output, new) in node.outputs.iter().zip(made) {
            let Some(at) = *output else { continue };
            let declared = self.net.tensors[at].dims.as_ref();
            let dims = new.dims.or_else(|| declared.cloned());
            let few = new.values.filter(|list| list.len() <= LONGEST_LIST);
            self.known[at] =
                Known { dims: dims.filter(|dims| dims.len() <= super::read::MOST_AXES), values: few, whole: new.whole };
        }
    }

    /// `If`: the branch that is taken, or the one with more work.
    fn branches(&mut self, node: &Node, depth: usize) {
        let branch = |name: &str| node.graphs().find(|(known, _)| *known == name).map(|(_, graph)| graph);
        let (Some(yes), Some(no)) = (branch("then_branch"), branch("else_branch")) else { return };
        let decided =
            node.input(0).and_then(|at| self.known[at].values.as_ref()).and_then(|list| list.first().copied());
        let taken = match decided {
            Some(value) => {
                let taken = if value != 0.0 { yes } else { no };
                self.graph(taken, depth + 1);
                taken
            }
            None => {
                let before = std::mem::take(&mut self.work);
                self.graph(yes, depth + 1);
                let first = std::mem::take(&mut self.work);
                self.graph(no, depth + 1);
                let second = std::mem::take(&mut self.work);
                let first_is_more = first.total() >= second.total();
                self.work = before;
                self.work.join(if first_is_more { first } else { second });
                self.work.either += 1;
                if first_is_more { yes } else { no }
            }
        };
        let ends: Vec<Known> = self.net.graphs[taken].outputs.iter().map(|at| self.known[*at].clone()).collect();
        self.made(node, ends);
    }
}

impl Run<'_> {
    /// What is known of input number `at` of an operator.
    pub fn input(&self, node: &Node, at: usize) -> Option<&Known> {
        node.input(at).map(|tensor| &self.known[tensor])
    }

    /// Its extents, if all are known.
    pub fn extents(&self, node: &Node, at: usize) -> Option<Vec<u64>> {
        self.input(node, at)?.all()
    }

    /// Extents of output number `at`, if all are known.
    pub fn output(&self, node: &Node, at: usize) -> Option<Vec<u64>> {
        self.known[node.output(at)?].all()
    }

    /// Whole numbers that an operator takes as an input.
    pub fn list(&self, node: &Node, at: usize) -> Option<Vec<i64>> {
        let values = self.input(node, at)?.values.as_ref()?;
        Some(values.iter().map(|value| *value as i64).collect())
    }

    /// Whole numbers that were a setting first and an input in later versions.
    pub fn setting(&self, node: &Node, name: &str, at: usize) -> Option<Vec<i64>> {
        node.ints(name).map(<[i64]>::to_vec).or_else(|| self.list(node, at))
    }
}
