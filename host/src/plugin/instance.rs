//! RT — one instance of a worker: safe calls of create … destroy.
//!
//! What an instance is handed is checked against what it agreed to in [`Instance::prepare`], so that a worker that
//! keeps its side of the ABI never sees a buffer that is too short.
use super::describe::{Descriptor, Functions, Value};
use super::log::{self, Log};
use super::marker::Mark;
use super::taken::held;
use arrayvec::ArrayVec;
use aw_abi::{self as abi, Event, Format, Kind, MAX_PORTS, Status};
use std::ffi::{CString, c_void};
use std::rc::Rc;
use std::sync::Arc;

/// Most floats in one plane of a frame, and most frames of one firing: beyond lies a mistake.
const MAX_PLANE: u64 = 1 << 24;
/// Most times that a worker may want to hear the input before.
const MAX_REHEARSALS: u32 = 8;

/// An instance of a worker.
pub struct Instance {
    worker: Arc<Descriptor>,
    functions: Functions,
    raw: *mut abi::Instance,
    agreed: Agreed,
    /// What it said of itself in `create`, so many, and in the last `prepare`.
    notes: Vec<String>,
    notes_of_create: usize,
    /// Most frames that a port which moves as many as there are will see; `None` until `prepare` has succeeded.
    max_frames: Option<usize>,
    /// Bytes that it allocated in `create` and in the last `prepare`, where that is seen.
    held: Option<i64>,
    /// Calls of `process` are marked so, for an emulator that counts their instructions.
    mark: Option<Mark>,
    log: Arc<Log>,
    /// What the worker points at; stays in its place when the instance is moved.
    _host: Rc<abi::Host>,
}

// SAFETY: the ABI lets functions of an instance be called from different threads, never two at once; `&mut self` on
// every call sees to the latter. `_host` is an `Rc` that is never cloned: it only keeps its place.
unsafe impl Send for Instance {}

/// Why a worker refused, in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub String);

/// What is said where a worker gives no reason.
const NO_REASON: &str = "and gave no reason";
/// What is said where an answer cannot be rendered.
const WRONGLY: &str = "answers `prepare` wrongly";
/// What is said where a status or a result is not as the ABI has it.
const AGAINST_ABI: &str = "against the ABI";
/// What the SDK logs of a panic begins so.
const PANICKED: &str = "panicked";

impl Refusal {
    /// Whether the worker broke the ABI (it panicked, gave no readable reason, or an answer that cannot be) rather than refused.
    pub fn is_fault(&self) -> bool {
        // A long message may be cut within a letter; other letters that are none were never UTF-8.
        let said = self.0.trim_end_matches('\u{FFFD}').trim();
        let garbled = said.is_empty() || said.contains('\u{FFFD}');
        garbled
            || said.starts_with(PANICKED)
            || [NO_REASON, WRONGLY, AGAINST_ABI].iter().any(|words| self.0.contains(words))
    }
}

/// What an instance agreed to in `prepare`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Agreed {
    /// Connected inputs.
    pub inputs: Vec<AgreedPort>,
    /// Connected outputs.
    pub outputs: Vec<AgreedPort>,
    /// How often it must hear the whole input before what it gives is right.
    pub rehearsals: u32,
    /// Why, and the way out.
    pub rehearsals_why: String,
}

/// What an instance agreed to for one port.
#[derive(Clone, Debug, PartialEq)]
pub struct AgreedPort {
    /// The port's name.
    pub name: String,
    /// The shape and pace of its frames.
    pub format: Format,
    /// Frames moved by one firing; 0 is "as many as there are".
    pub frames: u32,
    /// By how many of its own frames an output lags.
    pub latency: u32,
    /// For how many of its own frames an output sounds on.
    pub tail: u32,
}

/// When a firing takes place; see [`abi::Block`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// In samples of the graph's input.
    pub time: u64,
    /// Number of the first frame of the first input.
    pub position: i64,
    /// How many frames the first input has in all, or [`abi::NO_END`].
    pub end: u64,
}

impl Moment {
    /// A moment of an endless input at the graph's rate.
    pub fn at(time: u64) -> Self {
        Self { time, position: time as i64, end: abi::NO_END }
    }
}

/// Input frames: plane c starts at `data[c * stride]`.
#[derive(Clone, Copy)]
pub struct Frames<'a> {
    /// From the first frame of the first plane on.
    pub data: &'a [f32],
    /// Floats between planes.
    pub stride: usize,
    /// Frames present.
    pub frames: usize,
}

