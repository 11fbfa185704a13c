//! From values to colours.
use super::canvas::Rgb;

/// The colour of what is not finite; not in the map.
pub(super) const MISSING: Rgb = [150, 150, 150];

/// The values of the darkest and the brightest colour. What lies beyond is drawn as these.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    pub low: f64,
    pub high: f64,
}

impl Scale {
    /// Widened around its middle if it is empty, so that a constant has a colour.
    pub fn new(low: f32, high: f32) -> Self {
        let (low, high) = (f64::from(low.min(high)), f64::from(low.max(high)));
        let middle = (low + high) / 2.0;
        let least = (middle.abs() * 1e-6).max(1e-30);
        match high - low {
            _ if !(low.is_finite() && high.is_finite()) => Self { low: 0.0, high: 1.0 },
            width if width > least => Self { low, high },
            _ => {
                let half = (middle.abs() * 0.1).max(0.5);
                Self { low: middle - half, high: middle + half }
            }
        }
    }

    /// 0 for the darkest, 1 for the brightest.
    pub fn part(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    pub fn colour(&self, value: f32) -> Rgb {
        if value.is_finite() { magma(self.part(f64::from(value))) } else { MISSING }
    }
}

/// Magma: even steps of the value look even, and its lightness rises, so that it survives a black-and-white printer.
pub(super) fn magma(part: f64) -> Rgb {
    colorous::MAGMA.eval_continuous(part).as_array()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_range_colours_stay_what_they_are_at_its_ends() {
        let scale = Scale::new(-80.0, 0.0);
        assert_eq!((scale.colour(-200.0), scale.colour(6.0)), (magma(0.0), magma(1.0)));
        assert_eq!(scale.colour(-40.0), magma(0.5));
        assert_eq!((scale.colour(f32::NAN), scale.colour(f32::NEG_INFINITY)), (MISSING, MISSING));
    }

    #[test]
    fn a_constant_lies_in_the_middle_of_its_range() {
        for constant in [0.0, -3.5, 1e20, -1e-20] {
            let scale = Scale::new(constant, constant);
            assert!(scale.low < scale.high && (scale.part(f64::from(constant)) - 0.5).abs() < 0.01, "{scale:?}");
        }
        assert_eq!(Scale::new(f32::NAN, f32::NAN), Scale { low: 0.0, high: 1.0 });
    }
}
