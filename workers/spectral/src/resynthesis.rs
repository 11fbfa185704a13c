//! The weights with which overlapping frames become the signal they were cut from.
use crate::window::Window;
use aw_sdk::*;

/// `analysis` of a worker that adds frames up.
pub const ANALYSIS: Param = Param::text(c"analysis", c"same")
    .choices(choices![
        c"same",
        c"rect",
        c"hann",
        c"hamming",
        c"blackman",
        c"sine",
        c"sqrt_hann",
        c"vorbis",
        c"povey",
        c"kaiser"
    ])
    .same_work()
    .doc(c"Window the frames were cut with; `same` as `window`");
/// The values of `normalise`.
pub const NORMALISE: &Choices = choices![c"sum", c"none"];

/// Least part of a sample that the analysis windows must have let through: what a spectrum's rounding or a mask adds is
/// amplified by up to its inverse.
const FLOOR: f64 = 0.05;
/// Most that sums of windows may differ where nothing evens them out: 0.1 %, a hum 60 dB below the signal.
const RIPPLE: f64 = 1e-3;

/// Windows before and after, and whether to divide by what they add up to.
pub struct Resynthesis {
    analysis: Window,
    synthesis: Window,
    normalise: bool,
}

impl Resynthesis {
    /// Reads `window`, `analysis` and `normalise`.
    pub fn new(values: &Values) -> Result<Self> {
        let synthesis = Window::new(values, "window")?;
        let analysis = if values.text("analysis") == "same" { synthesis } else { Window::new(values, "analysis")? };
        Ok(Self { analysis, synthesis, normalise: values.text("normalise") == "sum" })
    }

    /// The synthesis window, each sample divided by the sum of `analysis · synthesis` over all frames that reach it.
    /// That sum repeats with the hop. Refuses where it is too small to divide by (Griffin & Lim 1984, eq. 6).
    pub fn weights(&self, size: usize, hop: usize) -> Result<Vec<f64>> {
        let window = self.synthesis.values(size);
        if !self.normalise {
            return Ok(window);
        }
        if self.least(size, hop) < FLOOR {
            return Err(self.refusal(size, hop));
        }
        let sums = self.sums(size, hop);
        Ok(window.iter().enumerate().map(|(i, w)| w / sums[i % hop].0).collect())
    }

    /// Whether overlapping windows weigh every sample alike without being divided by their sum.
    pub fn even(&self, size: usize, hop: usize) -> Result {
        let sums = self.sums(size, hop).into_iter().map(|(sum, _)| sum);
        let (least, most) = sums.fold((f64::MAX, f64::MIN), |(least, most), sum| (least.min(sum), most.max(sum)));
        if self.normalise || most - least <= RIPPLE * most.abs() {
            return Ok(());
        }
        Err(format!(
            "without `normalise = \"sum\"`, {} at size {size} and hop {hop} would make the sound swing \
             between {least:.3} and {most:.3} with every hop; \
             to add frames up as they are, put `ifft` and `overlap_add` here",
            self.names()
        )
        .into())
    }

    /// For each place in a hop, over the frames that reach it: the sums of `analysis · synthesis` and of `|synthesis|`.
    fn sums(&self, size: usize, hop: usize) -> Vec<(f64, f64)> {
        let mut sums = vec![(0.0, 0.0); hop];
        for (i, (a, s)) in self.analysis.values(size).iter().zip(self.synthesis.values(size)).enumerate() {
            let (product, weight) = &mut sums[i % hop];
            *product += a * s;
            *weight += s.abs();
        }
        sums
    }

    /// The least part of a sample that the analysis windows let through, as the synthesis windows weigh it.
    fn least(&self, size: usize, hop: usize) -> f64 {
        let part = |(product, weight): (f64, f64)| if weight > 0.0 { product / weight } else { 0.0 };
        self.sums(size, hop).into_iter().map(part).fold(f64::MAX, f64::min)
    }

    fn refusal(&self, size: usize, hop: usize) -> Error {
        let works = (2..=64).map(|parts| size / parts).find(|&hop| hop > 0 && self.least(size, hop) >= FLOOR);
        let way_out = match works {
            Some(works) => format!("`hop = {works}` works, in the node that makes the frames"),
            None => "choose other windows".into(),
        };
        let (names, least, floor) = (self.names(), 100.0 * self.least(size, hop).max(0.0), 100.0 * FLOOR);
        format!(
            "{names} at size {size} and hop {hop} cannot give the signal back: \
             some samples come through at {least:.1} %, and below {floor:.0} % noise takes over; {way_out}"
        )
        .into()
    }

    fn names(&self) -> String {
        format!("`window` {} on frames cut with {}", self.synthesis.name(), self.analysis.name())
    }
}
