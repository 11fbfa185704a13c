//! What an edge tells the control side while it runs.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

/// What the control side sees of an edge. Clones see the same.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    starved: AtomicU64,
    missing: AtomicU64,
    overrun: AtomicU64,
    dropped: AtomicU64,
    /// f32 as bits.
    latency: AtomicU32,
    ppm: AtomicU32,
    settled: AtomicBool,
}

impl Gauge {
    /// Times that frames were to be taken and were not there: the side that feeds was late, or stood still.
    pub fn starved(&self) -> u64 {
        self.0.starved.load(Relaxed)
    }

    /// Frames that were missing then, and were replaced by silence.
    pub fn missing(&self) -> u64 {
        self.0.missing.load(Relaxed)
    }

    /// Times that the ring was full: the side that takes was late, or stood still.
    pub fn overrun(&self) -> u64 {
        self.0.overrun.load(Relaxed)
    }

    /// Frames that found no room then.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Relaxed)
    }

    /// By how many frames of the side that takes the edge lags. Constant on one clock; on two it is what is aimed at.
    pub fn latency_frames(&self) -> f64 {
        f64::from(f32::from_bits(self.0.latency.load(Relaxed)))
    }

    /// By how many parts in a million the device is faster than the driver, relative to what both say of themselves; 0
    /// on one clock.
    pub fn ppm(&self) -> f64 {
        f64::from(f32::from_bits(self.0.ppm.load(Relaxed)))
    }

    /// Whether that is known well enough to be shown.
    pub fn settled(&self) -> bool {
        self.0.settled.load(Relaxed)
    }

    pub(super) fn starve(&self) {
        self.0.starved.fetch_add(1, Relaxed);
    }

    pub(super) fn miss(&self, frames: usize) {
        self.0.missing.fetch_add(frames as u64, Relaxed);
    }

    pub(super) fn drop_frames(&self, frames: usize) {
        self.0.overrun.fetch_add(1, Relaxed);
        self.0.dropped.fetch_add(frames as u64, Relaxed);
    }

    pub(super) fn lag(&self, frames: f64) {
        self.0.latency.store((frames as f32).to_bits(), Relaxed);
    }

    pub(super) fn drift(&self, ppm: f64, settled: bool) {
        self.0.ppm.store((ppm as f32).to_bits(), Relaxed);
        self.0.settled.store(settled, Relaxed);
    }
}
