//! The shape that each ONNX operator gives: <https://onnx.ai/onnx/operators>.
use super::super::net::{Extents, Node};
use super::fold::{self, place};
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

fn product(dims: &[u64]) -> u64 {
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
fn axis(node: &Node, name: &str, default: i64, rank: usize) -> Option<usize> {
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

/// 0 keeps an extent, −1 is what remains.
fn reshape(node: &Node, run: &Run) -> Option<Extents> {
    let old = run.input(node, 0).and_then(|known| known.dims.clone());
    let Some(wanted) = run.setting(node, "shape", 1) else {
        // Of the new shape only its length is known.
        let rank = run.extents(node, 1)?.first().copied()?;
        return (rank <= super::super::read::MOST_AXES as u64).then(|| vec![None; rank as usize]);
    };
    let keep = |at: usize| old.as_ref().and_then(|dims| dims.get(at).copied().flatten());
    let zero_is_zero = node.int("allowzero").is_some_and(|n| n != 0);
    let one = |(at, n): (usize, &i64)| match n {
        0 if !zero_is_zero => keep(at),
        n => u64::try_from(*n).ok(),
    };
    let mut new: Extents = wanted.iter().enumerate().map(one).collect();
    let all = old.and_then(|dims| dims.into_iter().collect::<Option<Vec<u64>>>()).map(|dims| product(&dims));
    let rest = new.iter().enumerate().filter(|(at, _)| wanted[*at] != -1).map(|(_, n)| *n).collect::<Option<Vec<_>>>();
    if let (Some(all), Some(rest), Some(at)) = (all, rest, wanted.iter().position(|n| *n == -1)) {
        new[at] = all.checked_div(product(&rest));
    }
    Some(new)
}

fn slice(node: &Node, run: &Run) -> Option<Known> {
    let data = run.input(node, 0)?;
    let mut dims = data.dims.clone()?;
    let of = |name: &str, at: usize| run.setting(node, name, at);
    let axes = of("axes", 3).or_else(|| (node.input(3).is_none()).then(|| (0..dims.len() as i64).collect()))?;
    let (starts, ends, steps) = (of("starts", 1), of("ends", 2), of("steps", 4));
    let mut places: Vec<Option<Vec<u64>>> =
        dims.iter().map(|n| n.filter(|n| *n <= 64).map(|n| (0..n).collect())).collect();
    for (i, at) in axes.iter().enumerate() {
        let axis = place(*at, dims.len())?;
        let one = |list: &Option<Vec<i64>>| list.as_ref().and_then(|list| list.get(i)).copied();
        let step = if node.input(4).is_none() { Some(1) } else { one(&steps) };
        let bounds = (one(&starts), one(&ends), step.filter(|step| *step != 0), dims[axis]);
        let (Some(start), Some(end), Some(step), Some(n)) = bounds else {
            (dims[axis], places[axis]) = (None, None);
            continue;
        };
        let n = i64::try_from(n).ok()?;
        // Backwards it may go on until it is before the first.
        let (low, high) = if step > 0 { (0, n) } else { (-1, n - 1) };
        let clamp = |at: i64| (if at < 0 { at.saturating_add(n) } else { at }).clamp(low, high.max(low));
        let (from, to) = (clamp(start), clamp(end));
        let count = (if step > 0 { to - from } else { from - to }).max(0) as u64;
        let count = count.div_ceil(step.unsigned_abs());
        let picked = |i: u64| u64::try_from(from.saturating_add(step.saturating_mul(i as i64))).ok();
        places[axis] = if count <= 64 { (0..count).map(picked).collect() } else { None };
        dims[axis] = Some(count);
    }
    let places: Option<Vec<Vec<u64>>> = places.into_iter().collect();
    let order: Vec<usize> = (0..dims.len()).collect();
    let values = places.and_then(|places| fold::pick(&data.all()?, data.values.as_deref()?, &places, &order));
    Some(Known { dims: Some(dims), values, whole: data.whole })
}

fn split(node: &Node, run: &Run) -> Option<Vec<Known>> {
    let dims = run.input(node, 0)?.dims.clone()?;
    let (at, count) = (axis(node, "axis", 0, dims.len())?, node.outputs.len() as u64);
    let parts = run.setting(node, "split", 1);
    let part = |i: usize| match &parts {
        Some(parts) => u64::try_from(*parts.get(i)?).ok(),
        None if node.input(1).is_some() => None,
        None => {
            let each = dims[at]?.div_ceil(count.max(1));
            Some(each.min(dims[at]?.saturating_sub(each * i as u64)))
        }
    };
    let one = |i: usize| {
        let mut dims = dims.clone();
        dims[at] = part(i);
        Known::of(dims)
    };
    Some((0..node.outputs.len()).map(one).collect())
}

fn pad(node: &Node, run: &Run) -> Option<Extents> {
    let mut dims = run.input(node, 0)?.dims.clone()?;
    let Some(pads) = run.setting(node, "pads", 1) else { return Some(vec![None; dims.len()]) };
    let axes = if node.input(3).is_some() { run.list(node, 3)? } else { (0..dims.len() as i64).collect() };
    if pads.len() != 2 * axes.len() {
        return None;
    }
    for (i, at) in axes.iter().enumerate() {
        let axis = place(*at, dims.len())?;
        let more = pads[i].saturating_add(pads[i + axes.len()]);
        dims[axis] = dims[axis].and_then(|n| n.checked_add_signed(more));
    }
    Some(dims)
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

/// Settings of each axis that a kernel runs over: stride, dilation, padding in front and behind.
struct Sliding(u64, u64, u64, u64);

fn sliding(node: &Node, axis: usize, axes: usize) -> Sliding {
    let of = |name: &str, at: usize| node.ints(name).and_then(|list| list.get(at)).and_then(|n| u64::try_from(*n).ok());
    let (stride, dilation) = (of("strides", axis).unwrap_or(1).max(1), of("dilations", axis).unwrap_or(1));
    Sliding(stride, dilation, of("pads", axis).unwrap_or(0), of("pads", axis + axes).unwrap_or(0))
}

/// How often kernels fit into the axes behind batch and channels.
fn windows(dims: &[Option<u64>], kernel: &[u64], node: &Node) -> Option<Extents> {
    let axes = dims.len().checked_sub(2).filter(|axes| *axes == kernel.len())?;
    let one = |axis: usize| {
        let (n, Sliding(stride, dilation, front, back)) = (dims[axis + 2]?, sliding(node, axis, axes));
        if matches!(node.text("auto_pad"), Some("SAME_UPPER" | "SAME_LOWER")) {
            return Some(n.div_ceil(stride));
        }
        let reach = kernel[axis].checked_sub(1)?.checked_mul(dilation)?.checked_add(1)?;
        let room = n.checked_add(front)?.checked_add(back)?.checked_sub(reach)?;
        let up = node.int("ceil_mode").is_some_and(|n| n != 0);
        Some(if up { room.div_ceil(stride) } else { room / stride } + 1)
    };
    Some((0..axes).map(one).collect())
}

fn convolved(dims: &Extents, weights: &[u64], node: &Node) -> Option<Extents> {
    let windows = windows(dims, weights.get(2..)?, node)?;
    Some([&[dims[0], Some(weights[0])][..], &windows].concat())
}

/// The other way round: each value spreads over a kernel.
fn widened(dims: &Extents, weights: &[u64], node: &Node) -> Option<Extents> {
    let kernel = weights.get(2..)?;
    let axes = dims.len().checked_sub(2).filter(|axes| *axes == kernel.len())?;
    let groups = node.int("group").and_then(|n| u64::try_from(n).ok()).unwrap_or(1);
    let number =
        |name: &str, at: usize| node.ints(name).and_then(|list| list.get(at)).and_then(|n| u64::try_from(*n).ok());
    let one = |axis: usize| {
        let Sliding(stride, dilation, front, back) = sliding(node, axis, axes);
        if let Some(n) = number("output_shape", axis) {
            return Some(n);
        }
        let n = dims[axis + 2]?;
        if matches!(node.text("auto_pad"), Some("SAME_UPPER" | "SAME_LOWER")) {
            return n.checked_mul(stride);
        }
        let reach = kernel[axis].checked_sub(1)?.checked_mul(dilation)?.checked_add(1)?;
        let room = n.checked_sub(1)?.checked_mul(stride)?.checked_add(reach)?;
        room.checked_add(number("output_padding", axis).unwrap_or(0))?.checked_sub(front.checked_add(back)?)
    };
    Some([dims[0], weights[1].checked_mul(groups)].into_iter().chain((0..axes).map(one)).collect())
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
