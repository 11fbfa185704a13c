//! Constants that decide shapes: an engine believes them, and the operators behind believe the shapes of the file.
use super::check::{Checked, Graph, damaged};
use super::flatbuffer::Table;
use super::rules::Seen;
use super::schema::{operator, tensor};

/// `StridedSliceOptions`, all of them bits for axes.
mod masks {
    pub const BEGIN: usize = 0;
    pub const END: usize = 1;
    pub const ELLIPSIS: usize = 2;
    pub const NEW: usize = 3;
    pub const SHRINK: usize = 4;
}

impl Graph<'_, '_> {
    /// Whether the constants of an operator make the shape that the file gives.
    ///
    /// # Errors
    /// They make another one.
    pub fn decided(&self, name: &str, node: &Table, ins: &[i32], inputs: &[Option<Seen>], outputs: &[Seen]) -> Checked {
        if let "SPLIT" | "SPLIT_V" = name {
            return self.split(name, node, ins, inputs, outputs);
        }
        let [Seen { shape: Some(made), name: output, .. }] = outputs else { return Ok(()) };
        let fits = match (name, ins, inputs) {
            ("RESHAPE", [_, shape], _) => self.ints(*shape)?.is_none_or(|wanted| {
                let same = |(wanted, is): (&i32, &usize)| *wanted == -1 || usize::try_from(*wanted) == Ok(*is);
                wanted.len() == made.len() && wanted.iter().zip(made).all(same)
            }),
            ("STRIDED_SLICE", [_, begin, end, strides], [Some(Seen { shape: Some(of), .. }), ..]) => {
                let ranges = (self.ints(*begin)?, self.ints(*end)?, self.ints(*strides)?);
                let (Some(begin), Some(end), Some(strides)) = ranges else { return Ok(()) };
                let values: usize = made.iter().product();
                let options = node.table(operator::OPTIONS);
                options.is_none_or(|options| sliced(of, &begin, &end, &strides, &options).is_none_or(|n| n == values))
                    && !strides.contains(&0)
            }
            _ => true,
        };
        if fits { Ok(()) } else { damaged(format!("the constants of `{name}` make no `{output}`")) }
    }

    /// Whether the parts of a tensor are as many as the options say, along an axis that there is, and the whole again: a
    /// kernel of an engine that takes every shape as it is writes as many values as the whole has.
    fn split(&self, name: &str, node: &Table, ins: &[i32], inputs: &[Option<Seen>], parts: &[Seen]) -> Checked {
        let (axis, of, sizes) = match (name, ins, inputs) {
            ("SPLIT", [axis, _], [_, Some(of)]) => (*axis, of, None),
            ("SPLIT_V", [_, sizes, axis], [Some(of), ..]) => (*axis, of, self.ints(*sizes)?),
            _ => return Ok(()),
        };
        let count = node.table(operator::OPTIONS).map_or(0, |options| options.int(0));
        let even = name == "SPLIT";
        let whole = |axis: Option<i32>| {
            let kinds = parts.iter().all(|part| part.kind == of.kind);
            let shapes: Option<Vec<&[usize]>> = parts.iter().map(|part| part.shape.as_deref()).collect();
            let (Some(shape), Some(parts), Some(axis)) = (of.shape.as_deref(), shapes, axis) else { return kinds };
            let from_end = if axis < 0 { shape.len() as i64 } else { 0 };
            let Some(axis) = usize::try_from(i64::from(axis) + from_end).ok().filter(|at| *at < shape.len()) else {
                return false;
            };
            let beside = |part: &&[usize]| {
                part.len() == shape.len() && (0..shape.len()).all(|at| at == axis || part[at] == shape[at])
            };
            let given = |(wanted, part): (&i32, &&[usize])| *wanted == -1 || usize::try_from(*wanted) == Ok(part[axis]);
            kinds
                && parts.iter().all(beside)
                && parts.iter().map(|part| part[axis]).sum::<usize>() == shape[axis]
                && (!even || parts.iter().all(|part| part[axis] == parts[0][axis]))
                && sizes.as_ref().is_none_or(|sizes| sizes.len() == parts.len() && sizes.iter().zip(&parts).all(given))
        };
        let axis = self.ints(axis)?.map(|axis| axis.first().copied().unwrap_or(i32::MAX));
        if self.model.strict && axis.is_none() {
            return Err(format!("splits `{}` along an axis that is no constant of the file", of.name));
        }
        match usize::try_from(count) == Ok(parts.len()) && whole(axis) {
            true => Ok(()),
            false => damaged(format!("`{name}` does not make {} parts of `{}`", parts.len(), of.name)),
        }
    }

    /// A constant of whole numbers, `None` where it is none.
    fn ints(&self, at: i32) -> Checked<Option<Vec<i32>>> {
        let Some(table) = usize::try_from(at).ok().and_then(|at| self.tensors.get(at)) else { return Ok(None) };
        let data = self.model.buffer(table.number(tensor::BUFFER, 4))?;
        let whole = table.number(tensor::TYPE, 1) == 2 && !data.is_empty();
        let all = data.chunks_exact(4).map(|n| i32::from_le_bytes([n[0], n[1], n[2], n[3]]));
        Ok(whole.then(|| all.collect()))
    }
}

/// How many values a slice has; `None` where it adds axes or leaves some out.
fn sliced(of: &[usize], begin: &[i32], end: &[i32], strides: &[i32], options: &Table) -> Option<usize> {
    let mask = |slot: usize, axis: usize| options.int(slot) >> axis & 1 != 0;
    let plain = options.int(masks::ELLIPSIS) == 0 && options.int(masks::NEW) == 0;
    if !plain || [begin, end, strides].iter().any(|range| range.len() != of.len()) {
        return None;
    }
    let extent = |axis: usize| {
        let (n, stride) = (of[axis] as i64, i64::from(strides[axis]));
        // Where a stride leads back, a slice goes from the last value to before the first.
        let (least, most) = if stride > 0 { (0, n) } else { (-1, n - 1) };
        let place = |at: i32| (i64::from(at) + if at < 0 { n } else { 0 }).clamp(least, most);
        let (first, last) = if stride > 0 { (0, n) } else { (n - 1, -1) };
        let from = if mask(masks::BEGIN, axis) { first } else { place(begin[axis]) };
        let to = if mask(masks::END, axis) { last } else { place(end[axis]) };
        match (mask(masks::SHRINK, axis), stride) {
            (true, _) => 1,
            (_, 0) => 0,
            _ => {
                (to - from).unsigned_abs().div_ceil(stride.unsigned_abs()) as usize
                    * usize::from((to - from) * stride > 0)
            }
        }
    };
    Some((0..of.len()).map(extent).product())
}
