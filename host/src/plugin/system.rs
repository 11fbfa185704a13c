//! What only unsafe calls can do or tell about the process and its system.
use super::LoadError;
use std::ffi::{CStr, OsStr, c_char};
use std::path::Path;

/// Sets an environment variable of this process, and so of those that it starts. To be called before any thread is
/// started; it does nothing where the system says that there is one.
pub fn set_variable(name: &str, value: &OsStr) {
    let alone = std::fs::read_dir("/proc/self/task").map_or(true, |threads| threads.count() <= 1);
    if alone {
        // SAFETY: there is no other thread that could read the environment meanwhile: `main` calls this first, and on
        // Linux the line above has looked.
        unsafe { std::env::set_var(name, value) };
    }
}

/// The version of the GNU C library, if that is what this process runs on.
pub fn glibc() -> Option<String> {
    #[cfg(unix)]
    {
        let this = libloading::os::unix::Library::this();
        // SAFETY: glibc declares `const char *gnu_get_libc_version (void);` nobody else exports that name.
        let version = unsafe { this.get::<unsafe extern "C" fn() -> *const c_char>(b"gnu_get_libc_version\0") }.ok()?;
        // SAFETY: it takes nothing, and answers a text that lives as long as the process.
        let text = unsafe { CStr::from_ptr(version()) };
        text.to_str().ok().map(String::from)
    }
    #[cfg(not(unix))]
    None
}

/// Tries whether a library, of workers or not, loads with all that it needs. It stays loaded.
///
/// # Errors
/// The linker's words.
pub fn loads(path: &Path) -> Result<(), LoadError> {
    // SAFETY: loading runs the library's initialisers. The user has installed it, and thereby trusts it.
    match unsafe { libloading::Library::new(path) } {
        Ok(library) => {
            std::mem::forget(library);
            Ok(())
        }
        Err(why) => {
            let why = std::error::Error::source(&why).map_or_else(|| why.to_string(), ToString::to_string);
            Err(LoadError::Open { path: path.into(), why })
        }
    }
}
