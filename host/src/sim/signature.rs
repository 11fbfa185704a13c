//! What a node is, as far as its work goes, in one line of text: two nodes of the same signature do the same work.
use crate::graph::{Plan, Step, kind_name};
use crate::install::hash;
use crate::plugin::{Descriptor, Format, Kind, Param, ParamType, Value};
use std::path::{Path, PathBuf};

/// Digits of a file's SHA-256 that tell it from all others.
const DIGITS: usize = 12;

/// A node cannot be told from others.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}, which `{node}` names: {why}", path.display())]
pub struct SignatureError {
    /// The node.
    pub node: String,
    /// The file.
    pub path: PathBuf,
    /// The system's words.
    pub why: std::io::Error,
}

/// The worker's id, its fixed parameters with their values in the descriptor's order, and the formats that come in:
/// `stft(size=512, hop=128, window=sqrt_hann, periodic=true, kaiser_beta=8) <- audio×1`.
///
/// A format is its kind, its channels and the extents of a frame. Its rate follows, as `@16000` or `@125/2`, only where the
/// worker takes times or frequencies: the frames of a millisecond are more at a higher rate, and nothing else depends on
/// it. Live parameters are not told, as they change while the node works. A file is its name and the first digits of its
/// SHA-256, so that what is known of one model is never believed of another.
///
/// # Errors
/// A file that a parameter names cannot be read.
pub fn signature(step: &Step, plan: &Plan, worker: &Descriptor) -> Result<String, SignatureError> {
    let fixed = || worker.params.iter().zip(&step.values).filter(|(param, _)| !param.live);
    let mut values = vec![];
    for (param, value) in fixed() {
        let text = text(param, value).map_err(|(path, why)| SignatureError { node: step.name.clone(), path, why })?;
        values.push(format!("{}={text}", param.name));
    }
    let timed = fixed().any(|(param, _)| ["Hz", "ms", "s"].contains(&param.unit.as_str()));
    let formats = step.inputs.iter().map(|&edge| format(&plan.streams[plan.edges[edge].stream].format, timed));
    let formats: Vec<String> = formats.collect();
    let hears = if formats.is_empty() { String::new() } else { format!(" <- {}", formats.join(", ")) };
    Ok(format!("{}({}){hears}", step.worker, values.join(", ")))
}

/// Whether a step takes as many frames as there are, so that its work depends on how many that is.
pub fn takes_what_comes(step: &Step, plan: &Plan) -> bool {
    let frames = |output: &&crate::graph::StepOutput| output.stream.is_some();
    match step.inputs.first() {
        Some(&edge) => plan.edges[edge].take == 0,
        None => step.outputs.iter().find(frames).is_some_and(|output| output.give == 0),
    }
}

fn text(param: &Param, value: &Value) -> Result<String, (PathBuf, std::io::Error)> {
    Ok(match (param.ty, value) {
        (ParamType::Bool, Value::Num(yes)) => (*yes != 0.0).to_string(),
        (ParamType::Path, Value::Text(path)) if !path.is_empty() => file(Path::new(path))?,
        (_, Value::Num(number)) => number.to_string(),
        (_, Value::Text(text)) => text.clone(),
        (_, Value::List(list)) => format!("[{}]", list.iter().map(f64::to_string).collect::<Vec<_>>().join(", ")),
        (_, Value::Table(pairs)) => {
            let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("{{{}}}", pairs.join(", "))
        }
    })
}

fn file(path: &Path) -> Result<String, (PathBuf, std::io::Error)> {
    let sum = hash::of_file(path).map_err(|why| (path.to_path_buf(), why))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(format!("{name}#{}", &sum[..DIGITS]))
}

fn format(format: &Format, timed: bool) -> String {
    let mut text = format!("{}×{}", kind_name(format.kind), format.channels);
    if format.kind != Kind::AUDIO {
        // Trailing ones say nothing; the first extent always does.
        let extents = 1 + format.dims.iter().rposition(|&dim| dim > 1).unwrap_or(0);
        text.extend(format.dims[..extents].iter().map(|dim| format!("×{dim}")));
    }
    match (timed, format.rate_den) {
        (false, _) => {}
        (true, 1) => text += &format!("@{}", format.rate_num),
        (true, den) => text += &format!("@{}/{den}", format.rate_num),
    }
    text
}
