//! Reads a model file of any kind that is known, and says what it is if it is none.
use super::net::Net;
use super::{onnx, tflite};
use std::path::{Path, PathBuf};

/// Most tensors, operators and settings of a model: far more than any has, and what memory has room for.
pub const MOST_THINGS: usize = 1 << 20;
/// Most axes of a tensor.
pub const MOST_AXES: usize = 32;
/// Most inputs of a model, and most outputs: a language model has two for every layer.
pub const MOST_ENDS: usize = 512;
/// Values of the longest list that shapes may hang on.
pub const LONGEST_LIST: usize = 64;

/// What is wrong with a file that begins like a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage(pub String);

/// Why a file cannot be described.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It cannot be read.
    #[error("cannot read the model {}: {why}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's words.
        why: std::io::Error,
    },
    /// It is something else.
    #[error("{} {what}", path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: String,
    },
    /// It begins like a model.
    #[error("{} is a damaged {format} model ({bytes} bytes): {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// ONNX or TensorFlow Lite.
        format: &'static str,
        /// Its length.
        bytes: usize,
        /// What is wrong.
        why: String,
    },
}

/// Reads a model, and answers the length of its file too.
///
/// # Errors
/// No such file, another format, a damaged model.
pub fn read(path: &Path) -> Result<(Net, usize), ModelError> {
    let bytes = std::fs::read(path).map_err(|why| ModelError::Read { path: path.into(), why })?;
    Ok((parse(path, &bytes)?, bytes.len()))
}

/// Reads the bytes of a model; `path` is for messages.
///
/// # Errors
/// As [`read`].
pub fn parse(path: &Path, bytes: &[u8]) -> Result<Net, ModelError> {
    let damaged = |format, Damage(why)| ModelError::Damaged { path: path.into(), format, bytes: bytes.len(), why };
    if bytes.get(4..8) == Some(tflite::MAGIC) {
        return tflite::read(bytes).map_err(|why| damaged("TensorFlow Lite", why));
    }
    let other = |what| ModelError::Other { path: path.into(), what };
    if let Some(what) = familiar(bytes) {
        return Err(other(what.into()));
    }
    match onnx::read(bytes) {
        Some(net) => net.map_err(|why| damaged("ONNX", why)),
        None => Err(other(format!("is no ONNX and no TensorFlow Lite model ({} bytes)", bytes.len()))),
    }
}

/// What a file is that is often taken for a model of ours, and the way out.
fn familiar(bytes: &[u8]) -> Option<&'static str> {
    const TORCH: &str = "is a PyTorch file, which only PyTorch can run: write it as ONNX with `torch.onnx.export`";
    const KERAS: &str = "is a Keras file: convert it with `tf.lite.TFLiteConverter`, or to ONNX with `tf2onnx`";
    let head = &bytes[..bytes.len().min(2048)];
    let has = |text: &[u8]| head.windows(text.len()).any(|window| window == text);
    let begins: &[(&[u8], &str)] = &[
        (b"version https://git-lfs", "is only a Git LFS pointer: `git lfs pull` brings the model itself"),
        (b"\x89HDF\r\n\x1a\n", KERAS),
        (b"\x80\x02", TORCH), // a pickle
        (b"GGUF", "is a GGUF model for llama.cpp, not an ONNX or TensorFlow Lite one"),
        (b"\x93NUMPY", "is a NumPy array, no model"),
        (b"RIFF", "is a RIFF file such as WAV, no model"),
        (b"\x1f\x8b", "is packed by gzip: unpack it first"),
        (b"<!DOCTYPE", "is a web page: the download brought something else than the model"),
        (b"<!doctype", "is a web page: the download brought something else than the model"),
        (b"<html", "is a web page: the download brought something else than the model"),
        (b"<?xml", "is an XML file, perhaps of OpenVINO: the ONNX model that it was made from is wanted"),
    ];
    match bytes {
        [] => Some("is empty"),
        _ if bytes.get(4..8) == Some(b"ORTM") => {
            Some("is a model in ORT format: the ONNX model it was made from is wanted")
        }
        _ if bytes.get(4..6) == Some(b"ET") => Some("is an ExecuTorch program, not an ONNX or TensorFlow Lite model"),
        _ if bytes.starts_with(b"PK\x03\x04") && (has(b"config.json") || has(b"metadata.json")) => Some(KERAS),
        _ if bytes.starts_with(b"PK\x03\x04") && has(b".pkl") => Some(TORCH),
        _ if bytes.starts_with(b"PK\x03\x04") => Some("is a ZIP archive: unpack it, the model may be inside"),
        _ if bytes.len() > 10 && bytes[8..10] == *b"{\"" => {
            Some("is a safetensors file, which has weights but no model: export the model as ONNX")
        }
        _ if bytes[0] == 8 && has(b"serve") && has(b"tensorflow") => {
            Some("is a TensorFlow SavedModel: convert it with `tf.lite.TFLiteConverter`, or to ONNX with `tf2onnx`")
        }
        _ if onnx::is_core_ml(bytes) => Some("is a Core ML model: the ONNX or TensorFlow Lite one is wanted"),
        _ => begins.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, what)| *what).or_else(|| {
            let text =
                std::str::from_utf8(head).is_ok_and(|text| text.chars().all(|c| !c.is_control() || c.is_whitespace()));
            text.then_some("is a text file, no model")
        }),
    }
}
