//! Memory that stays: a page that was swapped out, or that was promised and never touched, is missing when a block needs
//! it.

/// Keeps all pages of this process where they are, those to come included: all that is asked for later, stacks of threads
/// too, is there at once, so that no block is the first to touch it.
///
/// Under a low limit nothing is locked: what is asked for later would be refused, and the program with it.
///
/// # Errors
/// What was refused, and the remedy.
#[cfg(target_os = "linux")]
pub fn lock() -> Result<(), String> {
    use rustix::mm::{MlockAllFlags, mlockall};
    let locked = match too_little() {
        Some(most) => Err(format!("no more than {} MiB may be locked", most >> 20)),
        None => mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE).map_err(|why| why.to_string()),
    };
    locked.map_err(|why| format!("memory may be swapped out while it plays ({why}), and the sound break up; {REMEDY}"))
}

/// Keeps all pages of this process where they are, where it is known how.
///
/// # Errors
/// Never.
#[cfg(not(target_os = "linux"))]
pub fn lock() -> Result<(), String> {
    Ok(())
}

/// How many bytes may be locked, if that is too little to lock any.
#[cfg(target_os = "linux")]
pub fn too_little() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use rustix::thread::{CapabilitySet, capabilities};
    if capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::IPC_LOCK)) {
        return None;
    }
    let limit = getrlimit(Resource::Memlock);
    // Everyone may raise the lower limit up to the upper one.
    let raised = setrlimit(Resource::Memlock, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let most = if raised.is_ok() { limit.maximum } else { limit.current };
    most.filter(|most| *most < ENOUGH)
}

/// Bytes. What counts is not what is used but what is asked for, and the allocator of the C library asks for 64 MiB a
/// thread, most of which it leaves alone.
#[cfg(target_os = "linux")]
const ENOUGH: u64 = 8 << 30;

#[cfg(target_os = "linux")]
const REMEDY: &str = "allow it with `@audio - memlock unlimited` in /etc/security/limits.d/audio.conf, join the group \
    `audio`, and log in again";
