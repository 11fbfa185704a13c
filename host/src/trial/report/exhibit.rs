//! A golden and what came instead, to look at.
use super::{picture, plot};
use crate::trial::verdict::{Exhibit, Golden, Heard};
use std::sync::Arc;

/// Draws a golden and what came instead.
pub fn exhibit(golden: &Arc<Golden>) -> Exhibit {
    let wav = match &golden.expected {
        Some(Heard::Sound(sound)) => sound.wav(),
        _ => None,
    };
    Exhibit { golden: golden.clone(), png: picture::png(golden).ok(), plot: plot::error_level(golden), wav }
}
