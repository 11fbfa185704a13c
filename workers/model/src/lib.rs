//! Audio workers that run a trained model.
//!
//! What the graph says (`words`) is checked against the model's names; `binding` makes of it a shape and a window of
//! frames for each input; an engine makes a session of that; `outputs` says what leaves. Then every run writes frames
//! into tensors and reads them out again as `layout` says. `runner` does all this for every worker; only an engine's own
//! file knows the engine: it brings an `engine::Model` and an `engine::Session`.

mod binding; // tensors ↔ ports
mod engine; //  what an engine must do
mod home; //    where `aw install` puts what it brings
mod layout; //  how frames lie in a tensor
mod onnx; //    the worker `onnx`, and which engine it runs on
mod onnx_file; // an ONNX file, before an engine sees it
mod ort; //     the engine ONNX Runtime
mod outputs; // what is made of a model's outputs
mod runner; //  what all model workers do
mod shapes; //  extents left open, and frames that do not fit
mod tflite; //  the worker `tflite`
mod tflm; //    the worker `tflm`
mod tract; //   the engine tract
mod words; //   what the graph says about a model

#[cfg(test)]
mod agreement; // engines against each other
#[cfg(test)]
mod at_hand; // engines and models that tests find on this machine
#[cfg(test)]
mod damage; //   files that no engine should crash on
#[cfg(test)]
mod files; //    files whose damage can be named
#[cfg(test)]
mod libraries; // which engine runs, and libraries that are none
#[cfg(test)]
mod refusals; // what the worker says to a graph it cannot run
#[cfg(test)]
mod tests; //    the worker against ONNX Runtime

aw_sdk::export_workers!(onnx::Onnx, tflite::Tflite, tflm::Tflm);
