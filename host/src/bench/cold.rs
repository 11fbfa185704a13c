//! Caches that others have used: between two blocks a live machine does other things.
use std::time::Instant;

/// Bytes that are walked through: more than the last cache of most machines holds for one core.
const BYTES: usize = 32 << 20;
/// Bytes of a cache line, in floats of 8 bytes.
const LINE: usize = 64 / 8;

/// Memory that pushes all other out of the caches.
pub(super) struct Cold {
    memory: Vec<u64>,
    at: usize,
}

impl Cold {
    pub fn new() -> Self {
        Self { memory: vec![1; BYTES / 8], at: 0 }
    }

    /// Walks on through the memory, once at most, until `until`.
    pub fn walk(&mut self, until: Instant) {
        const LINES: usize = 512;
        for _ in 0..self.memory.len() / (LINE * LINES) {
            if Instant::now() >= until {
                return;
            }
            for line in self.memory[self.at..].iter_mut().step_by(LINE).take(LINES) {
                *line = line.wrapping_add(1);
            }
            self.at = (self.at + LINE * LINES) % self.memory.len();
        }
    }
}