/// Output frames, likewise.
pub struct FramesMut<'a> {
    /// From the first frame of the first plane on.
    pub data: &'a mut [f32],
    /// Floats between planes.
    pub stride: usize,
    /// Frames to write.
    pub frames: usize,
}

/// Where an output goes.
pub enum OutBuffer<'a> {
    /// Frames.
    Frames(FramesMut<'a>),
    /// Events: room for them, and how many were written.
    Events(&'a mut [Event], &'a mut usize),
}

/// How a call on the render thread failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The worker panicked; the instance is dead.
    Panic,
    /// The worker returned an error.
    Error,
    /// The host would have passed buffers that do not fit: a mistake of ours, contained.
    Shape,
}

/// Texts and tables that [`abi::Value`]s point into.
#[derive(Default)]
struct Arena {
    texts: Vec<CString>,
    tables: Vec<Vec<abi::Pair>>,
}

impl Arena {
    fn text(&mut self, text: &str) -> *const std::ffi::c_char {
        // A null byte cannot pass through a C string; the graph reader refuses it before it comes here.
        self.texts.push(CString::new(text.replace('\0', "")).unwrap_or_default());
        self.texts.last().map_or(std::ptr::null(), |text| text.as_ptr())
    }

    fn value(&mut self, value: &Value) -> abi::Value {
        let (list, table) = (std::ptr::null(), std::ptr::null());
        let mut raw = abi::Value { num: 0.0, text: c"".as_ptr(), list, table, len: 0 };
        match value {
            Value::Num(num) => raw.num = *num,
            Value::Text(text) => raw.text = self.text(text),
            Value::List(list) => (raw.list, raw.len) = (list.as_ptr(), list.len() as u32),
            Value::Table(pairs) => {
                let pair = |(key, text): &(String, String)| abi::Pair { key: self.text(key), text: self.text(text) };
                let table: Vec<abi::Pair> = pairs.iter().map(pair).collect();
                (raw.table, raw.len) = (table.as_ptr(), table.len() as u32);
                self.tables.push(table);
            }
        }
        raw
    }
}

impl Instance {
    /// Makes an instance; `values` has one entry a parameter, in the order of the descriptor.
    ///
    /// # Errors
    /// What the worker says.
    pub fn create(worker: &Arc<Descriptor>, values: &[Value]) -> Result<Self, Refusal> {
        if values.len() != worker.params.len() {
            return Err(Refusal(format!("{} values for {} parameters", values.len(), worker.params.len())));
        }
        let log = Arc::<Log>::default();
        let ctx = Arc::as_ptr(&log).cast_mut().cast::<c_void>();
        let host = Rc::new(abi::Host { size: size_of::<abi::Host>() as u32, ctx, log: Some(log::record) });
        let mut arena = Arena::default();
        let raw_values: Vec<abi::Value> = values.iter().map(|value| arena.value(value)).collect();
        let mut raw = std::ptr::null_mut();
        let before = held();
        // SAFETY: `host` and `log` outlive the instance (see `drop`); one value a parameter, alive for the call.
        let status = unsafe { (worker.functions.create)(Rc::as_ptr(&host), raw_values.as_ptr(), &mut raw) };
        if status != Status::OK || raw.is_null() {
            return Err(refusal(&log, status, "create"));
        }
        let functions = worker.functions;
        let agreed = Agreed::default();
        let notes = log.take_infos();
        let notes_of_create = notes.len();
        let (worker, max_frames, mark) = (worker.clone(), None, None);
        let held = self::held().zip(before).map(|(now, before)| now - before);
        Ok(Self { worker, functions, raw, agreed, notes, notes_of_create, max_frames, held, mark, log, _host: host })
    }

    /// Bytes that it has allocated by now, before the first `process`, where that is seen.
    pub fn held(&self) -> Option<u64> {
        self.held.map(|bytes| u64::try_from(bytes).unwrap_or(0))
    }

    /// Its worker.
    pub fn worker(&self) -> &Arc<Descriptor> {
        &self.worker
    }

    /// What it says.
    pub fn log(&self) -> &Arc<Log> {
        &self.log
    }

    /// What it said of itself when it was made and prepared, such as the engine that it runs on.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What it agreed to last.
    pub fn agreed(&self) -> &Agreed {
        &self.agreed
    }

