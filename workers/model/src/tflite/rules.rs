//! What single operators need to be computed at all: tensors, types, options, and shapes that go together.
//!
//! Kernels check much of this, but not all, and the delegates and TensorFlow Lite Micro check less: a wrong extent makes
//! them read beyond a tensor. Operators that have no line here are left to the engine.
use super::flatbuffer::Table;
use super::schema::operator;

/// What an operator computes, as far as shapes and types follow from it.
#[derive(Clone, Copy, PartialEq)]
enum Family {
    /// One tensor, value by value.
    Each,
    /// Two tensors, value by value, the smaller one repeated.
    Both,
    /// As `Both`, but truth values come out.
    Compared,
    /// Value by value into another type.
    Converted,
    /// The same values in another shape or order.
    Moved,
    /// Several tensors in a row.
    Joined,
    /// A part of a tensor, or sums over parts.
    Fewer,
    /// A tensor and something around it.
    More,
    Dense,
    Convolution,
    Depthwise,
    Variable,
    Any,
}
use Family::*;

/// Name; least and most inputs; least and most outputs; number of the options, and whether they must be there.
type Rule = (&'static str, [usize; 2], [usize; 2], u8, bool, Family);

/// As many as there are.
const MANY: usize = usize::MAX;

#[rustfmt::skip]
const RULES: &[Rule] = &[
    ("ADD", [2, 2], [1, 1], 11, false, Both),
    ("SUB", [2, 2], [1, 1], 28, false, Both),
    ("MUL", [2, 2], [1, 1], 21, false, Both),
    ("DIV", [2, 2], [1, 1], 29, false, Both),
    ("MAXIMUM", [2, 2], [1, 1], 39, false, Both),
    ("MINIMUM", [2, 2], [1, 1], 39, false, Both),
    ("SQUARED_DIFFERENCE", [2, 2], [1, 1], 76, false, Both),
    ("POW", [2, 2], [1, 1], 56, false, Both),
    ("FLOOR_DIV", [2, 2], [1, 1], 65, false, Both),
    ("FLOOR_MOD", [2, 2], [1, 1], 72, false, Both),
    ("LOGICAL_AND", [2, 2], [1, 1], 62, false, Both),
    ("LOGICAL_OR", [2, 2], [1, 1], 60, false, Both),
    ("EQUAL", [2, 2], [1, 1], 53, false, Compared),
    ("NOT_EQUAL", [2, 2], [1, 1], 54, false, Compared),
    ("LESS", [2, 2], [1, 1], 41, false, Compared),
    ("LESS_EQUAL", [2, 2], [1, 1], 46, false, Compared),
    ("GREATER", [2, 2], [1, 1], 44, false, Compared),
    ("GREATER_EQUAL", [2, 2], [1, 1], 45, false, Compared),
    ("LOGISTIC", [1, 1], [1, 1], 0, false, Each),
    ("TANH", [1, 1], [1, 1], 0, false, Each),
    ("RELU", [1, 1], [1, 1], 0, false, Each),
    ("RELU6", [1, 1], [1, 1], 0, false, Each),
    ("RELU_N1_TO_1", [1, 1], [1, 1], 0, false, Each),
    ("RELU_0_TO_1", [1, 1], [1, 1], 0, false, Each),
    ("ABS", [1, 1], [1, 1], 78, false, Each),
    ("NEG", [1, 1], [1, 1], 42, false, Each),
    ("EXP", [1, 1], [1, 1], 33, false, Each),
    ("LOG", [1, 1], [1, 1], 0, false, Each),
    ("SQRT", [1, 1], [1, 1], 0, false, Each),
    ("RSQRT", [1, 1], [1, 1], 0, false, Each),
    ("SQUARE", [1, 1], [1, 1], 66, false, Each),
    ("SIN", [1, 1], [1, 1], 0, false, Each),
    ("COS", [1, 1], [1, 1], 84, false, Each),
    ("FLOOR", [1, 1], [1, 1], 0, false, Each),
    ("CEIL", [1, 1], [1, 1], 0, false, Each),
    ("ROUND", [1, 1], [1, 1], 0, false, Each),
    ("ELU", [1, 1], [1, 1], 0, false, Each),
    ("HARD_SWISH", [1, 1], [1, 1], 91, false, Each),
    ("LEAKY_RELU", [1, 1], [1, 1], 75, false, Each),
    ("GELU", [1, 1], [1, 1], 116, false, Each),
    ("SOFTMAX", [1, 1], [1, 1], 9, true, Each),
    ("LOG_SOFTMAX", [1, 1], [1, 1], 36, false, Each),
    ("L2_NORMALIZATION", [1, 1], [1, 1], 12, false, Each),
    ("LOGICAL_NOT", [1, 1], [1, 1], 63, false, Each),
    ("ZEROS_LIKE", [1, 1], [1, 1], 67, false, Each),
    ("CUMSUM", [2, 2], [1, 1], 102, true, Each),
    ("CAST", [1, 1], [1, 1], 37, false, Converted),
    ("QUANTIZE", [1, 1], [1, 1], 89, false, Converted),
    ("DEQUANTIZE", [1, 1], [1, 1], 38, false, Converted),
    ("RESHAPE", [1, 2], [1, 1], 17, false, Moved),
    ("SQUEEZE", [1, 1], [1, 1], 30, false, Moved),
    ("EXPAND_DIMS", [2, 2], [1, 1], 52, false, Moved),
    ("TRANSPOSE", [2, 2], [1, 1], 26, false, Moved),
    ("REVERSE_V2", [2, 2], [1, 1], 81, false, Moved),
    ("SPLIT", [2, 2], [1, MANY], 35, true, Any),
    ("SPLIT_V", [3, 3], [1, MANY], 79, true, Any),
    ("UNPACK", [1, 1], [1, MANY], 64, true, Joined),
    ("PACK", [1, MANY], [1, 1], 59, true, Joined),
    ("CONCATENATION", [1, MANY], [1, 1], 10, true, Joined),
    ("STRIDED_SLICE", [4, 4], [1, 1], 32, true, Fewer),
    ("SLICE", [3, 3], [1, 1], 48, false, Fewer),
    ("MEAN", [2, 2], [1, 1], 27, true, Fewer),
    ("SUM", [2, 2], [1, 1], 27, true, Fewer),
    ("REDUCE_MAX", [2, 2], [1, 1], 27, true, Fewer),
    ("REDUCE_MIN", [2, 2], [1, 1], 27, true, Fewer),
    ("REDUCE_PROD", [2, 2], [1, 1], 27, true, Fewer),
    ("AVERAGE_POOL_2D", [1, 1], [1, 1], 5, true, Any),
    ("MAX_POOL_2D", [1, 1], [1, 1], 5, true, Any),
    ("PAD", [2, 2], [1, 1], 22, false, More),
    ("PADV2", [3, 3], [1, 1], 43, false, More),
    ("FULLY_CONNECTED", [2, 3], [1, 1], 8, true, Dense),
    ("CONV_2D", [2, 3], [1, 1], 1, true, Convolution),
    ("DEPTHWISE_CONV_2D", [2, 3], [1, 1], 2, true, Depthwise),
    ("TRANSPOSE_CONV", [3, 4], [1, 1], 49, true, Any),
    ("SVDF", [4, 5], [1, 1], 6, true, Any),
    ("UNIDIRECTIONAL_SEQUENCE_LSTM", [20, 24], [1, 1], 71, true, Any),
    ("GATHER", [2, 2], [1, 1], 23, false, Any),
    ("BATCH_MATMUL", [2, 2], [1, 1], 101, true, Any),
    ("CALL_ONCE", [0, 0], [0, 0], 103, true, Any),
    ("VAR_HANDLE", [0, 0], [1, 1], 111, true, Variable),
    ("READ_VARIABLE", [1, 1], [1, 1], 112, false, Variable),
    ("ASSIGN_VARIABLE", [2, 2], [0, 0], 113, false, Variable),
];

/// Inputs that some operators may be without, behind the first.
const OPTIONAL_WITHIN: [&str; 6] = [
    "LSTM",
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
    "BIDIRECTIONAL_SEQUENCE_LSTM",
    "BIDIRECTIONAL_SEQUENCE_RNN",
    "UNIDIRECTIONAL_SEQUENCE_RNN",
    "SVDF",
];

/// Operators that handles of variables and tables pass through.
const HANDLES: [&str; 9] = [
    "VAR_HANDLE",
    "READ_VARIABLE",
    "ASSIGN_VARIABLE",
    "HASHTABLE",
    "HASHTABLE_FIND",
    "HASHTABLE_IMPORT",
    "HASHTABLE_SIZE",
    "IF",
    "WHILE",
];

/// Slots of options that count something: strides, and the extents of pools.
const COUNTS: [(&str, &[usize]); 5] = [
    ("CONV_2D", &[1, 2]),
    ("DEPTHWISE_CONV_2D", &[1, 2]),
    ("TRANSPOSE_CONV", &[1, 2]),
    ("AVERAGE_POOL_2D", &[1, 2, 3, 4]),
    ("MAX_POOL_2D", &[1, 2, 3, 4]),
];

/// Slots of options that name an axis.
const AXES: [(&str, usize); 3] = [("CONCATENATION", 0), ("PACK", 1), ("UNPACK", 1)];

/// More than any stride or pool has.
const MOST_STEP: i32 = 1 << 16;
/// More axes than any engine knows.
const MOST_AXES: i32 = 8;

/// The highest number of options in the schema.
const MOST_OPTIONS: u8 = 126;

/// A tensor as an operator sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub name: String,
    pub kind: &'static str,
    /// `None` where an extent, or all of them, may differ from what the file says.
    pub shape: Option<Vec<usize>>,
    /// Its scale, or the first, if it is quantised.
    pub scale: Option<f32>,
}

