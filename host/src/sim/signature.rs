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

/// The worker's id, the parameters that its work depends on with their values in the descriptor's order, and the formats that
/// come in: `stft(size=512, hop=128) <- audio×1`; of a node that gives a fixed number of frames, not one, how many:
/// `istft() <- spectrum×1×257 -> by 128`. So it is of inputs, but for the first: how many frames of that a call takes is told
/// beside the signature, as work hangs from it by a line; `by as many` is a port that moves as many. Of a worker with several
/// outputs those are named that the graph connects: `meter(window_ms=10) <- audio×1@16000 -> rms`.
///
/// A format is its kind, its channels and the extents of a frame. Its rate follows, as `@16000` or `@125/2`, only where the
/// worker has a time or a frequency other than 0: the frames of a millisecond are more at a higher rate, and nothing else
/// depends on it. What goes out follows from all that. A worker says on which parameters its work does not depend.
/// A file is its name and the first digits of its SHA-256, so that what is known of one model is never believed of another.
///
/// # Errors
/// A file that a parameter names cannot be read.
pub fn signature(step: &Step, plan: &Plan, worker: &Descriptor) -> Result<String, SignatureError> {
    let telling = || worker.params.iter().zip(&step.values).filter(|(param, _)| !param.same_work);
    let mut values = vec![];
    for (param, value) in telling() {
        let text = text(param, value).map_err(|(path, why)| SignatureError { node: step.name.clone(), path, why })?;
        values.push(format!("{}={text}", param.name));
    }
    let timed = telling().any(|(param, value)| is_timed(param, value));
    let first = step.inputs.first().map_or(0, |&edge| plan.edges[edge].take);
    let hears = step.inputs.iter().enumerate().map(|(port, &edge)| {
        let edge = &plan.edges[edge];
        let moves = if port == 0 { String::new() } else { moves(edge.take, first) };
        format(&plan.streams[edge.stream].format, timed) + &moves
    });
    let hears: Vec<String> = hears.collect();
    let hears = if hears.is_empty() { String::new() } else { format!(" <- {}", hears.join(", ")) };
    let ports: Vec<_> = worker.ports.iter().filter(|port| port.is_output).collect();
    let gives = step.outputs.iter().map(|output| {
        // Of several ports only some may be heard; those that the graph names are told by a parameter.
        let named = ports.len() > 1 && ports.iter().any(|port| port.name == output.port);
        let name = if named { format!(" {}", output.port) } else { String::new() };
        name + &moves(output.give, first)
    });
    let gives: Vec<String> = gives.collect();
    let gives = if gives.concat().is_empty() { String::new() } else { format!(" ->{}", gives.join(",")) };
    Ok(format!("{}({}){hears}{gives}", step.worker, values.join(", ")))
}

/// Frames that a port moves at a firing, where they are fixed and more than one; as many as the first input are told so,
/// however many that are.
fn moves(frames: u32, first: u32) -> String {
    match frames {
        0 | 1 => String::new(),
        _ if frames == first => " by as many".into(),
        _ => format!(" by {frames}"),
    }
}

/// 0 is what such parameters are where they are not wanted.
fn is_timed(param: &Param, value: &Value) -> bool {
    ["Hz", "ms", "s"].contains(&param.unit.as_str()) && *value != Value::Num(0.0)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn param(ty: ParamType, unit: &str) -> Param {
        let (name, unit, doc, default) = ("it".into(), unit.into(), String::new(), Value::Num(0.0));
        let (min, max, choices) = (0.0, 1.0, vec![]);
        let [live, required, names_outputs, same_work] = [false; 4];
        Param { name, unit, doc, ty, live, required, names_outputs, same_work, default, min, max, choices }
    }

    #[test]
    fn values_are_written_as_in_a_graph() {
        let said = |ty, value| text(&param(ty, ""), &value).unwrap();
        assert_eq!(said(ParamType::Bool, Value::Num(1.0)), "true");
        assert_eq!(said(ParamType::Int, Value::Num(512.0)), "512");
        assert_eq!(said(ParamType::Float, Value::Num(8.6)), "8.6");
        assert_eq!(said(ParamType::Text, Value::Text("sqrt_hann".into())), "sqrt_hann");
        assert_eq!(said(ParamType::Path, Value::Text(String::new())), "");
        assert_eq!(said(ParamType::Floats, Value::List(vec![0.0, -3.5])), "[0, -3.5]");
        let table = vec![("a".into(), "b".into()), ("c".into(), "4".into())];
        assert_eq!(said(ParamType::Table, Value::Table(table)), "{a=b, c=4}");
    }

    #[test]
    fn a_file_is_what_is_in_it_and_not_where_it_lies() {
        let rooms = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let texts = rooms.each_ref().map(|room| {
            let path = room.path().join("model.onnx");
            std::fs::write(&path, "abc").unwrap();
            text(&param(ParamType::Path, ""), &Value::Text(path.display().to_string())).unwrap()
        });
        assert_eq!(texts, ["model.onnx#ba7816bf8f01", "model.onnx#ba7816bf8f01"]);
        let gone = rooms[0].path().join("gone.onnx");
        let (path, _) = text(&param(ParamType::Path, ""), &Value::Text(gone.display().to_string())).unwrap_err();
        assert_eq!(path, gone);
    }

    #[test]
    fn formats_tell_what_a_frame_is_and_the_rate_only_where_it_matters() {
        let audio = Format::audio(2, 16000);
        assert_eq!(format(&audio, false), "audio×2");
        assert_eq!(format(&audio, true), "audio×2@16000");
        let spectrum = Format { rate_num: 125, rate_den: 2, ..audio.carrying(Kind::SPECTRUM, 257) };
        assert_eq!(format(&spectrum, true), "spectrum×2×257@125/2");
        let image = Format { dims: [1, 40, 1, 1], ..audio.carrying(Kind::FEATURES, 1) };
        assert_eq!(format(&image, false), "features×2×1×40");
        assert!(is_timed(&param(ParamType::Float, "ms"), &Value::Num(10.0)));
        assert!(!is_timed(&param(ParamType::Int, "Hz"), &Value::Num(0.0)));
        assert!(!is_timed(&param(ParamType::Int, "samples"), &Value::Num(10.0)));
    }

    #[test]
    fn what_is_fixed_is_told_and_what_follows_the_first_input_is_not_tied_to_a_number() {
        let told = [(0, 128), (1, 128), (128, 128), (128, 1), (3, 0)].map(|(frames, first)| moves(frames, first));
        assert_eq!(told, ["", "", " by as many", " by 128", " by 3"]);
    }
}
