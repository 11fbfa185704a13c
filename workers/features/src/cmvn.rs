//! Mean and variance taken out.
use crate::choices::CmvnMode;
use crate::keys::CmvnKeys;
use crate::rows::Rows;
use crate::stats::Stats;

/// Takes the mean, and on request the deviation, out of features.
pub struct Cmvn {
    keys: CmvnKeys,
    stats: Stats,
    /// The frames in `stats`, of a sliding window.
    covered: (u64, u64),
}

impl Cmvn {
    /// For features of `width` numbers. `file` is what `cmvn.file` held, with `mode = "file"`.
    pub fn new(keys: &CmvnKeys, width: usize, file: Option<&Stats>) -> Result<Self, String> {
        let stats = match (keys.mode, file) {
            (CmvnMode::File, None) => return Err("`cmvn.file` is missing: `cmvn.mode` is \"file\"".into()),
            (CmvnMode::File, Some(stats)) if stats.width() != width => {
                let theirs = stats.width();
                return Err(format!("`cmvn.file` has sums of {theirs} numbers, and features have {width}"));
            }
            (CmvnMode::File, Some(stats)) => stats.clone(),
            _ => Stats::new(width),
        };
        Ok(Self { keys: keys.clone(), stats, covered: (0, 0) })
    }

    /// Whether [`Self::learn`] must see all frames before [`Self::frame`] computes the first.
    pub fn needs_learning(&self) -> bool {
        self.keys.mode == CmvnMode::Utterance
    }

    /// Sees a frame in a first pass over the recording.
    pub fn learn(&mut self, frame: &[f32]) {
        if self.needs_learning() {
            self.stats.add(frame, 1.0);
        }
    }

    /// Frames that must have been heard before frame t can be computed while the end is not in sight.
    pub fn needs(&self, t: u64) -> u64 {
        if self.keys.mode == CmvnMode::Sliding { self.window(t, None).1 } else { t + 1 }
    }

    /// Frames that must have been heard after a frame, far from the start.
    pub fn lookahead(&self) -> usize {
        let centred = self.keys.mode == CmvnMode::Sliding && self.keys.center;
        if centred { (self.keys.window - self.keys.window / 2).saturating_sub(1) } else { 0 }
    }

    /// Frames that [`Rows`] must hold.
    pub fn memory(&self) -> usize {
        match self.keys.mode {
            CmvnMode::Sliding => (self.keys.window + 1).max(self.keys.min_window) + 2,
            _ => 1,
        }
    }

    /// Forgets what was learned from frames.
    pub fn reset(&mut self) {
        if self.keys.mode != CmvnMode::File {
            self.stats.reset();
        }
        self.covered = (0, 0);
    }

    /// Writes frame t without its mean. `end` is the number of frames, once it is known. Frames come in order.
    pub fn frame(&mut self, rows: &Rows, t: u64, end: Option<u64>, out: &mut [f32]) {
        if self.keys.mode == CmvnMode::Sliding {
            self.slide(rows, self.window(t, end));
        }
        rows.read(t, out);
        if self.keys.mode == CmvnMode::None || self.stats.count() <= 0.0 {
            return;
        }
        // The floors of Kaldi's `ApplyCmvn` and `SlidingWindowCmn`, which makes zeros of a frame alone.
        let sliding = self.keys.mode == CmvnMode::Sliding;
        let least = if sliding { 1e-10 } else { 1e-20 };
        let alone = sliding && self.stats.count() == 1.0;
        for (i, x) in out.iter_mut().enumerate() {
            let (mean, variance) = self.stats.mean_and_variance(i);
            let centred = f64::from(*x) - mean;
            *x = match self.keys.norm_vars {
                false => centred as f32,
                true if alone => 0.0,
                true => (centred / variance.max(least).sqrt()) as f32,
            };
        }
    }

