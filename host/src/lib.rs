//! The audio-worker host.
#![deny(unsafe_code)]

#[allow(unsafe_code)]
pub mod plugin;
