//! The audio-worker host.
#![deny(unsafe_code)]

pub mod control;
pub mod graph;
#[allow(unsafe_code)]
pub mod plugin;
pub mod render;
pub mod replay;
