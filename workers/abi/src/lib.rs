//! The contract between the host and an audio worker: plain C data.
//!
//! `worker.h` beside this crate is generated from this file (`cargo test -p aw-abi` fails when they differ), so a
//! worker can be written in C with that header alone.
//!
//! **Threads.** Every function says where it is called: `[control]` may allocate and block, `[render]` may do neither.
//! The host never calls two functions of one instance at the same time, but it may call them from different threads.
//!
//! **No Rust enum crosses.** A worker in C may return any number, and an unknown discriminant would be undefined
//! behaviour; codes are transparent integers.
//!
//! **Growth.** `ABI_MAJOR` changes when old code would break. `ABI_MINOR` changes when a field is added at the end of a
//! struct that begins with `size`; the reader looks at no byte past `size`. A struct without `size` is frozen for the
//! life of its major version, so that arrays of it can be indexed plainly in C.
//!
//! **Text** is UTF-8 that ends in a null byte. A null pointer is an empty text unless a field says otherwise.
#![no_std]
#![allow(rustdoc::broken_intra_doc_links)] // [control] and [render] name threads, here and in worker.h

use core::ffi::{c_char, c_void};

/// Incompatible with every other major version.
pub const ABI_MAJOR: u32 = 1;
/// Fields added since `ABI_MAJOR` began.
pub const ABI_MINOR: u32 = 1;
/// Largest rank of a frame.
pub const MAX_RANK: usize = 4;
/// Most ports of one instance, inputs and outputs together.
pub const MAX_PORTS: usize = 32;
/// `Stream::tail` of an output that may sound for ever.
pub const ENDLESS: u32 = u32::MAX;
/// `Block::end` while no end is in sight: always when live.
pub const NO_END: u64 = u64::MAX;

/// What a call came to.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub i32);

impl Status {
    /// Done.
    pub const OK: Self = Self(0);
    /// Refused; the reason was logged at `Level::ERROR`.
    pub const ERROR: Self = Self(1);
    /// The worker panicked. The instance is dead: only `destroy` may follow.
    pub const PANIC: Self = Self(2);
    /// `save` needs a larger buffer; `len` says how large.
    pub const SHORT: Self = Self(3);
}

/// What flows through a port. All but `EVENTS` are `float` frames; the kind is a type for the graph checker, not
/// another memory layout.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kind(pub u32);

impl Kind {
    /// One value a frame and channel: the sample.
    pub const AUDIO: Self = Self(0);
    /// `dims[0]` complex bins a frame, stored re, im, re, im.
    pub const SPECTRUM: Self = Self(1);
    /// `dims[0]` values a frame: mel bands, a mask, a level.
    pub const FEATURES: Self = Self(2);
    /// A frame of any shape up to `MAX_RANK`.
    pub const TENSOR: Self = Self(3);
    /// Sparse `Event`s instead of frames. Outputs only.
    pub const EVENTS: Self = Self(4);
    /// Of a port, never of a stream: it takes or gives any kind of frames, as `prepare` decides.
    pub const ANY: Self = Self(5);
}

/// Which way a port faces.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dir(pub u32);

impl Dir {
    /// The worker reads it.
    pub const IN: Self = Self(0);
    /// The worker writes it.
    pub const OUT: Self = Self(1);
}

/// Bits of `Port::flags`.
pub mod port_flags {
    /// The port may stay unconnected. All others are connected when `prepare` is called: an output that nobody hears has
    /// a buffer too.
    pub const OPTIONAL: u32 = 1;
    /// The port stands for any number of ports, which the graph names (a mixer's inputs, a model's tensors).
    pub const MANY: u32 = 2;
}

/// A port the worker has.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Port {
    /// Its name in the graph file. Letters, digits and `_`.
    pub name: *const c_char,
    /// One line about it.
    pub doc: *const c_char,
    /// Which way it faces.
    pub dir: Dir,
    /// What flows through it.
    pub kind: Kind,
    /// `port_flags`.
    pub flags: u32,
}

/// Type of a parameter.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Type(pub u32);

impl Type {
    /// `Value::num`, 0 or 1.
    pub const BOOL: Self = Self(0);
    /// `Value::num`, whole.
    pub const INT: Self = Self(1);
    /// `Value::num`, finite.
    pub const FLOAT: Self = Self(2);
    /// `Value::text`.
    pub const TEXT: Self = Self(3);
    /// `Value::text`: absolute; the host resolved it against the graph file. Empty if the graph gives none.
    pub const PATH: Self = Self(4);
    /// `Value::list`, finite.
    pub const FLOATS: Self = Self(5);
    /// `Value::table`, text to text. A number or an array arrives as it would be written in TOML: `16000`, `[1, 576]`.
    pub const TABLE: Self = Self(6);
}

