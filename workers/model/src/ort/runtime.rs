//! The library ONNX Runtime: found, checked before anything is asked of it, loaded once for the whole process.
use crate::home::home;
use aw_sdk::{Error, Result};
use ort::environment::Environment;
use ort::session::builder::SessionBuilder;
use ort::{AsPointer, ep, sys};
use std::ffi::{CStr, CString, c_char, c_int};
use std::io::Read;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The oldest ONNX Runtime that has all that is called here: 1.24.
const OLDEST: u32 = 24;

/// What brings it.
pub const WAY_OUT: &str = "`aw install onnxruntime` brings one that fits";

/// ONNX Runtime, loaded.
#[derive(Clone)]
pub struct Runtime {
    /// What it calls itself: "1.31.1".
    pub version: String,
    /// Where it lies.
    pub path: PathBuf,
    environment: Environment,
}

/// The one library of this process: the crate `ort` takes no second one, and ONNX Runtime has state of its own.
static LOADED: Mutex<Option<Runtime>> = Mutex::new(None);

/// Where `aw install onnxruntime` puts it.
pub fn installed() -> Option<PathBuf> {
    home().map(|home| library_in(&home)).filter(|path| path.exists())
}

/// The library below a home.
pub fn library_in(home: &Path) -> PathBuf {
    let name = match std::env::consts::OS {
        "windows" => "onnxruntime.dll",
        "macos" => "libonnxruntime.dylib",
        _ => "libonnxruntime.so",
    };
    home.join("engines").join("onnxruntime").join(name)
}

impl Runtime {
    /// Loads a library, or gives the one that is loaded.
    ///
    /// # Errors
    /// No such file, no library for this machine, none of ONNX Runtime, one that is too old, and another than the first.
    pub fn load(path: &Path) -> Result<Self> {
        let refused = |why: String| Error(format!("{why}; {WAY_OUT}"));
        let exact = path.canonicalize();
        let exact = exact.map_err(|e| refused(format!("cannot read the ONNX Runtime {}: {e}", path.display())))?;
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(first) = &*loaded {
            if first.path == exact {
                return Ok(first.clone());
            }
            let (other, version, first) = (exact.display(), &first.version, first.path.display());
            let way = "give all nodes the same `runtime`, or start the program anew";
            return Err(Error(format!(
                "{other} cannot be loaded beside ONNX Runtime {version} of {first}, which is in use: one process has one; {way}"
            )));
        }
        let version = probe(&exact).map_err(|why| refused(format!("{} {why}", exact.display())))?;
        // It has been checked above, but `ort` panics where something is missing.
        let environment = catch_unwind(|| -> std::result::Result<Environment, String> {
            let silent = Arc::new(|_: ort::logging::LogLevel, _: &str, _: &str, _: &str, _: &str| {});
            let builder = ort::init_from(&exact).map_err(|e| e.to_string())?;
            let made = builder.with_name("aw").with_telemetry(false).with_logger(silent).build();
            let made = made.map_err(|e| e.to_string())?;
            made.set_log_level(ort::logging::LogLevel::Fatal); // what matters comes back from each call
            Ok(made)
        });
        let environment = environment.unwrap_or_else(|_| Err("it panicked".into()));
        let environment =
            environment.map_err(|why| refused(format!("cannot start the ONNX Runtime {}: {why}", exact.display())))?;
        let runtime = Self { version, path: exact, environment };
        *loaded = Some(runtime.clone());
        Ok(runtime)
    }

    /// "ONNX Runtime 1.31.1".
    pub fn name(&self) -> String {
        format!("ONNX Runtime {}", self.version)
    }

    /// Begins a session that runs on these threads, of which one is the caller's, and this provider.
    ///
    /// # Errors
    /// A provider that this library does not have or cannot start.
    pub fn begin(&self, threads: usize, provider: &str) -> Result<SessionBuilder> {
        let failed = |e: &dyn std::fmt::Display| Error(format!("{} cannot begin: {}", self.name(), super::line(e)));
        let builder = SessionBuilder::new(&self.environment).map_err(|e| failed(&e))?;
        let builder = builder.with_intra_threads(threads).map_err(|e| failed(&e))?;
        let builder = builder.with_inter_threads(1).map_err(|e| failed(&e))?;
        // Threads that spin take the processor from the audio.
        let mut builder = builder.with_intra_op_spinning(false).map_err(|e| failed(&e))?;
        if provider.eq_ignore_ascii_case("cpu") {
            return Ok(builder);
        }
        let all = providers();
        let wanted = if provider.eq_ignore_ascii_case("directml") { "dml" } else { provider };
        let Some(full) = all.iter().find(|full| short(full).eq_ignore_ascii_case(wanted)) else {
            let has: Vec<String> = all.iter().map(|full| short(full).to_ascii_lowercase()).collect();
            let (name, path) = (self.name(), self.path.display());
            return Err(Error(format!(
                "{name} of {path} has no provider `{provider}`; this library has {}, and `runtime` names another one",
                has.join(", ")
            )));
        };
        let begun = append(&mut builder, full);
        begun.map_err(|e| {
            Error(format!("{} cannot start its provider `{provider}`: {}", self.name(), super::line(&e)))
        })?;
        Ok(builder)
    }
}

