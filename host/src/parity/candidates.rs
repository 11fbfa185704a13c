//! What else a key could be, as far as its worker's descriptor tells: choices, values of presets, and for numbers what is
//! often mistaken.
use crate::graph::{preset_values, to_toml};
use crate::plugin::{Descriptor, Param, ParamType, Value};

/// Another value of a key.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The key.
    pub key: String,
    /// Its value, as TOML.
    pub now: String,
    /// The other value, as TOML.
    pub to: String,
    /// The same as a value.
    pub value: Value,
    /// The key is one of choices.
    pub is_choice: bool,
}

/// Whole numbers up to here may be flags or small counts, so that 0 and 1 are worth a try.
const SMALL: f64 = 8.0;
/// Full scale of 16 bits.
const FULL_SCALE: f64 = 32768.0;

/// Every other value that a key of the worker could have, where `values` are what they are now.
pub fn candidates(worker: &Descriptor, values: &[Value]) -> Vec<Change> {
    let presets: Vec<_> = worker.presets.iter().filter_map(|preset| preset_values(worker, preset).ok()).collect();
    let mut changes: Vec<Change> = vec![];
    for (at, (param, now)) in worker.params.iter().zip(values).enumerate() {
        let known = presets.iter().filter_map(|preset| preset.get(param.name.as_str()).cloned());
        let mut others: Vec<Value> = known.chain([param.default.clone()]).collect();
        match (param.ty, now) {
            (ParamType::Bool, Value::Num(x)) => others.push(Value::Num(1.0 - x)),
            (ParamType::Int | ParamType::Float, Value::Num(x)) => {
                others.extend(numbers(param, *x).into_iter().map(Value::Num));
                others.extend(siblings(worker, at, values).into_iter().map(Value::Num));
            }
            (ParamType::Text, _) => others.extend(param.choices.iter().cloned().map(Value::Text)),
            _ => continue,
        }
        let mut seen = vec![now.clone()];
        for value in others.into_iter().filter(|value| allowed(param, value)) {
            if !seen.contains(&value) {
                seen.push(value.clone());
                let (key, is_choice) = (param.name.clone(), param.ty == ParamType::Text);
                changes.push(Change { key, now: to_toml(param, now), to: to_toml(param, &value), value, is_choice });
            }
        }
    }
    changes
}

fn numbers(param: &Param, now: f64) -> Vec<f64> {
    match param.ty {
        ParamType::Int if now.abs() <= SMALL => vec![now * 2.0, now + 1.0, now - 1.0, 0.0, 1.0],
        ParamType::Int if now % 2.0 == 0.0 => vec![now * 2.0, now / 2.0],
        ParamType::Int => vec![now * 2.0],
        _ => vec![now * 2.0, now / 2.0, 0.0, 1.0, FULL_SCALE, -now],
    }
}

/// The whole numbers of the same group and unit, and the powers of two above them: a length may have been taken for
/// another.
fn siblings(worker: &Descriptor, at: usize, values: &[Value]) -> Vec<f64> {
    let group = |param: &Param| param.name.split_once('.').map(|(group, _)| group.to_string());
    let own = &worker.params[at];
    let like = |param: &Param| param.ty == own.ty && param.unit == own.unit && group(param) == group(own);
    if own.ty != ParamType::Int || own.unit.is_empty() {
        return vec![];
    }
    let of = worker.params.iter().zip(values).filter(|(param, _)| like(param));
    let numbers = of.filter_map(|(_, value)| if let Value::Num(x) = value { Some(*x) } else { None });
    let above = |x: f64| f64::from((x.clamp(1.0, 65536.0) as u32).next_power_of_two());
    numbers.filter(|x| *x > SMALL).flat_map(|x| [x, above(x)]).collect()
}

fn allowed(param: &Param, value: &Value) -> bool {
    match value {
        Value::Num(x) => x.is_finite() && *x >= param.min && *x <= param.max,
        Value::Text(_) => true,
        _ => false,
    }
}
