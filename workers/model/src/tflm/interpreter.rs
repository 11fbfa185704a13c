//! The interpreter of TensorFlow Lite Micro, through the C++ functions of the library in [`super::image`].
//!
//! All memory that a model needs is one arena, made when the graph is loaded. Sizes of objects and places of fields are
//! those of the one known library; see there.
use super::image;
pub use super::image::VERSION;
use super::memory::Block;
use super::past::Past;
use crate::tflite::file::{Bytes, File};
use crate::tflite::library::functions;
use crate::tflite::session::Interpreter;
use aw_sdk::{Error, Result};
use std::ffi::{c_int, c_void};
use std::path::Path;
use std::ptr::{self, NonNull};
use std::sync::OnceLock;

/// `sizeof(tflite::micro::MicroInterpreter)`.
const INTERPRETER: usize = 0xf0;
/// `sizeof(tflite::PythonOpsResolver)`.
const RESOLVER: usize = 0x3538;
/// `MemoryPlannerType::kGreedy`, and the size of its object in the arena.
const GREEDY: (c_int, usize) = (0, 0x48);
/// `MemoryPlannerType::kLinear`, the only one that writes to no memory of the arena while it plans.
const LINEAR: (c_int, usize) = (1, 0x2018);
/// `kTfLiteOk`.
const OK: c_int = 0;
/// The arenas to measure in.
const ARENAS: [usize; 4] = [1 << 20, 1 << 23, 1 << 26, 1 << 28];
/// What an arena is filled with to see what is written.
const UNTOUCHED: u8 = 0xa5;

/// `TfLiteTensor` as it is when `TF_LITE_STATIC_MEMORY` is defined.
#[repr(C)]
pub struct Tensor {
    quantization: [usize; 3],
    data: *mut u8,
    /// Their number, then the extents.
    dims: *const c_int,
    bytes: usize,
}

type It = *mut c_void;

functions! {
    /// The functions of the library that are used here.
    Functions {
        resolver = c"_ZN6tflite17PythonOpsResolverC1Ev": fn(It);
        allocator = c"_ZN6tflite5micro14MicroAllocator6CreateEPhmNS0_17MemoryPlannerTypeE": fn(*mut u8, usize, c_int) -> It;
        used = c"_ZNK6tflite5micro14MicroAllocator10used_bytesEv": fn(It) -> usize;
        variables = c"_ZN6tflite5micro22MicroResourceVariables6CreateEPNS0_14MicroAllocatorEi": fn(It, c_int) -> It;
        create = c"_ZN6tflite5micro16MicroInterpreterC1EPKNS_5ModelERKNS0_15MicroOpResolverEPNS0_14MicroAllocatorEPNS0_22MicroResourceVariablesEPNS0_22MicroProfilerInterfaceE":
            fn(It, *const u8, It, It, It, It);
        delete = c"_ZN6tflite5micro16MicroInterpreterD1Ev": fn(It);
        allocate = c"_ZN6tflite5micro16MicroInterpreter15AllocateTensorsEv": fn(It) -> c_int;
        invoke = c"_ZN6tflite5micro16MicroInterpreter6InvokeEv": fn(It) -> c_int;
        input = c"_ZN6tflite5micro16MicroInterpreter5inputEm": fn(It, usize) -> *const Tensor;
        output = c"_ZN6tflite5micro16MicroInterpreter6outputEm": fn(It, usize) -> *const Tensor;
    }
}

/// The library, ready to make interpreters.
#[derive(Clone, Copy)]
pub struct Micro {
    functions: &'static Functions,
    /// Knows all operators of the library; interpreters only read it.
    resolver: &'static Block,
}

impl Micro {
    /// Opens the library.
    ///
    /// # Errors
    /// It is another file than the one known here.
    pub fn open(path: &Path) -> Result<Self> {
        static OPENED: OnceLock<std::result::Result<(Functions, Block), String>> = OnceLock::new();
        let library = image::library(path)?;
        let opened = OPENED.get_or_init(|| {
            // SAFETY: the library is the one whose functions have these names and types.
            let functions = unsafe { Functions::find(library) }.map_err(|e| e.to_string())?;
            let resolver = Block::new(RESOLVER);
            // SAFETY: there is room for the object, which stays in its place for ever.
            unsafe { (functions.resolver)(resolver.it()) };
            Ok((functions, resolver))
        });
        let (functions, resolver) = opened.as_ref().map_err(|why| Error(why.clone()))?;
        Ok(Self { functions, resolver })
    }

