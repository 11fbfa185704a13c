//! A line → what is asked.
use super::super::act::Act;
use super::super::scene::{Deck, Where};
use crate::graph::nearest;
use serde_json::{Map, Value};
use std::path::{Component, Path, PathBuf};

/// What a line asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Something to be done by the session.
    Act(Act),
    /// A live parameter.
    Get(Where),
    /// All of them; and to be told when one changes, or no more.
    Params(Option<bool>),
    /// The whole scene.
    Scene,
    /// To be told what happens, or no more.
    Events(bool),
    /// Meters so many times a second, or no more.
    Meters(Option<f64>),
}

/// What can be asked, and the keys beside `id` and `do`.
const KNOWN: &[(&str, &[&str])] = &[
    ("set", &["node", "param", "value", "ramp_ms"]),
    ("get", &["node", "param"]),
    ("params", &["follow"]),
    ("scene", &[]),
    ("events", &["on"]),
    ("meters", &["hz", "on"]),
    ("bypass", &["on"]),
    ("mute", &["on"]),
    ("hear", &["deck"]),
    ("blind", &["on"]),
    ("guess", &["deck"]),
    ("load", &["path"]),
    ("save", &["path"]),
    ("reload", &[]),
    ("dump", &[]),
    ("measure", &[]),
    ("clear", &[]),
    ("quit", &[]),
];

/// Longest way from one value to another, in ms.
pub const LONGEST_RAMP: f64 = 600_000.0;
/// Most meters a second.
pub const FASTEST: f64 = 60.0;

/// Reads a line; also the name that it gives itself, `null` if it has none.
pub fn read(line: &[u8]) -> (Value, Result<Request, String>) {
    let object = match serde_json::from_slice(line) {
        Ok(Value::Object(object)) => object,
        Ok(_) => return (Value::Null, Err("a request is an object, such as {\"id\":1,\"do\":\"params\"}".into())),
        Err(why) => return (Value::Null, Err(format!("this is not JSON: {why}"))),
    };
    let id = object.get("id").cloned().unwrap_or_default();
    match id {
        Value::Array(_) | Value::Object(_) => (Value::Null, Err("`id` is a number or a text".into())),
        id => (id, request(&object)),
    }
}

fn request(object: &Map<String, Value>) -> Result<Request, String> {
    let known = || KNOWN.iter().map(|(name, _)| *name);
    let name = match object.get("do") {
        Some(Value::String(name)) => name.as_str(),
        Some(_) => return Err("`do` is a text, such as \"params\"".into()),
        None => return Err(format!("`do` is missing; known are {}", known().collect::<Vec<_>>().join(", "))),
    };
    let Some((_, keys)) = KNOWN.iter().find(|(known, _)| *known == name) else {
        let list = || format!("; known are {}", known().collect::<Vec<_>>().join(", "));
        return Err(format!("nothing is called `{name}`{}", suggest(name, known()).unwrap_or_else(list)));
    };
    if let Some(key) = object.keys().find(|key| !["id", "do"].contains(&key.as_str()) && !keys.contains(&key.as_str()))
    {
        let list = || match keys.len() {
            0 => "; it takes nothing else".into(),
            _ => format!("; it takes {}", keys.join(", ")),
        };
        return Err(format!("`{name}` has no key `{key}`{}", suggest(key, keys.iter().copied()).unwrap_or_else(list)));
    }
    let fields = Fields { name, object };
    Ok(match name {
        "get" => Request::Get(Where { node: fields.text("node")?, param: fields.text("param")? }),
        "params" => Request::Params(match object.get("follow") {
            None => None,
            Some(Value::Bool(follow)) => Some(*follow),
            Some(_) => return Err("`follow` is true or false".into()),
        }),
        "scene" => Request::Scene,
        "events" => Request::Events(fields.on(Some(true))?),
        "meters" => match fields.on(Some(true))? {
            true => Request::Meters(Some(fields.number("hz", 10.0, 0.1, FASTEST)?)),
            false => Request::Meters(None),
        },
        _ => Request::Act(fields.act()?),
    })
}

