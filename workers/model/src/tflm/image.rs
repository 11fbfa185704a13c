//! The library of TensorFlow Lite Micro: one known file, opened without the Python it was built for.
//!
//! It is the native part of the Python package `tflite-micro`: the interpreter, and around it a module that wants 145
//! symbols of a Python that is not there. In a copy of the file, which only lives in memory, these symbols are marked as
//! weak, so that the dynamic linker leaves them 0 and nothing of ours becomes visible to anything else in the process;
//! none of the functions used here calls them. The copy also keeps the table of imported functions writable, through which
//! what the interpreter would print comes to [`said`] instead.
//!
//! All offsets and C++ names belong to that one file, so its SHA-256 is checked before anything else.
use aw_sdk::{Error, Result};
use libloading::Library;
use libloading::os::unix::{self, RTLD_LOCAL, RTLD_NOW};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::ffi::{c_char, c_int, c_void};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsRawFd, FromRawFd};
use std::path::Path;
use std::sync::OnceLock;

/// SHA-256 of `_runtime.so` in `tflite_micro-0.dev20261023182759-cp311-cp311-manylinux_2_28_x86_64.whl`.
const SHA256: &str = "899add78f13a3814dc5d61a7118a2e60bb7a3f304524ce1c268aea43884818f4";
/// The version of that package.
pub const VERSION: &str = "0.dev20261023182759";

/// What is changed in the copy, and what must be known about it.
struct Image {
    bytes: Vec<u8>,
    /// Where, from the begin of the library in memory, the address of `vfprintf` will stand.
    vfprintf: usize,
    /// Where, from there, the function `Invoke` is.
    invoke: usize,
}

/// `tflite::micro::MicroInterpreter::Invoke()`.
const INVOKE: &std::ffi::CStr = c"_ZN6tflite5micro16MicroInterpreter6InvokeEv";

/// The opened library; it is never closed.
///
/// # Errors
/// It is another file, or the system refuses to run it.
pub fn library(path: &Path) -> Result<&'static Library> {
    static OPENED: OnceLock<std::result::Result<Library, String>> = OnceLock::new();
    let bytes = std::fs::read(path).map_err(|e| Error(format!("cannot read {}: {e}", path.display())))?;
    let sum: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if sum != SHA256 {
        let (what, way) = (format!("that of tflite-micro {VERSION}"), "`aw install tflm` brings it");
        return Err(Error(format!("{} is not the library that is known here, {what}: {way}", path.display())));
    }
    let opened = OPENED.get_or_init(|| Image::new(bytes).ok_or("it has no symbols".to_string())?.open());
    opened.as_ref().map_err(|why| Error(format!("cannot open {}: {why}", path.display())))
}

/// ELF: sections of dynamic symbols and of relocations, their tables' entry sizes, and the values that matter.
mod elf {
    pub const SECTION_DYNSYM: u32 = 11;
    pub const SECTION_RELA: u32 = 4;
    pub const SEGMENT_RELRO: u32 = 0x6474_e552;
    pub const SEGMENT_NULL: u32 = 0;
    pub const GLOBAL: u8 = 1;
    pub const WEAK: u8 = 2;
    pub const JUMP_SLOT: u64 = 7;
    pub const SYMBOL: usize = 24;
    pub const RELOCATION: usize = 24;
    pub const SECTION: usize = 64;
    pub const SEGMENT: usize = 56;
}

