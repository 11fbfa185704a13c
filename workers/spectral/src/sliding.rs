//! The samples that overlapping frames share.
use aw_sdk::*;

/// A span of `size` samples a channel that moves over a stream by `hop`; zeros before the start.
#[derive(Default)]
pub struct Sliding {
    size: usize,
    hop: usize,
    planes: Vec<Vec<f32>>,
}

impl Sliding {
    /// A silent stream; `hop` is from 1 to `size`.
    pub fn new(size: usize, hop: usize, channels: usize) -> Self {
        Self { size, hop, planes: vec![vec![0.0; size]; channels] }
    }

    /// Moves on and lends the span, whose last `hop` samples are the caller's to write; the others are those of before.
    /// Beside an FFT of that size the copy costs nothing: spans that move through a longer buffer measured no faster.
    pub fn advance(&mut self, channel: usize) -> &mut [f32] {
        let plane = &mut self.planes[channel];
        plane.copy_within(self.hop.., 0);
        plane
    }

    /// What the next span shares with this one.
    pub fn shared(&mut self, channel: usize) -> &mut [f32] {
        &mut self.planes[channel][self.hop..]
    }

    /// Forgets all samples.
    pub fn reset(&mut self) {
        for plane in &mut self.planes {
            plane.fill(0.0);
        }
    }

    /// Appends the samples that the next span shares with this one, little-endian.
    pub fn save(&self, out: &mut Vec<u8>) {
        for plane in &self.planes {
            out.extend(plane[self.hop..].iter().flat_map(|sample| sample.to_le_bytes()));
        }
    }

    /// Continues with the samples of [`Self::save`].
    pub fn load(&mut self, data: &[u8]) -> Result {
        let room = self.planes.len() * (self.size - self.hop) * size_of::<f32>();
        if data.len() != room {
            let len = data.len();
            return Err(
                format!("what was saved has {len} bytes, not {room}: it is of another size or channel count").into()
            );
        }
        let shared = self.planes.iter_mut().flat_map(|plane| &mut plane[self.hop..]);
        for (sample, bytes) in shared.zip(data.as_chunks().0) {
            *sample = f32::from_le_bytes(*bytes);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Moves on by the next samples of a ramp and returns the span.
    fn step(sliding: &mut Sliding, hop: usize, from: usize) -> Vec<f32> {
        let span = sliding.advance(0);
        let fresh = span.len() - hop;
        for (i, sample) in span[fresh..].iter_mut().enumerate() {
            *sample = (from + i) as f32;
        }
        span.to_vec()
    }

    #[test]
    fn the_span_ends_with_the_newest_samples_however_long_it_runs() {
        for (size, hop) in [(1, 1), (5, 1), (5, 2), (5, 4), (8, 8), (8, 4)] {
            let mut sliding = Sliding::new(size, hop, 1);
            for k in 0..50 {
                let end = (k + 1) * hop;
                let ramp: Vec<f32> = (0..size).map(|i| (end + i).saturating_sub(size) as f32).collect();
                assert_eq!(step(&mut sliding, hop, k * hop), ramp, "size {size}, hop {hop}, span {k}");
            }
        }
    }

    #[test]
    fn a_reloaded_worker_continues_where_the_old_one_was() {
        for moves in 0..7 {
            let mut old = Sliding::new(5, 2, 1);
            for k in 0..moves {
                step(&mut old, 2, 10 + 2 * k);
            }
            let (mut bytes, mut new) = (vec![], Sliding::new(5, 2, 1));
            step(&mut new, 2, 90);
            old.save(&mut bytes);
            new.load(&bytes).unwrap();
            assert_eq!(step(&mut new, 2, 50), step(&mut old, 2, 50));
            let refusal = Sliding::new(6, 2, 1).load(&bytes).unwrap_err();
            assert!(refusal.0.contains("12 bytes, not 16"), "{refusal}");
        }
    }
}
