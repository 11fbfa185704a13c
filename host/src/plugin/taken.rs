//! RT — what a thread has taken from the system: memory, that of C and C++ libraries included, and pages.
//!
//! On Linux the executable has a `malloc` of its own, which counts and hands on to that of the C library: libraries that
//! are opened later find ours first. It costs a few nanoseconds a call. An allocator that is preloaded is not made for that:
//! part of its functions would be ours.

/// What the calling thread has taken since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Calls of `malloc` and its like, of `free` too. 0 on systems where they are not seen.
    pub allocations: u64,
    /// Page faults: memory that was touched for the first time, or had been taken away.
    pub faults: u64,
    /// Times it gave its core away, to wait for something.
    pub sleeps: u64,
}

impl Taken {
    /// Whether allocations are seen on this system.
    pub const SEEN: bool = counted::SEEN;

    /// Now.
    pub fn now() -> Self {
        let (faults, sleeps) = used();
        Self { allocations: allocations(), faults, sleeps }
    }

    /// What came since.
    pub fn since(self, before: Self) -> Self {
        Self {
            allocations: self.allocations - before.allocations,
            faults: self.faults - before.faults,
            sleeps: self.sleeps - before.sleeps,
        }
    }
}

/// Allocations of this thread, without a call into the system.
pub fn allocations() -> u64 {
    counted::count()
}

/// Bytes that this thread has allocated, less those that it has freed, those of C and C++ libraries included; `None` on
/// systems where they are not seen. Each allocation counts as large as the allocator made it.
pub fn held() -> Option<i64> {
    counted::SEEN.then(counted::held)
}

#[cfg(all(target_os = "linux", not(miri)))]
fn used() -> (u64, u64) {
    // SAFETY: all of `rusage` is integers, for which zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is valid for a write.
    unsafe { libc::getrusage(libc::RUSAGE_THREAD, &mut usage) };
    ((usage.ru_minflt + usage.ru_majflt) as u64, usage.ru_nvcsw as u64)
}

#[cfg(not(all(target_os = "linux", not(miri))))]
fn used() -> (u64, u64) {
    (0, 0)
}

#[cfg(not(all(target_os = "linux", target_env = "gnu", not(miri), not(fuzzing))))]
mod counted {
    pub const SEEN: bool = false;

    pub fn count() -> u64 {
        0
    }

    pub fn held() -> i64 {
        0
    }
}

// Miri has a heap of its own, and so has the address sanitizer of a fuzzer.
#[cfg(all(target_os = "linux", target_env = "gnu", not(miri), not(fuzzing)))]
mod counted {
    use std::cell::Cell;
    use std::ffi::{c_int, c_void};

    pub const SEEN: bool = true;

    thread_local! {
        static COUNT: Cell<u64> = const { Cell::new(0) };
        static HELD: Cell<i64> = const { Cell::new(0) };
    }

    pub fn count() -> u64 {
        COUNT.get()
    }

    pub fn held() -> i64 {
        HELD.get()
    }

    fn one_more() {
        COUNT.set(COUNT.get() + 1); // no destructor and no lazy start: safe at any time of a thread
    }

    /// How large the allocator made it; 0 for null.
    fn size(memory: *mut c_void) -> i64 {
        // SAFETY: all memory here is that of the C library, and is not freed yet.
        unsafe { libc::malloc_usable_size(memory) as i64 }
    }

    fn taken(memory: *mut c_void) -> *mut c_void {
        HELD.set(HELD.get() + size(memory));
        memory
    }

    fn given_back(memory: *mut c_void) {
        HELD.set(HELD.get() - size(memory));
    }

    // The GNU C library's own names, which stay when `malloc` is another.
    unsafe extern "C" {
        fn __libc_malloc(size: usize) -> *mut c_void;
        fn __libc_free(memory: *mut c_void);
        fn __libc_calloc(count: usize, size: usize) -> *mut c_void;
        fn __libc_realloc(memory: *mut c_void, size: usize) -> *mut c_void;
        fn __libc_memalign(align: usize, size: usize) -> *mut c_void;
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
        one_more();
        // SAFETY: handed on.
        taken(unsafe { __libc_malloc(size) })
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn free(memory: *mut c_void) {
        if !memory.is_null() {
            one_more();
            given_back(memory);
        }
        // SAFETY: the caller's promise, handed on; all memory is that of the C library.
        unsafe { __libc_free(memory) }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn calloc(items: usize, size: usize) -> *mut c_void {
        one_more();
        // SAFETY: handed on.
        taken(unsafe { __libc_calloc(items, size) })
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn realloc(memory: *mut c_void, size: usize) -> *mut c_void {
        one_more();
        let before = self::size(memory);
        // SAFETY: the caller's promise, handed on.
        let moved = unsafe { __libc_realloc(memory, size) };
        // One that failed has left everything as it was; one to nothing has freed it.
        if !moved.is_null() || size == 0 {
            HELD.set(HELD.get() - before);
        }
        taken(moved)
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn memalign(align: usize, size: usize) -> *mut c_void {
        one_more();
        // SAFETY: handed on.
        taken(unsafe { __libc_memalign(align, size) })
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn aligned_alloc(align: usize, size: usize) -> *mut c_void {
        one_more();
        // SAFETY: handed on.
        taken(unsafe { __libc_memalign(align, size) })
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn posix_memalign(out: *mut *mut c_void, align: usize, size: usize) -> c_int {
        if !align.is_power_of_two() || !align.is_multiple_of(size_of::<*mut c_void>()) {
            return libc::EINVAL;
        }
        one_more();
        // SAFETY: handed on.
        let memory = unsafe { __libc_memalign(align, size) };
        if memory.is_null() {
            return libc::ENOMEM;
        }
        taken(memory);
        // SAFETY: `out` is valid for a write, the caller's promise.
        unsafe { *out = memory };
        0
    }
}
