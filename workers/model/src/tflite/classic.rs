//! The engine TensorFlow Lite, through its C API (`tensorflow/lite/c/c_api.h`).
//!
//! Types and functions are declared by hand from that header, which promises to keep them; the options of XNNPACK, which
//! it does not promise, are only ever changed in their first field.
use super::file::File;
use super::library::{Opened, Runtime, functions};
use super::said::{Said, report};
use super::session::Interpreter;
use crate::words::shape_text;
use aw_sdk::{Error, Result};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::Path;
use std::ptr::{self, NonNull};
use std::sync::Arc;

/// The runtime that has this API.
pub const RUNTIME: Runtime = Runtime {
    title: "TensorFlow Lite",
    name: "tflite",
    files: ["libtensorflowlite_c.so", "libtensorflowlite_c.dylib", "tensorflowlite_c.dll"],
};

/// `kTfLiteOk`.
const OK: c_int = 0;

/// `TfLiteXNNPackDelegateOptions`: the number of threads, and more behind it that differs between versions.
#[repr(C, align(8))]
pub struct XnnpackOptions {
    threads: i32,
    rest: [u8; 508],
}

type Model = c_void;
type Options = c_void;
type Handle = c_void;
type Tensor = c_void;
type Delegate = c_void;
type Reporter = unsafe extern "C" fn(*mut c_void, *const c_char, *mut c_void);

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
        xnnpack_default = c"TfLiteXNNPackDelegateOptionsDefault": fn() -> XnnpackOptions;
        xnnpack_create = c"TfLiteXNNPackDelegateCreate": fn(*const XnnpackOptions) -> *mut Delegate;
        xnnpack_delete = c"TfLiteXNNPackDelegateDelete": fn(*mut Delegate);
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

static OPENED: Opened<Functions> = Opened::new();

/// The library, ready to make interpreters.
#[derive(Clone, Copy)]
pub struct Library {
    functions: &'static Functions,
    /// Whether XNNPACK computes what it can.
    pub xnnpack: bool,
    /// Threads of an interpreter.
    pub threads: usize,
}

impl Library {
    /// Opens the library.
    ///
    /// # Errors
    /// It cannot be opened, or is another library.
    pub fn open(path: &Path, xnnpack: bool, threads: usize) -> Result<Self> {
        // SAFETY: the C API has these functions with these types since version 2.5.
        let functions = OPENED.open(RUNTIME.title, path, |library| unsafe { Functions::find(library) })?;
        Ok(Self { functions, xnnpack, threads })
    }

    /// Its version, as it says itself.
    pub fn version(&self) -> String {
        // SAFETY: the function gives a text that lives for ever.
        unsafe { CStr::from_ptr((self.functions.version)()) }.to_string_lossy().into_owned()
    }
}

/// An interpreter with its tensors allocated.
pub struct Classic {
    functions: &'static Functions,
    handle: NonNull<Handle>,
    /// Null without XNNPACK.
    delegate: *mut Delegate,
    /// What the interpreter reports to.
    said: Arc<Said>,
    /// What the model reads.
    _file: super::file::Bytes,
}

// SAFETY: an interpreter and its delegate belong to no thread; they are used by one at a time, as `&mut` makes sure.
unsafe impl Send for Classic {}

impl Classic {
    /// An interpreter of a model whose inputs have these shapes.
    ///
    /// # Errors
    /// The library lacks an operator, or the shapes do not fit the model.
    pub fn new(library: Library, file: &File, shapes: &[Vec<usize>]) -> Result<Self> {
        let f = library.functions;
        let said = Arc::new(Said::default());
        let failed = |why: String| {
            Error(format!("the engine TensorFlow Lite {} cannot run {}: {why}", library.version(), file.path))
        };
        let mut this = {
            let options = Owned::new(fresh_options(f), f.options_delete);
            let model = {
                // SAFETY: the bytes are a whole model, as `File` checked, and live in `_file` as long as the interpreter;
                // the handle itself may go as soon as the interpreter is made (`TfLiteInterpreterCreate`).
                let model = unsafe { (f.model_create)(file.bytes.as_ptr(), file.bytes.len()) };
                Owned::new(model, f.model_delete)
            };
            let (Some(options), Some(model)) = (options, model) else {
                return Err(failed("it refuses the file as damaged".into()));
            };
            let mut delegate = ptr::null_mut();
            // SAFETY: the options are alive; `said` outlives the interpreter, which is dropped first; the delegate that
            // is made is owned by `this` below and dropped after the interpreter.
            let handle = unsafe {
                (f.options_threads)(options.it.as_ptr(), library.threads as i32);
                (f.options_reporter)(options.it.as_ptr(), report, Arc::as_ptr(&said).cast_mut().cast());
                if library.xnnpack {
                    let mut xnnpack = (f.xnnpack_default)();
                    xnnpack.threads = library.threads as i32;
                    delegate = (f.xnnpack_create)(&xnnpack);
                    if !delegate.is_null() {
                        (f.options_delegate)(options.it.as_ptr(), delegate);
                    }
                }
                (f.create)(model.it.as_ptr(), options.it.as_ptr())
            };
            let Some(handle) = NonNull::new(handle) else {
                if !delegate.is_null() {
                    // SAFETY: no interpreter uses it.
                    unsafe { (f.xnnpack_delete)(delegate) }
                }
                return Err(lacks(&said.take(), library).unwrap_or_else(&failed));
            };
            Self { functions: f, handle, delegate, said, _file: file.bytes.clone() }
        };
        this.allocate(file, shapes).map_err(|why| lacks(&why, library).unwrap_or_else(failed))?;
        Ok(this)
    }

