//! Whether a stream still lives.
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// What the callback of a stream leaves for others to look at.
#[derive(Default)]
pub(super) struct Heart {
    beats: AtomicU64,
    frames: AtomicU64,
    xruns: AtomicU64,
    stopped: AtomicBool,
    closed: AtomicBool,
    realtime: OnceLock<Option<String>>,
}

impl Heart {
    /// RT — a callback with so many frames.
    pub fn beat(&self, frames: usize) {
        self.frames.fetch_add(frames as u64, Ordering::Relaxed);
        self.beats.fetch_add(1, Ordering::Release);
    }

    pub fn beats(&self) -> u64 {
        self.beats.load(Ordering::Acquire)
    }

    pub fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    pub fn gap(&self) {
        self.xruns.fetch_add(1, Ordering::Relaxed);
    }

    pub fn xruns(&self) -> u64 {
        self.xruns.load(Ordering::Relaxed)
    }

    /// RT — the callback panicked, and is not called again.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// The stream is closed as far as its owner can tell: nothing is called, and nothing told any more.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.stop();
    }

    pub fn closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// RT — whether the callback is not to be called again.
    pub fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Asks for real-time priority, once. Not RT where it is refused, which the first callback bears.
    pub fn ask_for_priority(&self) {
        use crate::control::{Rank, ask_for_realtime, has_realtime};
        self.realtime.get_or_init(|| if has_realtime() { None } else { ask_for_realtime(Rank::Render).err() });
    }

    pub fn refused(&self) -> Option<&str> {
        self.realtime.get().and_then(Option::as_deref)
    }
}

/// Looks whether a stream is still called back. Sound systems let streams die without a word.
pub struct Watch {
    heart: Arc<Heart>,
    beats: u64,
    since: Instant,
}

impl Watch {
    pub(super) fn new(heart: Arc<Heart>) -> Self {
        Self { beats: heart.beats(), heart, since: Instant::now() }
    }

    /// For how long there was no callback, as far as can be told from the looks so far. Half a second means that the
    /// stream is dead, or its machine asleep: blocks are shorter everywhere.
    pub fn silent_for(&mut self, now: Instant) -> Duration {
        let beats = self.heart.beats();
        if beats != self.beats {
            (self.beats, self.since) = (beats, now);
        }
        now.saturating_duration_since(self.since)
    }
}
