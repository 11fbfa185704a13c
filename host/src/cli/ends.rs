//! What a call says of the two ends of a graph: which files are played, and which are written.
use super::{USAGE, fail};
use aw_host::io::Encoding;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A call that does not fit the graph.
pub fn usage(why: impl std::fmt::Display) -> ExitCode {
    say!("error: {why}");
    ExitCode::from(USAGE)
}

/// "NAME=VALUE", where the name is one of those known; a path may have `=` in it.
pub fn named<'a>(text: &'a str, known: &[&str]) -> (Option<&'a str>, &'a str) {
    match text.split_once('=') {
        Some((name, value)) if known.contains(&name) => (Some(name), value),
        _ => (None, text),
    }
}

/// How samples are written.
pub fn encoding(name: &str) -> Encoding {
    match name {
        "s16" => Encoding::S16,
        "s24" => Encoding::S24,
        "s32" => Encoding::S32,
        _ => Encoding::F32,
    }
}

/// The files that each input plays: of `[INPUT=]FILE`, for inputs of these names.
pub fn inputs(texts: &[String], names: &[&str]) -> Result<BTreeMap<String, Vec<PathBuf>>, ExitCode> {
    let mut by_input: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for text in texts {
        let (name, path) = named(text, names);
        let name = match (name, names) {
            (Some(name), _) => name,
            (None, [name]) => *name,
            (None, []) => return Err(usage("this graph has no inputs: leave --in out")),
            (None, _) => {
                return Err(usage(format!(
                    "say which input plays {path}: --in INPUT={path}, with {}",
                    names.join(", ")
                )));
            }
        };
        by_input.entry(name.to_string()).or_default().push(path.into());
    }
    Ok(by_input)
}

/// The file that each output is written to: of `[OUTPUT=]FILE`, for outputs of these names. `stem` names the files in
/// folders, where there are several.
pub fn outputs(texts: &[String], names: &[&str], stem: Option<&str>) -> Result<BTreeMap<String, PathBuf>, ExitCode> {
    let mut outputs = BTreeMap::new();
    for text in texts {
        let (name, path) = named(text, names);
        let wanted: Vec<&str> = match (name, names, stem) {
            (Some(name), ..) => vec![name],
            (None, [name], _) => vec![name],
            (None, [], _) => return Err(usage("this graph has no audio output: leave --out out")),
            (None, all, Some(_)) => all.to_vec(),
            (None, ..) => {
                return Err(usage(format!(
                    "say which output goes to {path}: --out OUTPUT={path}, with {}",
                    names.join(", ")
                )));
            }
        };
        for name in wanted {
            let suffix = if names.len() > 1 { format!(".{name}") } else { String::new() };
            let path = in_folder(Path::new(path), stem, &format!("{suffix}.wav"))?;
            if outputs.insert(name.to_string(), path).is_some() {
                return Err(usage(format!("output `{name}` is given two files")));
            }
        }
    }
    Ok(outputs)
}

/// Live parameters and their values: of `NODE.PARAM=VALUE`.
pub fn set(texts: &[String]) -> Result<Vec<(String, String, String)>, ExitCode> {
    let mut set = vec![];
    for text in texts {
        let parts = text.split_once('=').and_then(|(name, value)| Some((name.split_once('.')?, value)));
        let Some(((node, param), value)) = parts else {
            return Err(usage(format!("--set {text} is not NODE.PARAM=VALUE")));
        };
        set.push((node.into(), param.into(), value.into()));
    }
    Ok(set)
}

/// A file in a folder, if there are several; the folder is made.
pub fn in_folder(path: &Path, stem: Option<&str>, suffix: &str) -> Result<PathBuf, ExitCode> {
    let Some(stem) = stem else { return Ok(path.into()) };
    if path.is_file() || path == Path::new("-") {
        return Err(usage(format!("several files are played: name a folder instead of {}", path.display())));
    }
    std::fs::create_dir_all(path).map_err(|why| fail(format!("cannot make the folder {}: {why}", path.display())))?;
    Ok(path.join(format!("{stem}{suffix}")))
}
