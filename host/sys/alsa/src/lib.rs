//! What the crate `alsa` calls of libasound, looked for when a program runs: a program that is built on a machine without
//! ALSA's headers plays on every one that has ALSA. Names and signatures are those of the C headers.
#![cfg(unix)]
#![allow(non_camel_case_types, non_snake_case, missing_docs, clippy::missing_safety_doc)] // as in C

#[path = "../../loaded.rs"]
mod loaded;

mod constants;
mod ctl;
mod midi;
mod mixer;
mod pcm;
mod types;

pub use constants::*;
pub use ctl::*;
pub use loaded::library;
pub use midi::*;
pub use mixer::*;
pub use pcm::*;
pub use types::*;

pub(crate) const FILE_NAME: &str = "libasound.so.2";

/// Keeps libasound from writing on standard error: what goes wrong is told by what its functions answer.
pub fn silence() {
    use core::ffi::{c_char, c_int};
    type Handler = unsafe extern "C" fn(*const c_char, c_int, *const c_char, c_int, *const c_char, ...);
    unsafe extern "C" fn quiet(_: *const c_char, _: c_int, _: *const c_char, _: c_int, _: *const c_char) {}
    // SAFETY: the C ABI of every Linux passes what stands before the dots as it would without them, and the caller puts
    // away what it passes behind them.
    let handler = unsafe { core::mem::transmute::<*const (), Handler>(quiet as *const ()) };
    // SAFETY: the signature of error.h; NULL would bring back the handler that writes.
    unsafe {
        if let Some(set) = loaded::symbol::<unsafe extern "C" fn(Option<Handler>) -> c_int>("snd_lib_error_set_handler")
        {
            set(Some(handler));
        }
    }
}

#[cfg(test)]
mod tests {
    use core::ffi::*;

    crate::functions! {
        fn snd_asoundlib_version() -> *const c_char;
        fn snd_there_is_no_such_function(a: c_int) -> c_int;
        fn snd_nor_such_a_one() -> *mut c_void;
        optional fn snd_and_no_such_one_either() -> c_int;
    }

    #[test]
    fn what_the_library_lacks_answers_with_an_error() {
        // SAFETY: they are not there.
        let (code, pointer, none) =
            unsafe { (snd_there_is_no_such_function(1), snd_nor_such_a_one(), snd_and_no_such_one_either()) };
        assert_eq!((code, pointer.is_null(), none), (-libc::ENOSYS, true, None));
    }

    #[test]
    fn what_it_has_is_called() {
        if let Err(why) = crate::library() {
            println!("skipped: {why}");
            return;
        }
        // SAFETY: it takes nothing, and answers a text that stays.
        let version = unsafe { CStr::from_ptr(snd_asoundlib_version()) };
        assert!(version.to_bytes().starts_with(b"1."), "{version:?}");
        crate::silence();
    }
}
