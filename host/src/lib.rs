//! THE MAP of the host. Modules in reading order; each uses only those above it.
//!
//! ```text
//! plugin    THE FENCE: worker libraries, the only unsafe code
//! install   engines and models from published packages, in one place
//! graph     a graph file → a Plan, or everything that is wrong with it
//! render    RT: one block of a plan                ← no allocation, lock, I/O or formatting
//! control   starts programs, sends changes, tells what the render thread reports
//! io        audio files
//! metrics   numbers for what was heard: quality, differences, levels, events
//! sound     sound cards, and a simulated one
//! live      graphs on microphones and loudspeakers
//! picture   heat maps as PNG files, and the spectra of `aw spectrogram`
//! replay    graphs on files
//! parity    whether a graph gives the features that a model was trained with, and which key is wrong
//! features  what a graph would feed a model, of many files
//! check     conformance: whether a worker library keeps its promises
//! model     what a model file holds, how a graph would bind it, and which workers run it
//! page      what the HTML pages of reports have in common
//! sim       graphs on a device that is not there: its clock, memories, deadlines and faults
//! trial     tests of graphs: sound in, verdicts out
//! bisect    where two versions of a graph part
//! bench     what a graph costs where it will run: paced, with cold caches
//! doctor    what is found on this machine, and what to do about each lack
//! ```
//!
//! Read [`graph::compile()`] first, then [`render::Renderer`], then one worker in `workers/`, then one graph in `graphs/`.
#![deny(unsafe_code)]

#[allow(unsafe_code)]
pub mod plugin;

pub mod install;

pub mod graph;

pub mod render;

pub mod control;

pub mod io;

pub mod metrics;

pub mod sound;

pub mod live;

pub mod picture;

pub mod replay;

pub mod features;
pub mod parity;

pub mod check;

pub mod model;

mod page;

pub mod sim;

pub mod bisect;
pub mod trial;

pub mod bench;

pub mod doctor;
