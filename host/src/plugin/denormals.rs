//! RT — numbers too small to matter count as zero while rendering: they cost a hundred times the usual.

/// Runs `f` with denormals flushed to zero, and restores the old mode.
#[cfg(not(miri))]
pub fn flushed<R>(f: impl FnOnce() -> R) -> R {
    // SAFETY: the mode is restored before anything outside `f` runs, also when `f` unwinds; `f` and the workers it calls
    // are audio code, for which a denormal and zero are the same.
    unsafe { no_denormals::no_denormals(f) }
}

/// Runs `f`.
#[cfg(miri)]
pub fn flushed<R>(f: impl FnOnce() -> R) -> R {
    f()
}
