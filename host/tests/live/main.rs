//! What is around a graph that plays live, short of the sound: presets of its parameters.
#![allow(clippy::unwrap_used)] // helpers of tests, too

mod files; //   what a graph is made of
mod preset; //  values in a file
mod workers; // the workers
