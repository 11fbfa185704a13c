//! The audio-worker host.
