//! Which parts of a sound a model is asked of: the rule of DNSMOS.

/// Parts of `samples` that a model is asked of, each of `window` samples: they begin a second apart, and the last ends
/// where the last whole second does, or before. A sound that is shorter than one is doubled until it is not. Without a
/// `window`, the whole of it.
///
/// The published program leaves out windows 7 to 23, and some after 118, of sounds that have so many: `(7 + 9.01) · 16000`
/// is a sample less than `7 · 16000 + 144160` in floating point. Here none is left out.
pub fn windows(samples: &[f32], window: Option<usize>, rate: u32) -> Vec<Vec<f32>> {
    let Some(window) = window.filter(|_| !samples.is_empty()) else { return vec![samples.to_vec()] };
    let mut sound = samples.to_vec();
    while sound.len() < window {
        sound.extend_from_within(..);
    }
    let second = rate.max(1) as usize;
    let whole = sound.len() / second * second;
    let last = whole.saturating_sub(window) / second;
    (0..=last).map(|at| sound[at * second..at * second + window].to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where windows of 9.01 s begin in a sound that counts its samples.
    fn starts(samples: usize) -> Vec<f32> {
        let sound: Vec<f32> = (0..samples).map(|n| n as f32).collect();
        let windows = windows(&sound, Some(144_160), 16_000);
        assert!(windows.iter().all(|window| window.len() == 144_160));
        windows.iter().map(|window| window[0]).collect()
    }

    /// `num_hops` of dnsmos.py in speechmos 0.0.1.1.
    #[test]
    fn windows_begin_a_second_apart_within_whole_seconds() {
        assert_eq!(starts(144_160), [0.0]);
        assert_eq!(starts(160_384), [0.0], "10.024 s");
        assert_eq!(starts(175_999), [0.0]);
        assert_eq!(starts(176_000), [0.0, 16_000.0], "11 s");
        assert_eq!(starts(8 * 16_000).len(), 7, "8 s become 16");
        assert_eq!(starts(56_000).len(), 5, "3.5 s become 14");
        assert_eq!(starts(40 * 16_000).len(), 31);
    }

    #[test]
    fn short_sounds_are_doubled_and_open_models_hear_all() {
        let short = windows(&[1.0, 2.0, 3.0], Some(7), 16_000);
        assert_eq!(short, [[1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0]]);
        assert_eq!(windows(&[1.0, 2.0], None, 16_000), [[1.0, 2.0]]);
    }
}
