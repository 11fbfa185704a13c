//! Samples of sound cards to and from 32-bit floating point. Full scale is ±1; what exceeds it is clipped, what lies
//! between two steps goes to the nearer one, and an integer of up to 24 bits comes back as it was.
use cpal::{I24, SizedSample, U24};

/// RT — a sample as cards have them.
pub(super) trait Sample: SizedSample + Send + 'static {
    fn to_f32(self) -> f32;
    fn from_f32(value: f32) -> Self;
    /// Samples that need no conversion.
    fn as_f32(_: &[Self]) -> Option<&[f32]> {
        None
    }
    /// As above.
    fn as_f32_mut(_: &mut [Self]) -> Option<&mut [f32]> {
        None
    }
}

impl Sample for f32 {
    fn to_f32(self) -> f32 {
        self
    }
    fn from_f32(value: f32) -> Self {
        value
    }
    fn as_f32(samples: &[f32]) -> Option<&[f32]> {
        Some(samples)
    }
    fn as_f32_mut(samples: &mut [f32]) -> Option<&mut [f32]> {
        Some(samples)
    }
}

impl Sample for f64 {
    fn to_f32(self) -> f32 {
        self as f32
    }
    fn from_f32(value: f32) -> Self {
        value.into()
    }
}

/// Signed: `as` clips, and makes 0 of what is not a number. In f64, so that 32 bits are rounded once.
fn step(value: f32, full: f64) -> f64 {
    (f64::from(value) * full).round_ties_even()
}

macro_rules! signed {
    ($($ty:ty: $full:expr),*) => { $(impl Sample for $ty {
        fn to_f32(self) -> f32 {
            (f64::from(self) / $full) as f32
        }
        fn from_f32(value: f32) -> Self {
            step(value, $full) as $ty
        }
    })* };
}
signed!(i8: 128.0, i16: 32768.0, i32: 2147483648.0);

macro_rules! unsigned {
    ($($ty:ty: $full:expr),*) => { $(impl Sample for $ty {
        fn to_f32(self) -> f32 {
            ((f64::from(self) - $full) / $full) as f32
        }
        fn from_f32(value: f32) -> Self {
            let value = if value.is_nan() { 0.0 } else { value };
            (step(value, $full) + $full) as $ty
        }
    })* };
}
unsigned!(u8: 128.0, u16: 32768.0, u32: 2147483648.0);

const FULL_24: f64 = 8388608.0;

impl Sample for I24 {
    fn to_f32(self) -> f32 {
        (f64::from(self.inner() << 8 >> 8) / FULL_24) as f32 // what lies above 24 bits is not told
    }
    fn from_f32(value: f32) -> Self {
        I24::new_unchecked((step(value, FULL_24) as i32).clamp(-8388608, 8388607))
    }
}

impl Sample for U24 {
    fn to_f32(self) -> f32 {
        ((f64::from(self.inner() & 0xFF_FFFF) - FULL_24) / FULL_24) as f32
    }
    fn from_f32(value: f32) -> Self {
        let value = if value.is_nan() { 0.0 } else { value };
        U24::new_unchecked(((step(value, FULL_24) + FULL_24) as i32).clamp(0, 16777215))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Full scale, both halves, silence, what is too loud, and what is no number, there and back.
    fn there_and_back<T: Sample>() -> Vec<f32> {
        [-1.0, -0.5, 0.0, 0.5, -7.0, f32::NAN].map(|value| T::from_f32(value).to_f32()).to_vec()
    }

    #[test]
    fn simple_levels_come_back_from_every_kind_of_sample() {
        let all = [
            there_and_back::<i8>(),
            there_and_back::<u8>(),
            there_and_back::<i16>(),
            there_and_back::<u16>(),
            there_and_back::<I24>(),
            there_and_back::<U24>(),
            there_and_back::<i32>(),
            there_and_back::<u32>(),
        ];
        all.iter().for_each(|back| assert_eq!(back[..], [-1.0, -0.5, 0.0, 0.5, -1.0, 0.0]));
        assert_eq!(there_and_back::<f64>()[4], -7.0, "floating point has room above full scale");
        assert_eq!(f32::as_f32(&[3.0]), Some([3.0].as_slice()));
    }

    #[test]
    fn the_largest_step_is_not_overrun_and_every_step_comes_back() {
        assert_eq!((i16::from_f32(1.0), u8::from_f32(1.0), I24::from_f32(9.0).inner()), (32767, 255, 8388607));
        assert_eq!(
            (i32::from_f32(1.0), u32::from_f32(1.0), U24::from_f32(1.0).inner()),
            (i32::MAX, u32::MAX, 16777215)
        );
        (i16::MIN..=i16::MAX).for_each(|step| assert_eq!(i16::from_f32(step.to_f32()), step));
        for step in (-8388608..=8388607).step_by(997) {
            assert_eq!(I24::from_f32(I24::new_unchecked(step).to_f32()).inner(), step);
        }
    }

    #[test]
    fn what_a_card_leaves_above_24_bits_is_not_heard() {
        assert_eq!(I24::new_unchecked(0x00FF_FFFF).to_f32(), I24::new_unchecked(-1).to_f32());
        assert_eq!(I24::new_unchecked(0x1140_0000).to_f32(), 0.5);
    }
}
