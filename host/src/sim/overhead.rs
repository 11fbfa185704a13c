//! What the engine itself takes beside the nodes, from blocks of graphs in which it was counted.
//!
//! It does something for each block, asks every step whether it can fire, does something for each firing, and looks through
//! each float that a node writes for what is no number. So the model is a sum of four products.
use super::band::Band;
use crate::graph::{Plan, Step, StepOutput};
use serde::{Deserialize, Serialize};

/// What there is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effort {
    /// Blocks.
    pub blocks: u64,
    /// Steps in each, added up.
    pub steps: u64,
    /// Firings of nodes.
    pub firings: u64,
    /// Floats that they write to streams.
    pub floats: u64,
}

/// Blocks of a graph with the same to do in each.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// How many they are.
    pub blocks: u64,
    /// Steps of the graph.
    pub steps: u64,
    /// Firings of all nodes in such a block.
    pub firings: u64,
    /// Floats that they write to streams.
    pub floats: u64,
    /// Instructions of the engine in the mean block.
    pub mean: f64,
    /// In the longest.
    pub max: f64,
}

/// Floats that a firing writes to streams: so many, and so many more for each frame where it takes as many as there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writes {
    fixed: u64,
    frame: u64,
}

/// Instructions, or cycles, of the engine itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overhead {
    /// A block.
    pub block: Band,
    /// A step of the graph, in each block.
    pub step: Band,
    /// A firing.
    pub firing: Band,
    /// A float that is written.
    pub float: Band,
}

impl Effort {
    /// A block of a graph of so many steps, in which none fires.
    pub fn block(steps: usize) -> Self {
        Self { blocks: 1, steps: steps as u64, ..Self::default() }
    }

    /// Firings of a node, each with so many frames.
    pub fn of(firings: u64, frames: u64, writes: Writes) -> Self {
        Self { firings, floats: firings * (writes.fixed + frames * writes.frame), ..Self::default() }
    }

    fn numbers(&self) -> [f64; PARTS] {
        [self.blocks, self.steps, self.firings, self.floats].map(|count| count as f64)
    }
}

impl std::ops::AddAssign for Effort {
    fn add_assign(&mut self, more: Self) {
        self.blocks += more.blocks;
        self.steps += more.steps;
        self.firings += more.firings;
        self.floats += more.floats;
    }
}

impl Writes {
    /// Of a step.
    pub fn of(step: &Step, plan: &Plan) -> Self {
        let floats = |stream: usize| {
            let format = &plan.streams[stream].format;
            format.width() as u64 * u64::from(format.channels)
        };
        let mut writes = Self::default();
        for &StepOutput { stream, give, .. } in &step.outputs {
            let Some(stream) = stream else { continue };
            match u64::from(give) {
                0 => writes.frame += floats(stream),
                give => writes.fixed += give * floats(stream),
            }
        }
        writes
    }
}

impl Overhead {
    /// The four numbers by which the sum of squares of relative errors is least, none of them below 0; `None` if nothing was
    /// counted.
    ///
    /// Blocks in which nothing fires give the band of the first two, and what the others take beyond that the band of the
    /// other two, so that no mean lies below the band of its block, and no longest block above it.
    pub fn of(counted: &[Counted]) -> Option<Self> {
        let known: Vec<&Counted> = counted.iter().filter(|one| one.mean > 0.0).collect();
        if known.is_empty() {
            return None;
        }
        // Each divided by what it should give: what is to be given then is 1.
        let rows: Vec<_> = known.iter().map(|one| one.effort().numbers().map(|count| count / one.mean)).collect();
        let [block, step, firing, float] = least_squares(&rows);
        let still = |one: &Counted| block + step * one.steps as f64;
        let more = |one: &Counted| firing * one.firings as f64 + float * one.floats as f64;
        let (busy, idle): (Vec<&Counted>, Vec<&Counted>) = known.into_iter().partition(|one| more(one) > 0.0);
        let mut rest = Band::exact(1.0);
        for one in idle {
            rest = rest.reaching(one.mean / still(one)).reaching(one.max / still(one));
        }
        // A busy block takes no less than an idle one.
        for one in busy.iter().filter(|one| still(one) > 0.0) {
            rest.low = rest.low.min(one.mean / still(one));
        }
        let mut work = Band::exact(1.0);
        for one in busy {
            work.low = work.low.min((one.mean - rest.low * still(one)) / more(one));
            work.high = work.high.max((one.max - rest.high * still(one)) / more(one));
        }
        work.low = work.low.max(0.0); // but for what is rounded it is not below
        let of = |share: Band, typical: f64| share.map(|share| share * typical);
        Some(Self { block: of(rest, block), step: of(rest, step), firing: of(work, firing), float: of(work, float) })
    }

