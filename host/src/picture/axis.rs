//! The axis of bands.
use super::ticks::{self, Tick};

/// What the bands of a frame are; the first is drawn at the bottom.
#[derive(Clone, Debug, PartialEq)]
pub enum Bands {
    /// Evenly spaced: band b is at `first + b · step`.
    Linear {
        /// The centre of band 0, in Hz.
        first: f64,
        /// From centre to centre, in Hz.
        step: f64,
    },
    /// The centre of each band in Hz, rising: mel, Bark, octaves. Bands are drawn equally high.
    Centres(Vec<f64>),
    /// No frequencies: coefficients, counted from 0.
    Numbers,
}

/// A tick on the axis of bands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BandTick {
    /// 0 at the lower edge of the lowest band, 1 at the upper edge of the highest.
    pub at: f64,
    pub label: String,
}

impl Bands {
    /// How many bands lie below this frequency or number: that of the centre of band 0 has 0.5. `None` off the axis.
    pub(super) fn position(&self, count: usize, value: f64) -> Option<f64> {
        let at = match self {
            Self::Linear { first, step } => (value - first) / step + 0.5,
            Self::Numbers => value + 0.5,
            Self::Centres(centres) => {
                let last = centres.len().checked_sub(2)?;
                let left = centres.partition_point(|centre| *centre <= value).saturating_sub(1).min(last);
                let (low, high) = (centres[left], centres[left + 1]);
                left as f64 + (value - low) / (high - low) + 0.5
            }
        };
        // The outer edges are half a band beyond the outer centres.
        Some(at).filter(|at| (-1e-9..=count as f64 + 1e-9).contains(at))
    }

    /// The unit that stands above the axis, and its ticks: at most `most`, as far as it can be.
    pub(super) fn ticks(&self, count: usize, most: usize) -> (&'static str, Vec<BandTick>) {
        let most = most.max(1);
        let place = |value: f64| self.position(count, value).map(|at| at / count as f64);
        match self {
            Self::Numbers => {
                let place = |Tick { at, label }| Some(BandTick { at: place(at)?, label });
                ("", ticks::counts(0.0, count as f64 - 1.0, most).into_iter().filter_map(place).collect())
            }
            Self::Linear { first, step } => {
                let (low, high) = ((first - step / 2.0).max(0.0), first + (count as f64 - 0.5) * step);
                let kilo = high >= 2000.0;
                let unit = if kilo { 1000.0 } else { 1.0 };
                let place = |Tick { at, label }| Some(BandTick { at: place(at * unit)?, label });
                let all = ticks::numbers(low / unit, high / unit, most);
                (if kilo { "kHz" } else { "Hz" }, all.into_iter().filter_map(place).collect())
            }
            Self::Centres(centres) => {
                let high = centres.last().map_or(0.0, |last| last * 1.5);
                let kilo = high >= 3000.0;
                let mut chosen: Vec<BandTick> = Vec::new();
                for hz in ticks::frequencies(high) {
                    let near = |at: f64| chosen.iter().any(|tick| (tick.at - at).abs() * (most as f64) < 0.8);
                    if let Some(at) = place(hz).filter(|at| !near(*at)) {
                        chosen.push(BandTick { at, label: ticks::frequency(hz, kilo) });
                    }
                }
                (if kilo { "kHz" } else { "Hz" }, chosen)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frequency_is_at_the_middle_of_its_band() {
        let bins = Bands::Linear { first: 0.0, step: 31.25 };
        assert_eq!(bins.position(257, 1000.0), Some(32.5));
        assert_eq!(bins.position(257, 8100.0), None);
        let octaves = Bands::Centres(vec![125.0, 250.0, 500.0, 1000.0]);
        assert_eq!(octaves.position(4, 500.0), Some(2.5));
        assert_eq!(octaves.position(4, 375.0), Some(2.0));
        assert_eq!(octaves.position(4, 1250.0), Some(4.0), "the upper edge");
        assert_eq!((octaves.position(4, 1300.0), octaves.position(4, 60.0)), (None, None));
        assert_eq!(Bands::Centres(vec![100.0]).position(1, 100.0), None, "one band has no axis");
    }

    #[test]
    fn ticks_of_a_mel_axis_keep_their_distance() {
        let mel = |m: f64| 700.0 * (10f64.powf(m / 2595.0) - 1.0);
        let bands = Bands::Centres((1..=80).map(|band| mel(f64::from(band) * 35.0)).collect());
        let (unit, mut ticks) = bands.ticks(80, 10);
        ticks.sort_by(|a, b| a.at.total_cmp(&b.at));
        assert_eq!(unit, "kHz");
        assert!(ticks.windows(2).all(|two| two[1].at - two[0].at >= 0.08), "{ticks:?}");
        let labels: Vec<&str> = ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert!(labels.contains(&"1") && labels.contains(&"0.5") && labels.len() > 5, "{labels:?}");
    }
}
