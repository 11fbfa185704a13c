//! The newest samples.

/// The newest samples of one channel by absolute position, in one piece.
#[derive(Clone, Debug)]
pub struct History {
    /// Twice the capacity: samples are appended, and moved to the front once it is full. That copies each sample at most
    /// once, and any span is a slice.
    buffer: Vec<f32>,
    filled: usize,
    heard: u64,
}

impl History {
    /// Room for the newest `capacity` samples: [`crate::Frames::memory`] and the largest block that is pushed at once.
    pub fn new(capacity: usize) -> Self {
        Self { buffer: vec![0.0; 2 * capacity.max(1)], filled: 0, heard: 0 }
    }

    /// The samples that are certain to be kept.
    pub fn capacity(&self) -> usize {
        self.buffer.len() / 2
    }

    /// How many samples were heard.
    pub fn heard(&self) -> u64 {
        self.heard
    }

    /// Appends samples.
    pub fn push(&mut self, samples: &[f32]) {
        let capacity = self.capacity();
        self.heard += samples.len() as u64;
        let samples = &samples[samples.len().saturating_sub(capacity)..];
        if self.filled + samples.len() > self.buffer.len() {
            let kept = self.filled.min(capacity - samples.len());
            self.buffer.copy_within(self.filled - kept..self.filled, 0);
            self.filled = kept;
        }
        self.buffer[self.filled..self.filled + samples.len()].copy_from_slice(samples);
        self.filled += samples.len();
    }

    /// The samples from absolute position `first` on, where all of them are still there.
    pub fn slice(&self, first: u64, len: usize) -> Option<&[f32]> {
        let oldest = self.heard - self.filled as u64;
        let at = usize::try_from(first.checked_sub(oldest)?).ok()?;
        self.buffer[..self.filled].get(at..at.checked_add(len)?)
    }

    /// The sample at this position, 0 where it is not there.
    pub fn at(&self, position: u64) -> f32 {
        self.slice(position, 1).map_or(0.0, |samples| samples[0])
    }

    /// Forgets all samples.
    pub fn reset(&mut self) {
        (self.filled, self.heard) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_samples_are_there_whatever_the_blocks() {
        for block in [1, 2, 3, 5, 7, 8, 20] {
            let (mut history, mut next) = (History::new(7), 0);
            for _ in 0..40 {
                let samples: Vec<f32> = (next..next + block).map(|i| i as f32).collect();
                history.push(&samples);
                next += block;
                let kept = next.min(7);
                let newest: Vec<f32> = (next - kept..next).map(|i| i as f32).collect();
                assert_eq!(history.slice((next - kept) as u64, kept), Some(&newest[..]), "blocks of {block}");
                assert_eq!(history.slice((next - kept) as u64, kept + 1), None);
                assert_eq!(history.at(next as u64), 0.0);
            }
            history.reset();
            assert_eq!((history.heard(), history.slice(0, 1)), (0, None));
        }
    }
}