    /// Agrees on formats. `inputs` and `outputs` are the connected ports, in the order of the descriptor.
    ///
    /// # Errors
    /// What the worker says, or what is wrong with its answer.
    pub fn prepare(
        &mut self,
        sample_rate: u32,
        max_frames: u32,
        inputs: &[(&str, Format)],
        outputs: &[&str],
    ) -> Result<&Agreed, Refusal> {
        (self.agreed, self.max_frames) = (Agreed::default(), None);
        if inputs.len() + outputs.len() > MAX_PORTS {
            return Err(Refusal(format!(
                "{} ports are connected; {MAX_PORTS} are allowed",
                inputs.len() + outputs.len()
            )));
        }
        let blank = Format { kind: Kind::EVENTS, channels: 0, dims: [0; 4], rate_num: 0, rate_den: 0 };
        let all = inputs.iter().copied().chain(outputs.iter().map(|name| (*name, blank)));
        let names: Vec<CString> = all.clone().map(|(name, _)| CString::new(name).unwrap_or_default()).collect();
        let stream = |(name, (_, format)): (&CString, (&str, Format))| abi::Stream {
            port: name.as_ptr(),
            format,
            frames: 0,
            latency: 0,
            tail: 0,
        };
        let mut streams: Vec<abi::Stream> = names.iter().zip(all.clone()).map(stream).collect();
        let (ins, outs) = streams.split_at_mut(inputs.len());
        let mut setup = abi::Setup {
            size: size_of::<abi::Setup>() as u32,
            sample_rate,
            max_frames,
            input_count: ins.len() as u32,
            output_count: outs.len() as u32,
            inputs: ins.as_mut_ptr(),
            outputs: outs.as_mut_ptr(),
            rehearsals: 0,
            rehearsals_why: std::ptr::null(),
        };
        let before = held();
        // SAFETY: the instance is alive; setup, streams and names live for the call.
        let status = unsafe { (self.functions.prepare)(self.raw, &mut setup) };
        if let (Some(sum), Some(before), Some(now)) = (&mut self.held, before, held()) {
            *sum += now - before;
        }
        if status != Status::OK {
            return Err(refusal(&self.log, status, "prepare"));
        }
        let port = |((name, given), stream): ((&str, Format), &abi::Stream), is_output: bool| AgreedPort {
            name: name.into(),
            format: if is_output { stream.format } else { given },
            frames: stream.frames,
            latency: if is_output { stream.latency } else { 0 },
            tail: if is_output { stream.tail } else { 0 },
        };
        let ports = all.zip(&streams).enumerate().map(|(i, pair)| port(pair, i >= inputs.len()));
        // SAFETY: the worker wrote null, or a text that lives until its next call.
        let why = (!setup.rehearsals_why.is_null()).then(|| unsafe { std::ffi::CStr::from_ptr(setup.rehearsals_why) });
        let rehearsals_why = why.map_or(String::new(), |why| why.to_string_lossy().chars().take(1000).collect());
        let rehearsals = setup.rehearsals;
        if rehearsals > MAX_REHEARSALS {
            return Err(Refusal(format!("{AGAINST_ABI}, it wants to hear the input {rehearsals} times before")));
        }
        let mut agreed = Agreed { inputs: ports.collect(), outputs: vec![], rehearsals, rehearsals_why };
        agreed.outputs = agreed.inputs.split_off(inputs.len());
        check(&mut agreed, &self.worker)?;
        self.notes.truncate(self.notes_of_create);
        self.notes.extend(self.log.take_infos());
        (self.agreed, self.max_frames) = (agreed, Some(max_frames as usize));
        Ok(&self.agreed)
    }

    /// Marks every call of `process` from now on, with the frames of its first input, or of what it gives first without one.
    pub fn mark(&mut self, mark: Mark) {
        self.mark = Some(mark);
    }

