//! A JSON Schema of the graph language, made from the workers that were found: for completion in editors.
use super::file::{FAULTS, MEASURES, Side};
use crate::plugin::{Descriptor, Param, ParamType, Preset, Value as Given, Workers};
use serde_json::{Map, Value, json};

/// The schema, JSON Schema draft-07: the newest that editors of TOML (Taplo, Even Better TOML, Tombi) all read.
pub fn schema(workers: &Workers) -> Value {
    let nodes: Vec<Value> = workers.iter().map(|found| node(&found.worker)).collect();
    let named = |of: Value| json!({ "type": "object", "propertyNames": { "pattern": "^[A-Za-z0-9_-]+$" }, "additionalProperties": of });
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "aw graph",
        "type": "object",
        "required": ["graph"],
        "additionalProperties": false,
        "properties": {
            "graph": {
                "type": "object",
                "required": ["rate"],
                "additionalProperties": false,
                "properties": {
                    "rate": { "type": "integer", "minimum": 1, "maximum": 768000, "description": "Sample rate inside the graph, in Hz" },
                    "block": { "type": "integer", "minimum": 1, "maximum": 65536, "default": 128, "description": "Samples a block" },
                    "title": { "type": "string", "description": "What the graph is" },
                    "max_latency_ms": { "type": "number", "minimum": 0, "description": "The graph is refused if it is later than this" },
                    "tail_ms": { "type": "number", "minimum": 0, "description": "How long the graph sounds on after its inputs ended" },
                },
            },
            "input": named(json!({
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "device": { "type": "string", "description": "The device that is opened live" },
                    "wav": { "type": "string", "description": "The file that is played, relative to this file" },
                    "channels": { "type": "integer", "minimum": 1, "maximum": 64 },
                },
            })),
            "node": named(json!({ "type": "object", "required": ["worker"], "oneOf": nodes })),
            "output": named(json!({
                "type": "object",
                "required": ["from"],
                "additionalProperties": false,
                "properties": {
                    "from": { "type": "string", "description": "NODE or NODE.PORT" },
                    "device": { "type": "string", "description": "The device that is opened live" },
                    "wav": { "type": "string", "description": "The file that is written, relative to this file" },
                    "to": { "const": "stdout", "description": "Events, as JSON lines" },
                },
            })),
            "test": { "type": "array", "items": test() },
        },
        "definitions": { "source": source(), "wire": { "anyOf": [
            { "$ref": "#/definitions/source" },
            { "type": "array", "minItems": 1, "items": { "$ref": "#/definitions/source" }, "description": "The sum" },
        ] } },
    })
}

fn test() -> Value {
    let file =
        json!({ "type": "string", "description": "A WAV or FLAC file, or a folder of them, relative to this file" });
    json!({
        "type": "object",
        "required": ["name", "expect"],
        "additionalProperties": false,
        "properties": {
            "name": { "type": "string", "description": "What it shows" },
            "play": {
                "type": "object",
                "description": "What each input plays; of several files, each is a run of its own",
                "additionalProperties": { "anyOf": [file, { "type": "array", "minItems": 1, "items": file }] },
            },
            "set": { "type": "array", "description": "Live parameters that change while it plays", "items": {
                "type": "object",
                "required": ["param", "value"],
                "additionalProperties": false,
                "properties": {
                    "param": { "type": "string", "description": "NODE.PARAM" },
                    "value": { "type": ["number", "boolean", "string"] },
                    "at_s": { "type": "number", "minimum": 0, "description": "When, in seconds of the input" },
                    "ramp_ms": { "type": "number", "minimum": 0, "description": "How long it takes to get there" },
                },
            } },
            "block": { "type": "integer", "minimum": 1, "maximum": 65536, "description": "Samples a block" },
            "tail_ms": { "type": "number", "minimum": 0, "description": "How long it sounds on after its input ended" },
            "align": { "type": "boolean", "description": "Latency is taken off what is compared and measured" },
            "device": { "type": "string", "description": "The device that it is played on, which is not there: a name that `aw sim --list` shows, or the path of a profile" },
            "seed": { "type": "integer", "minimum": 0, "description": "Which of all things that may go wrong by chance do" },
            "faults": { "type": "array", "items": fault(), "description": "What goes wrong on the device" },
            "expect": { "type": "array", "minItems": 1, "items": expectation() },
        },
    })
}

