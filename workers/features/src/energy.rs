//! The energy of a frame.
use crate::choices::{EnergyMode, Position};
use crate::keys::Keys;

/// The natural logarithm of a sum of squares, and where it stands.
pub struct Energy {
    floor: f32,
    mode: EnergyMode,
    /// Whether it stands before the others; `None`: among them, or nowhere.
    first: Option<bool>,
}

impl Energy {
    /// What these keys ask for.
    pub fn new(keys: &Keys) -> Self {
        let floor = (keys.energy.floor as f32).max(f32::MIN_POSITIVE);
        let apart = keys.energy.mode != EnergyMode::None
            && !(keys.kind == crate::Kind::Mfcc && keys.mfcc.c0 == crate::C0::Energy);
        Self { floor, mode: keys.energy.mode, first: apart.then_some(keys.energy.position == Position::First) }
    }

    /// Whether it is taken after the window.
    pub fn windowed(&self) -> bool {
        self.mode == EnergyMode::Windowed
    }

    /// The logarithm of a sum of squares.
    pub fn level(&self, sum: f32) -> f32 {
        if self.mode == EnergyMode::None { 0.0 } else { sum.max(self.floor).ln() }
    }

    /// Puts the energy in its place and lends the rest of the frame.
    pub fn place<'a>(&self, level: f32, out: &'a mut [f32]) -> &'a mut [f32] {
        let split = match self.first {
            None => return out,
            Some(true) => out.split_first_mut(),
            Some(false) => out.split_last_mut(),
        };
        match split {
            None => &mut [],
            Some((place, rest)) => {
                *place = level;
                rest
            }
        }
    }
}