    /// What an effort takes.
    pub fn takes(&self, effort: Effort) -> Band {
        let each = [self.block, self.step, self.firing, self.float];
        let parts = each.iter().zip(effort.numbers()).map(|(each, count)| each.map(|each| each * count));
        parts.fold(Band::default(), |sum, part| sum.plus(&part))
    }
}

impl std::ops::Mul<Band> for Overhead {
    type Output = Self;

    fn mul(self, each: Band) -> Self {
        let Self { block, step, firing, float } = self;
        Self { block: block * each, step: step * each, firing: firing * each, float: float * each }
    }
}

impl Counted {
    /// What there was to do in such a block.
    pub fn effort(&self) -> Effort {
        let Self { steps, firings, floats, .. } = *self;
        Effort { blocks: 1, steps, firings, floats }
    }

    /// Why it cannot be, if it cannot.
    pub fn fault(&self) -> Option<&'static str> {
        let Self { mean, max, .. } = *self;
        let is_possible = mean.is_finite() && max.is_finite() && mean >= 0.0 && mean <= max;
        (!is_possible).then_some("the engine takes no less than nothing, and no more on average than at most")
    }
}

/// Parts of the model.
const PARTS: usize = 4;

/// What no part of is below 0 and brings the sum of each row, weighted by it, nearest to 1: of all choices of parts that are
/// more than 0, each solved by its normal equations, the best.
fn least_squares(rows: &[[f64; PARTS]]) -> [f64; PARTS] {
    let error = |parts: &[f64; PARTS]| -> f64 {
        let of = |row: &[f64; PARTS]| row.iter().zip(parts).map(|(x, part)| x * part).sum::<f64>();
        rows.iter().map(|row| (of(row) - 1.0).powi(2)).sum()
    };
    let solutions = (1..1u8 << PARTS).filter_map(|chosen| solved(rows, chosen));
    let possible = solutions.filter(|parts| parts.iter().all(|part| *part >= 0.0));
    possible.min_by(|a, b| error(a).total_cmp(&error(b))).unwrap_or_default()
}

