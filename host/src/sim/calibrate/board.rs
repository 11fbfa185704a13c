//! Runs of models on a board.
use super::sheet::{Row, Sheet};
use super::{CalibrateError, Fit};
use std::path::{Path, PathBuf};

const COLUMNS: [&str; 7] = ["name", "macs", "instructions", "cycles", "us", "inferences_per_s", "hz"];

/// A model that ran on a board.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// What ran.
    pub name: String,
    /// Multiply-accumulates of one run.
    pub macs: Option<f64>,
    /// Instructions of one run, counted on the instruction set of the board.
    pub instructions: Option<f64>,
    /// Cycles of one run, measured.
    pub cycles: f64,
}

/// What a board measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    /// The file.
    pub file: PathBuf,
    /// Who measured what, and how: the comments of the file.
    pub source: String,
    /// At least one.
    pub runs: Vec<Run>,
}

impl Board {
    /// Reads a CSV file. Its header has `name`, one of `cycles`, `us` (microseconds) and `inferences_per_s`, the latter
    /// two with `hz`, the clock of the core; and what is known of `macs` and `instructions`, cells of which may be empty.
    /// Lines that begin with # carry the source.
    ///
    /// # Errors
    /// The first line that is wrong, or what the file lacks.
    pub fn read(file: &Path) -> Result<Self, CalibrateError> {
        let sheet = Sheet::read(file, &COLUMNS)?;
        sheet.need("name", "what ran; nodes of a graph are read with `--nodes GRAPH`")?;
        let unit = sheet.only(&["cycles", "us", "inferences_per_s"], "how long a run took")?;
        match unit {
            "cycles" => sheet.refuse("hz", "beside `cycles`, which needs no clock; leave it out")?,
            _ => sheet.need("hz", &format!("`{unit}` tells cycles only with the clock of the core"))?,
        }
        let mut runs: Vec<Run> = vec![];
        for row in &sheet.rows {
            let run = run(&sheet, row, unit)?;
            if runs.iter().any(|before| before.name == run.name) {
                let why = format!("`{}` was there before; give it a name of its own, or keep one of the two", run.name);
                return Err(sheet.wrong(row.line, why));
            }
            runs.push(run);
        }
        Ok(Self { file: file.into(), source: sheet.comments.join("; "), runs })
    }

    /// Cycles a counted instruction, of the runs whose instructions are known; nothing below two of them.
    pub fn cpi(&self) -> Option<Fit> {
        Fit::of(&self.ratios(|run| run.instructions))
    }

    /// Cycles a multiply-accumulate, of the runs whose multiply-accumulates are known; nothing below two of them.
    pub fn mac(&self) -> Option<Fit> {
        Fit::of(&self.ratios(|run| run.macs))
    }

    /// Cycles for one of something, by name.
    fn ratios(&self, of: impl Fn(&Run) -> Option<f64>) -> Vec<(String, f64)> {
        self.runs.iter().filter_map(|run| Some((run.name.clone(), run.cycles / of(run)?))).collect()
    }

    /// Refuses a board of which nothing can be fitted and tried where it was not fitted.
    ///
    /// # Errors
    /// Says what is missing.
    pub fn check(&self) -> Result<(), CalibrateError> {
        if self.cpi().is_some() || self.mac().is_some() {
            return Ok(());
        }
        let known = self.runs.iter().any(|run| run.macs.is_some() || run.instructions.is_some());
        let why = match (self.runs.len(), known) {
            (_, false) => {
                "no row says `macs` or `instructions`, so cycles cannot be told for one of them; `aw model FILE` says a \
                 model's multiply-accumulates"
            }
            (1, true) => "one row fits anything, and none is left to try the figure on; measure a second model",
            (_, true) => {
                "`macs` and `instructions` stand in one row at most, and none is left to try the figure on; fill in a \
                 second row"
            }
        };
        Err(CalibrateError::Lacks { file: self.file.clone(), why: why.into() })
    }
}

fn run(sheet: &Sheet, row: &Row, unit: &str) -> Result<Run, CalibrateError> {
    let measured = sheet.needed(row, unit)?;
    let cycles = match unit {
        "us" => measured * 1e-6 * sheet.needed(row, "hz")?,
        "inferences_per_s" => sheet.needed(row, "hz")? / measured,
        _ => measured,
    };
    Ok(Run {
        name: sheet.name(row, "name")?,
        macs: sheet.number(row, "macs")?,
        instructions: sheet.number(row, "instructions")?,
        cycles,
    })
}
