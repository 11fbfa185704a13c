//! Which samples a frame reads, and how many frames there are: whole numbers only.
use crate::choices::{Edges, Pad, WindowPlace};
use crate::keys::Keys;

/// The frames of a recording. Frame t reads the samples `[first(t), first(t) + span)`, of which those before 0 and from
/// the end on are made up by `frame.pad`.
#[derive(Clone, Debug, PartialEq)]
pub struct Frames {
    span: usize,
    hop: usize,
    left: usize,
    right: usize,
    /// Whether the number of frames is the rounded number of hops, whatever the span.
    round: bool,
    drop_last: u64,
    pad: Pad,
    /// Whether each sample read needs the one before it.
    stream_preemphasis: bool,
}

impl Frames {
    /// The frames of these keys, which passed [`Keys::check`].
    pub fn new(keys: &Keys) -> Self {
        let frame = &keys.frame;
        let span = match frame.window_place {
            WindowPlace::Center => frame.n_fft,
            WindowPlace::Start => frame.win_length,
        };
        let (left, right) = match frame.edges {
            Edges::Center => (span / 2, span / 2),
            Edges::Snip => (frame.pad_left, frame.pad_right),
            // The middle of frame t is at t · hop + hop / 2, both halves rounded down as Kaldi does.
            Edges::Round => ((span / 2).saturating_sub(frame.hop / 2), span - span / 2),
        };
        let stream_preemphasis = frame.preemphasis != 0.0 && frame.preemphasis_scope == crate::PreemphasisScope::Stream;
        let (hop, round, drop_last) = (frame.hop, frame.edges == Edges::Round, frame.drop_last);
        Self { span, hop, left, right, round, drop_last, pad: frame.pad, stream_preemphasis }
    }

    /// Samples that a frame reads.
    pub fn span(&self) -> usize {
        self.span
    }

    /// Samples from frame to frame.
    pub fn hop(&self) -> usize {
        self.hop
    }

    /// Samples before the start that frame 0 reads.
    pub fn left(&self) -> usize {
        self.left
    }

    /// Samples beyond the end that the last frame may read.
    pub fn right(&self) -> usize {
        self.right
    }

    /// The frames of a recording of so many samples; none of an empty one.
    pub fn count(&self, samples: u64) -> u64 {
        if samples == 0 {
            return 0;
        }
        let (span, hop) = (self.span as u64, self.hop as u64);
        let all = if self.round {
            (samples + hop / 2) / hop
        } else {
            let padded = samples + (self.left + self.right) as u64;
            padded.checked_sub(span).map_or(0, |room| room / hop + 1)
        };
        all.saturating_sub(self.drop_last)
    }

    /// The first sample of frame t, before 0 where the padding starts.
    pub fn first(&self, t: u64) -> i64 {
        (t * self.hop as u64) as i64 - self.left as i64
    }

    /// Samples that must have been heard before frame t can be computed, and is certain to exist, while the end is not
    /// in sight. A mirrored start is heard later than it is played: Whisper's frame 0 of 400 samples needs 201.
    pub fn needs(&self, t: u64) -> u64 {
        let first = self.first(t);
        let own = (first + self.span as i64).max(1) as u64;
        let before = first.min(0).unsigned_abs();
        let mirrored = match self.pad {
            Pad::Reflect if before > 0 => before + 1,
            Pad::Symmetric => before,
            _ => 0,
        };
        own.max(mirrored).max(self.least(t + self.drop_last))
    }

    /// By how many hops a frame comes later than the hop of its number, so that all frames can be given at one pace.
    pub fn latency(&self) -> u64 {
        // From the first frame on that reads nothing before the start, each needs a hop more than the one before.
        let settled = (self.left / self.hop) as u64 + 2;
        let late = |t: u64| self.needs(t).div_ceil(self.hop as u64).saturating_sub(t + 1);
        (0..=settled).map(late).max().unwrap_or(0)
    }

    /// The shortest recording of more than t frames, were none dropped.
    fn least(&self, t: u64) -> u64 {
        let (span, hop) = (self.span as u64, self.hop as u64);
        let least = if self.round {
            ((t + 1) * hop).saturating_sub(hop / 2)
        } else {
            (span + t * hop).saturating_sub((self.left + self.right) as u64)
        };
        least.max(1)
    }

    /// Samples to keep so that a frame can be computed as soon as [`Self::needs`] says, or at the end.
    pub fn memory(&self) -> usize {
        let dropped = self.drop_last as usize * self.hop + self.span;
        // One for the mirror, one for pre-emphasis.
        self.span.max(dropped).max(self.left + self.span).max(self.right) + self.hop + 2
    }

