//! Two boards, by what both have run.
use super::{Board, CalibrateError, Fit};

/// A run that both boards made.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// What ran.
    pub name: String,
    /// Cycles here.
    pub here: f64,
    /// Cycles there.
    pub there: f64,
}

/// How many cycles a board needs for one of another, whose cost is known better.
#[derive(Clone, Debug, PartialEq)]
pub struct Beside {
    /// What both ran, in the order of this board.
    pub pairs: Vec<Pair>,
    /// Cycles here for one there.
    pub fit: Fit,
    /// What only this board ran, then what only the other ran.
    pub alone: [Vec<String>; 2],
}

impl Beside {
    /// Compares runs of the same name.
    ///
    /// # Errors
    /// Fewer than two have the same name.
    pub fn of(here: &Board, there: &Board) -> Result<Self, CalibrateError> {
        let find = |name: &str, board: &Board| board.runs.iter().find(|run| run.name == name).map(|run| run.cycles);
        let pairs: Vec<Pair> = (here.runs.iter())
            .filter_map(|run| Some(Pair { name: run.name.clone(), here: run.cycles, there: find(&run.name, there)? }))
            .collect();
        let ratios: Vec<_> = pairs.iter().map(|pair| (pair.name.clone(), pair.here / pair.there)).collect();
        let only = |of: &Board, not: &Board| {
            let alone = of.runs.iter().filter(|run| find(&run.name, not).is_none());
            alone.map(|run| run.name.clone()).collect::<Vec<_>>()
        };
        let alone = [only(here, there), only(there, here)];
        match Fit::of(&ratios) {
            Some(fit) => Ok(Self { pairs, fit, alone }),
            None => {
                let why = format!(
                    "{} of its rows has a name that {} has too, and two are needed; call the same model the same in both",
                    if ratios.is_empty() { "none" } else { "one" },
                    there.file.display()
                );
                Err(CalibrateError::Lacks { file: here.file.clone(), why })
            }
        }
    }
}
