//! A device that is a clock: it asks for a block whenever one is due, whether the last one is done or not.
use super::cold::Cold;
use crate::control::{Rank, ask_for_realtime};
use crate::render::{Load, Renderer};
use crate::replay::Sounds;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How well the clock was kept.
#[derive(Clone, Debug, Default)]
pub struct Timing {
    /// How long after it was due each block began, in ns: the system woke the thread late, or the last block ran over.
    pub wakes: Load,
    /// Blocks that were not done when the next was due: sound would have broken up.
    pub overruns: u64,
    /// Why the thread has no real-time priority, and the remedy.
    pub note: Option<String>,
}

/// Renders so many blocks by the clock, on the calling thread, or fewer if `stop` is set. `realtime`: asks for the rights
/// of an audio thread. `cold`: uses the caches up while it waits, as other programs would.
pub(super) fn play(
    renderer: &mut Renderer,
    sounds: &mut Sounds,
    blocks: u64,
    realtime: bool,
    cold: bool,
    stop: &AtomicBool,
) -> Timing {
    let (block, rate) = (u128::from(renderer.program().plan().block), u128::from(renderer.program().plan().rate));
    let after = |blocks: u64| Duration::from_nanos((u128::from(blocks) * block * 1_000_000_000 / rate) as u64);
    let note = realtime.then(|| ask_for_realtime(Rank::Render).err()).flatten();
    let mut timing = Timing { note, ..Timing::default() };
    let mut cold = cold.then(Cold::new);
    let start = Instant::now() + Duration::from_millis(20);
    for number in 0..blocks {
        let [due, next] = [number, number + 1].map(|number| start + after(number));
        if stop.load(Ordering::Relaxed) {
            break;
        }
        thread::sleep(due.saturating_duration_since(Instant::now()));
        timing.wakes.add(Instant::now().saturating_duration_since(due).as_nanos() as u64);
        timing.wakes.end_block();
        sounds.play(renderer);
        let done = Instant::now();
        timing.overruns += u64::from(done > next);
        if let Some(cold) = &mut cold {
            cold.walk(done + next.saturating_duration_since(done) / 2);
        }
    }
    timing
}
