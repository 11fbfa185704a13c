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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{C0, Kind};

    #[test]
    fn the_energy_stands_first_last_or_instead_of_c0() {
        let mut keys = Keys::new(Kind::Mfcc, 16000);
        (keys.energy.mode, keys.energy.floor) = (EnergyMode::Raw, 1.0);
        let placed = |keys: &Keys| {
            let (energy, mut out) = (Energy::new(keys), [0.0; 3]);
            energy.place(energy.level(4.0), &mut out).fill(9.0);
            assert_eq!(energy.level(0.0), 0.0);
            out
        };
        assert_eq!(placed(&keys), [4.0_f32.ln(), 9.0, 9.0]);
        keys.energy.position = Position::Last;
        assert_eq!(placed(&keys), [9.0, 9.0, 4.0_f32.ln()]);
        keys.mfcc.c0 = C0::Energy;
        assert_eq!(placed(&keys), [9.0, 9.0, 9.0]);
    }
}
