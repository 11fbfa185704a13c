//! Operators that cut tensors, pad them, or give them other axes.
use super::super::net::{Extents, Node};
use super::fold::{self, place};
use super::rules::{axis, product};
use super::{Known, Run};

/// 0 keeps an extent, −1 is what remains.
pub fn reshape(node: &Node, run: &Run) -> Option<Extents> {
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

/// `Slice`: of each axis from a start to an end, by steps that may go backwards.
pub fn slice(node: &Node, run: &Run) -> Option<Known> {
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

/// `Split`: parts that are said, or equal ones.
pub fn split(node: &Node, run: &Run) -> Option<Vec<Known>> {
    let dims = run.input(node, 0)?.dims.clone()?;
    let (at, count) = (axis(node, "axis", 0, dims.len())?, node.outputs.len() as u64);
    let parts = run.setting(node, "split", 1);
    let part = |i: usize| match &parts {
        Some(parts) => u64::try_from(*parts.get(i)?).ok(),
        None if node.input(1).is_some() => None,
        None => {
            let each = dims[at]?.div_ceil(count.max(1));
            Some(each.min(dims[at]?.saturating_sub(each.saturating_mul(i as u64))))
        }
    };
    let one = |i: usize| {
        let mut dims = dims.clone();
        dims[at] = part(i);
        Known::of(dims)
    };
    Some((0..node.outputs.len()).map(one).collect())
}

/// `Pad`: so many more in front and behind; less, if negative.
pub fn pad(node: &Node, run: &Run) -> Option<Extents> {
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
