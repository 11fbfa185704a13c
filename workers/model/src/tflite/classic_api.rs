//! The C API of TensorFlow Lite (`tensorflow/lite/c/c_api.h`), as a library has it.
//!
//! Types and functions are declared by hand from that header, which promises to keep them; the options of XNNPACK, which
//! it does not promise, are only ever changed in their first field.
use super::library::{Opened, Runtime, functions};
use aw_sdk::Result;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::Path;
use std::ptr::NonNull;

/// The runtime that has this API.
pub const RUNTIME: Runtime = Runtime {
    title: "TensorFlow Lite",
    name: "tflite",
    files: ["libtensorflowlite_c.so", "libtensorflowlite_c.dylib", "tensorflowlite_c.dll"],
};

/// `kTfLiteOk`.
pub const OK: c_int = 0;

/// `TfLiteXNNPackDelegateOptions`: the number of threads, and more behind it that differs between versions.
#[repr(C, align(8))]
pub struct XnnpackOptions {
    threads: i32,
    rest: [u8; 508],
}

pub type Model = c_void;
pub type Options = c_void;
pub type Handle = c_void;
pub type Tensor = c_void;
pub type Delegate = c_void;
pub type Reporter = unsafe extern "C" fn(*mut c_void, *const c_char, *mut c_void);

functions! {
    /// The functions of the C API that are used here.
    Functions {
        version = c"TfLiteVersion": fn() -> *const c_char;
        model_create = c"TfLiteModelCreate": fn(*const u8, usize) -> *mut Model;
        model_delete = c"TfLiteModelDelete": fn(*mut Model);
        options_create = c"TfLiteInterpreterOptionsCreate": fn() -> *mut Options;
        options_delete = c"TfLiteInterpreterOptionsDelete": fn(*mut Options);
        options_threads = c"TfLiteInterpreterOptionsSetNumThreads": fn(*mut Options, i32);
        options_reporter = c"TfLiteInterpreterOptionsSetErrorReporter": fn(*mut Options, Reporter, *mut c_void);
        options_delegate = c"TfLiteInterpreterOptionsAddDelegate": fn(*mut Options, *mut Delegate);
        create = c"TfLiteInterpreterCreate": fn(*const Model, *const Options) -> *mut Handle;
        delete = c"TfLiteInterpreterDelete": fn(*mut Handle);
        resize = c"TfLiteInterpreterResizeInputTensor": fn(*mut Handle, i32, *const c_int, i32) -> c_int;
        allocate = c"TfLiteInterpreterAllocateTensors": fn(*mut Handle) -> c_int;
        invoke = c"TfLiteInterpreterInvoke": fn(*mut Handle) -> c_int;
        input_count = c"TfLiteInterpreterGetInputTensorCount": fn(*const Handle) -> i32;
        output_count = c"TfLiteInterpreterGetOutputTensorCount": fn(*const Handle) -> i32;
        input = c"TfLiteInterpreterGetInputTensor": fn(*const Handle, i32) -> *mut Tensor;
        output = c"TfLiteInterpreterGetOutputTensor": fn(*const Handle, i32) -> *const Tensor;
        tensor_dims = c"TfLiteTensorNumDims": fn(*const Tensor) -> i32;
        tensor_dim = c"TfLiteTensorDim": fn(*const Tensor, i32) -> i32;
        tensor_bytes = c"TfLiteTensorByteSize": fn(*const Tensor) -> usize;
        tensor_data = c"TfLiteTensorData": fn(*const Tensor) -> *mut u8;
    }
}

functions! {
    /// The functions of XNNPACK.
    Xnnpack {
        options = c"TfLiteXNNPackDelegateOptionsDefault": fn() -> XnnpackOptions;
        create = c"TfLiteXNNPackDelegateCreate": fn(*const XnnpackOptions) -> *mut Delegate;
        delete = c"TfLiteXNNPackDelegateDelete": fn(*mut Delegate);
    }
}

/// The first version whose XNNPACK is used. Before it the options were of two machine words, which C functions give back
/// in registers, and not in memory as larger ones.
const XNNPACK_SINCE: (u32, u32) = (2, 13);

/// What is found in a library.
struct Api {
    functions: Functions,
    version: String,
    /// Or why it is not used, to be put behind "XNNPACK".
    xnnpack: std::result::Result<Xnnpack, String>,
}

static OPENED: Opened<Api> = Opened::new();

/// The library, ready to make interpreters.
#[derive(Clone, Copy)]
pub struct Library {
    api: &'static Api,
    /// Whether XNNPACK is to compute what it can.
    xnnpack: bool,
    /// Threads of an interpreter.
    pub threads: usize,
}

impl Library {
    /// Opens the library.
    ///
    /// # Errors
    /// It cannot be opened, or is another library.
    pub fn open(path: &Path, xnnpack: bool, threads: usize) -> Result<Self> {
        Ok(Self { api: OPENED.open(RUNTIME.title, path, Api::find)?, xnnpack, threads })
    }

    /// Its version, as it says itself.
    pub fn version(&self) -> &str {
        &self.api.version
    }

    /// Whether XNNPACK computes what it can, and why not if it was to.
    pub fn with(&self) -> String {
        match &self.api.xnnpack {
            _ if !self.xnnpack => "without XNNPACK".into(),
            Ok(_) => "with XNNPACK".into(),
            Err(why) => format!("without XNNPACK, {why}"),
        }
    }

    pub fn functions(&self) -> &'static Functions {
        &self.api.functions
    }

    /// Lets XNNPACK compute what it can, if it is to and can be used. The library tells stderr so once; nothing in its API
    /// stops that.
    pub fn delegate(&self) -> Option<Owned> {
        let xnnpack = self.api.xnnpack.as_ref().ok().filter(|_| self.xnnpack)?;
        // SAFETY: the options are those that the library gives, but for the number of threads.
        let delegate = unsafe {
            let mut options = (xnnpack.options)();
            options.threads = self.threads as i32;
            (xnnpack.create)(&options)
        };
        Owned::new(delegate, xnnpack.delete)
    }
}

impl Api {
    fn find(library: &libloading::Library) -> std::result::Result<Self, libloading::Error> {
        // SAFETY: the C API has these functions with these types since version 2.5; the version is a text for ever.
        let (functions, version) = unsafe {
            let functions = Functions::find(library)?;
            let version = CStr::from_ptr((functions.version)()).to_string_lossy().into_owned();
            (functions, version)
        };
        let xnnpack = if since(&version) >= Some(XNNPACK_SINCE) {
            // SAFETY: from this version on they have these types.
            unsafe { Xnnpack::find(library) }.map_err(|_| "which it is built without".into())
        } else {
            let (major, minor) = XNNPACK_SINCE;
            Err(format!("which is used from version {major}.{minor} on"))
        };
        Ok(Self { functions, version, xnnpack })
    }
}

/// Major and minor number of a version.
fn since(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

/// A handle that is deleted when it goes.
pub struct Owned {
    pub it: NonNull<c_void>,
    delete: unsafe extern "C" fn(*mut c_void),
}

impl Owned {
    /// Takes it over, if there is one.
    pub fn new(it: *mut c_void, delete: unsafe extern "C" fn(*mut c_void)) -> Option<Self> {
        NonNull::new(it).map(|it| Self { it, delete })
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: it came from the function that belongs to `delete`, and is deleted once.
        unsafe { (self.delete)(self.it.as_ptr()) }
    }
}