/// The normal equations of the parts whose bits are set, the others being 0, by elimination; `None` if they have no one
/// solution.
fn solved(rows: &[[f64; PARTS]], chosen: u8) -> Option<[f64; PARTS]> {
    let dot = |i: usize, j: usize| rows.iter().map(|row| row[i] * row[j]).sum::<f64>();
    let parts: Vec<usize> = (0..PARTS).filter(|&part| chosen >> part & 1 == 1).collect();
    // Of unlike sizes: scaled, so that what counts as nothing is the same for all.
    let sizes: Vec<f64> = parts.iter().map(|&part| dot(part, part).sqrt()).collect();
    if sizes.contains(&0.0) {
        return None;
    }
    let line = |i: usize| {
        let mut line: Vec<f64> = (0..parts.len()).map(|j| dot(parts[i], parts[j]) / (sizes[i] * sizes[j])).collect();
        line.push(rows.iter().map(|row| row[parts[i]]).sum::<f64>() / sizes[i]);
        line
    };
    let mut matrix: Vec<Vec<f64>> = (0..parts.len()).map(line).collect();
    for i in 0..parts.len() {
        if matrix[i][i] < 1e-9 {
            return None; // what is left of a positive semidefinite matrix stays one
        }
        for k in (0..parts.len()).filter(|&k| k != i) {
            let times = matrix[k][i] / matrix[i][i];
            let from = matrix[i].clone();
            matrix[k].iter_mut().zip(from).for_each(|(x, y)| *x -= times * y);
        }
    }
    let mut solution = [0.0; PARTS];
    for (i, &part) in parts.iter().enumerate() {
        solution[part] = matrix[i][parts.len()] / matrix[i][i] / sizes[i];
    }
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps, firings, floats, instructions.
    fn counted(all: &[(u64, u64, u64, f64)]) -> Vec<Counted> {
        let one = |&(steps, firings, floats, mean)| Counted { blocks: 1, steps, firings, floats, mean, max: mean };
        all.iter().map(one).collect()
    }

    #[test]
    fn what_lies_on_a_line_is_found_exactly() {
        let all =
            [(3, 3, 100, 1460.0), (9, 10, 5, 2185.0), (5, 500, 70, 51_170.0), (7, 2, 4000, 5340.0), (20, 0, 0, 1400.0)];
        let found = Overhead::of(&counted(&all)).unwrap();
        let parts = [found.block, found.step, found.firing, found.float];
        for (part, wanted) in parts.iter().zip([1000.0, 20.0, 100.0, 1.0]) {
            assert!(((part.typical - wanted) / wanted).abs() < 1e-6, "{found:?}");
            assert!((part.high - part.low) / wanted < 1e-6, "{found:?}");
        }
        let takes = found.takes(Effort { blocks: 2, steps: 6, firings: 5, floats: 10 });
        assert!((takes.typical - 2630.0).abs() < 1e-6, "{takes:?}");
    }

    #[test]
    fn the_band_holds_all_that_was_counted_and_no_part_is_less_than_nothing() {
        let all: [&[(u64, u64, u64, f64)]; 3] = [
            &[(1, 1, 900, 500.0), (3, 2, 10, 4000.0), (9, 4, 10, 3000.0), (2, 100, 3, 90_000.0), (2, 3, 0, 16_000.0)],
            &[(3, 3, 0, 1200.0), (3, 3, 0, 4000.0), (3, 3, 0, 4100.0), (3, 3, 0, 3900.0), (3, 40, 0, 6000.0)],
            &[(3, 0, 0, 700.0), (30, 0, 0, 9000.0), (3, 4, 50, 900.0)],
        ];
        for all in all {
            let all = counted(all);
            let found = Overhead::of(&all).unwrap();
            for one in &all {
                let Band { low, high, .. } = found.takes(one.effort());
                assert!(low <= one.mean * 1.000_001 && one.max <= high * 1.000_001, "{one:?} in {low} to {high}");
            }
            let parts = [found.block, found.step, found.firing, found.float];
            assert!(parts.iter().all(|part| part.low >= 0.0 && part.low <= part.typical), "{found:?}");
        }
        assert_eq!(Overhead::of(&[]), None);
    }

    #[test]
    fn what_is_unsure_of_a_block_makes_no_firing_unsure() {
        let all =
            [(1, 0, 0, 800.0), (1, 0, 0, 1200.0), (1, 1, 0, 1060.0), (1, 100, 0, 11_000.0), (1, 200, 0, 21_000.0)];
        let found = Overhead::of(&counted(&all)).unwrap();
        assert!((found.firing.typical - 100.0).abs() < 2.0, "{found:?}");
        assert!(found.firing.low > 97.0 && found.firing.high < 103.0, "{found:?}");
    }

    #[test]
    fn of_one_graph_alone_all_of_it_is_told() {
        for all in [&[(3, 7, 70, 600.0)], &[(3, 0, 0, 600.0)]] {
            let one = counted(all)[0];
            let takes = Overhead::of(&[one, one]).unwrap().takes(one.effort());
            assert!((takes.typical - 600.0).abs() < 1e-6 && takes.high - takes.low < 1e-6, "{takes:?}");
        }
    }
}
