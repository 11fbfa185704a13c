//! The shape that each ONNX operator gives: <https://onnx.ai/onnx/operators>.
use super::super::net::{Extents, Node};
use super::fold::{self, place};
use super::kernels::{convolved, widened, windows};
use super::pieces::{pad, reshape, slice, split};
use super::{Known, Run};

/// Outputs of an operator; fewer than it has, or without extents, where they are not known.
pub fn outputs(node: &Node, run: &Run) -> Vec<Known> {
    let whole = match node.op.as_str() {
        "Cast" => matches!(node.int("to"), Some(2..=7 | 9 | 12 | 13)),
        "Where" => run.input(node, 1).is_some_and(|known| known.whole),
        "Equal" | "Greater" | "Less" | "GreaterOrEqual" | "LessOrEqual" | "And" | "Or" | "Not" => true,
        _ => run.input(node, 0).is_some_and(|known| known.whole),
    };
    match node.op.as_str() {
        "Constant" => fold::constant(node, run).into_iter().collect(),
        "Shape" => vec![shape(node, run).unwrap_or_default()],
        "Size" => {
            let all = run.extents(node, 0).map(|dims| product(&dims) as f64);
            vec![Known { dims: Some(vec![]), values: all.map(|n| vec![n]), whole: true }]
        }
        "ConstantOfShape" => vec![filled(node, run).unwrap_or_default()],
        "Slice" => vec![slice(node, run).unwrap_or_default()],
        "Split" => split(node, run).unwrap_or_default(),
        "LSTM" | "GRU" | "RNN" => recurrent(node, run).unwrap_or_default(),
        "TopK" => {
            let dims = topmost(node, run);
            vec![Known { dims: dims.clone(), ..Known::default() }, Known { dims, ..Known::default() }]
        }
        "Dropout" | "DynamicQuantizeLinear" | "LayerNormalization" | "BatchNormalization" => vec![same(node, run)],
        _ => vec![Known { dims: dims(node, run), values: fold::values(node, run), whole }],
    }
}

/// Of all extents.
pub fn product(dims: &[u64]) -> u64 {
    dims.iter().fold(1, |all, n| all.saturating_mul(*n))
}

fn same(node: &Node, run: &Run) -> Known {
    Known { dims: run.input(node, 0).and_then(|known| known.dims.clone()), ..Known::default() }
}

