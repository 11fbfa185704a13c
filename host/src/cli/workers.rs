//! `aw workers`.
use super::{USAGE, WorkersFrom, json, print};
use aw_host::graph::{kind_name, nearest};
use aw_host::plugin::{Descriptor, Found, Param, ParamType, Port, Preset, Value};
use clap::Args;
use serde_json::json;
use std::fmt::Write;
use std::process::ExitCode;

#[derive(Args)]
pub struct Command {
    /// Only this worker, with its ports and parameters
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// For scripts
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    workers: WorkersFrom,
}

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        let workers = self.workers.find()?;
        let mut found: Vec<&Found> = workers.iter().collect();
        if let Some(id) = &self.id {
            let Some(one) = workers.get(id) else {
                say!("error: no worker is called `{id}`");
                if let Some(near) = nearest(id, workers.iter().map(|found| found.worker.id.as_str())) {
                    say!("  did you mean `{near}`?");
                }
                return Err(ExitCode::from(USAGE));
            };
            found = vec![one];
        }
        if found.is_empty() {
            let folders: Vec<String> = workers.searched().iter().map(|dir| dir.display().to_string()).collect();
            say!("no workers were found in {}", folders.join(", "));
            say!("  build them with `cargo build --workspace`, or name a folder with --workers DIR or $AW_WORKERS");
        }
        match self.json {
            true => print(&json(&found.iter().map(|found| to_json(found)).collect()))?,
            false => print(&found.iter().map(|found| to_text(found)).collect::<Vec<_>>().join("\n"))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn port_line(port: &Port) -> String {
    let way = if port.is_output { "out" } else { "in " };
    let many = if port.many { ", any number" } else { "" };
    let optional = if port.optional { ", optional" } else { "" };
    let doc = if port.doc.is_empty() { String::new() } else { format!("  {}", port.doc) };
    format!("  {way} {:12} {}{many}{optional}{doc}\n", port.name, kind_name(port.kind))
}

fn number(x: f64) -> String {
    format!("{x}")
}

/// The type with its range, unit and default: "float, -120 to 60 dB, default 0, live".
fn param_line(param: &Param) -> String {
    let mut text = match param.ty {
        ParamType::Bool => "bool",
        ParamType::Int => "int",
        ParamType::Float => "float",
        ParamType::Text => "text",
        ParamType::Path => "path",
        ParamType::Floats => "numbers",
        ParamType::Table => "table",
    }
    .to_string();
    if param.ty != ParamType::Bool && (param.min.is_finite() || param.max.is_finite()) {
        let _ = match (param.min.is_finite(), param.max.is_finite()) {
            (true, true) => write!(text, ", {} to {}", number(param.min), number(param.max)),
            (true, false) => write!(text, ", at least {}", number(param.min)),
            _ => write!(text, ", at most {}", number(param.max)),
        };
    }
    if !param.unit.is_empty() {
        let _ = write!(text, " {}", param.unit);
    }
    if !param.choices.is_empty() {
        let _ = write!(text, ", one of {}", param.choices.join(", "));
    }
    match (&param.default, param.required) {
        (_, true) => text += ", required",
        (Value::Num(n), _) if param.ty == ParamType::Bool => {
            text += if *n == 0.0 { ", default false" } else { ", default true" }
        }
        (Value::Num(n), _) => {
            let _ = write!(text, ", default {}", number(*n));
        }
        (Value::Text(default), _) if !default.is_empty() => {
            let _ = write!(text, ", default {default}");
        }
        _ => {}
    }
    if param.live {
        text += ", live";
    }
    format!(
        "  {:16} {text}\n{}",
        param.name,
        if param.doc.is_empty() { String::new() } else { format!("                   {}\n", param.doc) }
    )
}

fn to_text(found: &Found) -> String {
    let Descriptor { id, summary, ports, params, presets, may_block, .. } = &*found.worker;
    let blocks = if *may_block { " (may block: runs on a lane)" } else { "" };
    let ports: String = ports.iter().map(port_line).collect();
    let params: String = params.iter().map(param_line).collect();
    let params = if params.is_empty() {
        String::new()
    } else {
        format!("  parameters\n{}", params.replace("\n  ", "\n    ").replacen("  ", "    ", 1))
    };
    let preset = |preset: &Preset| format!("    {:24} {}\n", preset.name, preset.doc);
    let presets: String = presets.iter().map(preset).collect();
    let presets = if presets.is_empty() { presets } else { format!("  presets\n{presets}") };
    format!("{id} — {summary}{blocks}\n{ports}{params}{presets}")
}

fn to_json(found: &Found) -> serde_json::Value {
    let worker = &found.worker;
    let ports = worker.ports.iter().map(|port| {
        let way = if port.is_output { "out" } else { "in" };
        json!({ "name": port.name, "dir": way, "kind": kind_name(port.kind), "optional": port.optional, "many": port.many, "doc": port.doc })
    });
    let finite = |x: f64| if x.is_finite() { json!(x) } else { json!(null) };
    let params = worker.params.iter().map(|param| {
        let default = match &param.default {
            _ if param.required => json!(null),
            Value::Num(n) if param.ty == ParamType::Bool => json!(*n != 0.0),
            Value::Num(n) => json!(n),
            Value::Text(text) => json!(text),
            Value::List(list) => json!(list),
            Value::Table(_) => json!({}),
        };
        json!({
            "name": param.name, "type": format!("{:?}", param.ty).to_lowercase(), "unit": param.unit, "doc": param.doc,
            "default": default, "min": finite(param.min), "max": finite(param.max), "choices": param.choices,
            "live": param.live, "required": param.required, "same_work": param.same_work,
        })
    });
    let presets = worker.presets.iter().map(|preset| {
        let values: serde_json::Map<_, _> =
            preset.values.iter().map(|(key, text)| (key.clone(), json!(text))).collect();
        json!({ "name": preset.name, "doc": preset.doc, "values": values })
    });
    json!({
        "id": worker.id, "summary": worker.summary, "may_block": worker.may_block, "library": found.library.path,
        "ports": ports.collect::<Vec<_>>(), "params": params.collect::<Vec<_>>(), "presets": presets.collect::<Vec<_>>(),
    })
}
