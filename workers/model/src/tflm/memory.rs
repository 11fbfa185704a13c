//! Memory for C++ objects.
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ffi::c_void;
use std::ptr::{self, NonNull};

/// What blocks are a multiple of, and aligned to.
const ALIGN: usize = 16;

/// Memory that stays in its place and that C++ may write to.
pub struct Block {
    at: NonNull<u8>,
    layout: Layout,
}

// SAFETY: it is memory that belongs to no thread.
unsafe impl Send for Block {}
// SAFETY: shared, only its address is used.
unsafe impl Sync for Block {}

impl Block {
    /// Zeros, at a multiple of 16.
    pub fn new(size: usize) -> Self {
        let size = size.max(1).next_multiple_of(ALIGN);
        let layout = Layout::from_size_align(size, ALIGN).unwrap_or(Layout::new::<u128>());
        // SAFETY: the size is not 0.
        let at = unsafe { alloc_zeroed(layout) };
        Self { at: NonNull::new(at).unwrap_or_else(|| handle_alloc_error(layout)), layout }
    }

    /// Where it is.
    pub fn it(&self) -> *mut c_void {
        self.at.as_ptr().cast()
    }

    pub fn len(&self) -> usize {
        self.layout.size()
    }

    /// What is in it.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: it is all its own, and C++ writes to it only while it is borrowed mutably, or before.
        unsafe { std::slice::from_raw_parts(self.at.as_ptr(), self.layout.size()) }
    }

    /// Puts this into all of it.
    pub fn fill(&mut self, byte: u8) {
        // SAFETY: it is all its own.
        unsafe { ptr::write_bytes(self.at.as_ptr(), byte, self.layout.size()) }
    }

    /// Puts a word at some place, if it lies inside.
    pub fn put(&mut self, at: usize, word: &[u8]) -> Option<()> {
        if at.checked_add(word.len())? > self.len() {
            return None;
        }
        // SAFETY: the place and all of the word lie inside.
        unsafe { ptr::copy_nonoverlapping(word.as_ptr(), self.at.as_ptr().add(at), word.len()) }
        Some(())
    }

    /// Puts back a copy of [`Block::bytes`].
    pub fn restore(&mut self, from: &[u8]) {
        // SAFETY: nothing is copied beyond its end.
        unsafe { ptr::copy_nonoverlapping(from.as_ptr(), self.at.as_ptr(), from.len().min(self.layout.size())) }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: it came from `alloc_zeroed` with this layout.
        unsafe { dealloc(self.at.as_ptr(), self.layout) }
    }
}
