//! What single operators need to be computed at all: tensors, types, options, and shapes that go together.
//!
//! Kernels check much of this, but not all, and the delegates and TensorFlow Lite Micro check less: a wrong extent makes
//! them read beyond a tensor. Operators that have no line in [`super::needs`] are left to the
//! engine.
use super::flatbuffer::Table;
use super::needs::Family::{self, *};
use super::needs::{AXES, COUNTS, HANDLES, MOST_AXES, MOST_OPTIONS, MOST_STEP, OPTIONAL_WITHIN, RULES};
use super::schema::operator;

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
    let rule = RULES.iter().find(|rule| rule.0 == name);
    let spared = |at: usize| match rule {
        _ if OPTIONAL_WITHIN.contains(&name) => at >= 1,
        Some((.., Dense | Convolution | Depthwise)) => at == 2,
        Some(_) => name == "TRANSPOSE_CONV" && at == 3,
        None => at >= 2,
    };
    if let Some(at) = (0..given).find(|at| inputs[*at].is_none() && !spared(*at)) {
        return wrong(format!("goes without its input {at}"));
    }
    let handle = |seen: &&Seen| seen.kind == "resource";
    if inputs.iter().flatten().chain(outputs).any(|seen| handle(&seen)) && !HANDLES.contains(&name) {
        return wrong("computes with the handle of a variable".into());
    }
    let Some((_, ins, outs, of, must, family)) = rule else { return Ok(()) };
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
