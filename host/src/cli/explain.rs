//! `aw explain` and `aw schema`.
use super::{USAGE, WorkersFrom, json, print};
use aw_host::graph::{Code, MEASURES, Measure, SETTINGS, Side, nearest, preset_values, schema};
use aw_host::plugin::{Descriptor, ParamType, Preset, Value};
use clap::Args;
use std::process::ExitCode;

#[derive(Args)]
pub struct Explain {
    /// The code behind `error` or `warning`; all are listed without it. `preset` with a name prints that preset, `expect`
    /// lists what tests can expect
    code: Option<String>,
    /// A preset of a worker, to be printed with all its values
    #[arg(value_name = "PRESET")]
    preset: Option<String>,
    #[command(flatten)]
    workers: WorkersFrom,
}

impl Explain {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        let first_line = |code: &Code| code.story().split(['.', ':']).next().unwrap_or_default().replace('\n', " ");
        let Some(name) = &self.code else {
            let lines: Vec<String> =
                Code::ALL.iter().map(|code| format!("{:10} {}\n", code.name(), first_line(code))).collect();
            print(&lines.concat())?;
            return Ok(ExitCode::SUCCESS);
        };
        match &self.preset {
            Some(preset) if name == "preset" => return self.preset(preset),
            Some(more) => {
                say!("error: `{more}` is one word too many; a preset is explained by `aw explain preset {more}`");
                return Err(ExitCode::from(USAGE));
            }
            None => {}
        }
        if name == "expect" {
            print(&expectations())?;
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(code) = Code::ALL.iter().find(|code| code.name() == name) {
            print(&format!("{}\n\n{}\n", code.name(), code.story()))?;
            return Ok(ExitCode::SUCCESS);
        }
        say!("error: there is no code `{name}`; `aw explain` lists them");
        if let Some(near) = nearest(name, Code::ALL.iter().map(|code| code.name())) {
            say!("  did you mean `{near}`?");
        }
        Err(ExitCode::from(USAGE))
    }

    fn preset(&self, name: &str) -> Result<ExitCode, ExitCode> {
        let workers = self.workers.find()?;
        let all = || workers.iter().flat_map(|found| found.worker.presets.iter().map(move |preset| (found, preset)));
        let found: Vec<_> = all().filter(|(_, preset)| preset.name == name).collect();
        if found.is_empty() {
            say!("error: no worker that was found has a preset `{name}`");
            match nearest(name, all().map(|(_, preset)| preset.name.as_str())) {
                Some(near) => say!("  did you mean `{near}`?"),
                None => {
                    let names: Vec<&str> = all().map(|(_, preset)| preset.name.as_str()).collect();
                    say!("  there are {}", if names.is_empty() { "none".into() } else { names.join(", ") });
                }
            }
            return Err(ExitCode::from(USAGE));
        }
        for (found, preset) in found {
            let text = spelled_out(&found.worker, preset).map_err(super::fail)?;
            print(&text)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Everything that a test can expect.
fn expectations() -> String {
    let line = |measure: &Measure| {
        let number = match measure.side {
            Side::AtMost => "at most",
            Side::AtLeast => "at least",
            Side::Exactly => "exactly",
            Side::Both => "{ min, max }",
        };
        let needs = measure.of.needs().map_or(String::new(), |needs| format!("; needs `{needs}`"));
        let unit = if measure.unit.is_empty() { String::new() } else { format!(",{}", measure.unit) };
        format!("{:14} {number:13} {}{unit}{needs}\n", measure.key, measure.about)
    };
    let lines: String = MEASURES.iter().map(line).collect();
    format!(
        "A table of `expect` measures one or more of these. A number alone is what the second column says; {{ min = .., max = .. }} \
         says both ends.\n\n{lines}\nSettings beside them: {}.\n",
        SETTINGS.join(", ")
    )
}

/// A preset as a table of a graph file that does without it.
fn spelled_out(worker: &Descriptor, preset: &Preset) -> Result<String, String> {
    let given = preset_values(worker, preset)?;
    let mut text = format!("# {}\n[node.{id}]\nworker = \"{id}\"\n", preset.doc, id = worker.id);
    let mut group = "";
    for param in &worker.params {
        let value = given.get(param.name.as_str()).unwrap_or(&param.default);
        let written = match value {
            Value::Num(n) if param.ty == ParamType::Bool => format!("{}", *n != 0.0),
            Value::Num(n) if param.ty == ParamType::Int => format!("{n}"),
            Value::Num(n) => format!("{n:?}"),
            Value::Text(text) if text.is_empty() => continue,
            Value::Text(text) => format!("{text:?}"),
            Value::List(list) if list.is_empty() => continue,
            Value::List(list) => format!("{list:?}"),
            Value::Table(_) => continue,
        };
        let (of, _) = param.name.split_once('.').unwrap_or_default();
        if of != group {
            text.push('\n');
            group = of;
        }
        let line = format!("{} = {written}", param.name);
        let mark = if given.contains_key(param.name.as_str()) { "" } else { "default" };
        text += &if mark.is_empty() { format!("{line}\n") } else { format!("{line:40} # {mark}\n") };
    }
    Ok(text)
}

const EDITORS: &str = "\
For completion and mistakes while typing in an editor that knows JSON Schemas for TOML, such as Even Better TOML (Taplo) \
or Tombi, save it beside the graphs:

    aw schema > aw.schema.json

and let each graph file begin with the line

    #:schema aw.schema.json

It knows the workers that were found: print it again when workers change.";

#[derive(Args)]
#[command(after_help = EDITORS)]
pub struct Schema {
    #[command(flatten)]
    workers: WorkersFrom,
}

impl Schema {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        print(&json(&schema(&self.workers.find()?)))?;
        Ok(ExitCode::SUCCESS)
    }
}
