//! `aw model`.
mod tell;

use super::{USAGE, WorkersFrom, fail, json, print};
use aw_host::model::{Card, CardError, answer, ask};
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

#[derive(Args)]
pub struct Command {
    /// An ONNX or TensorFlow Lite file
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// For scripts
    #[arg(long)]
    json: bool,
    /// Extents of an input that the file leaves open, such as input=1,576
    #[arg(long, value_name = "INPUT=N,N,..", value_parser = shape)]
    shape: Vec<(String, Vec<u64>)>,
    /// Only what the file itself tells: ask no worker whether it runs it
    #[arg(long)]
    no_engines: bool,
    /// Most seconds that one engine may take for its answer
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, value_parser = seconds)]
    timeout: f64,
    #[command(flatten)]
    workers: WorkersFrom,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.01..=86400.0).contains(&seconds) => Ok(seconds),
        _ => Err("seconds are wanted, from 0.01 to 86400".into()),
    }
}

/// `input=1,576`; a name may have any sign in it.
fn shape(text: &str) -> Result<(String, Vec<u64>), String> {
    let wanted = || "an input and its extents are wanted, such as input=1,576".to_string();
    let (name, dims) = text.rsplit_once('=').ok_or_else(wanted)?;
    let extent = |text: &str| text.trim().parse::<u64>().ok().filter(|n| (1..=1 << 32).contains(n));
    let dims = dims.split([',', 'x', '×']).map(extent).collect::<Option<Vec<u64>>>().ok_or_else(wanted)?;
    Ok((name.into(), dims))
}

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        let mut card = Card::of(&self.path, &self.shape).map_err(|why| match why {
            CardError::Shape(why) => {
                say!("error: --shape: {why}");
                ExitCode::from(USAGE)
            }
            CardError::Model(why) => fail(why),
        })?;
        if !self.no_engines {
            let workers = self.workers.find()?;
            let program = std::env::current_exe().map_err(fail)?;
            let start = |question: &Path, diary: &Path| {
                let mut command = std::process::Command::new(&program);
                command.arg("ask-worker").arg(question).arg(diary);
                command
            };
            let timeout = Duration::from_secs_f64(self.timeout);
            let answers = ask(&card, &self.path, &workers, timeout, &start);
            card.hear(answers.map_err(|why| fail(format!("cannot ask the workers: {why}")))?);
        }
        match self.json {
            true => print(&json(&serde_json::to_value(&card).map_err(fail)?))?,
            false => print(&tell::text(&card))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// One question, in a process of its own. Not for users: `aw model` starts it.
#[derive(Args)]
pub struct Child {
    question: PathBuf,
    diary: PathBuf,
}

impl Child {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        answer(&self.question, &self.diary).map_err(fail)?;
        Ok(ExitCode::SUCCESS)
    }
}