fn fault() -> Value {
    let one = |(kind, keys): &(&str, &[&str])| {
        let mut properties = json!({ "kind": { "const": kind } });
        for key in keys.iter().chain(&["from_s", "to_s"]) {
            properties[*key] = json!({ "type": if *key == "heap" { "string" } else { "number" } });
        }
        let needed = keys.iter().filter(|key| !["heap", "every_ms"].contains(*key));
        let required: Vec<&str> = std::iter::once("kind").chain(needed.copied()).collect();
        json!({ "type": "object", "required": required, "additionalProperties": false, "properties": properties })
    };
    json!({ "oneOf": FAULTS.iter().map(one).collect::<Vec<Value>>() })
}

fn expectation() -> Value {
    let text = |about: &str| json!({ "type": "string", "description": about });
    let number = |about: &str| json!({ "type": "number", "description": about });
    let mut keys = json!({
        "output": text("The output; the only one of its kind by default"),
        "port": text("The port of a node, NODE or NODE.PORT, to be compared with `like`"),
        "channel": { "type": "integer", "minimum": 1, "description": "Only this channel, from 1" },
        "from_s": number("Only from here, in seconds"),
        "to_s": number("Only up to here, in seconds"),
        "like": text("A WAV file or .npy array as it was when all was well; `aw test --bless` makes it"),
        "reference": text("A clean version of what is played"),
        "labels": text("What is to be heard, and when: Audacity's labels (.txt), CSV with a header, JSON lines"),
        "model": text("A model that judges sound: an ONNX file, or @NAME/FILE of one that is installed"),
        "model_hz": { "type": "integer", "minimum": 1, "description": "The rate that `model` is for, in Hz; what its file says, or 16000, by default" },
        "score": { "anyOf": [{ "type": "integer", "minimum": 1 }, { "type": "string" }], "description": "Which of the numbers that `model` gives is meant, from 1 through all its outputs, or the name of an output" },
        "polynomial": { "type": "array", "minItems": 1, "items": { "type": "number" }, "description": "What makes a score of that number x: [p0, p1, p2] is p0 + p1 x + p2 x²" },
        "band_hz": { "type": "array", "minItems": 2, "maxItems": 2, "items": { "type": "number" }, "description": "A band" },
        "tolerance_ms": number("How far off an event may be; 100 by default"),
        "silence_db": number("Below this it is silent, in dBFS; -60 by default"),
    });
    let limit = json!({ "type": "object", "minProperties": 1, "additionalProperties": false, "properties": {
        "min": { "type": "number" }, "max": { "type": "number" },
    } });
    for measure in MEASURES {
        let about = match measure.side {
            Side::AtMost => format!("{}: at most", measure.about),
            Side::AtLeast => format!("{}: at least", measure.about),
            Side::Exactly | Side::Both => measure.about.to_string(),
        };
        keys[measure.key] = match (measure.key, measure.side) {
            ("bit_equal" | "fits", _) => json!({ "type": "boolean", "description": about }),
            (_, Side::Both) => json!({ "allOf": [limit], "description": about }),
            _ => json!({ "anyOf": [{ "type": "number" }, limit], "description": about }),
        };
    }
    json!({ "type": "object", "additionalProperties": false, "properties": keys })
}

fn source() -> Value {
    json!({ "anyOf": [
        { "type": "string", "description": "NODE or NODE.PORT" },
        {
            "type": "object",
            "required": ["from"],
            "additionalProperties": false,
            "properties": {
                "from": { "type": "string", "description": "NODE or NODE.PORT" },
                "delay": { "type": "integer", "minimum": 0, "description": "Frames later, on purpose" },
                "delay_ms": { "type": "number", "minimum": 0, "description": "Later, on purpose" },
                "feedback": { "type": "integer", "minimum": 1, "description": "Closes a loop with so many frames of the past" },
            },
        },
    ] })
}