/// Extents of the only output.
fn dims(node: &Node, run: &Run) -> Option<Extents> {
    let input = |at: usize| run.input(node, at).and_then(|known| known.dims.clone());
    let extent = |n: i64| u64::try_from(n).ok();
    match node.op.as_str() {
        "Add" | "Sub" | "Mul" | "Div" | "Pow" | "Mod" | "Max" | "Min" | "Mean" | "Sum" | "Equal" | "Greater"
        | "Less" | "GreaterOrEqual" | "LessOrEqual" | "And" | "Or" | "Xor" | "Where" | "PRelu" | "BitwiseAnd"
        | "BitwiseOr" => {
            let all: Option<Vec<Extents>> = (0..node.inputs.len()).map(input).collect();
            all?.into_iter().reduce(|a, b| broadcast(&a, &b))
        }
        "Expand" => Some(broadcast(&input(0)?, &run.list(node, 1)?.into_iter().map(extent).collect::<Extents>())),
        "Reshape" => reshape(node, run),
        "Flatten" => {
            let dims = run.extents(node, 0)?;
            let (front, back) = dims.split_at_checked(axis(node, "axis", 1, dims.len() + 1)?)?;
            Some(vec![Some(product(front)), Some(product(back))])
        }
        "Transpose" => {
            let dims = input(0)?;
            let turned: Vec<i64> = (0..dims.len() as i64).rev().collect();
            let order = node.ints("perm").unwrap_or(&turned);
            order.iter().map(|at| dims.get(place(*at, dims.len())?).copied()).collect()
        }
        "Unsqueeze" => {
            let (mut dims, axes) = (input(0)?, run.setting(node, "axes", 1)?);
            let rank = dims.len() + axes.len();
            let mut axes: Vec<usize> = axes.into_iter().map(|at| place(at, rank)).collect::<Option<_>>()?;
            axes.sort_unstable();
            axes.into_iter().for_each(|at| dims.insert(at.min(dims.len()), Some(1)));
            Some(dims)
        }
        "Squeeze" => {
            let dims = input(0)?;
            let axes = run.setting(node, "axes", 1);
            let axes = axes.map(|axes| axes.into_iter().map(|at| place(at, dims.len())).collect::<Option<Vec<_>>>());
            let gone = |at: usize| match &axes {
                Some(Some(axes)) => axes.contains(&at),
                _ => dims[at] == Some(1),
            };
            (node.inputs.len() < 2 || axes.is_some())
                .then(|| (0..dims.len()).filter(|at| !gone(*at)).map(|at| dims[at]).collect())
        }
        "Concat" => {
            let all: Vec<Extents> = (0..node.inputs.len()).map(input).collect::<Option<_>>()?;
            let mut dims = all.first()?.clone();
            let at = axis(node, "axis", 0, dims.len())?;
            let sum =
                all.iter().map(|part| part.get(at).copied().flatten()).try_fold(0u64, |sum, n| sum.checked_add(n?));
            dims[at] = sum;
            Some(dims)
        }
        "Gather" => {
            let (data, indices) = (input(0)?, input(1)?);
            let at = axis(node, "axis", 0, data.len())?;
            Some([&data[..at], &indices, &data[at + 1..]].concat())
        }
        "GatherElements" => input(1),
        "Tile" => {
            let repeats = run.list(node, 1)?;
            let times = |(n, times): (Option<u64>, &i64)| n?.checked_mul(u64::try_from(*times).ok()?);
            Some(input(0)?.into_iter().zip(&repeats).map(times).collect())
        }
        "Pad" => pad(node, run),
        "Range" => Some(vec![fold::values(node, run).map(|list| list.len() as u64)]),
        "Conv" | "ConvInteger" | "FusedConv" => convolved(&input(0)?, &run.extents(node, 1)?, node),
        "QLinearConv" => convolved(&input(0)?, &run.extents(node, 3)?, node),
        "ConvTranspose" => widened(&input(0)?, &run.extents(node, 1)?, node),
        "MaxPool" | "AveragePool" | "LpPool" => {
            let dims = input(0)?;
            let kernel =
                node.ints("kernel_shape")?.iter().map(|n| u64::try_from(*n).ok()).collect::<Option<Vec<_>>>()?;
            windows(&dims, &kernel, node).map(|windows| [&dims[..2], &windows].concat())
        }
        "GlobalAveragePool" | "GlobalMaxPool" | "GlobalLpPool" => {
            Some(input(0)?.iter().enumerate().map(|(at, n)| if at < 2 { *n } else { Some(1) }).collect())
        }
        "MatMul" | "MatMulInteger" | "FusedMatMul" => product_of(input(0)?, input(1)?),
        "QLinearMatMul" => product_of(input(0)?, input(3)?),
        "Gemm" => {
            let (a, b) = (input(0)?, input(1)?);
            let turned = |name| node.int(name).is_some_and(|n| n != 0);
            let rows = *a.get(usize::from(turned("transA")))?;
            Some(vec![rows, *b.get(usize::from(!turned("transB")))?])
        }
        "Einsum" => einsum(node, run),
        "ArgMax" | "ArgMin" => {
            let mut dims = input(0)?;
            let at = axis(node, "axis", 0, dims.len())?;
            match node.int("keepdims") {
                Some(0) => drop(dims.remove(at)),
                _ => dims[at] = Some(1),
            }
            Some(dims)
        }
        op if op.starts_with("Reduce") => reduced(node, run),
        op if SAME.split_ascii_whitespace().any(|known| known == op) => input(0),
        _ => None,
    }
}

/// Operators whose output has the shape of their first input.
const SAME: &str = "\
    Abs Acos Acosh Asin Asinh Atan Atanh BitShift Cast CastLike Ceil Celu Clip Cos Cosh CumSum DequantizeLinear Elu Erf \
    Exp Floor Gelu GroupNormalization HardSigmoid HardSwish Hardmax Identity InstanceNormalization IsInf IsNaN LRN \
    LeakyRelu Log LogSoftmax LpNormalization MeanVarianceNormalization Mish Neg Not QuantizeLinear RMSNormalization \
    Reciprocal Relu ReverseSequence Round Scatter ScatterElements ScatterND Selu Shrink Sigmoid Sign Sin Sinh Softmax \
    Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu Trilu";

/// A setting that names an axis.
pub fn axis(node: &Node, name: &str, default: i64, rank: usize) -> Option<usize> {
    place(node.int(name).unwrap_or(default), rank)
}

fn broadcast(a: &[Option<u64>], b: &[Option<u64>]) -> Extents {
    let rank = a.len().max(b.len());
    let at = |dims: &[Option<u64>], i: usize| (i + dims.len()).checked_sub(rank).map_or(Some(1), |i| dims[i]);
    let one = |i| match (at(a, i), at(b, i)) {
        (Some(1), n) | (n, Some(1)) => n,
        (Some(n), _) | (_, Some(n)) => Some(n),
        _ => None,
    };
    (0..rank).map(one).collect()
}

fn shape(node: &Node, run: &Run) -> Option<Known> {
    let dims = run.input(node, 0)?.dims.as_ref()?;
    let end = |n: i64| (if n < 0 { n + dims.len() as i64 } else { n }).clamp(0, dims.len() as i64) as usize;
    let (from, to) = (end(node.int("start").unwrap_or(0)), end(node.int("end").unwrap_or(i64::MAX)));
    let dims = dims.get(from..to.max(from))?;
    let values = dims.iter().map(|n| n.map(|n| n as f64)).collect::<Option<Vec<_>>>();
    Some(Known { dims: Some(vec![Some(dims.len() as u64)]), values, whole: true })
}

