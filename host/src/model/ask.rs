//! Asks the workers found which of their engines run a model.
//!
//! A worker is asked in a process of its own, because what it says of a strange file may be a crash: it makes an
//! instance for the node that would be pasted, and prepares it for frames as the model takes them. Parent and child are
//! the same program.
use super::card::Card;
use crate::check::process::{End, ended, last_words, watch};
use crate::plugin::{Descriptor, Format, Found, Instance, Kind, Library, ParamType, Refusal, Value, Workers};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// What became of one question.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// The worker.
    pub worker: String,
    /// Its engine, if it has several.
    pub engine: Option<String>,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// How a question ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// It runs the model, with the node as it would be pasted.
    Runs {
        /// What it said on the way.
        said: Vec<String>,
    },
    /// It does not run this file.
    Refuses {
        /// Its words.
        why: String,
    },
    /// It takes the file, but not the node as it would be pasted.
    Otherwise {
        /// Its words.
        why: String,
    },
    /// It died, or did not come to an end.
    Died {
        /// How.
        why: String,
    },
}

/// A question, for the child.
#[derive(Serialize, Deserialize)]
struct Question {
    library: PathBuf,
    worker: String,
    values: Vec<Given>,
    rate: u32,
    inputs: Vec<(String, [u32; 8])>,
    outputs: Vec<String>,
}

/// A value of a parameter.
#[derive(Serialize, Deserialize)]
enum Given {
    Num(f64),
    Text(String),
    List(Vec<f64>),
    Table(Vec<(String, String)>),
}

/// A line that the child writes.
#[derive(Serialize, Deserialize)]
enum Line {
    Step(String),
    Done(Outcome),
}

/// The parameter that names the model, and the one that names the engine.
const MODEL: &str = "model";
const ENGINE: &str = "engine";

/// Workers that run models.
pub fn runners(workers: &Workers) -> Vec<&Found> {
    let runs =
        |found: &&Found| found.worker.params.iter().any(|param| param.name == MODEL && param.ty == ParamType::Path);
    workers.iter().filter(runs).collect()
}

/// Asks all of them, each engine for itself. `start` starts this program again so that it calls [`answer`] with the two
/// files it is given, question and diary.
///
/// # Errors
/// What keeps the children from running. What they say is no error.
pub fn ask(
    card: &Card,
    path: &Path,
    workers: &Workers,
    timeout: Duration,
    start: &dyn Fn(&Path, &Path) -> Command,
) -> std::io::Result<Vec<Answer>> {
    let model = std::path::absolute(path)?;
    let mut answers = vec![];
    for found in runners(workers) {
        let choices = found.worker.params.iter().find(|param| param.name == ENGINE).map(|param| param.choices.clone());
        let engines: Vec<Option<String>> = match choices {
            Some(choices) => choices.into_iter().filter(|choice| choice != "auto").map(Some).collect(),
            None => vec![None],
        };
        for engine in engines {
            let question = Question {
                library: found.library.path.clone(),
                worker: found.worker.id.clone(),
                values: values(&found.worker, card, &model.to_string_lossy(), engine.as_deref()),
                rate: card.node.rate,
                inputs: card.node.takes.iter().map(|takes| (takes.input.clone(), packed(takes.format))).collect(),
                outputs: card.node.ports.clone(),
            };
            let outcome = one(&question, timeout, start)?;
            answers.push(Answer { worker: found.worker.id.clone(), engine, outcome });
        }
    }
    Ok(answers)
}

/// Values of all parameters of a worker: those of the node, and defaults.
fn values(worker: &Descriptor, card: &Card, model: &str, engine: Option<&str>) -> Vec<Given> {
    let one = |param: &crate::plugin::Param| {
        let table = card.node.params.iter().find(|(name, _)| *name == param.name).map(|(_, pairs)| pairs.clone());
        match (param.name.as_str(), param.ty, table, engine) {
            (MODEL, ParamType::Path, ..) => Given::Text(model.into()),
            (ENGINE, ParamType::Text, _, Some(engine)) => Given::Text(engine.into()),
            (_, ParamType::Table, Some(pairs), _) => Given::Table(pairs),
            _ => match &param.default {
                Value::Num(n) => Given::Num(*n),
                Value::Text(text) => Given::Text(text.clone()),
                Value::List(list) => Given::List(list.clone()),
                Value::Table(pairs) => Given::Table(pairs.clone()),
            },
        }
    };
    worker.params.iter().map(one).collect()
}

