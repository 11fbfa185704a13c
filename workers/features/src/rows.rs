//! The newest frames of features.

/// The newest frames of features by absolute index.
#[derive(Clone, Debug)]
pub struct Rows {
    width: usize,
    capacity: usize,
    rows: Vec<f32>,
    heard: u64,
}

impl Rows {
    /// Room for the newest `capacity` frames of `width` numbers.
    pub fn new(width: usize, capacity: usize) -> Self {
        let (width, capacity) = (width.max(1), capacity.max(1));
        Self { width, capacity, rows: vec![0.0; width * capacity], heard: 0 }
    }

    /// Numbers in a frame.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many frames were heard.
    pub fn heard(&self) -> u64 {
        self.heard
    }

    /// The next frame, to be written in full.
    pub fn push(&mut self) -> &mut [f32] {
        let at = self.place(self.heard);
        self.heard += 1;
        &mut self.rows[at..at + self.width]
    }

    /// Frame t, where it is still there.
    pub fn get(&self, t: u64) -> Option<&[f32]> {
        let kept = t < self.heard && self.heard - t <= self.capacity as u64;
        let at = self.place(t);
        kept.then(|| &self.rows[at..at + self.width])
    }

    /// Writes frame t, zeros where it is not there.
    pub fn read(&self, t: u64, out: &mut [f32]) {
        match self.get(t) {
            Some(row) => out.copy_from_slice(row),
            None => out.fill(0.0),
        }
    }

    fn place(&self, t: u64) -> usize {
        (t % self.capacity as u64) as usize * self.width
    }

    /// Forgets all frames.
    pub fn reset(&mut self) {
        self.heard = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_frames_are_there() {
        let mut rows = Rows::new(2, 3);
        assert_eq!(rows.get(0), None);
        for t in 0..10 {
            rows.push().copy_from_slice(&[t as f32, -1.0]);
            assert_eq!(rows.get(t), Some(&[t as f32, -1.0][..]));
            assert_eq!(rows.get(t.saturating_sub(2)).map(|row| row[0]), Some(t.saturating_sub(2) as f32));
            assert_eq!((rows.get(t + 1), rows.get(t.wrapping_sub(3)).is_some()), (None, false));
        }
    }
}