impl Image {
    /// The copy of a 64-bit little-endian ELF file; `None` if it is none or lacks what is looked for.
    fn new(mut bytes: Vec<u8>) -> Option<Self> {
        let number = |bytes: &[u8], at: usize, size: usize| -> Option<usize> {
            let bytes = bytes.get(at..at.checked_add(size)?)?;
            Some(bytes.iter().rev().fold(0, |all, byte| all << 8 | usize::from(*byte)))
        };
        let (segments, segment_count) = (number(&bytes, 0x20, 8)?, number(&bytes, 0x38, 2)?);
        for segment in (0..segment_count).map(|n| segments + n * elf::SEGMENT) {
            if number(&bytes, segment, 4)? == elf::SEGMENT_RELRO as usize {
                bytes.get_mut(segment..segment + 4)?.copy_from_slice(&elf::SEGMENT_NULL.to_le_bytes());
            }
        }
        let (sections, section_count) = (number(&bytes, 0x28, 8)?, number(&bytes, 0x3c, 2)?);
        let section = |n: usize| sections + n * elf::SECTION;
        let of_type = |bytes: &[u8], ty: u32| {
            (0..section_count)
                .map(section)
                .filter(|at| number(bytes, at + 4, 4) == Some(ty as usize))
                .collect::<Vec<_>>()
        };
        let place = |bytes: &[u8], at: usize| Some((number(bytes, at + 0x18, 8)?, number(bytes, at + 0x20, 8)?));
        let symbols = *of_type(&bytes, elf::SECTION_DYNSYM).first()?;
        let (names, _) = place(&bytes, section(number(&bytes, symbols + 0x28, 4)?))?;
        let (symbols, size) = place(&bytes, symbols)?;
        let (mut vfprintf, mut invoke) = (None, None);
        for (number_of, at) in (symbols..symbols + size).step_by(elf::SYMBOL).enumerate() {
            let name = bytes.get(names + number(&bytes, at, 4)?..)?;
            let (info, undefined) = (*bytes.get(at + 4)?, number(&bytes, at + 6, 2)? == 0);
            if undefined && info >> 4 == elf::GLOBAL && (name.starts_with(b"Py") || name.starts_with(b"_Py")) {
                *bytes.get_mut(at + 4)? = elf::WEAK << 4 | info & 15;
            } else if undefined && name.starts_with(b"vfprintf\0") {
                vfprintf = Some(number_of);
            } else if name.starts_with(INVOKE.to_bytes_with_nul()) {
                invoke = number(&bytes, at + 8, 8);
            }
        }
        let (slot, mut there) = ((vfprintf? as u64) << 32 | elf::JUMP_SLOT, None);
        for relocations in of_type(&bytes, elf::SECTION_RELA) {
            let (begin, size) = place(&bytes, relocations)?;
            let mut all = (begin..begin + size).step_by(elf::RELOCATION);
            let found = all.find(|at| number(&bytes, at + 8, 8) == Some(slot as usize));
            there = there.or(found.and_then(|at| number(&bytes, at, 8)));
        }
        Some(Self { vfprintf: there?, invoke: invoke?, bytes })
    }

    /// Opens the copy as a library.
    fn open(self) -> std::result::Result<Library, String> {
        // SAFETY: the name is a C text; what comes back is a new file that nobody else has, or −1.
        let mut file = unsafe {
            let fd = libc::memfd_create(c"tflite-micro".as_ptr(), libc::MFD_CLOEXEC);
            if fd < 0 {
                return Err(std::io::Error::last_os_error().to_string());
            }
            File::from_raw_fd(fd)
        };
        file.write_all(&self.bytes).map_err(|e| e.to_string())?;
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        // SAFETY: the file is the one whose checksum was compared, but for what `new` changed; its initialisers set up
        // nothing that lies outside it.
        let library = unsafe { unix::Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.map_err(|e| e.to_string())?;
        // SAFETY: the symbol is only used as an address, from which follows where the library begins; at `vfprintf` from
        // there its loader has put the address of a function of the type that `print` has, and left it writable.
        unsafe {
            let invoke =
                library.get::<unsafe extern "C" fn()>(INVOKE.to_bytes_with_nul()).map_err(|e| e.to_string())?;
            let base = (*invoke as *const () as *mut u8).wrapping_sub(self.invoke);
            let slot = base.wrapping_add(self.vfprintf).cast::<Print>();
            slot.write(print);
        }
        Ok(library.into())
    }
}

type Print = unsafe extern "C" fn(*mut c_void, *const c_char, *mut c_void) -> c_int;

/// What was printed on this thread, in a place that needs no heap.
struct Printed {
    bytes: [u8; 600],
    len: usize,
}

thread_local!(static PRINTED: RefCell<Printed> = const { RefCell::new(Printed { bytes: [0; 600], len: 0 }) });

/// Stands in for `vfprintf`.
///
/// # Safety
/// As for `vfprintf`, but the stream is not used.
unsafe extern "C" fn print(_stream: *mut c_void, format: *const c_char, args: *mut c_void) -> c_int {
    PRINTED.with_borrow_mut(|printed| {
        let room = &mut printed.bytes[printed.len..];
        if room.len() > 1 {
            // SAFETY: the caller's promise.
            printed.len += unsafe { crate::tflite::said::text(room, format, args) };
        }
    });
    0
}

/// What was printed on this thread since the last call, on one line.
pub fn said() -> String {
    PRINTED.with_borrow_mut(|printed| {
        let text = String::from_utf8_lossy(&printed.bytes[..printed.len]);
        printed.len = 0;
        let lines = text.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty());
        lines.collect::<Vec<_>>().join("; ")
    })
}
