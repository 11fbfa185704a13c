//! Whether a graph feeds its model the features that the model was trained with: the frames of a port against a
//! reference that the training code computed. Where they differ: how, and which key of the node is wrong.
//!
//! Nothing here knows what a worker computes. What can be tried comes from its descriptor: choices, ranges, presets.
mod candidates; // what else a key could be
mod compare; //   frames against frames
mod matrix; //    the axes of a reference
mod patterns; //  what a difference looks like
mod rule; //      how far apart is still the same
mod scene; //     sound, whole or its beginning, through a graph
mod search; //    the change that makes it fit

pub use candidates::Change;
pub use compare::{Cell, Difference};
pub use matrix::{Frames, Matrix, arrange};
pub use patterns::patterns;
pub use rule::Rule;
pub use scene::{Scene, Subject, shorten};
pub use search::{Found, Search, Try, frames_before};