fn node(worker: &Descriptor) -> Value {
    let mut properties = Map::new();
    properties.insert("worker".into(), json!({ "const": worker.id, "description": worker.summary }));
    properties.insert("in".into(), inputs(worker));
    properties.insert("run".into(), json!({ "anyOf": [
        { "const": "inline" },
        {
            "type": "object",
            "required": ["lane"],
            "additionalProperties": false,
            "properties": {
                "lane": { "type": "string", "description": "Name of a background thread" },
                "delay": { "type": "integer", "minimum": 1, "default": 1, "description": "Firings until an answer is due" },
                "late": { "enum": ["hold", "zero", "pass"], "default": "hold", "description": "What is heard when it is not there" },
            },
        },
    ] }));
    // A preset may give what a graph would have to.
    let needed = |p: &Param| p.required && worker.presets.is_empty();
    for p in &worker.params {
        match p.name.split_once('.') {
            None => properties.insert(p.name.clone(), param(p)),
            Some((group, key)) => {
                let group = properties
                    .entry(group)
                    .or_insert_with(|| json!({ "type": "object", "additionalProperties": false, "properties": {} }));
                group["properties"][key] = param(p);
                if needed(p) {
                    let mut all = group["required"].as_array().cloned().unwrap_or_default();
                    all.push(key.into());
                    group["required"] = all.into();
                }
                None
            }
        };
    }
    if !worker.presets.is_empty() {
        let one = |preset: &Preset| json!({ "const": preset.name, "description": preset.doc });
        let all: Vec<Value> = worker.presets.iter().map(one).collect();
        properties.insert(
            "preset".into(),
            json!({ "oneOf": all, "description": "Values under one name; keys beside it are stronger" }),
        );
    }
    let required = worker.params.iter().filter(|p| needed(p));
    let mut required: Vec<&str> = required.filter_map(|p| p.name.split('.').next()).collect();
    required.insert(0, "worker");
    required.dedup();
    json!({ "title": worker.id, "required": required, "additionalProperties": false, "properties": properties })
}

fn inputs(worker: &Descriptor) -> Value {
    let ports = || worker.ports.iter().filter(|port| !port.is_output);
    let wire = json!({ "$ref": "#/definitions/wire" });
    let mut table = json!({ "type": "object", "not": { "required": ["from"] } });
    let fixed = ports().filter(|port| !port.many);
    let properties: Map<String, Value> = fixed
        .map(|port| {
            (port.name.clone(), json!({ "allOf": [{ "$ref": "#/definitions/wire" }], "description": port.doc }))
        })
        .collect();
    table["properties"] = properties.into();
    table["additionalProperties"] = if ports().any(|port| port.many) { wire.clone() } else { false.into() };
    json!({ "anyOf": [wire, table] })
}

fn param(param: &Param) -> Value {
    let mut schema = match param.ty {
        ParamType::Bool => json!({ "type": "boolean" }),
        ParamType::Int => json!({ "type": "integer" }),
        ParamType::Float => json!({ "type": "number" }),
        ParamType::Text | ParamType::Path => json!({ "type": "string" }),
        ParamType::Floats => json!({ "type": "array", "items": { "type": "number" } }),
        ParamType::Table => json!({ "type": "object" }),
    };
    let unit = if param.unit.is_empty() { String::new() } else { format!(" [{}]", param.unit) };
    let live = if param.live { " (live)" } else { "" };
    let way = match param.ty {
        ParamType::Path => ": a path relative to this file, or @NAME/FILE of an installed model",
        _ => "",
    };
    schema["description"] = format!("{}{way}{unit}{live}", param.doc).into();
    if param.ty != ParamType::Bool && param.min.is_finite() {
        schema["minimum"] = param.min.into();
    }
    if param.ty != ParamType::Bool && param.max.is_finite() {
        schema["maximum"] = param.max.into();
    }
    if !param.choices.is_empty() {
        schema["enum"] = json!(param.choices);
    }
    if !param.required {
        match &param.default {
            Given::Num(n) if param.ty == ParamType::Bool => schema["default"] = (*n != 0.0).into(),
            Given::Num(n) if param.ty == ParamType::Int => schema["default"] = (*n as i64).into(),
            Given::Num(n) => schema["default"] = (*n).into(),
            Given::Text(text) => schema["default"] = text.clone().into(),
            Given::List(_) | Given::Table(_) => {}
        }
    }
    schema
}
