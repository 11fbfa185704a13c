//! Real-time rights: whether the system lets a thread go before all others, and what to do where it does not.
use thread_priority::ThreadPriority;

/// Which thread asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// The thread that renders.
    Render,
    /// A lane: below the render thread.
    Lane {
        /// Which, from 0.
        number: usize,
        /// How many there are.
        of: usize,
    },
}

/// Lets the calling thread go before all ordinary ones: `SCHED_FIFO` where there is such a thing. A lane that has the
/// right gets a core for itself and stays there, if there are enough of them; lanes that share one would wait for each
/// other.
///
/// # Errors
/// What was refused, and the remedy.
pub fn ask(rank: Rank) -> Result<(), String> {
    fifo(rank).map_err(|why| {
        let who = if rank == Rank::Render { "the render thread" } else { "lanes" };
        format!("{who} run without real-time priority ({why}): under load the sound may break up; {REMEDY}")
    })?;
    if let Rank::Lane { number, of } = rank
        && let Some(cores) = core_affinity::get_core_ids().filter(|cores| cores.len() > of + 1)
    {
        core_affinity::set_for_current(cores[cores.len() - 1 - number]); // a refusal costs nothing but caches
    }
    Ok(())
}

/// Whether the calling thread already goes before ordinary ones: sound systems see to that on some machines.
#[cfg(unix)]
pub fn has() -> bool {
    use thread_priority::unix::{ThreadSchedulePolicy, thread_schedule_policy};
    thread_schedule_policy().is_ok_and(|policy| matches!(policy, ThreadSchedulePolicy::Realtime(_)))
}

/// Whether the calling thread already goes before ordinary ones.
#[cfg(not(unix))]
pub fn has() -> bool {
    false
}

#[cfg(target_os = "linux")]
const REMEDY: &str =
    "allow it with `@audio - rtprio 95` in /etc/security/limits.d/audio.conf, join the group `audio`, and log in again";
#[cfg(not(target_os = "linux"))]
const REMEDY: &str = "run as a user who may raise the priority of threads";

#[cfg(unix)]
fn fifo(rank: Rank) -> Result<(), String> {
    use thread_priority::unix::{
        RealtimeThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
    };
    let share = if rank == Rank::Render { 70u8 } else { 60 };
    let priority = ThreadPriority::Crossplatform(share.try_into().map_err(|_| "out of range".to_string())?);
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    set_thread_priority_and_policy(thread_native_id(), priority, policy).map_err(|why| why.to_string())
}

#[cfg(not(unix))]
fn fifo(_: Rank) -> Result<(), String> {
    thread_priority::set_current_thread_priority(ThreadPriority::Max).map_err(|why| why.to_string())
}
