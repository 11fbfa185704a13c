//! Values to try.
use crate::plugin::{Descriptor, Param, ParamType, Value};

/// The values that a graph file gives which says only what it must. Required numbers are guessed from their unit,
/// required texts and tables are made up.
pub fn usual(worker: &Descriptor) -> Vec<Value> {
    let mut samples = 1024.0;
    let mut value = |param: &Param| match (param.ty, param.required) {
        (_, false) => param.default.clone(),
        (ParamType::Bool, _) => Value::Num(0.0),
        (ParamType::Int | ParamType::Float, _) => {
            let guess = match param.unit.as_str() {
                "Hz" => 16000.0,
                // A size comes before its hop: each is half of the one before.
                "samples" => {
                    samples = f64::max(samples / 2.0, 1.0);
                    samples
                }
                _ => 2.0,
            };
            Value::Num(guess.clamp(param.min, param.max))
        }
        (ParamType::Text | ParamType::Path, _) => Value::Text(param.choices.first().cloned().unwrap_or("one".into())),
        (ParamType::Floats, _) => Value::List(vec![1.0]),
        (ParamType::Table, _) => Value::Table(vec![("one".into(), "0".into())]),
    };
    worker.params.iter().map(&mut value).collect()
}

/// Modest values of a parameter, for a worker that does not accept its own defaults.
pub fn modest(param: &Param) -> Vec<Value> {
    let numbers = [1.0, 2.0, 16.0, 256.0, 16000.0].into_iter().filter(|x| (param.min..=param.max).contains(x));
    match param.ty {
        ParamType::Int | ParamType::Float => numbers.map(Value::Num).collect(),
        ParamType::Floats => vec![Value::List(vec![1.0]), Value::List(vec![1.0, 1.0])],
        _ => limits(param),
    }
}

/// The ends of what a parameter allows, and each of its choices.
pub fn limits(param: &Param) -> Vec<Value> {
    match param.ty {
        ParamType::Bool => vec![Value::Num(0.0), Value::Num(1.0)],
        ParamType::Int | ParamType::Float => {
            [param.min, param.max].into_iter().filter(|x| x.is_finite()).map(Value::Num).collect()
        }
        ParamType::Text => param.choices.iter().cloned().map(Value::Text).collect(),
        ParamType::Path | ParamType::Floats | ParamType::Table => vec![],
    }
}

/// A value as a graph file has it.
pub fn words(param: &Param, value: &Value) -> String {
    match value {
        Value::Num(x) if param.ty == ParamType::Bool => format!("`{} = {}`", param.name, *x != 0.0),
        Value::Num(x) => format!("`{} = {x}`", param.name),
        Value::Text(text) => format!("`{} = {text:?}`", param.name),
        Value::List(list) => format!("`{} = {list:?}`", param.name),
        Value::Table(pairs) => {
            let pairs: Vec<String> = pairs.iter().map(|(key, text)| format!("{key} = {text}")).collect();
            format!("`{} = {{ {} }}`", param.name, pairs.join(", "))
        }
    }
}

/// Those of `values` that are no defaults, as a graph file has them; "its defaults" if all are.
pub fn changed(worker: &Descriptor, values: &[Value]) -> String {
    let all = worker.params.iter().zip(values);
    let changed: Vec<String> =
        all.filter(|(param, value)| **value != param.default).map(|(param, value)| words(param, value)).collect();
    if changed.is_empty() { "its defaults".into() } else { changed.join(", ") }
}