/// Checks one operator; an input that it goes without is `None`.
///
/// # Errors
/// What does not go together.
pub fn check(name: &str, node: &Table, inputs: &[Option<Seen>], outputs: &[Seen]) -> Result<(), String> {
    let (given, options) = (inputs.len(), node.number(operator::OPTIONS_TYPE, 1) as u8);
    let wrong = |what: String| Err(format!("is damaged: `{name}` {what}"));
    if options > MOST_OPTIONS {
        return wrong(format!("has options {options}, which the schema does not know"));
    }
    let spared = |at: usize| at >= 2 || (at >= 1 && OPTIONAL_WITHIN.contains(&name));
    if let Some(at) = (0..given).find(|at| inputs[*at].is_none() && !spared(*at)) {
        return wrong(format!("goes without its input {at}"));
    }
    let handle = |seen: &&Seen| seen.kind == "resource";
    if inputs.iter().flatten().chain(outputs).any(|seen| handle(&seen)) && !HANDLES.contains(&name) {
        return wrong("computes with the handle of a variable".into());
    }
    let Some((_, ins, outs, of, must, family)) = RULES.iter().find(|rule| rule.0 == name) else { return Ok(()) };
    if !(ins[0]..=ins[1]).contains(&given) || !(outs[0]..=outs[1]).contains(&outputs.len()) {
        return wrong(format!("has {given} inputs and {} outputs", outputs.len()));
    }
    let there = options != 0 && node.table(operator::OPTIONS).is_some();
    if (options != 0 && options != *of) || (*must && !there) {
        return wrong(format!("has options {options} instead of {of}"));
    }
    let all = inputs.iter().flatten().chain(outputs);
    let numbers = |seen: &&Seen| matches!(seen.kind, "int8" | "uint8" | "int4");
    let computes = matches!(family, Each | Both | Dense | Convolution | Depthwise);
    if let Some(seen) = all.clone().find(|seen| computes && numbers(seen) && seen.scale.is_none()) {
        return wrong(format!("computes with `{}`, whose {} values have no scale", seen.name, seen.kind));
    }
    let inputs: Vec<&Seen> = inputs.iter().flatten().collect();
    if let Some(options) = node.table(operator::OPTIONS).filter(|_| there) {
        if let Some(slot) = COUNTS
            .iter()
            .find(|(known, _)| *known == name)
            .and_then(|(_, slots)| slots.iter().find(|slot| !(1..=MOST_STEP).contains(&options.int(**slot))))
        {
            return wrong(format!("steps by {}", options.int(*slot)));
        }
        let axis = AXES.iter().find(|(known, _)| *known == name).map(|(_, slot)| options.int(*slot));
        if let Some(axis) = axis.filter(|axis| !(-MOST_AXES..=MOST_AXES).contains(axis)) {
            return wrong(format!("has no axis {axis}"));
        }
    }
    if let ("STRIDED_SLICE", [_, ranges @ ..]) = (name, &inputs[..]) {
        let whole = |seen: &&Seen| matches!(seen.kind, "int32" | "int64");
        if !ranges.iter().all(whole)
            || ranges.iter().any(|seen| seen.kind != ranges[0].kind || seen.shape != ranges[0].shape)
        {
            return wrong("does not say from where to where".into());
        }
    }
    match shapes(*family, node, &inputs, outputs) {
        true => Ok(()),
        false => {
            let shape = |seen: &&Seen| {
                let shape = seen.shape.as_ref().map_or("?".into(), |shape| crate::words::shape_text(shape));
                format!("{} {} ({shape})", seen.kind, seen.name)
            };
            let (from, to) = (inputs.iter().map(shape), outputs.iter().map(|seen| shape(&seen)));
            let (from, to) = (from.collect::<Vec<_>>().join(", "), to.collect::<Vec<_>>().join(", "));
            wrong(format!("cannot make {to} of {from}"))
        }
    }
}

