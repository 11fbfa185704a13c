//! What a C library says while it works: kept for an error message instead of printed.
use std::ffi::{c_char, c_int, c_void};
use std::sync::{Mutex, PoisonError};

/// Messages of one model, newest last.
#[derive(Default)]
pub struct Said(Mutex<Vec<String>>);

/// More than any sensible message has.
const MOST_BYTES: usize = 1000;

impl Said {
    /// What was said since the last call, on one line.
    pub fn take(&self) -> String {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = said.drain(..).map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
    }

    fn add(&self, text: String) {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() < 8 {
            said.push(text);
        }
    }
}

#[cfg(unix)]
unsafe extern "C" {
    /// As in C. A `va_list` that a function is given is one machine word there, whatever it points at.
    fn vsnprintf(to: *mut c_char, room: usize, format: *const c_char, args: *mut c_void) -> c_int;
}

/// The text of a C message, cut at some length.
///
/// # Safety
/// `format` is a format text of C and `args` the `va_list` that belongs to it.
#[cfg(unix)]
pub unsafe fn text(to: &mut [u8], format: *const c_char, args: *mut c_void) -> usize {
    // SAFETY: `to` has the room it claims; the rest is the caller's promise.
    let n = unsafe { vsnprintf(to.as_mut_ptr().cast(), to.len(), format, args) };
    usize::try_from(n).unwrap_or(0).min(to.len() - 1)
}

/// As there, but other platforms give no access to the arguments.
///
/// # Safety
/// `format` is a text of C.
#[cfg(not(unix))]
pub unsafe fn text(to: &mut [u8], format: *const c_char, _args: *mut c_void) -> usize {
    // SAFETY: the caller's promise.
    let text = unsafe { std::ffi::CStr::from_ptr(format) }.to_bytes();
    let n = text.len().min(to.len());
    to[..n].copy_from_slice(&text[..n]);
    n
}

/// Takes a message of a C library; `said` is a [`Said`].
///
/// # Safety
/// `said` points at a [`Said`] that lives as long as the library may call; the rest is as for [`text`].
pub unsafe extern "C" fn report(said: *mut c_void, format: *const c_char, args: *mut c_void) {
    let mut buffer = [0; MOST_BYTES];
    // SAFETY: the library calls with what C has made of its own call.
    let n = unsafe { text(&mut buffer, format, args) };
    // SAFETY: the promise of whoever gave `said` to the library.
    let said = unsafe { &*said.cast::<Said>() };
    said.add(String::from_utf8_lossy(&buffer[..n]).into_owned());
}