fn filled(node: &Node, run: &Run) -> Option<Known> {
    let dims: Extents = run.list(node, 0)?.into_iter().map(|n| u64::try_from(n).ok()).collect();
    let value = node.tensor("value").map(|at| &run.known[at]);
    let fill = value.map_or(Some(0.0), |known| known.values.as_ref()?.first().copied());
    let count = dims.iter().copied().collect::<Option<Vec<_>>>().map_or(u64::MAX, |dims| product(&dims));
    let values = fill.filter(|_| count <= 64).map(|fill| vec![fill; count as usize]);
    Some(Known { dims: Some(dims), values, whole: value.is_some_and(|known| known.whole) })
}

fn reduced(node: &Node, run: &Run) -> Option<Extents> {
    let dims = run.input(node, 0)?.dims.clone()?;
    let axes = run.setting(node, "axes", 1);
    if axes.is_none() && node.input(1).is_some() {
        return None;
    }
    if axes.is_none() && node.int("noop_with_empty_axes") == Some(1) {
        return Some(dims);
    }
    let axes = axes.map(|axes| axes.into_iter().map(|at| place(at, dims.len())).collect::<Option<Vec<_>>>());
    let gone = |at: usize| match &axes {
        Some(Some(axes)) => axes.contains(&at),
        _ => true,
    };
    let keep = node.int("keepdims") != Some(0);
    let left = (0..dims.len()).filter(|at| keep || !gone(*at));
    Some(left.map(|at| if gone(at) { Some(1) } else { dims[at] }).collect())
}

fn topmost(node: &Node, run: &Run) -> Option<Extents> {
    let mut dims = run.input(node, 0)?.dims.clone()?;
    let at = axis(node, "axis", -1, dims.len())?;
    dims[at] = run.list(node, 1)?.first().and_then(|k| u64::try_from(*k).ok());
    Some(dims)
}

fn product_of(a: Extents, b: Extents) -> Option<Extents> {
    // A line is a row on the left and a column on the right, and is gone afterwards.
    let (left, right) = (a.len() == 1, b.len() == 1);
    let a = if left { vec![Some(1), a[0]] } else { a };
    let b = if right { vec![b[0], Some(1)] } else { b };
    let (a_batch, b_batch) = (a.len().checked_sub(2)?, b.len().checked_sub(2)?);
    let mut dims = broadcast(&a[..a_batch], &b[..b_batch]);
    dims.extend((!left).then_some(a[a_batch]));
    dims.extend((!right).then_some(b[b_batch + 1]));
    Some(dims)
}

/// Y and the last states, of which the first axis or two are time and batch.
fn recurrent(node: &Node, run: &Run) -> Option<Vec<Known>> {
    let input = run.input(node, 0)?.dims.clone()?;
    let [first, second, _] = input[..] else { return None };
    let from_weights = || run.extents(node, 2).and_then(|dims| dims.last().copied());
    let hidden = node.int("hidden_size").and_then(|n| u64::try_from(n).ok()).or_else(from_weights);
    let ways = Some(if node.text("direction") == Some("bidirectional") { 2 } else { 1 });
    let (all, last) = match node.int("layout") {
        Some(1) => (vec![first, second, ways, hidden], vec![first, ways, hidden]),
        _ => (vec![first, ways, second, hidden], vec![ways, second, hidden]),
    };
    Some(vec![Known::of(all), Known::of(last.clone()), Known::of(last)])
}

/// The extents behind the letters of an equation without an ellipsis.
pub fn letters(node: &Node, run: &Run) -> Option<(Vec<(char, u64)>, String)> {
    let equation: String = node.text("equation")?.chars().filter(|c| !c.is_whitespace()).collect();
    let (left, right) = equation.split_once("->")?;
    let mut known: Vec<(char, u64)> = vec![];
    for (at, term) in left.split(',').enumerate() {
        let dims = run.extents(node, at)?;
        if term.chars().count() != dims.len() || !term.chars().all(char::is_alphabetic) {
            return None;
        }
        for (letter, n) in term.chars().zip(dims) {
            match known.iter_mut().find(|(other, _)| *other == letter) {
                Some((_, size)) => *size = n.max(*size),
                None => known.push((letter, n)),
            }
        }
    }
    Some((known, right.into()))
}

fn einsum(node: &Node, run: &Run) -> Option<Extents> {
    let (known, right) = letters(node, run)?;
    let size = |letter: char| known.iter().find(|(other, _)| *other == letter).map(|(_, n)| Some(*n));
    right.chars().map(size).collect()
}