    /// Bytes of the arena that a model needs, a multiple of 1024.
    ///
    /// What is in use when all is done is not enough. Operators take more for a while, and some of the library do not look
    /// whether they got it: a smaller arena than their peak crashes it. From the peak on what it lacks is said in words.
    ///
    /// # Errors
    /// What the library says to the model.
    pub fn measure(self, file: &File) -> Result<usize> {
        let mut why = String::new();
        for large in ARENAS {
            match MicroInterpreter::new(self, file, Block::new(large)) {
                Ok(interpreter) => {
                    let least = interpreter.used.max(self.peak(file, large)).next_multiple_of(1024);
                    let works = |size: &usize| MicroInterpreter::new(self, file, Block::new(*size)).is_ok();
                    return Ok((least..large).step_by(1024).find(works).unwrap_or(large));
                }
                Err(said) => why = said,
            }
            if !["allocat", "buffer", "arena"].iter().any(|word| why.contains(word)) {
                break;
            }
        }
        Err(refused(file, &why))
    }

    /// Bytes that the operators of a model have at most while they are made ready, in an arena that is large enough.
    ///
    /// They take memory from both ends of the arena, so it is what was written to beside the longest stretch that was not.
    /// Plans are left out, as those who make them take all that is free and look at what they get.
    fn peak(self, file: &File, large: usize) -> usize {
        let mut arena = Block::new(large);
        arena.fill(UNTOUCHED);
        let Some(tried) = MicroInterpreter::start(self, file, arena, LINEAR.0) else { return large };
        let stretches = tried.arena.bytes().chunk_by(|a, b| a == b).filter(|same| same[0] == UNTOUCHED);
        let touched = large - stretches.map(<[u8]>::len).max().unwrap_or(0);
        touched.saturating_sub(LINEAR.1 - GREEDY.1)
    }

    /// An interpreter with an arena of its own.
    ///
    /// # Errors
    /// As for [`Micro::measure`].
    pub fn interpreter(self, file: &File, arena: usize) -> Result<MicroInterpreter> {
        MicroInterpreter::new(self, file, Block::new(arena)).map_err(|why| refused(file, &why))
    }
}

/// Why the library does not take a model.
fn refused(file: &File, why: &str) -> Error {
    let quoted = |text: &str| Some(why.split_once(text)?.1.split(['\'', ';']).next()?.trim().to_string());
    match quoted("builtin opcode '").or_else(|| quoted("registration from op code ")).filter(|name| !name.is_empty()) {
        Some(name) => {
            let custom: Vec<&str> = file.operators.iter().filter(|op| op.custom).map(|op| op.name.as_str()).collect();
            let name = if name == "CUSTOM" { custom.join("`, `") } else { name };
            Error(format!("the engine TensorFlow Lite Micro has no operator `{name}`, which this model uses"))
        }
        None => Error(format!("the engine TensorFlow Lite Micro cannot run {}: {why}", file.path)),
    }
}

/// A model with its arena.
pub struct MicroInterpreter {
    functions: &'static Functions,
    object: Block,
    arena: Block,
    /// Lives in the arena.
    allocator: NonNull<c_void>,
    /// Whether the arena was large enough for it; it only runs if so.
    ready: bool,
    /// Of models that remember.
    past: Option<Past>,
    /// Memory of the inputs and outputs.
    inputs: Vec<NonNull<[u8]>>,
    outputs: Vec<(NonNull<[u8]>, Vec<usize>)>,
    used: usize,
    _file: Bytes,
}

// SAFETY: nothing in it belongs to a thread; it is used by one at a time, as `&mut` makes sure.
unsafe impl Send for MicroInterpreter {}

impl MicroInterpreter {
    /// An interpreter in an arena that has room, or not: `ready` says so. `None` if there is none even for an allocator.
    fn start(micro: Micro, file: &File, arena: Block, planner: c_int) -> Option<Self> {
        let f = micro.functions;
        let object = Block::new(INTERPRETER);
        image::said();
        // SAFETY: the file is a whole model, as `File` checked, and `_file` keeps it; the arena and the place of the object
        // outlive the interpreter and do not move; the resolver is there for ever.
        let (allocator, ready) = unsafe {
            let allocator = NonNull::new((f.allocator)(arena.it().cast(), arena.len(), planner))?;
            let variables = match file.variables {
                0 => ptr::null_mut(),
                n => (f.variables)(allocator.as_ptr(), n as c_int),
            };
            (f.create)(object.it(), file.root(), micro.resolver.it(), allocator.as_ptr(), variables, ptr::null_mut());
            (allocator, (f.allocate)(object.it()) == OK)
        };
        // From here on it is deleted when it goes.
        Some(Self {
            functions: f,
            object,
            arena,
            allocator,
            ready,
            past: None,
            inputs: vec![],
            outputs: vec![],
            used: 0,
            _file: file.bytes.clone(),
        })
    }

