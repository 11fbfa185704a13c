//! Where each node should run, by what it took when it was paced.
use crate::graph::{Plan, Step};
use crate::render::Load;

/// Share of a block that a node may take on the render thread, and still leave room for all others.
const INLINE: f64 = 0.25;
/// How much longer than ever seen an answer may take before it is late.
const MARGIN: f64 = 1.5;
/// Blocks below which nothing can be said of the slowest in a thousand.
const ENOUGH: u64 = 100;

/// Where a node should run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advice {
    /// On the render thread.
    Inline,
    /// On a lane, with answers so many firings later.
    Lane {
        /// That many.
        delay: u32,
    },
    /// It was not measured for long enough.
    Unknown,
}

impl Advice {
    /// For every step, in their order.
    pub fn of(plan: &Plan, loads: &[Load]) -> Vec<Self> {
        let block = f64::from(plan.block) / f64::from(plan.rate) * 1e9;
        let advise = |(step, load): (&Step, &Load)| {
            if load.busy_blocks() < ENOUGH {
                return Self::Unknown;
            }
            let quick = load.busy(0.999) as f64 <= INLINE * block;
            // The first call on a thread may register something with it, once.
            if quick && load.allocations() * 100 < load.busy_blocks() {
                return Self::Inline;
            }
            // All that shares its lane is in its way; alone it is in nobody's.
            let beside = |other: &&Step| {
                other.lane.is_some() && other.lane.as_ref().map(|l| &l.name) == step.lane.as_ref().map(|l| &l.name)
            };
            let together = plan.steps.iter().zip(loads).filter(|(other, _)| beside(other) || other.name == step.name);
            let ns: f64 = together.map(|(_, load)| load.busy(0.999) as f64).sum();
            Self::Lane { delay: delay(ns, firing(plan, step).filter(|ns| *ns > 0.0).unwrap_or(block), block) }
        };
        plan.steps.iter().zip(loads).map(advise).collect()
    }
}

/// Nanoseconds from one firing to the next.
fn firing(plan: &Plan, step: &Step) -> Option<f64> {
    let edge = &plan.edges[*step.inputs.first()?];
    let format = &plan.streams[edge.stream].format;
    Some(f64::from(edge.take) / format.rate() * 1e9)
}

/// After how many firings an answer that takes `ns` is there for sure. A block asks for all its firings at once, so they
/// are waited for by blocks, and due by firings.
fn delay(ns: f64, firing: f64, block: f64) -> u32 {
    let asked = firing.max(block);
    let wait = (MARGIN * ns / asked).ceil().max(1.0) * asked;
    (wait / firing).ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: f64 = 1e6;

    #[test]
    fn a_delay_counts_firings_whatever_a_block_is() {
        assert_eq!(delay(2.0 * MS, 8.0 * MS, 8.0 * MS), 1);
        assert_eq!(delay(6.0 * MS, 8.0 * MS, 8.0 * MS), 2, "half as long again must fit");
        assert_eq!(delay(6.0 * MS, 32.0 * MS, 8.0 * MS), 1, "a firing every fourth block");
        assert_eq!(delay(60.0 * MS, 8.0 * MS, 32.0 * MS), 12, "four firings a block: three blocks");
    }
}
