//! The C API of LiteRT, declared by hand from its headers (`litert/c/*.h` of LiteRT 2.3), which promise to keep it.
use super::library::functions;
use std::ffi::{c_char, c_int, c_void};
use std::ptr;

/// The custom operators that it brings (`tflite/core/kernels/register.cc`).
pub const CUSTOM: [&str; 4] = ["NumericVerify", "Mfcc", "AudioSpectrogram", "TFLite_Detection_PostProcess"];

/// `kLiteRtStatusOk`.
pub const OK: c_int = 0;
/// `kLiteRtHwAcceleratorCpu`.
pub const CPU: c_int = 1;
/// `kLiteRtEnvOptionTagMinLoggerSeverity`, `kLiteRtAnyTypeInt` and `kLiteRtLogSeveritySilent`.
pub const LOGGER: (c_int, c_int, i64) = (25, 2, 4);
/// `kLiteRtTensorBufferLockModeReadWrite`.
pub const READ_WRITE: c_int = 2;

/// `LiteRtEnvOption` with a whole number in it.
#[repr(C)]
pub struct EnvironmentOption {
    pub tag: c_int,
    pub _pad: c_int,
    pub kind: c_int,
    pub value: i64,
}

/// `LiteRtLayout`: the rank in the lowest 7 bits, extents, strides.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Layout {
    pub rank: u32,
    pub extents: [i32; 8],
    pub strides: [u32; 8],
}

/// `LiteRtRankedTensorType`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct TensorType {
    pub element: c_int,
    pub layout: Layout,
}

pub const BLANK: TensorType = TensorType { element: 0, layout: Layout { rank: 0, extents: [0; 8], strides: [0; 8] } };

pub type Handle = *mut c_void;
pub type Deleter = unsafe extern "C" fn(*mut c_void);

functions! {
    /// The functions of the C API that are used here.
    Functions {
        environment = c"LiteRtCreateEnvironment": fn(c_int, *const EnvironmentOption, *mut Handle) -> c_int;
        destroy_environment = c"LiteRtDestroyEnvironment": fn(Handle);
        model = c"LiteRtCreateModelFromBuffer": fn(Handle, *const u8, usize, *mut Handle) -> c_int;
        destroy_model = c"LiteRtDestroyModel": fn(Handle);
        options = c"LiteRtCreateOptions": fn(*mut Handle) -> c_int;
        destroy_options = c"LiteRtDestroyOptions": fn(Handle);
        accelerators = c"LiteRtSetOptionsHardwareAccelerators": fn(Handle, c_int) -> c_int;
        opaque = c"LiteRtCreateOpaqueOptions": fn(*const c_char, *mut c_void, Deleter, *mut Handle) -> c_int;
        add_opaque = c"LiteRtAddOpaqueOptions": fn(Handle, Handle) -> c_int;
        compile = c"LiteRtCreateCompiledModel": fn(Handle, Handle, Handle, *mut Handle) -> c_int;
        destroy_compiled = c"LiteRtDestroyCompiledModel": fn(Handle);
        resize = c"LiteRtCompiledModelResizeInputTensor": fn(Handle, usize, usize, *const c_int, usize) -> c_int;
        layouts = c"LiteRtGetCompiledModelOutputTensorLayouts": fn(Handle, usize, usize, *mut Layout, bool) -> c_int;
        input_needs = c"LiteRtGetCompiledModelInputBufferRequirements":
            fn(Handle, usize, usize, *mut Handle) -> c_int;
        output_needs = c"LiteRtGetCompiledModelOutputBufferRequirements":
            fn(Handle, usize, usize, *mut Handle) -> c_int;
        signature = c"LiteRtGetModelSignature": fn(Handle, usize, *mut Handle) -> c_int;
        input_count = c"LiteRtGetNumSignatureInputs": fn(Handle, *mut usize) -> c_int;
        output_count = c"LiteRtGetNumSignatureOutputs": fn(Handle, *mut usize) -> c_int;
        input = c"LiteRtGetSignatureInputTensorByIndex": fn(Handle, usize, *mut Handle) -> c_int;
        output = c"LiteRtGetSignatureOutputTensorByIndex": fn(Handle, usize, *mut Handle) -> c_int;
        tensor_name = c"LiteRtGetTensorName": fn(Handle, *mut *const c_char) -> c_int;
        tensor_type = c"LiteRtGetRankedTensorType": fn(Handle, *mut TensorType) -> c_int;
        buffer = c"LiteRtCreateManagedTensorBufferFromRequirements":
            fn(Handle, *const TensorType, Handle, *mut Handle) -> c_int;
        destroy_buffer = c"LiteRtDestroyTensorBuffer": fn(Handle);
        lock = c"LiteRtLockTensorBuffer": fn(Handle, *mut *mut c_void, c_int) -> c_int;
        unlock = c"LiteRtUnlockTensorBuffer": fn(Handle) -> c_int;
        buffer_size = c"LiteRtGetTensorBufferPackedSize": fn(Handle, *mut usize) -> c_int;
        run = c"LiteRtRunCompiledModel": fn(Handle, usize, usize, *mut Handle, usize, *mut Handle) -> c_int;
    }
}

/// A handle that is destroyed when it goes.
pub struct Owned {
    pub it: Handle,
    destroy: unsafe extern "C" fn(Handle),
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: it came from the function that belongs to `destroy`, and is destroyed once.
        unsafe { (self.destroy)(self.it) }
    }
}

/// What a function of the library makes.
pub fn made(
    what: &str,
    destroy: unsafe extern "C" fn(Handle),
    make: impl FnOnce(*mut Handle) -> c_int,
) -> std::result::Result<Owned, String> {
    let mut it = ptr::null_mut();
    checked(what, make(&mut it))?;
    if it.is_null() { Err(format!("{what} gave nothing")) } else { Ok(Owned { it, destroy }) }
}

/// What went wrong in a function of the library.
pub fn checked(what: &str, status: c_int) -> std::result::Result<(), String> {
    let name = match status {
        OK => return Ok(()),
        1 => "invalid argument",
        2 => "no memory",
        3 => "it failed while running",
        5 => "unsupported",
        501 => "invalid file",
        504 => "it cannot be compiled",
        _ => "",
    };
    Err(format!("{what} answered {status}{}{name}", if name.is_empty() { "" } else { ", " }))
}
