//! RT — a thread that somebody cancels while it is within a worker stays there.
//!
//! JACK cancels the thread of a client that is closed. In a worker that sleeps and never wakes, that unwinds the stack,
//! which ends the process where it comes to Rust. It is left where it hangs instead.

/// Runs `f`, in which the calling thread cannot be cancelled. If that was asked for meanwhile, it happens afterwards.
#[cfg(all(target_os = "linux", not(miri)))]
pub fn uncancelled<R>(f: impl FnOnce() -> R) -> R {
    use std::ffi::c_int;
    unsafe extern "C" {
        fn pthread_setcancelstate(state: c_int, old: *mut c_int) -> c_int;
    }
    /// In glibc and musl.
    const DISABLE: c_int = 1;
    struct Restores(c_int);
    impl Drop for Restores {
        fn drop(&mut self) {
            let mut ours = DISABLE;
            // SAFETY: POSIX; the state is one that the system gave, and the place is valid for the call.
            unsafe { pthread_setcancelstate(self.0, &mut ours) };
        }
    }
    let mut before = 0;
    // SAFETY: POSIX; the place is valid for the call. It takes no lock and allocates nothing.
    unsafe { pthread_setcancelstate(DISABLE, &mut before) };
    let _restores = Restores(before);
    f()
}

/// Runs `f`.
#[cfg(not(all(target_os = "linux", not(miri))))]
pub fn uncancelled<R>(f: impl FnOnce() -> R) -> R {
    f()
}