/// Bits of `Param::flags`.
pub mod param_flags {
    /// `set_param` may change it while rendering. Only for BOOL, INT and FLOAT.
    pub const LIVE: u32 = 1;
    /// Has no default: the graph file must set it.
    pub const REQUIRED: u32 = 2;
    /// The keys of this TABLE are the names of the output ports that the MANY output port stands for.
    pub const NAMES_OUTPUTS: u32 = 4;
    /// `process` does as much work whatever its value: what was counted with one holds for all. LIVE ones are taken for
    /// such anyway.
    pub const SAME_WORK: u32 = 8;
}

/// A parameter the worker has. The host checks type and range, fills in defaults and words the mistakes, so no worker
/// parses TOML.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its key in the graph file. Letters, digits and `_`; not `worker`, `in`, `run` or `preset`. Since 1.1 a dot may
    /// stand between a group and a key: `mel.bands` is written `mel.bands = 80` or `mel = { bands = 80 }`.
    pub name: *const c_char,
    /// Its unit, or "".
    pub unit: *const c_char,
    /// One line about it.
    pub doc: *const c_char,
    /// Its type.
    pub ty: Type,
    /// `param_flags`.
    pub flags: u32,
    /// Default of a BOOL, INT or FLOAT.
    pub default_num: f64,
    /// Default of a TEXT or PATH. FLOATS and TABLE default to empty.
    pub default_text: *const c_char,
    /// Least number allowed; -INFINITY for none.
    pub min: f64,
    /// Greatest number allowed; INFINITY for none.
    pub max: f64,
    /// Texts allowed, ended by a null pointer; null allows any text.
    pub choices: *const *const c_char,
}

/// A key and its text.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// Key.
    pub key: *const c_char,
    /// Text.
    pub text: *const c_char,
}

/// Values of several parameters under one name, which a graph file takes with `preset = "NAME"`. Since 1.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Its name. Letters, digits and `_`.
    pub name: *const c_char,
    /// One line about it.
    pub doc: *const c_char,
    /// Names of parameters, with their values as they would be written in TOML: `"hann"`, `0.97`, `true`.
    pub values: *const Pair,
    /// Number of `values`.
    pub value_count: u32,
}

/// The value given to `Param` number i. Only the field of its type is meaningful.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Value {
    /// BOOL, INT, FLOAT.
    pub num: f64,
    /// TEXT, PATH. Never null.
    pub text: *const c_char,
    /// FLOATS.
    pub list: *const f64,
    /// TABLE.
    pub table: *const Pair,
    /// Items in `list` or `table`.
    pub len: u32,
}

/// The shape and pace of a stream of frames.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Format {
    /// What a frame is.
    pub kind: Kind,
    /// Planes: microphones, speakers. At least 1.
    pub channels: u32,
    /// Extents of one plane of a frame, unused ones 1. Audio: all 1.
    pub dims: [u32; MAX_RANK],
    /// Frames a second, as `rate_num / rate_den`.
    pub rate_num: u32,
    /// See `rate_num`.
    pub rate_den: u32,
}

impl Format {
    /// Samples at `rate` a second.
    pub const fn audio(channels: u32, rate: u32) -> Self {
        Self { kind: Kind::AUDIO, channels, dims: [1; MAX_RANK], rate_num: rate, rate_den: 1 }
    }

    /// Frames of `kind` with `dims[0] = size`, at the pace and with the channels of `self`.
    pub const fn carrying(mut self, kind: Kind, size: u32) -> Self {
        self.kind = kind;
        self.dims = [1; MAX_RANK];
        self.dims[0] = size;
        self
    }

    /// The same frames at `give / take` of the pace; `None` where that is no number of 32 bits.
    pub const fn paced(mut self, give: u32, take: u32) -> Option<Self> {
        let (num, den) = (self.rate_num as u64 * give as u64, self.rate_den as u64 * take as u64);
        if num == 0 || den == 0 {
            return None;
        }
        let (mut a, mut b) = (num, den);
        while b > 0 {
            (a, b) = (b, a % b);
        }
        let (num, den) = (num / a, den / a);
        if num > u32::MAX as u64 || den > u32::MAX as u64 {
            return None;
        }
        (self.rate_num, self.rate_den) = (num as u32, den as u32);
        Some(self)
    }

    /// Values in one plane of a frame; a complex bin is one. `usize::MAX` where the answer of a careless worker is more.
    #[inline]
    pub const fn cells(&self) -> usize {
        let [a, b, c, d] = self.dims;
        (a as usize).saturating_mul(b as usize).saturating_mul(c as usize).saturating_mul(d as usize)
    }