/// "CUDA" of "CUDAExecutionProvider".
fn short(provider: &str) -> &str {
    provider.strip_suffix("ExecutionProvider").unwrap_or(provider)
}

/// Execution providers that the loaded library was built with.
fn providers() -> Vec<String> {
    let (mut names, mut count) = (std::ptr::null_mut::<*mut c_char>(), 0 as c_int);
    // SAFETY: both are valid for a write; ONNX Runtime gives `count` C strings, which live until they are released.
    unsafe {
        let status = (ort::api().GetAvailableProviders)(&mut names, &mut count);
        if ort::Error::result_from_status(status).is_err() || names.is_null() {
            return vec![];
        }
        let list = std::slice::from_raw_parts(names, usize::try_from(count).unwrap_or(0));
        let list = list.iter().map(|name| CStr::from_ptr(*name).to_string_lossy().into_owned()).collect();
        let _ = ort::Error::result_from_status((ort::api().ReleaseAvailableProviders)(names, count));
        list
    }
}

/// Puts a provider before that for the processor, which does what it leaves.
fn append(builder: &mut SessionBuilder, full: &str) -> ort::Result<()> {
    match full {
        "CUDAExecutionProvider" => return ep::CUDA::default().build().register(builder),
        "TensorrtExecutionProvider" => return ep::TensorRT::default().build().register(builder),
        "DmlExecutionProvider" => return ep::DirectML::default().build().register(builder),
        "ROCMExecutionProvider" => return ep::ROCm::default().build().register(builder),
        "MIGraphXExecutionProvider" => return ep::MIGraphX::default().build().register(builder),
        _ => {}
    }
    let name = CString::new(full)?;
    let (none, options) = (std::ptr::null(), builder.ptr_mut());
    // SAFETY: the options are the builder's and alive, `name` too for the call; there are no keys.
    unsafe {
        let status = (ort::api().SessionOptionsAppendExecutionProvider)(options, name.as_ptr(), none, none, 0);
        ort::Error::result_from_status(status)
    }
}

/// The version of a library, if it is one of ONNX Runtime that works here; "is .." says why not.
fn probe(path: &Path) -> std::result::Result<String, String> {
    if let Some(other) = other_machine(path) {
        return Err(format!("is built for {other}, and this machine is {}", std::env::consts::ARCH));
    }
    // SAFETY: loading runs the library's own initialisers: that of the author's choice, or of `aw install`.
    let library = unsafe { libloading::Library::new(path) };
    let library = library.map_err(|e| format!("cannot be loaded: {}", super::line(&e)))?;
    // SAFETY: this is the type of the function of this name in all versions of ONNX Runtime.
    let base = unsafe { library.get::<unsafe extern "C" fn() -> *const sys::OrtApiBase>(b"OrtGetApiBase\0") };
    let base = base.map_err(|_| "is a library, but not that of ONNX Runtime".to_string())?;
    // SAFETY: as above; null is looked for. The base never changed its first two fields.
    let (version, works) = unsafe {
        let Some(base) = base().as_ref() else { return Err("is an ONNX Runtime that gives no API".into()) };
        let version = CStr::from_ptr((base.GetVersionString)()).to_string_lossy().into_owned();
        let minor = version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok());
        // An old one writes to standard error when it is asked for an API that it does not have.
        let works = minor.is_some_and(|minor| minor >= OLDEST) && !(base.GetApi)(sys::ORT_API_VERSION).is_null();
        (version, works)
    };
    if !works {
        return Err(format!("is ONNX Runtime {version}, and 1.{OLDEST} or newer is needed"));
    }
    std::mem::forget(library); // never unloaded: it leaves threads and thread-local data behind
    Ok(version)
}

/// The processor that an ELF library is built for, where it is not this one: the system's loader only says that there is
/// no such file.
fn other_machine(path: &Path) -> Option<&'static str> {
    const KNOWN: [(u8, u16, &str); 7] = [
        (1, 3, "x86"),
        (2, 62, "x86_64"),
        (1, 40, "arm"),
        (2, 183, "aarch64"),
        (2, 243, "riscv64"),
        (2, 21, "powerpc64"),
        (2, 22, "s390x"),
    ];
    let mut head = [0; 20];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head)).ok()?;
    if !head.starts_with(b"\x7fELF") {
        return None;
    }
    let bytes = [head[18], head[19]];
    let machine = if head[5] == 2 { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) };
    let known = KNOWN.iter().find(|(class, number, _)| (*class, *number) == (head[4], machine));
    let name = known.map_or("another processor", |(.., name)| name);
    (name != std::env::consts::ARCH).then_some(name)
}
