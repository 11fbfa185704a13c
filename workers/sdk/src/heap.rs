//! Counts a library's heap and catches allocation inside `process`.
//!
//! A dynamic library brings its own allocator, so a guard in the host sees nothing of it: the guard has to live here.
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

static BYTES: AtomicU64 = AtomicU64::new(0);
static PEAK: AtomicU64 = AtomicU64::new(0);
static IN_RENDER: AtomicU64 = AtomicU64::new(0);

thread_local!(static RENDERING: Cell<bool> = const { Cell::new(false) });

/// The global allocator of every worker library.
pub struct Guard;

fn note() {
    if RENDERING.with(Cell::get) {
        IN_RENDER.fetch_add(1, Relaxed);
    }
}

fn grow(by: usize) {
    let held = BYTES.fetch_add(by as u64, Relaxed) + by as u64;
    PEAK.fetch_max(held, Relaxed);
}

// SAFETY: forwards to `System`; counting allocates nothing.
unsafe impl GlobalAlloc for Guard {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        grow(layout.size());
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note();
        grow(layout.size());
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note();
        BYTES.fetch_sub(layout.size() as u64, Relaxed);
        grow(size);
        // SAFETY: the caller's promise, passed on.
        unsafe { System.realloc(ptr, layout, size) }
    }
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        note();
        BYTES.fetch_sub(layout.size() as u64, Relaxed);
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(ptr, layout) }
    }
}

/// Runs `f` as render code, until it returns or panics.
pub(crate) fn rendering<R>(f: impl FnOnce() -> R) -> R {
    RENDERING.with(|r| r.set(true));
    let result = f();
    RENDERING.with(|r| r.set(false));
    result
}

/// Ends render code: a panic may allocate its message, once.
pub(crate) fn panicking() {
    RENDERING.with(|r| r.set(false));
}

/// [any thread] Reports heap use to the host.
///
/// # Safety
/// `out` is valid for a write.
pub unsafe extern "C" fn report(out: *mut aw_abi::Heap) {
    let heap =
        aw_abi::Heap { bytes: BYTES.load(Relaxed), peak: PEAK.load(Relaxed), in_render: IN_RENDER.load(Relaxed) };
    // SAFETY: the caller's promise.
    unsafe { out.write(heap) }
}
