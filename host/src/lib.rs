//! The audio-worker host.
#![deny(unsafe_code)]

pub mod graph;
#[allow(unsafe_code)]
pub mod plugin;
pub mod render;
