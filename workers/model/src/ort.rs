//! The engine ONNX Runtime: the real library, loaded at run time where it is installed.
//!
//! All tensors stay where they are from the first run on, inputs, outputs and states, and a run is handed their
//! addresses: nothing but frames is copied. A state has two places, and every run reads one and writes the other.
mod runtime; // the library
mod session; // a model with shapes
mod tensor; //  numbers in its memory

#[cfg(test)]
pub use runtime::library_in;
pub use runtime::{Runtime, WAY_OUT, installed};

use crate::binding::{Input, Source};
use crate::engine;
use crate::onnx_file::OnnxFile;
use crate::shapes::other_type;
use crate::words::{Tensor as Declared, shape_text};
use aw_sdk::{Error, Result};
use ort::session::Session as Model;
use ort::value::{Outlet, TensorElementType, ValueType};
use session::Session;
use std::sync::{Arc, Mutex};
use tensor::Numbers;

/// A model as ONNX Runtime has read it.
pub struct File {
    model: Arc<Mutex<Model>>,
    inputs: Vec<Declared>,
    outputs: Vec<Declared>,
    /// Of the inputs, and of the outputs.
    types: [Vec<TensorElementType>; 2],
}

impl File {
    /// Reads a model, which from then on runs on `threads` threads and a provider.
    ///
    /// # Errors
    /// What ONNX Runtime says of it.
    pub fn open(file: &OnnxFile, runtime: &Runtime, threads: usize, provider: &str) -> Result<Self> {
        let model = runtime.begin(threads, provider)?.commit_from_file(&file.path);
        let model = model.map_err(|e| unreadable(&file.path, &e))?;
        let types = [types(model.inputs(), &file.inputs)?, types(model.outputs(), &file.outputs)?];
        let (inputs, outputs) = (file.inputs.clone(), file.outputs.clone());
        Ok(Self { model: Arc::new(Mutex::new(model)), inputs, outputs, types })
    }
}

impl engine::Model for File {
    fn inputs(&self) -> &[Declared] {
        &self.inputs
    }

    fn outputs(&self) -> &[Declared] {
        &self.outputs
    }

    fn session(&self, inputs: &[Input], channels: usize) -> Result<Box<dyn engine::Session>> {
        for ((input, ty), tensor) in inputs.iter().zip(&self.types[0]).zip(&self.inputs) {
            if let Source::State(output) = input.source
                && self.types[1][output] != *ty
            {
                return Err(other_type(tensor, ty, &self.outputs[output], &self.types[1][output]));
            }
        }
        let made = Session::make(self, inputs, channels);
        made.map(|session| Box::new(session) as Box<dyn engine::Session>).map_err(|e| {
            let given = self.inputs.iter().zip(inputs);
            let given: Vec<_> = given.map(|(t, i)| format!("{} {}", t.name, shape_text(&i.shape))).collect();
            Error(format!("the engine ONNX Runtime cannot run this model with {}: {}", given.join(", "), line(&e)))
        })
    }
}

/// The types of tensors, which must be those that the file declares, in its order.
fn types(found: &[Outlet], declared: &[Declared]) -> Result<Vec<TensorElementType>> {
    if !found.iter().map(Outlet::name).eq(declared.iter().map(|tensor| tensor.name.as_str())) {
        return Err("the engine ONNX Runtime finds other tensors in this model than its file declares".into());
    }
    let ty = |outlet: &Outlet| match outlet.dtype() {
        ValueType::Tensor { ty, .. } if Numbers::knows(*ty) => Ok(*ty),
        other => Err(Error(format!("`{}` is {other}, and only tensors of numbers can be bound", outlet.name()))),
    };
    found.iter().map(ty).collect()
}

/// Why ONNX Runtime does not take a model, on one line.
fn unreadable(path: &str, error: &ort::Error) -> Error {
    let said = line(error).replace(path, "it");
    if let Some(name) = lacking(&said) {
        return Error(format!("the engine ONNX Runtime has no operator `{name}`, which this model uses"));
    }
    let why = said.trim_start_matches("Load model from it failed:").trim_start_matches("Fatal error: ");
    Error(format!("the engine ONNX Runtime cannot read {path}: {why}"))
}

/// The operator that is missing, in the three ways in which ONNX Runtime says so.
fn lacking(said: &str) -> Option<&str> {
    let behind = |words: &str| said.split_once(words).and_then(|(_, rest)| rest.split([' ', '(']).next());
    let before = |words: &str| said.split_once(words).and_then(|(rest, _)| rest.rsplit(' ').next()?.split('(').next());
    let name = behind("No Op registered for ").or_else(|| behind("Could not find an implementation for "));
    name.or_else(|| before(" is not a registered function/op")).filter(|name| !name.is_empty())
}

/// The first line of what went wrong, without the places in its source that ONNX Runtime likes to name.
fn line(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    let text = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no reason given");
    let text = text.split_once(".cc:").map_or(text, |(_, rest)| rest.split_once(' ').map_or(rest, |(_, rest)| rest));
    text.chars().take(300).collect()
}