    /// Floats in one plane of a frame: `cells`, or twice that for SPECTRUM.
    #[inline]
    pub const fn width(&self) -> usize {
        if self.kind.0 == Kind::SPECTRUM.0 { self.cells().saturating_mul(2) } else { self.cells() }
    }

    /// Frames a second.
    #[inline]
    pub const fn rate(&self) -> f64 {
        self.rate_num as f64 / self.rate_den as f64
    }
}

/// A connected port at `prepare`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    /// The port's name.
    pub port: *const c_char,
    /// In: given. Out: the worker writes it. An EVENTS output needs none.
    pub format: Format,
    /// The worker writes it: frames taken or given by one `process`. 0 means "as many as there are": then every port of
    /// the instance that carries frames says 0, and all move the same number.
    pub frames: u32,
    /// Out, the worker writes it: by how many of its own frames the output lags.
    pub latency: u32,
    /// Out, the worker writes it: frames that still sound after the input fell silent, `latency` not counted;
    /// `ENDLESS` for a sound that never ends.
    pub tail: u32,
}

/// What `prepare` is told and what it answers.
#[repr(C)]
#[derive(Debug)]
pub struct Setup {
    /// Size of this struct.
    pub size: u32,
    /// Sample rate of the graph.
    pub sample_rate: u32,
    /// Most frames that an "as many as there are" port will see at once.
    pub max_frames: u32,
    /// Number of `inputs`.
    pub input_count: u32,
    /// Number of `outputs`.
    pub output_count: u32,
    /// Connected inputs, in the order of `Worker::ports`; those of a MANY port in the order of the graph file.
    pub inputs: *mut Stream,
    /// Connected outputs, likewise.
    pub outputs: *mut Stream,
    /// The worker writes it: how often it must hear the whole input before what it gives is right. A replay plays the
    /// input so often before, with a `rewind` after each time; a live run refuses. 0 as given. Since 1.1.
    pub rehearsals: u32,
    /// The worker writes it: why, for the graph's author, and the way out. UTF-8 that lives until the instance is called
    /// again, or null. Since 1.1.
    pub rehearsals_why: *const c_char,
}

/// Something that happened at a moment.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// When, on the clock of `Block::time`.
    pub time: u64,
    /// Which label: its place in the TEXT parameter `labels`, "silence, yes, no", if the worker has one.
    pub label: u32,
    /// How sure, how much.
    pub value: f32,
}

/// The frames of one port in one `process`. Plane c starts at `data + c * stride` floats and holds its frames one after
/// the other. Outputs overlap nothing; inputs may overlap each other, so they are read only.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Buffer {
    /// `float *`, or `aw_event *` for EVENTS.
    pub data: *mut c_void,
    /// Floats between planes.
    pub stride: u32,
    /// In: frames present. Out: frames to write. For EVENTS: room when called, and the worker writes how many there
    /// are, 0 as often as not.
    pub frames: u32,
}

/// One call of `process`.
#[repr(C)]
#[derive(Debug)]
pub struct Block {
    /// Size of this struct.
    pub size: u32,
    /// Number of `inputs`.
    pub input_count: u32,
    /// Number of `outputs`.
    pub output_count: u32,
    /// The moment of the graph's input that the first frame stands for, in samples at the graph's rate: latency is
    /// already taken off. 0 until sound has come through.
    pub time: u64,
    /// In the order of `Setup::inputs`.
    pub inputs: *const Buffer,
    /// In the order of `Setup::outputs`.
    pub outputs: *mut Buffer,
    /// Number of the first frame of the first input, counted from the one that stands for the moment 0; frames before
    /// are negative. They are what comes out of nodes with latency before the sound does. Since 1.1.
    pub position: i64,
    /// Number that the first input's frame behind its last one has, or `NO_END`. Frames from there on are silence that
    /// the host plays so that what is on its way comes out. It is known from the moment when such a frame may arrive.
    /// Since 1.1.
    pub end: u64,
}

/// How much a message matters.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(pub u32);

impl Level {
    /// Details for the worker's author.
    pub const DEBUG: Self = Self(0);
    /// Worth knowing.
    pub const INFO: Self = Self(1);
    /// Probably wrong.
    pub const WARN: Self = Self(2);
    /// Why the call failed.
    pub const ERROR: Self = Self(3);
}

/// What the host lends a worker. Lives longer than every instance.
#[repr(C)]
#[derive(Debug)]
pub struct Host {
    /// Size of this struct.
    pub size: u32,
    /// First argument of every function here.
    pub ctx: *mut c_void,
    /// [any thread] Never blocks. Cuts `text`, `len` bytes of UTF-8, at 1000 bytes.
    pub log: Option<unsafe extern "C" fn(ctx: *mut c_void, level: Level, text: *const c_char, len: usize)>,
}

