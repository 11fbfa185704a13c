//! Logarithms, floors and ranges.
use crate::choices::{FloorMode, LogKind, RangeScope};
use crate::keys::{Keys, Reference};
use crate::lanes;
use std::collections::VecDeque;
use std::f64::consts::{LN_2, LN_10};

/// The logarithm of a frame, relative to a maximum where that is asked for.
pub struct Log {
    /// What the natural logarithm is multiplied by; 0: there is none.
    unit: f32,
    /// Added to values, and the least that the sum may be.
    add: f32,
    least: f32,
    /// What is taken away, where that is a number.
    reference: Option<f32>,
    /// The assumed maximum, as a logarithm.
    fixed: f32,
    range: f32,
    scope: RangeScope,
    window: u64,
    post_scale: f32,
    post_offset: f32,
    maximum: f32,
    /// Maxima of the last frames, each with its frame, of which none is before a larger one.
    recent: VecDeque<(u64, f32)>,
}

impl Log {
    /// What these keys ask for.
    pub fn new(keys: &Keys) -> Self {
        let log = &keys.log;
        let unit = match log.kind {
            LogKind::None => 0.0,
            LogKind::Ln => 1.0,
            LogKind::Log10 => 1.0 / LN_10,
            LogKind::Db => 20.0 / (keys.spectrum.power * LN_10),
            LogKind::Log2 => 1.0 / LN_2,
        };
        let (add, least) = match log.floor_mode {
            FloorMode::Max => (0.0, log.floor),
            FloorMode::Add => (log.floor, 0.0),
        };
        let level = |x: f64| (unit * x.max(log.floor).ln()) as f32;
        let (reference, fixed) = match log.reference {
            Reference::Max => (None, 0.0),
            Reference::Number(r) => (Some(if log.kind == LogKind::Db { level(r) } else { 0.0 }), level(r)),
        };
        let window = if log.range_scope == RangeScope::Window { log.range_window } else { 0 };
        Self {
            unit: unit as f32,
            add: add as f32,
            least: (least as f32).max(f32::MIN_POSITIVE),
            reference,
            fixed,
            range: if log.range > 0.0 { log.range as f32 } else { f32::INFINITY },
            scope: log.range_scope,
            window: window as u64,
            post_scale: log.post_scale as f32,
            post_offset: log.post_offset as f32,
            maximum: f32::NEG_INFINITY,
            recent: VecDeque::with_capacity(window + 1),
        }
    }

    /// Whether anything depends on a maximum.
    fn relative(&self) -> bool {
        self.unit != 0.0 && (self.reference.is_none() || self.range < f32::INFINITY)
    }

    /// Whether all frames are to be learned before the first is computed.
    pub fn needs_learning(&self) -> bool {
        self.relative() && self.scope == RangeScope::Utterance
    }

    /// Takes a frame of the first pass, linear, into account.
    pub fn learn(&mut self, x: &[f32]) {
        self.maximum = self.maximum.max(lanes::maximum(x));
    }

    /// The largest linear value up to now, −∞ of none.
    pub fn maximum(&self) -> f32 {
        self.maximum
    }

    /// Continues with this maximum.
    pub fn set_maximum(&mut self, maximum: f32) {
        self.maximum = maximum;
    }

    /// Forgets all maxima.
    pub fn reset(&mut self) {
        self.maximum = f32::NEG_INFINITY;
        self.recent.clear();
    }

    /// Turns frame t from linear to logarithmic. Frames come in order.
    pub fn apply(&mut self, t: u64, x: &mut [f32]) {
        let (reference, limit) = if self.relative() { self.bounds(t, x) } else { self.absolute() };
        let (add, least, unit, scale, offset) = (self.add, self.least, self.unit, self.post_scale, self.post_offset);
        if unit == 0.0 {
            x.iter_mut().for_each(|x| *x = *x * scale + offset);
            return;
        }
        for x in x {
            let sum = *x + add;
            let level = ln(if sum > least { sum } else { least }) * unit - reference;
            *x = (if level > limit { level } else { limit }) * scale + offset;
        }
    }

    fn absolute(&self) -> (f32, f32) {
        (self.reference.unwrap_or(0.0), f32::NEG_INFINITY)
    }

    /// What is taken away, and the least that remains.
    fn bounds(&mut self, t: u64, x: &[f32]) -> (f32, f32) {
        let top = match self.scope {
            RangeScope::Fixed => self.fixed,
            RangeScope::Utterance => self.level(self.maximum),
            RangeScope::Running => {
                self.learn(x);
                self.level(self.maximum)
            }
            RangeScope::Window => {
                let most = self.slide(t, lanes::maximum(x));
                self.level(most)
            }
        };
        let reference = self.reference.unwrap_or(top);
        (reference, top - reference - self.range)
    }

    fn level(&self, x: f32) -> f32 {
        let sum = x + self.add;
        ln(if sum > self.least { sum } else { self.least }) * self.unit
    }

