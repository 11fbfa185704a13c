//! A C library that is looked for when the program runs. Both crates of this folder share this file.
use libloading::Library;
use std::sync::LazyLock;

static LIBRARY: LazyLock<Result<Library, String>> = LazyLock::new(|| {
    // SAFETY: a system library, whose initialisers run in every program that is linked with it.
    let library = unsafe { Library::new(crate::FILE_NAME) };
    // The words of the system, not "dlopen failed".
    library.map_err(|why| std::error::Error::source(&why).map_or_else(|| why.to_string(), ToString::to_string))
});

/// The library.
///
/// # Errors
/// Why it cannot be had, in the words of the system.
pub fn library() -> Result<&'static Library, &'static str> {
    LIBRARY.as_ref().map_err(String::as_str)
}

/// The address that stands under a name.
///
/// # Safety
/// `T` is the type of the C function of this name.
pub(crate) unsafe fn symbol<T: Copy>(name: &str) -> Option<T> {
    // SAFETY: by the caller's promise. The library is never closed.
    library().ok().and_then(|library| unsafe { library.get::<T>(name).ok() }.map(|symbol| *symbol))
}

/// What a function answers that the library lacks, or all of them without the library: an error, as C tells one.
pub(crate) trait Absent {
    fn absent() -> Self;
}

impl<T> Absent for Option<T> {
    fn absent() -> Self {
        None
    }
}

macro_rules! absent {
    ($($ty:ty: $value:expr),*) => { $(impl Absent for $ty { fn absent() -> Self { $value } })* };
}
absent!((): (), i8: 0, u8: 0, u16: 0, u32: 0, u64: 0, usize: 0, f32: 0.0, i32: -libc::ENOSYS, i64: -(libc::ENOSYS as i64), isize: -(libc::ENOSYS as isize));

impl<T> Absent for *mut T {
    fn absent() -> Self {
        std::ptr::null_mut()
    }
}

impl<T> Absent for *const T {
    fn absent() -> Self {
        std::ptr::null()
    }
}

/// Declares functions of the library, and then those that only some versions of it have: they answer `None` there. The
/// first call of one looks for all; later ones, and thus those of the sound callback, only jump.
#[macro_export]
#[doc(hidden)]
macro_rules! functions {
    (
        $(fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)?;)*
        $(optional fn $maybe:ident($($given:ident: $of:ty),* $(,)?) -> $answer:ty;)*
    ) => {
        struct Table {
            $($name: Option<unsafe extern "C" fn($($ty),*) $(-> $ret)?>,)*
            $($maybe: Option<unsafe extern "C" fn($($of),*) -> $answer>,)*
        }

        static TABLE: std::sync::LazyLock<Table> = std::sync::LazyLock::new(|| Table {
            // SAFETY: the signatures are those of the C headers.
            $($name: unsafe { $crate::loaded::symbol(stringify!($name)) },)*
            // SAFETY: as above.
            $($maybe: unsafe { $crate::loaded::symbol(stringify!($maybe)) },)*
        });

        $(#[allow(clippy::too_many_arguments)] // as in C
        pub unsafe fn $name($($arg: $ty),*) $(-> $ret)? {
            match TABLE.$name {
                // SAFETY: the caller keeps what the C library asks of its callers.
                Some(function) => unsafe { function($($arg),*) },
                None => $crate::loaded::Absent::absent(),
            }
        })*

        $(pub unsafe fn $maybe($($given: $of),*) -> Option<$answer> {
            // SAFETY: the caller keeps what the C library asks of its callers.
            TABLE.$maybe.map(|function| unsafe { function($($given),*) })
        })*
    };
}