    /// Whether frames read the sample before their first.
    pub(crate) fn reads_before(&self) -> bool {
        self.stream_preemphasis
    }

    /// Where the sample at `position` is to be found in a recording of `samples`; `None` is a zero. Recordings shorter
    /// than the padding are mirrored again and again, as numpy (and so librosa) and Kaldi do, where torch refuses them;
    /// a single sample is mirrored into itself.
    pub fn fold(&self, position: i64, samples: u64) -> Option<u64> {
        let last = samples.checked_sub(1)? as i64;
        if (0..=last).contains(&position) {
            return Some(position as u64);
        }
        let mirrored = match self.pad {
            Pad::Zero => return None,
            Pad::Edge => position.clamp(0, last),
            Pad::Reflect if last == 0 => 0,
            Pad::Reflect => {
                let place = position.rem_euclid(2 * last);
                place.min(2 * last - place)
            }
            Pad::Symmetric => {
                let place = position.rem_euclid(2 * last + 2);
                place.min(2 * last + 1 - place)
            }
        };
        Some(mirrored as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    fn frames(n_fft: usize, hop: usize, edges: Edges, pad: Pad) -> Frames {
        let mut keys = Keys::new(Kind::Spectrogram, 16000);
        (keys.frame.n_fft, keys.frame.win_length, keys.frame.hop) = (n_fft, n_fft, hop);
        (keys.frame.edges, keys.frame.pad) = (edges, pad);
        Frames::new(&keys)
    }

    #[test]
    fn whisper_waits_for_the_mirrored_start() {
        let whisper = Frames { drop_last: 1, ..frames(400, 160, Edges::Center, Pad::Reflect) };
        assert_eq!((whisper.count(48159), whisper.first(0), whisper.needs(0), whisper.needs(1)), (300, -200, 201, 360));
        assert_eq!(frames(1024, 960, Edges::Center, Pad::Reflect).needs(0), 513);
        assert_eq!(frames(512, 256, Edges::Center, Pad::Zero).needs(0), 256);
    }

    /// `knf` 1.23: 20 ms frames every 8 ms of 48003 samples; `snip_edges` of 25 and 10 ms.
    #[test]
    fn kaldi_rounds_or_snips() {
        let round = frames(320, 128, Edges::Round, Pad::Symmetric);
        assert_eq!((round.count(48003), round.first(0), round.needs(0)), (375, -96, 224));
        let snip = frames(400, 160, Edges::Snip, Pad::Zero);
        assert_eq!((snip.count(399), snip.count(400), snip.count(48137), snip.needs(1)), (0, 1, 299, 560));
    }

    /// `numpy.pad` of [0, 1, 2] and [0] by 7 on both sides.
    #[test]
    fn short_recordings_are_mirrored_again_and_again() {
        let padded = |pad, n: u64| -> Vec<Option<u64>> {
            let frames = frames(400, 160, Edges::Center, pad);
            (-7..n as i64 + 7).map(|i| frames.fold(i, n)).collect()
        };
        let all = |numbers: &[u64]| -> Vec<Option<u64>> { numbers.iter().map(|n| Some(*n)).collect() };
        assert_eq!(padded(Pad::Reflect, 3), all(&[1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1]));
        assert_eq!(padded(Pad::Symmetric, 3), all(&[0, 0, 1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1, 2, 2]));
        assert_eq!(padded(Pad::Edge, 3), all(&[0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2, 2, 2]));
        assert_eq!(padded(Pad::Reflect, 1), all(&[0; 15]));
        assert_eq!(frames(400, 160, Edges::Center, Pad::Zero).fold(-1, 3), None);
    }

    #[test]
    fn a_frame_that_was_promised_exists_in_every_recording_that_is_long_enough() {
        for (n_fft, hop) in [(1, 1), (5, 2), (8, 8), (9, 4), (1024, 960)] {
            for edges in [Edges::Center, Edges::Snip, Edges::Round] {
                for (pad, drop_last) in [(Pad::Zero, 0), (Pad::Reflect, 1), (Pad::Symmetric, 3)] {
                    let frames = Frames { drop_last, ..frames(n_fft, hop, edges, pad) };
                    for t in 0..20 {
                        let needs = frames.needs(t);
                        assert!((needs..needs + 50).all(|n| frames.count(n) > t), "{frames:?} frame {t}");
                        assert!(needs <= frames.needs(t + 1));
                        let first = frames.first(t).max(0) as u64;
                        assert!(needs - first <= frames.memory() as u64, "{frames:?} frame {t}");
                    }
                }
            }
        }
    }
}
