//! Presets: values of live parameters in a file.
use super::act::Act;
use super::scene::Param;
use crate::graph::{Diags, LiveNodes, LiveValue, read_live, write_live};
use crate::io::{AudioError, Sink};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// First line of a preset.
const HEAD: &str = "# Live parameters of a graph, as `aw live` saves and loads them.\n\n";
/// Longest preset, in bytes: beyond lies another file.
const LONGEST: u64 = 1 << 20;

/// Why a preset cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PresetError {
    /// It cannot be read.
    #[error("cannot read the preset {}: {why}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's words.
        why: io::Error,
    },
    /// It does not fit the graph.
    #[error("nothing is set by this preset:\n\n{}", diags.render(path, text, false).trim_end())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// Its text.
        text: String,
        /// All that is wrong with it.
        diags: Diags,
    },
    /// It would replace something else.
    #[error("{} is no preset, and is not replaced by one; save under another name", .0.display())]
    Other(PathBuf),
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] AudioError),
}

/// Reads a preset for a graph: either all of its values can be set, or it is of no use.
///
/// # Errors
/// [`PresetError`] says everything that is wrong with it.
pub fn read_preset(path: &Path, nodes: &LiveNodes) -> Result<Vec<LiveValue>, PresetError> {
    let text = text(path).map_err(|why| PresetError::Read { path: path.into(), why })?;
    let (values, diags) = read_live(&text, nodes);
    if diags.errors() > 0 { Err(PresetError::Wrong { path: path.into(), text, diags }) } else { Ok(values) }
}

/// Writes the values of live parameters. The file has its name when it is complete; another preset may be replaced, but
/// nothing else.
///
/// # Errors
/// [`PresetError::Other`] and [`PresetError::Write`].
pub fn write_preset(path: &Path, params: &[Param], nodes: &LiveNodes) -> Result<(), PresetError> {
    if !may_replace(path) {
        return Err(PresetError::Other(path.into()));
    }
    let values = params.iter().map(|param| (param.at.node.as_str(), param.at.param.as_str(), param.value));
    let mut sink = Sink::create(path)?;
    sink.write(HEAD.as_bytes())?;
    sink.write(write_live(values, nodes).as_bytes())?;
    Ok(sink.finish()?)
}

/// What sets these values, over so many milliseconds.
pub fn preset_acts(values: &[LiveValue], ramp_ms: f64) -> Vec<Act> {
    let act = |value: &LiveValue| {
        let LiveValue { node, param, value } = value.clone();
        Act::Set { node, param, value, ramp_ms }
    };
    values.iter().map(act).collect()
}

/// A name is free, or that of a preset: an empty file, or one that holds numbers in tables and nothing else.
fn may_replace(path: &Path) -> bool {
    if let Err(why) = fs::symlink_metadata(path) {
        return why.kind() == io::ErrorKind::NotFound && path != Path::new("-");
    }
    let table: Option<toml::Table> = text(path).ok().and_then(|text| text.parse().ok());
    table.is_some_and(|table| table.values().all(|value| value.as_table().is_some_and(is_numbers)))
}

fn is_numbers(table: &toml::Table) -> bool {
    table.values().all(|value| match value {
        toml::Value::Integer(_) | toml::Value::Float(_) | toml::Value::Boolean(_) => true,
        toml::Value::Table(group) => is_numbers(group),
        _ => false,
    })
}

fn text(path: &Path) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut text = String::new();
    fs::File::open(path)?.take(LONGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST { Err(io::Error::other("it is too long for a preset")) } else { Ok(text) }
}
