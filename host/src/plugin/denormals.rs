//! RT — numbers too small to matter count as zero while rendering: they cost a hundred times the usual.

/// Runs `f` with denormals flushed to zero, and restores the old mode.
#[cfg(all(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
pub fn flushed<R>(f: impl FnOnce() -> R) -> R {
    // SAFETY: the mode is restored before anything outside `f` runs, also when `f` unwinds; `f` and the workers it calls
    // are audio code, for which a denormal and zero are the same.
    unsafe { no_denormals::no_denormals(f) }
}

/// Runs `f`, on a machine of which no such mode is known.
#[cfg(not(all(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64"), not(miri))))]
pub fn flushed<R>(f: impl FnOnce() -> R) -> R {
    f()
}
