//! Levels of a channel: peak, RMS, DC, clipping, clicks, silence.

/// What a channel is like. A NaN in it makes the peak, the RMS and the DC NaN, so that no limit holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// The largest magnitude, in dB full scale; minus infinity of silence.
    pub peak_db: f64,
    /// Where it is first; 0 of nothing.
    pub peak_at: usize,
    /// The RMS, in dB re 1: −3.01 of a sine at full scale.
    pub rms_db: f64,
    /// The mean, of ±1.
    pub dc: f64,
    /// Samples at full scale or beyond.
    pub clipped: usize,
    /// Samples that are NaN or infinite.
    pub not_finite: usize,
}

/// Frames in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first, from 0.
    pub start: usize,
    /// How many.
    pub frames: usize,
}

/// The sharpest corner of a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Click {
    /// The sample at the corner.
    pub at: usize,
    /// The magnitude of its second difference, `x[n-1] - 2 x[n] + x[n+1]`: of a sine of amplitude a and f Hz at most a (2πf/rate)².
    pub height: f64,
}

/// A magnitude in dB re 1; minus infinity of 0.
pub fn db(magnitude: f64) -> f64 {
    20.0 * magnitude.log10()
}

/// Measures a channel.
pub fn level(samples: &[f32]) -> Level {
    let (mut peak, mut peak_at, mut sum, mut squares, mut clipped, mut not_finite) = (0.0f64, 0, 0.0, 0.0, 0, 0);
    for (at, sample) in samples.iter().enumerate() {
        let sample = f64::from(*sample);
        let magnitude = sample.abs();
        if magnitude > peak || (magnitude.is_nan() && !peak.is_nan()) {
            (peak, peak_at) = (magnitude, at);
        }
        sum += sample;
        squares += sample * sample;
        clipped += usize::from(magnitude >= 1.0);
        not_finite += usize::from(!magnitude.is_finite());
    }
    let count = samples.len().max(1) as f64;
    let (rms_db, dc) = (10.0 * (squares / count).log10(), sum / count);
    Level { peak_db: db(peak), peak_at, rms_db, dc, clipped, not_finite }
}

/// Whether no sample of any channel is above `bound_db` full scale. A NaN is not silent.
pub fn is_silent(planes: &[&[f32]], bound_db: f64) -> bool {
    let bound = bound(bound_db);
    planes.iter().all(|plane| plane.iter().all(|sample| f64::from(sample.abs()) <= bound))
}

/// The longest run of frames in which no channel is above `bound_db` full scale, the first of them if several are as long;
/// none if there is no such frame.
pub fn longest_silence(planes: &[Vec<f32>], bound_db: f64) -> Option<Span> {
    let bound = bound(bound_db);
    let frames = planes.iter().map(Vec::len).min().unwrap_or(0);
    let (mut longest, mut now) = (Span::default(), Span::default());
    for frame in 0..frames {
        if planes.iter().all(|plane| f64::from(plane[frame].abs()) <= bound) {
            now.frames += 1;
        } else {
            now = Span { start: frame + 1, frames: 0 };
        }
        if now.frames > longest.frames {
            longest = now;
        }
    }
    (longest.frames > 0).then_some(longest)
}

/// With room for the rounding of the logarithm: a sample that is at the bound is not above it.
fn bound(db: f64) -> f64 {
    10f64.powf(db / 20.0) * (1.0 + 1e-7)
}

/// The largest second difference of a channel; none of fewer than three samples. A NaN counts as infinite.
pub fn click(samples: &[f32]) -> Option<Click> {
    let mut sharpest: Option<Click> = None;
    for (before, three) in samples.windows(3).enumerate() {
        let [a, b, c] = [three[0], three[1], three[2]].map(f64::from);
        let height = (a - 2.0 * b + c).abs();
        let height = if height.is_nan() { f64::INFINITY } else { height };
        if sharpest.is_none_or(|sharpest| height > sharpest.height) {
            sharpest = Some(Click { at: before + 1, height });
        }
    }
    sharpest
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn sine(amplitude: f64, hz: f64, rate: f64, frames: usize) -> Vec<f32> {
        (0..frames).map(|at| (amplitude * (TAU * hz * at as f64 / rate).sin()) as f32).collect()
    }

    #[test]
    fn a_sine_on_an_offset_is_measured() {
        let sound: Vec<f32> = sine(0.5, 1000.0, 16000.0, 16000).iter().map(|sample| sample + 0.125).collect();
        let found = level(&sound);
        assert!((found.peak_db - db(0.625)).abs() < 1e-6 && found.peak_at == 4, "{found:?}");
        assert!((found.dc - 0.125).abs() < 1e-6 && found.clipped == 0 && found.not_finite == 0);
        assert!((found.rms_db - 10.0 * (0.125f64 + 0.015625).log10()).abs() < 1e-5);
        let clipped = level(&[0.0, 1.0, -1.5, 0.999]);
        assert_eq!((clipped.clipped, clipped.peak_at), (2, 2));
    }

    #[test]
    fn silence_has_no_level_and_no_number_has_none_either() {
        for silence in [&[][..], &[0.0; 8]] {
            let found = level(silence);
            assert_eq!((found.peak_db, found.rms_db, found.dc), (f64::NEG_INFINITY, f64::NEG_INFINITY, 0.0));
        }
        let found = level(&[0.5, f32::NAN, 0.75, f32::INFINITY]);
        assert!(found.peak_db.is_nan() && found.rms_db.is_nan() && found.dc.is_nan());
        assert_eq!((found.not_finite, found.peak_at), (2, 1));
        assert!(!is_silent(&[&[0.0, f32::NAN]], 0.0));
    }

    #[test]
    fn the_longest_pause_is_one_of_all_channels() {
        let mut planes = vec![vec![0.5; 1000], vec![0.0; 1000]];
        planes[0][100..400].fill(1e-4);
        planes[0][500..700].fill(0.0);
        planes[1][250] = 0.1;
        assert_eq!(longest_silence(&planes, -80.0), Some(Span { start: 500, frames: 200 }));
        assert_eq!(longest_silence(&planes[..1], -79.9), Some(Span { start: 100, frames: 300 }));
        assert_eq!(
            longest_silence(&planes[..1], -80.0),
            Some(Span { start: 100, frames: 300 }),
            "at the bound is not above"
        );
        assert_eq!(longest_silence(&[vec![0.5; 4]], -80.0), None);
        assert!(is_silent(&[&planes[1][..250]], -120.0) && !is_silent(&[&planes[1][..251]], -21.0));
    }

    #[test]
    fn a_lost_sample_clicks() {
        let mut sound = sine(0.5, 440.0, 16000.0, 4000);
        let smooth = click(&sound).unwrap().height;
        assert!((smooth - 0.5 * (TAU * 440.0 / 16000.0).powi(2)).abs() < 1e-3, "{smooth}");
        sound.remove(2000);
        let found = click(&sound).unwrap();
        assert!(found.height > 2.0 * smooth && found.at.abs_diff(2000) <= 1, "{found:?}");
        assert_eq!(click(&[0.0, 1.0]), None);
        assert_eq!(click(&[0.0, f32::NAN, 0.0]).map(|click| click.height), Some(f64::INFINITY));
    }
}
