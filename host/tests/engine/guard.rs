//! Counts allocations of this thread while it renders. The workers are linked in, so that theirs are counted too.
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static RENDERING: Cell<bool> = const { Cell::new(false) };
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

struct Guard;

#[global_allocator]
static GUARD: Guard = Guard;

fn note() {
    if RENDERING.get() {
        COUNT.set(COUNT.get() + 1);
    }
}

// SAFETY: forwards to `System`; counting allocates nothing.
unsafe impl GlobalAlloc for Guard {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note();
        // SAFETY: the caller's promise, passed on.
        unsafe { System.realloc(ptr, layout, size) }
    }
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        note();
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(ptr, layout) }
    }
}

/// Whether this thread renders: a panic now is one that a worker was told to make.
pub fn rendering() -> bool {
    RENDERING.get()
}

/// Runs `f` and answers how often it allocated or freed.
pub fn count<R>(f: impl FnOnce() -> R) -> (R, u64) {
    let before = COUNT.replace(0);
    RENDERING.set(true);
    let result = f();
    RENDERING.set(false);
    (result, COUNT.replace(before))
}

#[test]
fn what_allocates_is_counted() {
    assert_eq!(count(|| std::hint::black_box(1) + 1), (2, 0));
    assert_eq!(count(|| drop(std::hint::black_box(Box::new(1)))).1, 2);
}
