//! Audio workers that run a trained model.
//!
//! What the graph says (`words`) is checked against the model's names; `binding` makes of it a shape and a window of
//! frames for each input; an engine (`tract`) makes a session of that; `outputs` says what leaves. Then every run
//! writes frames into tensors and reads them out again as `layout` says. Only the engine's own file knows the engine:
//! another one brings a `File` and a `Session` with the same functions.

mod binding; // tensors ↔ ports
mod layout; //  how frames lie in a tensor
mod onnx; //    the worker `onnx`
mod outputs; // what is made of a model's outputs
mod shapes; //  extents left open, and frames that do not fit
mod tract; //   the engine tract
mod words; //   what the graph says about a model

#[cfg(test)]
mod refusals; // what the worker says to a graph it cannot run
#[cfg(test)]
mod tests; //    the worker against ONNX Runtime

aw_sdk::export_workers!(onnx::Onnx);