/// "; did you mean …?"
pub fn suggest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, known).map(|near| format!("; did you mean `{near}`?"))
}

/// A file for somebody who need not be this user: only below the folder in which `aw` runs.
///
/// # Errors
/// It is elsewhere.
pub fn below(path: &Path) -> Result<(), String> {
    let is_plain = |part: Component| matches!(part, Component::Normal(_) | Component::CurDir);
    match path.components().all(is_plain) && path.extension().is_some_and(|ext| ext == "toml") {
        true => Ok(()),
        false => Err(format!(
            "`{}` is out of reach from here: through a port, presets are .toml files below the folder in which aw runs, \
             without `..`; the Unix socket takes any",
            path.display()
        )),
    }
}

struct Fields<'a> {
    name: &'a str,
    object: &'a Map<String, Value>,
}

impl Fields<'_> {
    fn act(&self) -> Result<Act, String> {
        Ok(match self.name {
            "set" => Act::Set {
                node: self.text("node")?,
                param: self.text("param")?,
                value: self.value()?,
                ramp_ms: self.number("ramp_ms", 0.0, 0.0, LONGEST_RAMP)?,
            },
            "bypass" => Act::Bypass(self.on(None)?),
            "mute" => Act::Mute(self.on(None)?),
            "blind" => Act::Blind(self.on(None)?),
            "hear" => Act::Hear(deck(&self.text("deck")?)?),
            "guess" => Act::Guess(deck(&self.text("deck")?)?),
            "load" => Act::Load(PathBuf::from(self.text("path")?)),
            "save" => Act::Save(PathBuf::from(self.text("path")?)),
            "reload" => Act::Reload,
            "dump" => Act::Dump,
            "measure" => Act::Measure,
            "clear" => Act::Clear,
            _ => Act::Quit,
        })
    }

    fn missing(&self, key: &str, wanted: &str) -> String {
        format!("`{}` needs `{key}`: {wanted}", self.name)
    }

    fn text(&self, key: &str) -> Result<String, String> {
        match self.object.get(key) {
            Some(Value::String(text)) if !text.is_empty() && !text.contains('\0') => Ok(text.clone()),
            Some(Value::String(_)) => Err(format!("`{key}` is empty, or has a null byte in it")),
            Some(_) => Err(format!("`{key}` is a text, in quotes")),
            None => Err(self.missing(key, "a text")),
        }
    }

    fn on(&self, default: Option<bool>) -> Result<bool, String> {
        match (self.object.get("on"), default) {
            (Some(Value::Bool(on)), _) => Ok(*on),
            (None, Some(on)) => Ok(on),
            (Some(_), _) => Err("`on` is true or false".into()),
            (None, None) => Err(self.missing("on", "true or false")),
        }
    }

    fn number(&self, key: &str, default: f64, least: f64, most: f64) -> Result<f64, String> {
        let number = match self.object.get(key) {
            Some(Value::Number(number)) => number.as_f64().unwrap_or(f64::NAN),
            Some(_) => return Err(format!("`{key}` is a number")),
            None => default,
        };
        match (least..=most).contains(&number) {
            true => Ok(number),
            false => Err(format!("`{key}` cannot be {number}; {least} to {most} are allowed")),
        }
    }

    /// As it would stand in a graph file.
    fn value(&self) -> Result<String, String> {
        match self.object.get("value") {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(value.to_string()),
            Some(_) => Err("`value` is a number, true or false, or a text".into()),
            None => Err(self.missing("value", "a number, true or false, or a text")),
        }
    }
}

/// A deck by its letter.
///
/// # Errors
/// There is no such.
pub fn deck(name: &str) -> Result<Deck, String> {
    match name {
        "A" | "a" => Ok(Deck::A),
        "B" | "b" => Ok(Deck::B),
        "X" | "x" => Ok(Deck::X),
        _ => Err(format!("`deck` is A, B or X, not `{name}`")),
    }
}