/// Heap use of a library, for device budgets and the no-allocation tests.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Heap {
    /// Bytes held now.
    pub bytes: u64,
    /// Most bytes ever held.
    pub peak: u64,
    /// Allocations and frees made inside `process`, `reset` or `set_param` of workers without `MAY_BLOCK`. Must stay 0.
    pub in_render: u64,
}

/// An instance: the worker's own business.
pub struct Instance {
    _private: [u8; 0],
}

/// Bits of `Worker::flags`.
pub mod worker_flags {
    /// `process` may allocate or wait (it runs a model): the host keeps it off the render thread, on a lane.
    pub const MAY_BLOCK: u32 = 1;
}

/// A worker: what it is, and its functions.
#[repr(C)]
#[derive(Debug)]
pub struct Worker {
    /// Size of this struct.
    pub size: u32,
    /// `worker_flags`.
    pub flags: u32,
    /// Number of `ports`.
    pub port_count: u32,
    /// Number of `params`.
    pub param_count: u32,
    /// Its name in the graph file. Letters, digits and `_`.
    pub id: *const c_char,
    /// One line about it.
    pub summary: *const c_char,
    /// Its ports.
    pub ports: *const Port,
    /// Its parameters.
    pub params: *const Param,
    /// [control] Makes an instance. `values` has one entry a parameter, in the order of `params`; it and all it points
    /// at live only for this call.
    pub create:
        Option<unsafe extern "C" fn(host: *const Host, values: *const Value, out: *mut *mut Instance) -> Status>,
    /// [control] Agrees on formats and allocates all that `process` needs. May be called again, with other formats.
    pub prepare: Option<unsafe extern "C" fn(it: *mut Instance, setup: *mut Setup) -> Status>,
    /// [render] Takes and gives the frames agreed in `prepare`.
    pub process: Option<unsafe extern "C" fn(it: *mut Instance, block: *const Block) -> Status>,
    /// [render] Changes a live parameter; the value is in range. May be null if no parameter is LIVE.
    pub set_param: Option<unsafe extern "C" fn(it: *mut Instance, index: u32, value: f64)>,
    /// [render] Forgets the past, keeps parameters.
    pub reset: Option<unsafe extern "C" fn(it: *mut Instance)>,
    /// [control] Writes the instance's memory of the past. May be null.
    pub save: Option<unsafe extern "C" fn(it: *mut Instance, data: *mut u8, room: usize, len: *mut usize) -> Status>,
    /// [control] Restores what `save` wrote, after `prepare`. May be null.
    pub load: Option<unsafe extern "C" fn(it: *mut Instance, data: *const u8, len: usize) -> Status>,
    /// [control] Frees the instance.
    pub destroy: Option<unsafe extern "C" fn(it: *mut Instance)>,
    /// [control] How many frames output number `output` makes of a first input of `frames` frames; `NO_END` leaves it to
    /// the rates. Asked after `prepare`. May be null. Since 1.1.
    pub extent: Option<unsafe extern "C" fn(it: *mut Instance, output: u32, frames: u64) -> u64>,
    /// [control] The same input comes again from its start: forgets the past as `reset` does, but not what it learned
    /// of the whole. `reset` forgets that too. May be null; `reset` is called then. Since 1.1.
    pub rewind: Option<unsafe extern "C" fn(it: *mut Instance)>,
    /// Its presets. Since 1.1.
    pub presets: *const Preset,
    /// Number of `presets`. Since 1.1.
    pub preset_count: u32,
}

/// What `aw_entry` returns. Its first two fields keep their place in every version.
#[repr(C)]
#[derive(Debug)]
pub struct Library {
    /// `ABI_MAJOR` the library was built for.
    pub abi_major: u32,
    /// `ABI_MINOR` the library was built for.
    pub abi_minor: u32,
    /// Size of this struct.
    pub size: u32,
    /// Number of `workers`.
    pub worker_count: u32,
    /// The workers.
    pub workers: *const *const Worker,
    /// [any thread] Heap use. May be null.
    pub heap: Option<unsafe extern "C" fn(out: *mut Heap)>,
}

/// The one symbol a library exports, `aw_entry`. May return null to refuse the host.
pub type Entry = unsafe extern "C" fn(host_major: u32, host_minor: u32) -> *const Library;

// SAFETY: these are immutable descriptions that point at static data.
unsafe impl Sync for Port {}
// SAFETY: as above.
unsafe impl Sync for Param {}
// SAFETY: as above.
unsafe impl Sync for Pair {}
// SAFETY: as above.
unsafe impl Sync for Preset {}
// SAFETY: as above.
unsafe impl Sync for Worker {}
// SAFETY: as above.
unsafe impl Sync for Library {}
