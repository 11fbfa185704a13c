//! Values of short lists: shapes are often computed by the model itself.
use super::super::net::{Attr, Node};
use super::super::read::LONGEST_LIST;
use super::{Known, Run};

/// The values that an operator makes, where they are few and known.
pub fn values(node: &Node, run: &Run) -> Option<Vec<f64>> {
    let of = |at: usize| run.input(node, at).and_then(|known| known.values.as_deref());
    let whole = run.input(node, 0).is_some_and(|known| known.whole);
    let each = |f: fn(f64) -> f64| of(0).map(|list| list.iter().map(|value| f(*value)).collect::<Vec<f64>>());
    let pairs = |f: &dyn Fn(f64, f64) -> f64| pairs(of(0)?, of(1)?, f);
    let truth = |f: fn(f64, f64) -> bool| pairs(&|a, b| f64::from(u8::from(f(a, b))));
    match node.op.as_str() {
        "Identity" | "Unsqueeze" | "Squeeze" | "Reshape" | "Flatten" => of(0).map(<[f64]>::to_vec),
        "Cast" => match node.int("to") {
            Some(9) => each(|value| f64::from(u8::from(value != 0.0))),
            Some(6 | 7) => each(f64::trunc),
            _ => each(|value| value),
        },
        "Transpose" => turned(node, run.input(node, 0)?),
        "Neg" => each(|value| -value),
        "Abs" => each(f64::abs),
        "Floor" => each(f64::floor),
        "Ceil" => each(f64::ceil),
        "Not" => each(|value| f64::from(u8::from(value == 0.0))),
        "Add" => pairs(&|a, b| a + b),
        "Sub" => pairs(&|a, b| a - b),
        "Mul" => pairs(&|a, b| a * b),
        "Div" if whole => pairs(&|a, b| (a / b).trunc()),
        "Div" => pairs(&|a, b| a / b),
        "Mod" => pairs(&|a, b| a - b * (a / b).floor()),
        "Max" => pairs(&f64::max),
        "Min" => pairs(&f64::min),
        "Equal" => truth(|a, b| a == b),
        "Greater" => truth(|a, b| a > b),
        "Less" => truth(|a, b| a < b),
        "GreaterOrEqual" => truth(|a, b| a >= b),
        "LessOrEqual" => truth(|a, b| a <= b),
        "And" => truth(|a, b| a != 0.0 && b != 0.0),
        "Or" => truth(|a, b| a != 0.0 || b != 0.0),
        "ReduceProd" if is_line(run.input(node, 0)) => of(0).map(|list| vec![list.iter().product()]),
        "ReduceSum" if is_line(run.input(node, 0)) => of(0).map(|list| vec![list.iter().sum()]),
        "Concat" => {
            let parts = (0..node.inputs.len()).map(|at| of(at).filter(|_| is_line(run.input(node, at))));
            parts.collect::<Option<Vec<_>>>().map(|parts| parts.concat())
        }
        "Gather" if is_line(run.input(node, 0)) => {
            let data = of(0)?;
            let at = |index: &f64| data.get(place(*index as i64, data.len())?).copied();
            of(1)?.iter().map(at).collect()
        }
        "Where" => {
            let (yes, no) = (of(1)?, of(2)?);
            let count = of(0)?.len().max(yes.len()).max(no.len());
            let pick =
                |list: &[f64], i: usize| if list.len() == 1 { list.first().copied() } else { list.get(i).copied() };
            let condition = of(0)?;
            (0..count).map(|i| pick(if pick(condition, i)? != 0.0 { yes } else { no }, i)).collect()
        }
        "Range" => {
            let [start, limit, step] = [of(0)?, of(1)?, of(2)?].map(|list| list.first().copied().unwrap_or(0.0));
            let count = ((limit - start) / step).ceil();
            (count.is_finite() && (0.0..=64.0).contains(&count))
                .then(|| (0..count as u32).map(|i| start + step * f64::from(i)).collect())
        }
        _ => None,
    }
}

/// The values of a small table with its axes in another order.
fn turned(node: &Node, known: &Known) -> Option<Vec<f64>> {
    let (dims, values) = (known.all()?, known.values.as_deref()?);
    let backwards: Vec<i64> = (0..dims.len() as i64).rev().collect();
    let order = node.ints("perm").unwrap_or(&backwards);
    let order: Vec<usize> = order.iter().map(|at| place(*at, dims.len())).collect::<Option<_>>()?;
    let all = |axis: usize| (0..dims.get(axis).copied().unwrap_or(0)).collect::<Vec<u64>>();
    let chosen: Vec<Vec<u64>> = (0..dims.len()).map(all).collect();
    pick(&dims, values, &chosen, &order)
}

/// The values at the chosen places of each axis, the axes in this order. `None` if they are not all there.
pub fn pick(dims: &[u64], values: &[f64], chosen: &[Vec<u64>], order: &[usize]) -> Option<Vec<f64>> {
    let count = chosen.iter().try_fold(1usize, |all, list| all.checked_mul(list.len()))?;
    if count > LONGEST_LIST || chosen.len() != dims.len() || order.len() != dims.len() {
        return None;
    }
    let value = |mut number: usize| {
        let mut places = vec![0; dims.len()];
        for axis in order.iter().rev() {
            places[*axis] = chosen[*axis][number % chosen[*axis].len()];
            number /= chosen[*axis].len();
        }
        let at = dims.iter().zip(&places).try_fold(0u64, |at, (n, place)| at.checked_mul(*n)?.checked_add(*place))?;
        values.get(usize::try_from(at).ok()?).copied()
    };
    (0..count).map(value).collect()
}

/// Settings of a `Constant`.
pub fn constant(node: &Node, run: &Run) -> Option<Known> {
    let (_, attr) = node.attrs.first()?;
    Some(match attr {
        Attr::Tensor(at) => run.known[*at].clone(),
        Attr::Int(n) => Known { dims: Some(vec![]), ..Known::list(vec![*n as f64]) },
        Attr::Ints(list) => Known::list(list.iter().map(|n| *n as f64).collect()),
        _ => return None,
    })
}

/// Whether a tensor is a list or one value.
fn is_line(known: Option<&Known>) -> bool {
    known.and_then(|known| known.dims.as_ref()).is_some_and(|dims| dims.len() <= 1)
}

/// An index that may count from the end.
pub fn place(index: i64, length: usize) -> Option<usize> {
    let index = if index < 0 { index + length as i64 } else { index };
    usize::try_from(index).ok().filter(|at| *at < length)
}

/// Two lists of one length, or a list and one value.
fn pairs(a: &[f64], b: &[f64], f: &dyn Fn(f64, f64) -> f64) -> Option<Vec<f64>> {
    match (a, b) {
        (_, [b]) => Some(a.iter().map(|a| f(*a, *b)).collect()),
        ([a], _) => Some(b.iter().map(|b| f(*a, *b)).collect()),
        _ if a.len() == b.len() => Some(a.iter().zip(b).map(|(a, b)| f(*a, *b)).collect()),
        _ => None,
    }
}