    /// RT — one firing.
    ///
    /// # Errors
    /// How it failed; the outputs then hold anything.
    pub fn process(&mut self, moment: Moment, inputs: &[Frames], outputs: &mut [OutBuffer]) -> Result<(), Failure> {
        if inputs.len() != self.agreed.inputs.len() || outputs.len() != self.agreed.outputs.len() {
            return Err(Failure::Shape);
        }
        let Some(most) = self.max_frames else { return Err(Failure::Shape) };
        // What ports that move as many frames as there are move, all of them.
        let frames = |output: &OutBuffer| if let OutBuffer::Frames(given) = output { Some(given.frames) } else { None };
        let free = inputs.first().map(|given| given.frames).or_else(|| outputs.iter().find_map(frames)).unwrap_or(0);
        let moves = |port: &AgreedPort| if port.frames == 0 { free.min(most) } else { port.frames as usize };
        let mut ins = ArrayVec::<abi::Buffer, MAX_PORTS>::new();
        let mut outs = ArrayVec::<abi::Buffer, MAX_PORTS>::new();
        for (given, port) in inputs.iter().zip(&self.agreed.inputs) {
            if given.frames != moves(port) || !fits(given.data.len(), given.stride, given.frames, port) {
                return Err(Failure::Shape);
            }
            let data = given.data.as_ptr().cast_mut().cast::<c_void>();
            ins.push(abi::Buffer { data, stride: given.stride as u32, frames: given.frames as u32 });
        }
        for (given, port) in outputs.iter_mut().zip(&self.agreed.outputs) {
            outs.push(match given {
                OutBuffer::Events(room, _) if port.format.kind == Kind::EVENTS => {
                    let data = room.as_mut_ptr().cast::<c_void>();
                    abi::Buffer { data, stride: 0, frames: room.len() as u32 }
                }
                OutBuffer::Frames(given)
                    if given.frames == moves(port) && fits(given.data.len(), given.stride, given.frames, port) =>
                {
                    let data = given.data.as_mut_ptr().cast::<c_void>();
                    abi::Buffer { data, stride: given.stride as u32, frames: given.frames as u32 }
                }
                _ => return Err(Failure::Shape),
            });
        }
        let block = abi::Block {
            size: size_of::<abi::Block>() as u32,
            input_count: ins.len() as u32,
            output_count: outs.len() as u32,
            time: moment.time,
            inputs: ins.as_ptr(),
            outputs: outs.as_mut_ptr(),
            position: moment.position,
            end: moment.end,
        };
        if let Some(mark) = self.mark {
            mark.enter(free);
        }
        // SAFETY: the instance is alive and prepared; every buffer holds the frames that were agreed (`moves`, `fits`);
        // outputs are exclusive borrows, so they overlap nothing.
        let status = unsafe { (self.functions.process)(self.raw, &block) };
        if self.mark.is_some() {
            Mark::leave();
        }
        for (given, raw) in outputs.iter_mut().zip(&outs) {
            if let OutBuffer::Events(room, count) = given {
                **count = room.len().min(raw.frames as usize);
            }
        }
        match status {
            Status::OK => Ok(()),
            Status::PANIC => Err(Failure::Panic),
            _ => Err(Failure::Error),
        }
    }

    /// RT — changes a live parameter; the control side has checked index and range.
    pub fn set_param(&mut self, index: u32, value: f64) {
        let live = self.worker.params.get(index as usize).is_some_and(|param| param.live);
        if let (Some(set_param), true) = (self.functions.set_param, live) {
            // SAFETY: the instance is alive, the parameter is LIVE.
            unsafe { set_param(self.raw, index, value) }
        }
    }

    /// RT — forgets the past.
    pub fn reset(&mut self) {
        // SAFETY: the instance is alive.
        unsafe { (self.functions.reset)(self.raw) }
    }

    /// The same input comes again from its start: forgets the past, but not what it learned of the whole.
    pub fn rewind(&mut self) {
        // SAFETY: the instance is alive.
        unsafe { self.functions.rewind.unwrap_or(self.functions.reset)(self.raw) }
    }

    /// How many frames an output makes of a first input of `frames` frames; `None` leaves it to the rates.
    pub fn extent(&mut self, output: usize, frames: u64) -> Option<u64> {
        // SAFETY: the instance is alive.
        let extent = self.functions.extent.map(|extent| unsafe { extent(self.raw, output as u32, frames) });
        extent.filter(|frames| *frames != abi::NO_END)
    }

    /// Its memory of the past; `None` if the worker does not save.
    ///
    /// # Errors
    /// What the worker says.
    pub fn save(&mut self) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(save) = self.functions.save else { return Ok(None) };
        let mut data = Vec::new();
        for _ in 0..4 {
            let mut len = 0;
            // SAFETY: the instance is alive; `data` has room for what it says.
            let status = unsafe { save(self.raw, data.as_mut_ptr(), data.len(), &mut len) };
            match status {
                Status::OK if len <= data.len() => {
                    data.truncate(len);
                    return Ok(Some(data));
                }
                Status::SHORT if len > data.len() && len as u64 <= 16 * MAX_PLANE => data.resize(len, 0),
                _ => return Err(refusal(&self.log, status, "save")),
            }
        }
        Err(Refusal(format!("{AGAINST_ABI}, `save` asks for more room each time")))
    }

    /// Continues from what `save` gave.
    ///
    /// # Errors
    /// What the worker says.
    pub fn load(&mut self, data: &[u8]) -> Result<(), Refusal> {
        let Some(load) = self.functions.load else { return Ok(()) };
        // SAFETY: the instance is alive, `data` for the call.
        match unsafe { load(self.raw, data.as_ptr(), data.len()) } {
            Status::OK => Ok(()),
            status => Err(refusal(&self.log, status, "load")),
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: the instance is alive and used no more; `host` and `log` are dropped after it.
        unsafe { (self.functions.destroy)(self.raw) };
    }
}

