//! A scene, and what is new in it, as lines of JSON.
use super::super::scene::{Param, Scene, Where};
use super::news::News;
use super::request::suggest;
use serde::Serialize;
use serde_json::{Value, json};

/// The answer to a request.
pub fn answer(id: Value, result: Result<Value, String>) -> Value {
    let mut line = json!({ "id": id, "ok": result.is_ok() });
    match result {
        Ok(Value::Object(more)) => more.into_iter().for_each(|(key, value)| line[key] = value),
        Ok(_) => {}
        Err(why) => line["error"] = why.into(),
    }
    line
}

/// What an act came to.
pub fn done(result: Result<String, String>) -> Result<Value, String> {
    result.map(|said| if said.is_empty() { Value::Null } else { json!({ "note": said }) })
}

/// A live parameter.
///
/// # Errors
/// There is none of that name.
pub fn get(scene: Option<&Scene>, at: &Where) -> Result<Value, String> {
    Ok(param(find(scene.ok_or(NOT_YET)?, at)?))
}

/// All live parameters.
///
/// # Errors
/// Nothing plays yet.
pub fn params(scene: Option<&Scene>) -> Result<Value, String> {
    let params: Vec<Value> = scene.ok_or(NOT_YET)?.params.iter().map(param).collect();
    Ok(json!({ "params": params }))
}

/// The scene.
///
/// # Errors
/// Nothing plays yet.
pub fn whole(scene: Option<&Scene>) -> Result<Value, String> {
    Ok(json!({ "scene": as_value(scene.ok_or(NOT_YET)?) }))
}

/// What is said before there is a scene.
pub const NOT_YET: &str = "nothing plays yet; ask again in a moment";

fn param(param: &Param) -> Value {
    let Param { at, value, start, range, unit, choices, .. } = param;
    let mut line = json!({ "node": at.node, "param": at.param, "value": value, "start": start });
    if let Some(name) = choices.get(*value as usize) {
        line["choice"] = name.as_str().into();
        line["choices"] = choices.as_slice().into();
    }
    if let Some(range) = range {
        line["range"] = as_value(range);
    }
    if !unit.is_empty() {
        line["unit"] = unit.as_str().into();
    }
    line
}

fn find<'s>(scene: &'s Scene, at: &Where) -> Result<&'s Param, String> {
    let of_node = || scene.params.iter().filter(|param| param.at.node == at.node);
    match scene.params.iter().find(|param| param.at == *at) {
        Some(param) => Ok(param),
        None if of_node().next().is_none() => {
            let mut nodes: Vec<&str> = scene.params.iter().map(|param| param.at.node.as_str()).collect();
            nodes.dedup();
            let list = || match nodes.len() {
                0 => "; no node of this graph has any".into(),
                _ => format!("; those of {} are", nodes.join(", ")),
            };
            let near = suggest(&at.node, nodes.iter().copied()).unwrap_or_else(list);
            Err(format!("no live parameter is in `{}`{near}", at.node))
        }
        None => {
            let names: Vec<&str> = of_node().map(|param| param.at.param.as_str()).collect();
            let near =
                suggest(&at.param, names.iter().copied()).unwrap_or_else(|| format!("; it has {}", names.join(", ")));
            Err(format!("`{}` has no live parameter `{}`{near}", at.node, at.param))
        }
    }
}

/// Levels, load and gaps.
pub fn meters(scene: &Scene) -> Value {
    let ports = |ports: &[super::super::scene::Port]| -> Vec<Value> {
        ports.iter().map(|port| json!({ "name": port.name, "meters": as_value(&port.meters) })).collect()
    };
    json!({
        "event": "meters",
        "time": scene.time,
        "inputs": ports(&scene.inputs),
        "outputs": ports(&scene.outputs),
        "load": { "mean_us": scene.whole.mean_us, "max_us": scene.whole.max_us, "deadline_us": scene.whole.deadline_us },
        "xruns": scene.xruns,
    })
}

/// Something that happened.
pub fn news(news: &News) -> Value {
    let (kind, of) = match news {
        News::Event(event) => ("event", as_value(event)),
        News::Xrun(gap) => ("xrun", as_value(gap)),
        News::Note(note) => ("note", as_value(note)),
        News::Param(at, value) => ("param", json!({ "node": at.node, "param": at.param, "value": value })),
    };
    let mut line = json!({ "event": kind });
    if let Value::Object(more) = of {
        more.into_iter().for_each(|(key, value)| line[key] = value);
    }
    line
}

fn as_value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_default() // nothing in a scene has keys that are no texts
}