    fn new(micro: Micro, file: &File, arena: Block) -> std::result::Result<Self, String> {
        let f = micro.functions;
        let mut this = Self::start(micro, file, arena, GREEDY.0).filter(|it| it.ready).ok_or_else(image::said)?;
        // SAFETY: the allocator lives in the arena, and so do the tensors, which are those of the main graph.
        unsafe {
            this.used = (f.used)(this.allocator.as_ptr());
            for at in 0..file.input_tensors.len() {
                this.inputs.push(memory((f.input)(this.object.it(), at)).ok_or_else(image::said)?);
            }
            for at in 0..file.output_tensors.len() {
                let tensor = (f.output)(this.object.it(), at);
                let memory = memory(tensor).ok_or_else(image::said)?;
                this.outputs.push((memory, extents(tensor)));
            }
        }
        for (at, (memory, tensor)) in this.inputs.iter().zip(&file.input_tensors).enumerate() {
            if memory.len() != tensor.shape.iter().product::<usize>() * tensor.values.ty.size() {
                return Err(format!("it finds another type or shape of `{}` in it", file.inputs[at].name));
            }
        }
        this.past = file.remembers.then(|| Past::new([&this.object, &this.arena], &file.bytes));
        Ok(this)
    }

    /// Bytes of the arena that are in use.
    pub fn used(&self) -> usize {
        self.used
    }
}

/// The memory of a tensor, if it has a place.
///
/// # Safety
/// `tensor` is null or a tensor of an interpreter.
unsafe fn memory(tensor: *const Tensor) -> Option<NonNull<[u8]>> {
    // SAFETY: the caller's promise.
    let tensor = unsafe { tensor.as_ref() }?;
    Some(NonNull::slice_from_raw_parts(NonNull::new(tensor.data)?, tensor.bytes))
}

/// The extents of a tensor.
///
/// # Safety
/// `tensor` is a tensor of an interpreter.
unsafe fn extents(tensor: *const Tensor) -> Vec<usize> {
    // SAFETY: the caller's promise; the extents stand behind their number.
    unsafe {
        let dims = (*tensor).dims;
        if dims.is_null() { vec![] } else { (1..=*dims as usize).map(|at| (*dims.add(at)).max(0) as usize).collect() }
    }
}

impl Interpreter for MicroInterpreter {
    fn input(&mut self, at: usize) -> &mut [u8] {
        // SAFETY: the tensor lies in the arena, and no run uses it while it is borrowed from here.
        unsafe { self.inputs[at].as_mut() }
    }

    fn run(&mut self) -> Result {
        // SAFETY: the interpreter is alive and its tensors are allocated.
        match unsafe { (self.functions.invoke)(self.object.it()) } {
            OK => Ok(()),
            _ => Err(Error(format!("the engine TensorFlow Lite Micro failed: {}", image::said()))),
        }
    }

    fn output(&self, at: usize) -> &[u8] {
        // SAFETY: as above.
        unsafe { self.outputs[at].0.as_ref() }
    }

    fn shape(&self, at: usize) -> Vec<usize> {
        self.outputs[at].1.clone()
    }

    fn reset(&mut self) -> Result {
        // Everything that a run may change lies in these two, and points nowhere else that changes.
        if let Some(past) = &self.past {
            past.clear([&mut self.object, &mut self.arena]);
        }
        Ok(())
    }

    fn saves(&self) -> bool {
        self.past.as_ref().is_none_or(|past| past.can_move([&self.object, &self.arena]))
    }

    fn save(&self, out: &mut Vec<u8>) {
        if let Some(past) = &self.past {
            past.save([&self.object, &self.arena], out);
        }
    }

    fn load(&mut self, data: &mut &[u8]) -> Option<()> {
        match &self.past {
            Some(past) => past.load([&mut self.object, &mut self.arena], data),
            None => Some(()),
        }
    }
}

impl Drop for MicroInterpreter {
    fn drop(&mut self) {
        // SAFETY: it was made by `create` and is deleted once.
        unsafe { (self.functions.delete)(self.object.it()) }
    }
}
