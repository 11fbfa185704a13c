//! The engine LiteRT, through its C API (`litert/c/*.h` of LiteRT 2).
//!
//! An interpreter has an environment, a model, options and buffers of its own. Buffers are host memory, whose place does
//! not change: it is looked up once, and the CPU needs no lock around a run.
use super::classic::slice_mut;
use super::file::{Bytes, File};
use super::library::{Opened, Runtime};
use super::litert_api::*;
use super::session::Interpreter;
use crate::words::shape_text;
use aw_sdk::{Error, Result};
use std::ffi::{CStr, CString, c_int, c_void};
use std::path::Path;
use std::ptr;

/// The runtime that has this API.
pub const RUNTIME: Runtime =
    Runtime { title: "LiteRT", name: "litert", files: ["libLiteRt.so", "libLiteRt.dylib", "libLiteRt.dll"] };

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
        // SAFETY: the C API of LiteRT 2.3 has these functions with these types.
        let functions = OPENED.open(RUNTIME.title, path, |library| unsafe { Functions::find(library) })?;
        Ok(Self { functions, xnnpack, threads })
    }
}

/// A compiled model and its buffers.
pub struct LiteRt {
    functions: &'static Functions,
    /// Number of the signature that stands for the main graph.
    signature: usize,
    compiled: Owned,
    inputs: Vec<Buffer>,
    outputs: Vec<Buffer>,
    /// The buffers of inputs and outputs, in the order of the signature.
    handles: [Vec<Handle>; 2],
    /// An output whose shape the file leaves open.
    open: Option<String>,
    // What the compiled model uses, in the order in which it may go.
    _options: Owned,
    _model: Owned,
    _environment: Owned,
    _file: Bytes,
}

/// A buffer of a tensor.
struct Buffer {
    owned: Owned,
    data: *mut u8,
    len: usize,
    shape: Vec<usize>,
}

// SAFETY: nothing here belongs to a thread; it is used by one at a time, as `&mut` makes sure.
unsafe impl Send for LiteRt {}

impl LiteRt {
    /// An interpreter of a model whose inputs have these shapes.
    ///
    /// # Errors
    /// The library lacks an operator, or the shapes do not fit the model.
    pub fn new(library: Library, file: &File, shapes: &[Vec<usize>]) -> Result<Self> {
        // It would print what it has to say of these.
        let custom = file.operators.iter().filter(|op| op.custom && !CUSTOM.contains(&op.name.as_str()));
        let custom: Vec<&str> = custom.map(|op| op.name.as_str()).collect();
        if !custom.is_empty() {
            let (s, names) = (if custom.len() == 1 { "" } else { "s" }, custom.join("`, `"));
            return Err(Error(format!("the engine LiteRT has no operator{s} `{names}`, which this model uses")));
        }
        let failed = |why| Error(format!("the engine LiteRT cannot run {}: {why}", file.path));
        Self::make(library, file, shapes).map_err(failed)
    }

    fn make(library: Library, file: &File, shapes: &[Vec<usize>]) -> std::result::Result<Self, String> {
        if let Some(name) = &file.unread {
            // It would read a buffer that it never made.
            return Err(format!("nothing in it reads `{name}`"));
        }
        let f = library.functions;
        let (tag, kind, value) = LOGGER;
        let silent = EnvironmentOption { tag, kind, _pad: 0, value };
        // SAFETY: every call gets live handles, made by the calls before and owned from then on, and places for what it
        // gives; the bytes are a whole model, as `File` checked, and outlive the model that reads them.
        let (environment, model, options) = unsafe {
            let environment =
                made("LiteRtCreateEnvironment", f.destroy_environment, |it| (f.environment)(1, &silent, it))?;
            let (data, len) = (file.bytes.as_ptr(), file.bytes.len());
            let model = |it: *mut Handle| (f.model)(environment.it, data, len, it);
            let model = made("LiteRtCreateModelFromBuffer", f.destroy_model, model)?;
            let options = made("LiteRtCreateOptions", f.destroy_options, |it| (f.options)(it))?;
            checked("LiteRtSetOptionsHardwareAccelerators", (f.accelerators)(options.it, CPU))?;
            library.tune(&options)?;
            (environment, model, options)
        };
        let compile = |it: *mut Handle| {
            // SAFETY: the three are alive and stay so behind the compiled model.
            unsafe { (f.compile)(environment.it, model.it, options.it, it) }
        };
        let compiled = made("LiteRtCreateCompiledModel", f.destroy_compiled, compile)?;
        let mut this = Self {
            functions: f,
            signature: file.signature.unwrap_or(0),
            compiled,
            inputs: vec![],
            outputs: vec![],
            handles: [vec![], vec![]],
            open: file.outputs.iter().find(|tensor| tensor.dims.contains(&None)).map(|tensor| tensor.name.clone()),
            _options: options,
            _model: model,
            _environment: environment,
            _file: file.bytes.clone(),
        };
        this.allocate(file, shapes)?;
        Ok(this)
    }