    /// The frames whose mean is taken out of frame t: Kaldi's `SlidingWindowCmnInternal`, where a window that is not
    /// centred has one frame more, and one at the start is moved until it is within the recording.
    fn window(&self, t: u64, end: Option<u64>) -> (u64, u64) {
        let (t, size) = (t as i64, self.keys.window as i64);
        let (mut start, mut until) =
            if self.keys.center { (t - size / 2, t - size / 2 + size) } else { (t - size, t + 1) };
        if start < 0 {
            until -= start;
            start = 0;
        }
        if !self.keys.center && until > t {
            until = (t + 1).max(self.keys.min_window as i64);
        }
        if let Some(end) = end.map(|end| end as i64).filter(|end| until > *end) {
            start = (start - (until - end)).max(0);
            until = end;
        }
        (start as u64, until as u64)
    }

    /// Makes the sums those of these frames.
    fn slide(&mut self, rows: &Rows, (start, until): (u64, u64)) {
        let (before, covered) = self.covered;
        let continues = before <= start && start < covered && covered <= until;
        if !continues {
            self.stats.reset();
        }
        let (leave, enter) = if continues { (before..start, covered..until) } else { (0..0, start..until) };
        for row in leave.filter_map(|t| rows.get(t)) {
            self.stats.add(row, -1.0);
        }
        for row in enter.filter_map(|t| rows.get(t)) {
            self.stats.add(row, 1.0);
        }
        self.covered = (start, until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sliding(window: usize, min_window: usize, center: bool) -> Cmvn {
        let keys = CmvnKeys { mode: CmvnMode::Sliding, window, min_window, center, ..CmvnKeys::default() };
        Cmvn::new(&keys, 1, None).unwrap()
    }

    #[test]
    fn a_live_stream_waits_for_its_first_window_only() {
        let live = sliding(300, 100, false);
        assert_eq!((live.needs(0), live.needs(99), live.needs(100), live.lookahead()), (100, 100, 101, 0));
        let offline = sliding(300, 100, true);
        assert_eq!(
            (offline.needs(0), offline.needs(150), offline.needs(151), offline.lookahead()),
            (300, 300, 301, 149)
        );
    }

    #[test]
    fn sums_stay_those_of_the_window_however_long_it_slides() {
        for (window, min_window, center) in [(5, 3, false), (5, 1, true), (4, 4, true), (1, 1, false)] {
            let mut cmvn = sliding(window, min_window, center);
            let x: Vec<f32> = (0..200_u32).map(|t| (t * t % 37) as f32).collect();
            let mut rows = Rows::new(1, cmvn.memory());
            for t in 0..200 {
                while rows.heard() < cmvn.needs(t).min(200) {
                    let heard = rows.heard() as usize;
                    rows.push()[0] = x[heard];
                }
                let end = (rows.heard() == 200).then_some(200);
                let (start, until) = cmvn.window(t, end);
                let inside = &x[start as usize..until as usize];
                let mut out = [0.0];
                cmvn.frame(&rows, t, end, &mut out);
                let mean = inside.iter().sum::<f32>() / inside.len() as f32;
                assert!((out[0] - (x[t as usize] - mean)).abs() < 1e-4, "window {window}, frame {t}");
            }
        }
    }

    #[test]
    fn a_file_of_other_features_is_refused() {
        let keys = CmvnKeys { mode: CmvnMode::File, ..CmvnKeys::default() };
        let stats = Stats::parse(b"[ 10 20 4\n 30 120 0 ]").unwrap();
        let error = Cmvn::new(&keys, 80, Some(&stats)).err().unwrap();
        assert_eq!(error, "`cmvn.file` has sums of 2 numbers, and features have 80");
        let mut cmvn = Cmvn::new(&keys, 2, Some(&stats)).unwrap();
        let (mut rows, mut out) = (Rows::new(2, 1), [0.0; 2]);
        rows.push().copy_from_slice(&[3.0, 3.0]);
        cmvn.frame(&rows, 0, None, &mut out);
        assert_eq!(out, [0.5, -2.0]);
    }
}
