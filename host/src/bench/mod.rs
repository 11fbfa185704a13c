//! What a graph costs where it will run: paced by a clock, with the caches as cold as between two blocks, lanes on their
//! threads. A loop without pauses lies: the same model may take several times as long live.
mod advice; // where each node should run
mod cold; //   caches that others have used
mod device; // sound cards
mod paced; //  a device that is a clock
mod run; //    paced, then hot

pub use advice::Advice;
pub use device::bench_on_device;
pub use paced::Timing;
pub use run::{BenchError, Costs, LaneCosts, NodeCosts, Setting, bench};