    /// Gives the inputs their shapes and makes all buffers.
    fn allocate(&mut self, file: &File, shapes: &[Vec<usize>]) -> std::result::Result<(), String> {
        let (f, number) = (self.functions, self.signature);
        let (mut signature, mut counts) = (ptr::null_mut(), (0, 0));
        // SAFETY: the model is alive, and with it what it hands out; here and below.
        unsafe {
            checked("LiteRtGetModelSignature", (f.signature)(self._model.it, number, &mut signature))?;
            checked("LiteRtGetNumSignatureInputs", (f.input_count)(signature, &mut counts.0))?;
            checked("LiteRtGetNumSignatureOutputs", (f.output_count)(signature, &mut counts.1))?;
        }
        if counts != (file.inputs.len(), file.outputs.len()) {
            return Err("its first signature is not of its main graph".into());
        }
        let sides = [(f.input, &file.input_tensors), (f.output, &file.output_tensors)];
        let [ins, outs] = sides.map(|(find, tensors)| self.order(signature, find, tensors));
        let (ins, outs) = (ins?, outs?);
        for (at, input) in ins.iter().enumerate() {
            let (shape, tensor) = (&shapes[*input], &file.input_tensors[*input]);
            let dims: Vec<c_int> = shape.iter().map(|n| *n as c_int).collect();
            // SAFETY: as above; `dims` has as many as it says.
            let resize = || unsafe { (f.resize)(self.compiled.it, number, at, dims.as_ptr(), dims.len()) };
            if *shape != tensor.shape && resize() != OK {
                return Err(format!("`{}` cannot be {}", file.inputs[*input].name, shape_text(shape)));
            }
        }
        let mut layouts = vec![BLANK.layout; outs.len()];
        // SAFETY: as above; there is room for as many layouts as there are outputs.
        let status = unsafe { (f.layouts)(self.compiled.it, number, layouts.len(), layouts.as_mut_ptr(), true) };
        checked("LiteRtGetCompiledModelOutputTensorLayouts", status)?;
        let extents = |layout: &Layout| {
            let rank = (layout.rank & 0x7f).min(8) as usize;
            layout.extents[..rank].iter().map(|n| (*n).max(0) as usize).collect::<Vec<_>>()
        };
        let out_shapes: Vec<Vec<usize>> = layouts.iter().map(extents).collect();
        let in_shapes: Vec<Vec<usize>> = ins.iter().map(|at| shapes[*at].clone()).collect();
        let inputs = self.buffers(signature, f.input, f.input_needs, &in_shapes)?;
        let outputs = self.buffers(signature, f.output, f.output_needs, &out_shapes)?;
        self.handles = [&inputs, &outputs].map(|side| side.iter().map(|buffer| buffer.owned.it).collect());
        self.inputs = sorted(inputs, &ins);
        self.outputs = sorted(outputs, &outs);
        for (at, (buffer, tensor)) in self.inputs.iter().zip(&file.input_tensors).enumerate() {
            if buffer.len != buffer.shape.iter().product::<usize>() * tensor.values.ty.size() {
                return Err(format!("it finds another type or shape of `{}` in it", file.inputs[at].name));
            }
        }
        Ok(())
    }

    /// Which tensor of the main graph each of a signature is.
    fn order(
        &self,
        signature: Handle,
        find: unsafe extern "C" fn(Handle, usize, *mut Handle) -> c_int,
        tensors: &[super::file::Tensor],
    ) -> std::result::Result<Vec<usize>, String> {
        let mut order = vec![];
        for at in 0..tensors.len() {
            let (mut tensor, mut name) = (ptr::null_mut(), ptr::null());
            // SAFETY: the signature is alive, and so are its tensors and their names.
            let name = unsafe {
                checked("LiteRtGetSignatureTensorByIndex", find(signature, at, &mut tensor))?;
                checked("LiteRtGetTensorName", (self.functions.tensor_name)(tensor, &mut name))?;
                if name.is_null() { String::new() } else { CStr::from_ptr(name).to_string_lossy().into_owned() }
            };
            let there = tensors.iter().enumerate().position(|(at, tensor)| tensor.name == name && !order.contains(&at));
            order.push(there.ok_or("its signature and its main graph do not agree")?);
        }
        Ok(order)
    }