/// A format in numbers.
fn packed(format: Format) -> [u32; 8] {
    let [a, b, c, d] = format.dims;
    [format.kind.0, format.channels, a, b, c, d, format.rate_num, format.rate_den]
}

fn unpacked([kind, channels, a, b, c, d, rate_num, rate_den]: [u32; 8]) -> Format {
    Format { kind: Kind(kind), channels, dims: [a, b, c, d], rate_num, rate_den }
}

/// One child.
fn one(question: &Question, timeout: Duration, start: &dyn Fn(&Path, &Path) -> Command) -> std::io::Result<Outcome> {
    let folder = tempfile::tempdir()?;
    let [asked, diary, said] = ["question", "diary", "said"].map(|name| folder.path().join(name));
    std::fs::write(&asked, serde_json::to_vec(question)?)?;
    File::create(&diary)?;
    let mut command = start(&asked, &diary);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&said)?);
    let end = watch(command.spawn()?, timeout)?;
    let text = String::from_utf8_lossy(&std::fs::read(&diary)?).into_owned();
    let mut step = "starting".to_string();
    for line in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
        match line {
            Line::Step(next) => step = next,
            Line::Done(outcome) => return Ok(outcome),
        }
    }
    let last = last_words(&std::fs::read(&said)?);
    let last = if last.is_empty() { last } else { format!("; it said {last:?}") };
    let why = match end {
        End::Timeout => format!("no end after {} s: {step}", timeout.as_secs_f64()),
        End::By(status) => format!("{}: {step}{last}", ended(status)),
    };
    Ok(Outcome::Died { why })
}

/// The child: reads a question, and writes each step before it takes it, and the answer.
///
/// # Errors
/// The question cannot be read, or the diary not be written.
pub fn answer(question: &Path, diary: &Path) -> std::io::Result<()> {
    let question: Question = serde_json::from_slice(&std::fs::read(question)?)?;
    let mut diary = std::fs::OpenOptions::new().append(true).open(diary)?;
    let mut line = |line: Line| -> std::io::Result<()> { writeln!(diary, "{}", serde_json::to_string(&line)?) };
    line(Line::Step("opening the library of the worker".into()))?;
    let refuses = |why: String| Line::Done(Outcome::Refuses { why });
    let library = match Library::open(&question.library) {
        Ok(library) => library,
        Err(why) => return line(refuses(why.to_string())),
    };
    let Some(worker) = library.workers.iter().find(|worker| worker.id == question.worker) else {
        return line(refuses("the library has no such worker any more".into()));
    };
    let value = |given: Given| match given {
        Given::Num(n) => Value::Num(n),
        Given::Text(text) => Value::Text(text),
        Given::List(list) => Value::List(list),
        Given::Table(pairs) => Value::Table(pairs),
    };
    let values: Vec<Value> = question.values.into_iter().map(value).collect();
    line(Line::Step("`create` with the file".into()))?;
    let mut instance = match Instance::create(worker, &values) {
        Ok(instance) => instance,
        Err(Refusal(why)) => return line(refuses(why)),
    };
    line(Line::Step("`prepare` for a run".into()))?;
    let inputs: Vec<(&str, Format)> =
        question.inputs.iter().map(|(name, format)| (name.as_str(), unpacked(*format))).collect();
    let outputs: Vec<&str> = question.outputs.iter().map(String::as_str).collect();
    let most = inputs.first().map_or(1, |_| 1 << 16);
    match instance.prepare(question.rate, most, &inputs, &outputs) {
        Ok(_) => {
            let said = instance.notes().to_vec();
            line(Line::Done(Outcome::Runs { said }))
        }
        Err(Refusal(why)) => line(Line::Done(Outcome::Otherwise { why })),
    }
}
