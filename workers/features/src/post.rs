//! What follows static features: slopes, and mean and variance taken out.
use crate::cmvn::Cmvn;
use crate::deltas::Deltas;
use crate::keys::{CmvnKeys, DeltaKeys};
use crate::rows::Rows;
use crate::stats::Stats;
use crate::{CmvnMode, Keys};

/// Slopes and normalisation of one channel, frame by frame.
pub struct Post {
    deltas: Deltas,
    /// What `deltas` reads.
    plain: Rows,
    cmvn: Option<Cmvn>,
    /// What `cmvn` reads.
    sloped: Rows,
    /// Frames that `cmvn` must hear ahead.
    ahead: i64,
    /// A pass in which `cmvn` hears the whole and nothing is given.
    learning: bool,
}

impl Post {
    /// For static features of `width` numbers.
    ///
    /// # Errors
    /// A file of sums that cannot be read or is of other features.
    pub fn new(deltas: &DeltaKeys, cmvn: &CmvnKeys, width: usize) -> Result<Self, String> {
        let deltas = Deltas::new(deltas, width);
        let width = deltas.width();
        let stats = match cmvn.mode {
            CmvnMode::File => Some(read(&cmvn.file)?),
            _ => None,
        };
        let cmvn = match cmvn.mode {
            CmvnMode::None => None,
            _ => Some(Cmvn::new(cmvn, width, stats.as_ref())?),
        };
        let memory = cmvn.as_ref().map_or(1, Cmvn::memory);
        // At the start a window is moved until it lies within the recording, so its first frames wait longest.
        let waits = |cmvn: &Cmvn| (0..=memory as u64).map(|t| cmvn.needs(t) as i64 - 1 - t as i64).max();
        let ahead = cmvn.as_ref().and_then(waits).unwrap_or(0);
        // What leaves a window is taken out of its sums, and by then `ahead` newer frames are here.
        let (plain, sloped) = (
            Rows::new(deltas.width() / deltas.orders(), deltas.memory()),
            Rows::new(width, memory + ahead.max(0) as usize),
        );
        let mut post = Self { deltas, plain, cmvn, sloped, ahead, learning: false };
        post.learning = post.needs_learning();
        Ok(post)
    }

    /// Of these keys, which come with static features.
    ///
    /// # Errors
    /// As [`Post::new`].
    pub fn of(keys: &Keys, width: usize) -> Result<Self, String> {
        Self::new(&keys.deltas, &keys.cmvn, width)
    }

    /// Numbers of a frame that is given.
    pub fn width(&self) -> usize {
        self.deltas.width()
    }

    /// By how many frames it lags.
    pub fn lookahead(&self) -> usize {
        self.deltas.lookahead() + self.ahead as usize
    }

    /// Whether it must hear the whole recording before.
    pub fn needs_learning(&self) -> bool {
        self.cmvn.as_ref().is_some_and(Cmvn::needs_learning)
    }

    /// Room for the next static frame, to be written before [`Self::frame`] is called with its number.
    pub fn next(&mut self) -> &mut [f32] {
        self.plain.push()
    }

    /// Writes frame `s − lookahead` of a recording of `count` frames, where there is one, or zeros. Called for every s in
    /// a row, also those before 0 and behind the last.
    pub fn frame(&mut self, s: i64, count: Option<u64>, out: &mut [f32]) {
        let exists = |t: i64| t >= 0 && count.is_none_or(|count| (t as u64) < count);
        let sloped = s - self.deltas.lookahead() as i64;
        let Some(cmvn) = &mut self.cmvn else {
            match exists(sloped) {
                true => self.deltas.frame(&self.plain, sloped as u64, count, out),
                false => out.fill(0.0),
            }
            return;
        };
        if exists(sloped) {
            let row = self.sloped.push();
            self.deltas.frame(&self.plain, sloped as u64, count, row);
            if self.learning {
                cmvn.learn(row);
            }
        }
        let normal = sloped - self.ahead;
        match exists(normal) && !self.learning {
            true => cmvn.frame(&self.sloped, normal as u64, count, out),
            false => out.fill(0.0),
        }
    }

    /// Back to the start of the same recording, of which the whole is known now if it was heard.
    pub fn rewind(&mut self) {
        self.plain.reset();
        self.sloped.reset();
        match &mut self.cmvn {
            Some(cmvn) if !cmvn.needs_learning() => cmvn.reset(),
            _ => {}
        }
        self.learning = false;
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.rewind();
        self.cmvn.iter_mut().for_each(Cmvn::reset);
        self.learning = self.needs_learning();
    }
}

/// The sums that a file holds.
fn read(path: &str) -> Result<Stats, String> {
    if path.is_empty() {
        return Err(
            "`cmvn.mode` is \"file\", and `cmvn.file` names none; write the path of Kaldi's sums, as text or .npy"
                .into(),
        );
    }
    let bytes = std::fs::read(path).map_err(|why| format!("`cmvn.file` cannot be read: {why}"))?;
    Stats::parse(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kaldi's `SlidingWindowCmnInternal`, straight from its definition, over a recording of which all is known.
    fn mean_of_window(x: &[f32], t: usize, keys: &CmvnKeys) -> f32 {
        let (size, t, end) = (keys.window as i64, t as i64, x.len() as i64);
        let (mut start, mut until) = if keys.center { (t - size / 2, t - size / 2 + size) } else { (t - size, t + 1) };
        if start < 0 {
            (start, until) = (0, until - start);
        }
        if !keys.center && until > t {
            until = (t + 1).max(keys.min_window as i64);
        }
        if until > end {
            (start, until) = ((start - (until - end)).max(0), end);
        }
        let inside = &x[start as usize..until as usize];
        inside.iter().sum::<f32>() / inside.len() as f32
    }

    #[test]
    fn a_sliding_mean_is_that_of_its_window_long_after_the_window_was_full() {
        let x: Vec<f32> = (0..300_u32).map(|t| (t * t % 37) as f32).collect();
        for (window, min_window, center) in
            [(20, 10, false), (20, 50, false), (20, 1, false), (20, 10, true), (7, 3, true)]
        {
            let keys = CmvnKeys { mode: CmvnMode::Sliding, window, min_window, center, ..CmvnKeys::default() };
            let mut post = Post::new(&DeltaKeys::default(), &keys, 1).unwrap();
            let ahead = post.lookahead();
            for s in 0..x.len() + ahead {
                let count = (s >= x.len()).then_some(x.len() as u64);
                if let Some(x) = x.get(s) {
                    post.next()[0] = *x;
                }
                let mut out = [0.0];
                post.frame(s as i64, count, &mut out);
                if let Some(t) = s.checked_sub(ahead) {
                    let expected = x[t] - mean_of_window(&x, t, &keys);
                    assert!((out[0] - expected).abs() < 1e-3, "{keys:?}, frame {t}: {} is not {expected}", out[0]);
                }
            }
        }
    }
}
