//! `aw explain` and `aw schema`.
use super::{USAGE, WorkersFrom, json, print};
use aw_host::graph::{Code, nearest, schema};
use clap::Args;
use std::process::ExitCode;

#[derive(Args)]
pub struct Explain {
    /// The code behind `error` or `warning`; all are listed without it
    code: Option<String>,
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
