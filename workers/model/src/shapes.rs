//! Shapes of bound tensors: the extents a model leaves open, and what to say when frames do not fit.
use crate::words::{InputWords, Tensor, shape_text};
use aw_sdk::{Error, Format, Kind, Result, abi::MAX_RANK};
use std::fmt::Debug;

/// More values than any tensor of an audio model has; a damaged file, or a graph, may ask for more memory than there is.
pub const MOST_VALUES: usize = 1 << 28;

/// How many values a tensor of these extents has; `None` for more than there may be.
pub fn values(shape: &[usize]) -> Option<usize> {
    let all = shape.iter().try_fold(1usize, |all, n| all.checked_mul(*n));
    all.filter(|all| *all <= MOST_VALUES)
}

/// What to say of a tensor of more.
pub fn too_many(name: &str, shape: &[usize]) -> Error {
    Error(format!("`{name}` is {}, more than {MOST_VALUES} values", shape_text(shape)))
}

/// A tensor with the extents that the graph gives, which must be those of the model where it gives any.
pub fn shaped(tensor: &Tensor, given: Option<&[usize]>) -> Result<Tensor> {
    let Some(given) = given else { return Ok(tensor.clone()) };
    let agrees = |(own, given): (&Option<usize>, &usize)| own.is_none_or(|own| own == *given);
    let known = !tensor.dims.is_empty();
    if known && (tensor.dims.len() != given.len() || !tensor.dims.iter().zip(given).all(agrees)) {
        let shape = shape_text(given);
        return Err(Error(format!("the model has {tensor}, and `shape.{} = {shape}` does not agree", tensor.name)));
    }
    values(given).ok_or_else(|| too_many(&tensor.name, given))?;
    Ok(Tensor { name: tensor.name.clone(), dims: given.iter().map(|n| Some(*n)).collect() })
}

/// The extents of a tensor that holds `wanted` values: of several open ones the first is the batch, 1, and the last is
/// what remains. `None` if more are open, nothing whole remains, or there are too many.
pub fn closed(tensor: &Tensor, wanted: usize) -> Option<Vec<usize>> {
    let mut dims = tensor.dims.clone();
    let open = |dims: &[Option<usize>]| dims.iter().filter(|n| n.is_none()).count();
    if open(&dims) > 1
        && let Some(batch) = dims.iter_mut().find(|n| n.is_none())
    {
        *batch = Some(1);
    }
    let known = values(&dims.iter().flatten().copied().collect::<Vec<_>>())?;
    if open(&dims) > 1 || (open(&dims) == 1 && (known == 0 || !wanted.is_multiple_of(known))) {
        return None;
    }
    Some(dims.into_iter().map(|n| n.unwrap_or_else(|| wanted / known)).collect())
}

/// Samples that a tensor holds, where its own shape says so: `context` ones and at least one new.
pub fn samples(tensor: &Tensor, context: usize) -> Result<usize> {
    let name = &tensor.name;
    let batch = tensor.dims.first() == Some(&None) && tensor.dims.len() > 1;
    let Some(dims) = tensor.dims.iter().skip(usize::from(batch)).copied().collect::<Option<Vec<usize>>>() else {
        let way = format!("`frames = {{ {name} = 512 }}`");
        return Err(Error(format!("{tensor} takes any number of samples: say how many are new in a run, as in {way}")));
    };
    if dims.iter().filter(|n| **n != 1).count() > 1 {
        let why = "audio is one line of samples, and each channel runs by itself";
        return Err(Error(format!("{tensor} has more than one extent, but {why}")));
    }
    let hold = values(&dims).ok_or_else(|| too_many(name, &dims))?;
    if hold <= context {
        return Err(Error(format!("{tensor} holds {hold} samples, so `context.{name} = {context}` leaves none new")));
    }
    Ok(hold)
}