    /// The maximum of the last frames, of which this is the newest.
    fn slide(&mut self, t: u64, maximum: f32) -> f32 {
        while self.recent.back().is_some_and(|(_, before)| *before <= maximum) {
            self.recent.pop_back();
        }
        while self.recent.front().is_some_and(|(frame, _)| frame + self.window <= t) {
            self.recent.pop_front();
        }
        self.recent.push_back((t, maximum));
        self.recent.front().map_or(maximum, |(_, most)| *most)
    }
}

/// The natural logarithm of a normal positive number, within a factor of 1 ± 1.5e-7 of the exact one (measured
/// by the test below). Like Cephes `logf`: x = 2ᵉ m with m from √½ to √2, and ln m = f − f²/2 + f³ P(f) with f = m − 1,
/// where P is fitted for the least largest error. Branchless, so that loops over it become vector instructions.
#[inline]
pub fn ln(x: f32) -> f32 {
    const ROOT_HALF: u32 = 0x3f35_04f3;
    let bits = x.to_bits();
    let exponent = (bits.wrapping_sub(ROOT_HALF) as i32) >> 23;
    let f = f32::from_bits(bits.wrapping_sub((exponent << 23) as u32)) - 1.0;
    let (square, e) = (f * f, exponent as f32);
    let mut p = 6.746_638_6e-2;
    p = p * f - 1.167_565_1e-1;
    p = p * f + 1.188_816_3e-1;
    p = p * f - 1.240_558_9e-1;
    p = p * f + 1.421_955_2e-1;
    p = p * f - 1.666_799_6e-1;
    p = p * f + 2.000_211_9e-1;
    p = p * f - 2.500_001e-1;
    p = p * f + 3.333_331_3e-1;
    // ln 2 in two parts, of which the first times any exponent is exact.
    let small = f * square * p - e * 2.121_944_4e-4 - 0.5 * square;
    (f + small) + e * (355.0 / 512.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    #[test]
    fn the_fast_logarithm_is_as_good_as_single_precision_allows() {
        let mut worst: f64 = 0.0;
        for bits in (f32::MIN_POSITIVE.to_bits()..f32::MAX.to_bits()).step_by(997) {
            let x = f32::from_bits(bits);
            let exact = f64::from(x).ln();
            worst = worst.max((f64::from(ln(x)) - exact).abs() / exact.abs().max(1e-30));
        }
        assert!(worst < 1.5e-7, "{worst:e}");
        assert_eq!(ln(1.0), 0.0);
    }

    fn log(scope: RangeScope, reference: Reference) -> Log {
        let mut keys = Keys::new(Kind::Mel, 16000);
        (keys.log.kind, keys.log.range, keys.log.range_scope, keys.log.range_window) = (LogKind::Db, 20.0, scope, 2);
        keys.log.reference = reference;
        Log::new(&keys)
    }

    fn run(log: &mut Log, frames: &[[f32; 2]]) -> Vec<[f32; 2]> {
        let round = |x: f32| (x * 100.0).round() / 100.0;
        let turn = |(t, frame): (usize, &[f32; 2])| {
            let mut frame = *frame;
            log.apply(t as u64, &mut frame);
            frame.map(round)
        };
        frames.iter().enumerate().map(turn).collect()
    }

    #[test]
    fn the_range_hangs_from_the_maximum_of_its_scope() {
        let frames = [[1.0, 1e-4], [100.0, 1e-4], [1.0, 1e-4], [1.0, 1e-4]];
        let one = Reference::Number(1.0);
        let running = [[0.0, -20.0], [20.0, 0.0], [0.0, 0.0], [0.0, 0.0]];
        assert_eq!(run(&mut log(RangeScope::Running, one), &frames), running);
        let window = [[0.0, -20.0], [20.0, 0.0], [0.0, 0.0], [0.0, -20.0]];
        assert_eq!(run(&mut log(RangeScope::Window, one), &frames), window);
        let fixed = [[0.0, -10.0], [20.0, -10.0], [0.0, -10.0], [0.0, -10.0]];
        let mut ten = log(RangeScope::Fixed, Reference::Number(10.0));
        assert_eq!(run(&mut ten, &frames), fixed.map(|frame| [frame[0] - 10.0, frame[1] - 10.0]));
        let mut whole = log(RangeScope::Utterance, Reference::Max);
        frames.iter().for_each(|frame| whole.learn(frame));
        assert_eq!(run(&mut whole, &frames)[..2], [[-20.0, -20.0], [0.0, -20.0]]);
    }

    #[test]
    fn silence_stays_finite_whatever_was_learned() {
        for scope in [RangeScope::Utterance, RangeScope::Window, RangeScope::Running] {
            let frames = run(&mut log(scope, Reference::Max), &[[0.0, 0.0], [0.0, f32::NAN]]);
            assert!(frames.as_flattened().iter().all(|x| x.is_finite()), "{frames:?}");
        }
    }
}