    /// Gives the inputs their shapes and allocates all tensors.
    fn allocate(&mut self, file: &File, shapes: &[Vec<usize>]) -> std::result::Result<(), String> {
        let (f, it) = (self.functions, self.handle.as_ptr());
        // SAFETY: the interpreter is alive, here and below.
        let counts = unsafe { ((f.input_count)(it), (f.output_count)(it)) };
        if counts != (file.inputs.len() as i32, file.outputs.len() as i32) {
            return Err("it finds other inputs or outputs in it".into());
        }
        for (at, (shape, tensor)) in shapes.iter().zip(&file.input_tensors).enumerate() {
            let dims: Vec<c_int> = shape.iter().map(|n| *n as c_int).collect();
            // SAFETY: `dims` has as many as it says.
            let resize = || unsafe { (f.resize)(it, at as i32, dims.as_ptr(), dims.len() as i32) };
            if *shape != tensor.shape && resize() != OK {
                return Err(format!(
                    "`{}` cannot be {}: {}",
                    file.inputs[at].name,
                    shape_text(shape),
                    self.said.take()
                ));
            }
        }
        // SAFETY: as above.
        if unsafe { (f.allocate)(it) } != OK {
            return Err(self.said.take());
        }
        for (at, (shape, tensor)) in shapes.iter().zip(&file.input_tensors).enumerate() {
            let wanted = shape.iter().product::<usize>() * tensor.values.ty.size();
            if self.input(at).len() != wanted {
                return Err(format!("it finds another type or shape of `{}` in it", file.inputs[at].name));
            }
        }
        Ok(())
    }
}

/// Options that nothing has been said to.
fn fresh_options(f: &Functions) -> *mut Options {
    // SAFETY: the function asks for nothing.
    unsafe { (f.options_create)() }
}

/// What to say if the library lacks an operator; what it said itself otherwise.
fn lacks(said: &str, library: Library) -> std::result::Result<Error, String> {
    let behind =
        |text: &str| Some(said.split_once(text)?.1.split(['.', ' ', ';']).next()?.trim_matches('\'').to_string());
    let name = behind("unresolved custom op: ").or_else(|| behind("builtin opcode "));
    match name.filter(|name| !name.is_empty()) {
        Some(name) => Ok(Error(format!(
            "the engine TensorFlow Lite {} has no operator `{name}`, which this model uses",
            library.version()
        ))),
        None => Err(said.into()),
    }
}

impl Interpreter for Classic {
    fn input(&mut self, at: usize) -> &mut [u8] {
        let f = self.functions;
        // SAFETY: the interpreter is alive and its tensors are allocated; their memory stays in its place until they are
        // allocated anew, and no run writes to it while it is borrowed from here.
        unsafe {
            let tensor = (f.input)(self.handle.as_ptr(), at as i32);
            slice_mut((f.tensor_data)(tensor), (f.tensor_bytes)(tensor))
        }
    }

    fn run(&mut self) -> Result {
        // SAFETY: as above.
        match unsafe { (self.functions.invoke)(self.handle.as_ptr()) } {
            OK => Ok(()),
            _ => Err(Error(format!("the engine TensorFlow Lite failed: {}", self.said.take()))),
        }
    }

    fn output(&self, at: usize) -> &[u8] {
        let f = self.functions;
        // SAFETY: as above; only a run, which borrows mutably, may move the memory of an output.
        unsafe {
            let tensor = (f.output)(self.handle.as_ptr(), at as i32);
            slice_mut((f.tensor_data)(tensor), (f.tensor_bytes)(tensor))
        }
    }

    fn shape(&self, at: usize) -> Vec<usize> {
        let f = self.functions;
        // SAFETY: as above.
        unsafe {
            let tensor = (f.output)(self.handle.as_ptr(), at as i32);
            (0..(f.tensor_dims)(tensor)).map(|axis| (f.tensor_dim)(tensor, axis).max(0) as usize).collect()
        }
    }

    fn reset(&mut self) -> Result {
        Ok(()) // `Renewed` does it: `TfLiteInterpreterResetVariableTensors` leaves resource variables as they are
    }
}

impl Drop for Classic {
    fn drop(&mut self) {
        // SAFETY: nothing uses the interpreter any more, and nothing but it the delegate.
        unsafe {
            (self.functions.delete)(self.handle.as_ptr());
            if !self.delegate.is_null() {
                (self.functions.xnnpack_delete)(self.delegate);
            }
        }
    }
}

/// A handle that is deleted when it goes.
struct Owned {
    it: NonNull<c_void>,
    delete: unsafe extern "C" fn(*mut c_void),
}

impl Owned {
    fn new(it: *mut c_void, delete: unsafe extern "C" fn(*mut c_void)) -> Option<Self> {
        NonNull::new(it).map(|it| Self { it, delete })
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: it came from the function that belongs to `delete`, and is deleted once.
        unsafe { (self.delete)(self.it.as_ptr()) }
    }
}

/// The memory of a tensor; none if it has no place.
///
/// # Safety
/// `data` is null or points at `len` bytes that nothing else uses for `'a`.
pub unsafe fn slice_mut<'a>(data: *mut u8, len: usize) -> &'a mut [u8] {
    // SAFETY: the caller's promise.
    if data.is_null() { &mut [] } else { unsafe { std::slice::from_raw_parts_mut(data, len) } }
}