/// The dims of a TENSOR frame: the extents of a tensor behind those that count frames and behind leading 1s.
pub fn frame_dims(shape: &[usize], frames: usize) -> Option<[u32; MAX_RANK]> {
    let mut axes = shape.iter().copied().peekable();
    let mut counted = 1;
    while let Some(n) = axes.next_if(|n| counted < frames || *n == 1) {
        counted *= n;
    }
    let mut dims = [1; MAX_RANK];
    for (dim, n) in dims.iter_mut().zip(&mut axes) {
        *dim = u32::try_from(n).ok()?;
    }
    (counted == frames && axes.next().is_none()).then_some(dims)
}

/// A state must come back as the type of number that it goes in as.
pub fn other_type(state: &Tensor, is: &dyn Debug, back: &Tensor, gives: &dyn Debug) -> Error {
    let [is, gives] = [is, gives].map(|ty| format!("{ty:?}").to_lowercase().replace("float", "f").replace("int", "i"));
    let (name, back) = (&state.name, &back.name);
    Error(format!("the state `{name}` is of type {is}, but `{back}` that goes back into it of type {gives}"))
}

/// Why `hold` frames do not fit a tensor, and the way out.
pub fn misfit(tensor: &Tensor, words: &InputWords, port: &str, format: Format, hold: usize) -> String {
    let (name, cells) = (&tensor.name, format.cells());
    let brings = match format.kind {
        Kind::AUDIO => format!("a run holds {hold} samples"),
        Kind::SPECTRUM => format!("`{port}` brings {cells} complex bins"),
        _ => format!("`{port}` brings {cells} values"),
    };
    let times = if hold == 1 || format.kind == Kind::AUDIO { String::new() } else { format!(" {hold} times a run") };
    let Some(shape) = closed(tensor, hold * format.width()) else {
        return format!("{tensor} leaves open how {brings}{times} go in: `shape = {{ {name} = [1, ..] }}` says it");
    };
    let (all, frame) = (values(&shape).unwrap_or(usize::MAX), format.width());
    let way = if format.kind == Kind::SPECTRUM && all == hold * cells {
        ": put a `magnitude` node between them".into()
    } else if format.kind == Kind::SPECTRUM && all == hold * frame {
        let (last, first) = (shape_text(&[1, cells, 2]), shape_text(&[1, 2, cells]));
        format!(": an axis of 2 must hold the real and the imaginary part, as in {last} or {first}")
    } else if format.kind == Kind::AUDIO {
        let past = if words.context > 0 { format!(", {} of them `context`", words.context) } else { String::new() };
        format!("{past}: change `frames` or `context`")
    } else if is_bins(all / hold.max(1)) && is_bins(cells) {
        format!(": is `size = {}` meant?", 2 * (all / hold - 1))
    } else if hold == 1 && all.is_multiple_of(frame) {
        let n = all / frame;
        format!(": say `stack = {{ {name} = {n} }}` for the newest {n} frames, or `frames` for {n} new ones a run")
    } else {
        ": they do not fit".into()
    };
    format!("`{name}` is {}, but {brings}{times}{way}", shape_text(&shape))
}

/// Whether an FFT of a power of two has this many bins.
fn is_bins(n: usize) -> bool {
    n > 2 && (n - 1).is_power_of_two()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_values_than_can_be_counted_are_refused_by_name() {
        let unknown = Tensor { name: "x".into(), dims: vec![] };
        let said = shaped(&unknown, Some(&[999_999_999; 3])).expect_err("a refusal").0;
        assert_eq!(said, "`x` is 999999999×999999999×999999999, more than 268435456 values");
        let open = Tensor { name: "x".into(), dims: vec![None, Some(1 << 40), Some(1 << 40)] };
        assert_eq!(closed(&open, 1 << 30), None);
        let long = Tensor { name: "x".into(), dims: vec![Some(1), Some(1 << 40)] };
        let said = samples(&long, 0).expect_err("a refusal").0;
        assert_eq!(said, "`x` is 1×1099511627776, more than 268435456 values");
    }
}
