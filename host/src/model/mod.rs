//! Model files: what goes in, what comes out, what a run costs, how a graph would bind it, and which workers run it.
//!
//! No worker is linked, and no file is trusted: the readers here take only what is asked, check every step, and never
//! look at a weight. Whether an engine runs a model is asked of the workers themselves, each in a process of its own.
mod ask; //    which workers run it
mod card; //   all there is to say
mod infer; //  shapes between the inputs and the outputs
mod macs; //   multiply-accumulates
mod net; //    a model as its file has it
mod node; //   a `[node]` table to paste
mod onnx; //   reads ONNX
mod read; //   reads any file
mod states; // outputs that go back into inputs
mod tflite; // reads TensorFlow Lite
mod ty; //     types of tensors
mod words; //  what a graph would say: a guess

pub use ask::{Answer, Outcome, answer, ask, runners};
pub use card::{Card, CardError, Macs, Operator, Parameters, State, Tensor};
pub use macs::Lost;
pub use net::{Extents, Quant};
pub use node::{Node, Takes};
pub use read::ModelError;