/// Whether types and shapes go together; true where nothing is known.
fn shapes(family: Family, node: &Table, inputs: &[&Seen], outputs: &[Seen]) -> bool {
    let alike = |a: &Seen, b: &Seen| a.kind == b.kind;
    let size = |seen: &Seen| seen.shape.as_ref().map(|shape| shape.iter().product::<usize>());
    let known = |sizes: Vec<Option<usize>>| sizes.into_iter().collect::<Option<Vec<usize>>>();
    let handle = |seen: &&Seen| seen.kind == "resource";
    match (family, inputs, outputs) {
        (Each, [x, ..], [y]) => alike(x, y) && size(x).zip(size(y)).is_none_or(|(x, y)| x == y),
        (Converted, [x], [y]) => size(x).zip(size(y)).is_none_or(|(x, y)| x == y) && cast(node, x, y),
        (Moved, [x, ..], [y]) => alike(x, y) && size(x).zip(size(y)).is_none_or(|(x, y)| x == y),
        (Both | Compared, [a, b], [y]) => {
            let shapes = a.shape.as_ref().zip(b.shape.as_ref());
            let fits = shapes.is_none_or(|(a, b)| {
                let together = broadcast(a, b);
                together.is_some_and(|shape| y.shape.as_ref().is_none_or(|y| squeezed(y) == squeezed(&shape)))
            });
            // Kernels shift what they add by 20 bits: steps must not differ by as much.
            let steps = [a.scale, b.scale, y.scale].into_iter().flatten();
            let (least, most) = steps.fold((f32::MAX, 0.0f32), |(least, most), s| (least.min(s), most.max(s)));
            alike(a, b) && (family == Compared || alike(a, y)) && fits && most <= least * f32::from(u16::MAX)
        }
        (Joined, ..) => {
            let sum = |sizes: Option<Vec<usize>>| sizes.map(|sizes| sizes.iter().sum::<usize>());
            let from = sum(known(inputs.iter().map(|seen| size(seen)).collect()));
            let to = sum(known(outputs.iter().map(size).collect()));
            let same = inputs.iter().copied().chain(outputs).all(|seen| alike(seen, &outputs[0]));
            same && from.zip(to).is_none_or(|(from, to)| from == to)
        }
        (Fewer, [x, ..], [y]) => alike(x, y) && size(x).zip(size(y)).is_none_or(|(x, y)| y <= x),
        (More, [x, ..], [y]) => alike(x, y) && size(x).zip(size(y)).is_none_or(|(x, y)| y >= x),
        (Dense, [x, weights, bias @ ..], [y]) => dense(x, weights, bias.first().copied(), y),
        (Convolution | Depthwise, [x, weights, bias @ ..], [y]) => {
            convolution(family == Depthwise, x, weights, bias.first().copied(), y)
        }
        (Variable, [], [y]) => handle(&y),
        (Variable, [x], [y]) => handle(x) && !handle(&y),
        (Variable, [x, value], []) => handle(x) && !handle(value),
        _ => true,
    }
}

