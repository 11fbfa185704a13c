//! The engine TensorFlow Lite, through its C API.
use super::classic_api::*;
pub use super::classic_api::{Library, RUNTIME};
use super::file::File;
use super::said::{Said, report};
use super::session::Interpreter;
use crate::words::shape_text;
use aw_sdk::{Error, Result};
use std::ffi::c_int;
use std::sync::Arc;

/// An interpreter with its tensors allocated.
pub struct Classic {
    functions: &'static Functions,
    handle: Owned,
    // What the interpreter uses, to be dropped after it.
    _delegate: Option<Owned>,
    /// What it reports to.
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
        let f = library.functions();
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
            let delegate = library.delegate();
            // SAFETY: the options are alive; `said` and the delegate outlive the interpreter, which is dropped first.
            let handle = unsafe {
                (f.options_threads)(options.it.as_ptr(), library.threads as i32);
                (f.options_reporter)(options.it.as_ptr(), report, Arc::as_ptr(&said).cast_mut().cast());
                if let Some(delegate) = &delegate {
                    (f.options_delegate)(options.it.as_ptr(), delegate.it.as_ptr());
                }
                (f.create)(model.it.as_ptr(), options.it.as_ptr())
            };
            let Some(handle) = Owned::new(handle, f.delete) else {
                return Err(lacks(&said.take(), library).unwrap_or_else(&failed));
            };
            Self { functions: f, handle, _delegate: delegate, said, _file: file.bytes.clone() }
        };
        this.allocate(file, shapes).map_err(|why| lacks(&why, library).unwrap_or_else(failed))?;
        Ok(this)
    }

    /// Gives the inputs their shapes and allocates all tensors.
    fn allocate(&mut self, file: &File, shapes: &[Vec<usize>]) -> std::result::Result<(), String> {
        let (f, it) = (self.functions, self.handle.it.as_ptr());
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
            let tensor = (f.input)(self.handle.it.as_ptr(), at as i32);
            slice_mut((f.tensor_data)(tensor), (f.tensor_bytes)(tensor))
        }
    }

    fn run(&mut self) -> Result {
        // SAFETY: as above.
        match unsafe { (self.functions.invoke)(self.handle.it.as_ptr()) } {
            OK => Ok(()),
            _ => Err(Error(format!("the engine TensorFlow Lite failed: {}", self.said.take()))),
        }
    }

    fn output(&self, at: usize) -> &[u8] {
        let f = self.functions;
        // SAFETY: as above; only a run, which borrows mutably, may move the memory of an output.
        unsafe {
            let tensor = (f.output)(self.handle.it.as_ptr(), at as i32);
            slice_mut((f.tensor_data)(tensor), (f.tensor_bytes)(tensor))
        }
    }

    fn shape(&self, at: usize) -> Vec<usize> {
        let f = self.functions;
        // SAFETY: as above.
        unsafe {
            let tensor = (f.output)(self.handle.it.as_ptr(), at as i32);
            (0..(f.tensor_dims)(tensor)).map(|axis| (f.tensor_dim)(tensor, axis).max(0) as usize).collect()
        }
    }

    fn reset(&mut self) -> Result {
        Ok(()) // `Renewed` does it: `TfLiteInterpreterResetVariableTensors` leaves resource variables as they are
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
