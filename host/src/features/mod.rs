//! What a graph would feed a model, computed from files: bit for bit, because a graph computes it.
//!
//! A [`Recipe`] is a preset with changes, or a node of a graph file with all that comes before it; either way it is a
//! graph. [`compute`] replays it on one sound with a probe behind the node, so rehearsals, the resampler at the edge and
//! the position of every frame are what they are everywhere else. A [`Record`] keeps how the arrays of a folder were
//! made, so that a second run goes on and never mixes.
mod archive; // many arrays in one file, in the order of the sounds
mod compute; // one sound
mod draw; //    a picture of an array
mod error; //   why it cannot be
mod recipe; //  what is computed
mod record; //  how a folder was made
mod scale; //   what the values are, for the eyes
mod sounds; //  which files, and what their arrays are called

pub use archive::Archive;
pub use compute::{Made, compute};
pub use draw::draw;
pub use error::FeaturesError;
pub use recipe::{Recipe, worker};
pub use record::{Record, Standing, identity};
pub use sounds::{Sound, sounds};