    /// The buffers of one side of a signature.
    fn buffers(
        &self,
        signature: Handle,
        find: unsafe extern "C" fn(Handle, usize, *mut Handle) -> c_int,
        needs: unsafe extern "C" fn(Handle, usize, usize, *mut Handle) -> c_int,
        shapes: &[Vec<usize>],
    ) -> std::result::Result<Vec<Buffer>, String> {
        let f = self.functions;
        let mut buffers = vec![];
        for (at, shape) in shapes.iter().enumerate() {
            let (mut tensor, mut needed, mut ty) = (ptr::null_mut(), ptr::null_mut(), BLANK);
            // SAFETY: as in `allocate`; what is needed lives as long as the compiled model.
            unsafe {
                checked("LiteRtGetSignatureTensorByIndex", find(signature, at, &mut tensor))?;
                checked("LiteRtGetRankedTensorType", (f.tensor_type)(tensor, &mut ty))?;
                checked("LiteRtGetBufferRequirements", needs(self.compiled.it, self.signature, at, &mut needed))?;
            }
            for (extent, n) in ty.layout.extents.iter_mut().zip(shape) {
                *extent = *n as i32;
            }
            let make = |it: *mut Handle| {
                // SAFETY: as above.
                unsafe { (f.buffer)(self._environment.it, &ty, needed, it) }
            };
            let owned = made("LiteRtCreateManagedTensorBufferFromRequirements", f.destroy_buffer, make)?;
            let (mut data, mut len) = (ptr::null_mut(), 0);
            // SAFETY: the buffer is alive. It is host memory: locking it only tells where.
            unsafe {
                checked("LiteRtGetTensorBufferPackedSize", (f.buffer_size)(owned.it, &mut len))?;
                checked("LiteRtLockTensorBuffer", (f.lock)(owned.it, &mut data, READ_WRITE))?;
                checked("LiteRtUnlockTensorBuffer", (f.unlock)(owned.it))?;
            }
            buffers.push(Buffer { owned, data: data.cast(), len, shape: shape.clone() });
        }
        Ok(buffers)
    }
}

impl Library {
    /// Says how the CPU computes, and that errors are not to be printed.
    fn tune(&self, options: &Owned) -> std::result::Result<(), String> {
        let kernels = if self.xnnpack { "" } else { "kernel_mode = \"builtin\"\n" };
        self.add(options, c"xnnpack", format!("{kernels}num_threads = {}\n", self.threads))?;
        self.add(options, c"runtime_options_string", "error_reporter_mode = 0\n".into()) // kLiteRtErrorReporterModeNone
    }

    /// Adds options that are a text, of the part of the library with this name.
    fn add(&self, options: &Owned, part: &CStr, text: String) -> std::result::Result<(), String> {
        /// Frees the text.
        unsafe extern "C" fn free(text: *mut c_void) {
            // SAFETY: it is the text that `into_raw` gave away below.
            drop(unsafe { CString::from_raw(text.cast()) });
        }
        let text = CString::new(text).map_err(|e| e.to_string())?.into_raw().cast();
        let mut opaque = ptr::null_mut();
        // SAFETY: the library owns the text from here on and frees it as told; then the options own the opaque ones.
        unsafe {
            checked("LiteRtCreateOpaqueOptions", (self.functions.opaque)(part.as_ptr(), text, free, &mut opaque))?;
            checked("LiteRtAddOpaqueOptions", (self.functions.add_opaque)(options.it, opaque))
        }
    }
}

impl Interpreter for LiteRt {
    fn input(&mut self, at: usize) -> &mut [u8] {
        let Buffer { data, len, .. } = self.inputs[at];
        // SAFETY: the buffer is alive and not in a run.
        unsafe { slice_mut(data, len) }
    }

    fn run(&mut self) -> Result {
        let [inputs, outputs] = &mut self.handles;
        // SAFETY: the compiled model and all buffers are alive, as many as the signature has.
        let status = unsafe {
            let (ins, outs) = ((inputs.len(), inputs.as_mut_ptr()), (outputs.len(), outputs.as_mut_ptr()));
            (self.functions.run)(self.compiled.it, self.signature, ins.0, ins.1, outs.0, outs.1)
        };
        checked("LiteRtRunCompiledModel", status).map_err(|why| {
            let perhaps = self.open.as_ref().map_or(String::new(), |name| {
                let way = "which LiteRT does not take: `engine = \"tflite\"` does";
                format!("; `{name}` may be of a shape that only a run tells, {way}")
            });
            Error(format!("the engine LiteRT failed: {why}{perhaps}"))
        })
    }

    fn output(&self, at: usize) -> &[u8] {
        let Buffer { data, len, .. } = self.outputs[at];
        // SAFETY: as above.
        unsafe { slice_mut(data, len) }
    }

    fn shape(&self, at: usize) -> Vec<usize> {
        self.outputs[at].shape.clone()
    }

    fn reset(&mut self) -> Result {
        Ok(()) // `Renewed` does it: the C API has no function for it
    }
}

/// Buffers in the order of the main graph; `order` says which each of them is.
fn sorted(buffers: Vec<Buffer>, order: &[usize]) -> Vec<Buffer> {
    let mut numbered: Vec<(usize, Buffer)> = order.iter().copied().zip(buffers).collect();
    numbered.sort_by_key(|(at, _)| *at);
    numbered.into_iter().map(|(_, buffer)| buffer).collect()
}