/// Whether a cast names the types it casts between, if it names any.
fn cast(node: &Table, x: &Seen, y: &Seen) -> bool {
    let Some(options) = node.table(operator::OPTIONS).filter(|_| node.number(operator::OPTIONS_TYPE, 1) == 37) else {
        return true;
    };
    let named = |slot: usize| super::values::type_of(options.number(slot, 1) as u8).map(|(kind, _)| kind);
    // A file may leave the types out: both are then float32.
    let said = options.has(0) || options.has(1);
    !said || (named(0) == Some(x.kind) && named(1) == Some(y.kind))
}

/// The shape of two tensors together, extents of 1 repeated.
fn broadcast(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let extent = |shape: &[usize], at: usize| (at + shape.len()).checked_sub(rank).map_or(1, |at| shape[at]);
    let together = (0..rank).map(|at| match (extent(a, at), extent(b, at)) {
        (n, m) if n == m || m == 1 => Some(n),
        (1, m) => Some(m),
        _ => None,
    });
    together.collect()
}

fn squeezed(shape: &[usize]) -> Vec<usize> {
    shape.iter().copied().filter(|n| *n != 1).collect()
}

/// Whether rows of `x` meet rows of the weights: outputs × inputs.
fn dense(x: &Seen, weights: &Seen, bias: Option<&Seen>, y: &Seen) -> bool {
    let Some([outs, ins]) = weights.shape.as_deref() else { return weights.shape.is_none() };
    if *ins == 0 || *outs == 0 {
        return false;
    }
    let size = |seen: &Seen| seen.shape.as_ref().map(|shape| shape.iter().product::<usize>());
    let rows = size(x).map(|n| (n.is_multiple_of(*ins) && x.shape.as_ref().is_some_and(|s| !s.is_empty()), n / ins));
    let bias = bias.and_then(size).is_none_or(|n| n == *outs);
    let whole = rows.is_none_or(|(whole, _)| whole);
    bias && whole && rows.zip(size(y)).is_none_or(|((_, rows), y)| rows * outs == y)
}

/// Whether the channels of `x` meet those of the weights: outputs × height × width × inputs, or 1 × … × outputs.
fn convolution(depthwise: bool, x: &Seen, weights: &Seen, bias: Option<&Seen>, y: &Seen) -> bool {
    let Some([first, height, width, last]) = weights.shape.as_deref() else { return weights.shape.is_none() };
    if [first, height, width, last].contains(&&0) {
        return false;
    }
    let (outs, ins) = if depthwise { (*last, None) } else { (*first, Some(*last)) };
    let channels = |seen: &Seen| match seen.shape.as_deref() {
        Some([.., n]) => Some(*n),
        _ => None,
    };
    let rank = |seen: &Seen| seen.shape.as_ref().is_none_or(|shape| shape.len() == 4);
    let fits = channels(x).is_none_or(|n| match ins {
        Some(ins) => n.is_multiple_of(ins) && n > 0,
        None => n > 0 && outs.is_multiple_of(n),
    });
    let bias = bias.and_then(|bias| bias.shape.as_ref()).is_none_or(|shape| shape.iter().product::<usize>() == outs);
    rank(x) && rank(y) && fits && bias && channels(y).is_none_or(|n| n == outs) && (!depthwise || *first == 1)
}