/// Whether a port carries frames, and its planes of `frames` frames lie apart inside `len` floats.
fn fits(len: usize, stride: usize, frames: usize, port: &AgreedPort) -> bool {
    let said = u32::try_from(stride).is_ok() && u32::try_from(frames).is_ok(); // `abi::Buffer` can say no more
    let end = |plane: usize| (port.format.channels as usize).checked_sub(1)?.checked_mul(stride)?.checked_add(plane);
    let inside = |plane: usize| plane <= stride && end(plane).is_some_and(|end| end <= len);
    port.format.kind != Kind::EVENTS && said && frames.checked_mul(port.format.width()).is_some_and(inside)
}

fn refusal(log: &Log, status: Status, function: &str) -> Refusal {
    let unsaid = match status {
        Status::OK => format!("{AGAINST_ABI}, `{function}` says it is done, but gives nothing that can be used"),
        Status::ERROR => format!("`{function}` refused {NO_REASON}"),
        Status::PANIC => format!("`{function}` panicked {NO_REASON}"),
        Status::SHORT => format!("{AGAINST_ABI}, `{function}` asks for room that no one has"),
        Status(code) => format!("{AGAINST_ABI}, `{function}` returned the unknown status {code}"),
    };
    let said = log.take_error().filter(|said| status != Status::OK && !said.trim().is_empty());
    Refusal(said.unwrap_or(unsaid))
}

/// Refuses an answer that cannot be rendered, in words for the worker's author.
fn check(agreed: &mut Agreed, worker: &Descriptor) -> Result<(), Refusal> {
    let wrong =
        |port: &AgreedPort, why: &str| Err(Refusal(format!("`{}` {WRONGLY}: port `{}` {why}", worker.id, port.name)));
    for port in &mut agreed.outputs {
        let declared = worker.ports.iter().filter(|p| p.is_output);
        let declared = declared.clone().find(|p| p.name == port.name).or_else(|| declared.clone().find(|p| p.many));
        let kind = declared.map_or(Kind::ANY, |p| p.kind);
        if kind == Kind::EVENTS {
            port.format = Format { kind, channels: 1, dims: [1; 4], rate_num: 1, rate_den: 1 };
            (port.frames, port.latency, port.tail) = (0, 0, 0);
            continue;
        }
        let format = port.format;
        let planes = format.dims.iter().try_fold(2u64, |n, &dim| n.checked_mul(u64::from(dim)));
        if format.kind.0 >= Kind::EVENTS.0 || (kind != Kind::ANY && format.kind != kind) {
            return wrong(port, "has a format of another kind than it declares; did the worker set it?");
        }
        if format.channels == 0 || format.rate_num == 0 || format.rate_den == 0 || planes == Some(0) {
            return wrong(port, "has a format with a zero in it");
        }
        // In lowest terms, so that equal rates are equal formats.
        let common = num_integer::gcd(format.rate_num, format.rate_den);
        (port.format.rate_num, port.format.rate_den) = (format.rate_num / common, format.rate_den / common);
        if format.channels > 1024 || planes.is_none_or(|n| n > MAX_PLANE) {
            return wrong(port, "has a format that is absurdly large");
        }
        if format.kind == Kind::AUDIO && format.dims != [1; 4] {
            return wrong(port, "carries audio, but its frames hold more than one value");
        }
        if u64::from(port.latency) > MAX_PLANE {
            return wrong(port, "claims an absurd latency");
        }
    }
    let moving = || agreed.inputs.iter().chain(&agreed.outputs).filter(|port| port.format.kind != Kind::EVENTS);
    if let Some(port) = moving().find(|port| u64::from(port.frames) > MAX_PLANE) {
        return wrong(port, "moves an absurd number of frames");
    }
    if let (Some(fixed), Some(free)) = (moving().find(|p| p.frames > 0), moving().find(|p| p.frames == 0)) {
        let why = format!(
            "moves {} frames at once, but `{}` as many as there are: give both a number",
            fixed.frames, free.name
        );
        return wrong(fixed, &why);
    }
    Ok(())
}
