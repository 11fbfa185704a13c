//! A lane whose worker crashes stays where it is for ever, and the rest of the program plays on.
//!
//! Nothing on the render thread waits for a lane, so a thread that never comes back is only late. What it held stays held:
//! this is for sound that must not stop now, not for going on as if nothing had happened.
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

/// Which signal stopped a thread; none while it lives.
#[derive(Clone, Default)]
pub struct Crash(Arc<AtomicI32>);

impl Crash {
    /// What happened, if it did.
    pub fn what(&self) -> Option<&'static str> {
        match self.0.load(Ordering::Acquire) {
            0 => None,
            signal => Some(words(signal)),
        }
    }

    /// Runs `f`, which calls workers. If one crashes, the calling thread never comes back, and the program lives.
    pub fn shield<R>(&self, f: impl FnOnce() -> R) -> R {
        caught::shield(&self.0, f)
    }
}

#[cfg(unix)]
fn words(signal: i32) -> &'static str {
    match signal {
        libc::SIGSEGV | libc::SIGBUS => "touched memory that is not its own",
        libc::SIGILL => "ran into an instruction that this processor does not have",
        libc::SIGFPE => "divided by zero",
        _ => "called abort",
    }
}

#[cfg(not(unix))]
fn words(_: i32) -> &'static str {
    "crashed"
}

#[cfg(not(all(unix, not(miri), not(fuzzing))))]
mod caught {
    use super::*;

    pub fn shield<R>(_: &Arc<AtomicI32>, f: impl FnOnce() -> R) -> R {
        f()
    }
}

#[cfg(all(unix, not(miri), not(fuzzing)))]
mod caught {
    use super::*;
    use std::cell::Cell;
    use std::sync::OnceLock;

    const SIGNALS: [i32; 5] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGABRT];

    thread_local! {
        /// Where the thread's last signal is told; null outside of `shield`.
        static TOLD: Cell<*const AtomicI32> = const { Cell::new(std::ptr::null()) };
    }

    /// What was done about the signals before.
    static BEFORE: OnceLock<[libc::sigaction; SIGNALS.len()]> = OnceLock::new();

    pub fn shield<R>(told: &Arc<AtomicI32>, f: impl FnOnce() -> R) -> R {
        BEFORE.get_or_init(listen);
        let outer = TOLD.replace(Arc::as_ptr(told));
        let result = f();
        TOLD.set(outer);
        result
    }

    fn listen() -> [libc::sigaction; SIGNALS.len()] {
        SIGNALS.map(|signal| {
            // SAFETY: all of `sigaction` is integers, for which zero is a value; both are valid for the call, and the
            // handler does only what a handler may.
            unsafe {
                let mut before: libc::sigaction = std::mem::zeroed();
                let mut action: libc::sigaction = std::mem::zeroed();
                action.sa_sigaction = handler as *const () as usize;
                action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
                libc::sigaction(signal, &action, &mut before);
                before
            }
        })
    }

    extern "C" fn handler(signal: i32, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
        let told = TOLD.get();
        if !told.is_null() {
            // SAFETY: set by `shield`, whose caller holds it and does not come back.
            unsafe { &*told }.store(signal, Ordering::Release);
            loop {
                // SAFETY: waits for a signal, and then again.
                unsafe { libc::pause() };
            }
        }
        // Not ours: what was there before sees it, when the same happens again on return.
        let before = SIGNALS.iter().position(|known| *known == signal).zip(BEFORE.get());
        if let Some((at, before)) = before {
            // SAFETY: an action that the system gave.
            unsafe { libc::sigaction(signal, &before[at], std::ptr::null_mut()) };
        }
    }
}
