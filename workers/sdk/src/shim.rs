//! The C functions behind a [`Worker`]: the one place where panics stop.
use crate::block::{Block, Shape};
use crate::setup::{Setup, Stream};
use crate::{Error, Given, Result, Spec, Values, Worker, heap};
use aw_abi::{self as abi, Dir, Instance, Kind, Status, Type, port_flags};
use std::any::Any;
use std::cell::Cell;
use std::ffi::{CStr, CString, c_char};
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// An instance.
struct Boxed<W> {
    host: *const abi::Host,
    /// `None` after a panic.
    worker: Option<W>,
    inputs: Vec<Shape>,
    outputs: Vec<Shape>,
    /// What `Setup::rehearsals_why` points at.
    why: CString,
}

fn log(host: *const abi::Host, text: &str) {
    log_at(host, abi::Level::ERROR, text);
}

fn log_at(host: *const abi::Host, level: abi::Level, text: &str) {
    // SAFETY: the host outlives every instance (`abi::Host`).
    let Some(host) = (unsafe { host.as_ref() }) else { return };
    if let Some(log) = host.log {
        // SAFETY: `text` is alive for the call.
        unsafe { log(host.ctx, level, text.as_ptr().cast::<c_char>(), text.len()) }
    }
}

/// A short text that needs no heap.
#[derive(Clone, Copy)]
struct Note {
    bytes: [u8; 400],
    len: usize,
}

impl Note {
    const EMPTY: Self = Self { bytes: [0; 400], len: 0 };

    fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or("panic")
    }
}

impl Write for Note {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        let mut cut = s.len().min(self.bytes.len() - self.len);
        while !s.is_char_boundary(cut) {
            cut -= 1;
        }
        self.bytes[self.len..self.len + cut].copy_from_slice(&s.as_bytes()[..cut]);
        self.len += cut;
        Ok(())
    }
}

thread_local!(static PLACE: Cell<Note> = const { Cell::new(Note::EMPTY) });

/// Replaces this library's panic hook: the usual one prints and walks the stack, which on the render thread costs
/// megabytes of heap and milliseconds.
pub fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            heap::panicking();
            let mut place = Note::EMPTY;
            if let Some(at) = info.location() {
                let _ = write!(place, " at {}:{}", at.file(), at.line());
            }
            PLACE.set(place);
        }));
    });
}

/// Logs what a panic said and where.
fn log_panic(host: *const abi::Host, payload: Box<dyn Any + Send>) {
    heap::panicking();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    let mut note = Note::EMPTY;
    let _ = write!(note, "panicked{}: {text}", PLACE.get().text());
    log(host, note.text());
    std::mem::forget(payload); // its drop may panic again
}

/// Runs `f` on the worker: a dead instance stays dead, an error is logged, a panic kills it.
///
/// # Safety
/// `it` came from `create::<W>` and is not used elsewhere during the call.
unsafe fn call<W: Worker>(it: *mut Instance, f: impl FnOnce(&mut W, &mut [Vec<Shape>; 2]) -> Result) -> Status {
    // SAFETY: the caller's promise.
    let boxed = unsafe { &mut *it.cast::<Boxed<W>>() };
    let Some(worker) = boxed.worker.as_mut() else { return Status::PANIC };
    let mut shapes = [std::mem::take(&mut boxed.inputs), std::mem::take(&mut boxed.outputs)];
    let result = catch_unwind(AssertUnwindSafe(|| f(worker, &mut shapes)));
    [boxed.inputs, boxed.outputs] = shapes;
    match result {
        Ok(Ok(())) => Status::OK,
        Ok(Err(Error(text))) => {
            log(boxed.host, &text);
            Status::ERROR
        }
        Err(payload) => {
            log_panic(boxed.host, payload);
            // The worker may be half changed: leak it rather than run its drop.
            std::mem::forget(boxed.worker.take());
            Status::PANIC
        }
    }
}

/// As [`call`], on the render thread.
///
/// # Safety
/// As [`call`].
unsafe fn render<W: Worker>(it: *mut Instance, f: impl FnOnce(&mut W, &[Vec<Shape>; 2])) -> Status {
    // SAFETY: the caller's promise, passed on.
    unsafe {
        call::<W>(it, |worker, shapes| {
            match W::SPEC.may_block {
                true => f(worker, shapes),
                false => heap::rendering(|| f(worker, shapes)),
            }
            Ok(())
        })
    }
}

/// A slice of what C passed; null counts as empty.
///
/// # Safety
/// `data` is null or points at `len` items that live for `'a`.
unsafe fn slice<'a, T>(data: *const T, len: usize) -> &'a [T] {
    // SAFETY: the caller's promise.
    if data.is_null() || len == 0 { &[] } else { unsafe { std::slice::from_raw_parts(data, len) } }
}

/// As [`slice`], to be written.
///
/// # Safety
/// As [`slice`], and nothing else uses the items.
unsafe fn slice_mut<'a, T>(data: *mut T, len: usize) -> &'a mut [T] {
    // SAFETY: the caller's promise.
    if data.is_null() || len == 0 { &mut [] } else { unsafe { std::slice::from_raw_parts_mut(data, len) } }
}

/// # Safety
/// `text` is null or a C string.
unsafe fn text(text: *const c_char) -> String {
    // SAFETY: the caller's promise.
    if text.is_null() { String::new() } else { unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned() }
}

/// # Safety
/// `value` is one that the host made for a parameter of type `ty`.
unsafe fn given(ty: Type, value: &abi::Value) -> Given {
    // SAFETY: text, list and table are as `abi::Value` says for the type.
    unsafe {
        match ty {
            Type::TEXT | Type::PATH => Given::Text(text(value.text)),
            Type::FLOATS => Given::List(slice(value.list, value.len as usize).to_vec()),
            Type::TABLE => {
                let pairs = slice(value.table, value.len as usize).iter();
                Given::Table(pairs.map(|pair| (text(pair.key), text(pair.text))).collect())
            }
            _ => Given::Num(value.num),
        }
    }
}

unsafe extern "C" fn create<W: Worker>(
    host: *const abi::Host,
    values: *const abi::Value,
    out: *mut *mut Instance,
) -> Status {
    let made = catch_unwind(|| {
        let params = W::SPEC.params;
        // SAFETY: the host passes one value a parameter, and names are C strings.
        let values = unsafe { slice(values, params.len()) }.iter().zip(params);
        // SAFETY: as above.
        let values = values.map(|(value, param)| unsafe { (text(param.0.name), given(param.0.ty, value)) });
        W::create(&Values { values: values.collect() })
    });
    match made {
        Ok(Ok(worker)) => {
            let boxed = Box::new(Boxed {
                host,
                worker: Some(worker),
                inputs: vec![],
                outputs: vec![],
                why: CString::default(),
            });
            // SAFETY: `out` is valid for a write.
            unsafe { out.write(Box::into_raw(boxed).cast()) }
            Status::OK
        }
        Ok(Err(Error(text))) => {
            log(host, &text);
            Status::ERROR
        }
        Err(payload) => {
            log_panic(host, payload);
            Status::PANIC
        }
    }
}

/// Whether a connected output carries events: it is declared so, or belongs to a MANY port that is.
fn writes_events<W: Worker>(port: &str) -> bool {
    let mut outputs = W::SPEC.ports.iter().filter(|p| p.0.dir == Dir::OUT);
    // SAFETY: port names are C strings.
    let declared = outputs.clone().find(|p| unsafe { text(p.0.name) } == port);
    let declared = declared.or_else(|| outputs.find(|p| p.0.flags & port_flags::MANY != 0));
    declared.is_some_and(|p| p.0.kind == Kind::EVENTS)
}

unsafe extern "C" fn prepare<W: Worker>(it: *mut Instance, raw: *mut abi::Setup) -> Status {
    // SAFETY: the host passes a live setup and live streams.
    let (raw, ins, outs) = unsafe {
        let ins = slice_mut((*raw).inputs, (*raw).input_count as usize);
        (raw, ins, slice_mut((*raw).outputs, (*raw).output_count as usize))
    };
    let read = |s: &abi::Stream| {
        // SAFETY: port names are C strings.
        let port = unsafe { text(s.port) };
        Stream { port, format: s.format, frames: 0, latency: 0, tail: 0 }
    };
    // SAFETY: as above, for all three; fields behind `size` are not read.
    let (size, sample_rate, max_frames) = unsafe { ((*raw).size, (*raw).sample_rate, (*raw).max_frames) };
    let mut setup = Setup {
        sample_rate,
        max_frames,
        inputs: ins.iter().map(read).collect(),
        outputs: outs.iter().map(read).collect(),
        // SAFETY: port names are C strings.
        declared: W::SPEC.ports.iter().map(|port| unsafe { text(port.0.name) }).collect(),
        rehearsals: (0, String::new()),
        notes: vec![],
    };
    // SAFETY: the host's promise, passed on.
    let status = unsafe {
        call::<W>(it, |worker, shapes| {
            worker.prepare(&mut setup)?;
            let shape = |s: &Stream, events| Shape {
                width: s.format.width() as u32, // the host refuses more
                channels: s.format.channels,
                events,
            };
            let inputs = setup.inputs.iter().map(|s| shape(s, false)).collect();
            *shapes = [inputs, setup.outputs.iter().map(|s| shape(s, writes_events::<W>(&s.port))).collect()];
            Ok(())
        })
    };
    for (to, from) in ins.iter_mut().zip(&setup.inputs).chain(outs.iter_mut().zip(&setup.outputs)) {
        (to.format, to.frames, to.latency, to.tail) = (from.format, from.frames, from.latency, from.tail);
    }
    if status == Status::OK {
        // SAFETY: `it` came from `create::<W>` and is used by nobody else during the call.
        let host = unsafe { (*it.cast::<Boxed<W>>()).host };
        setup.notes.iter().for_each(|note| log_at(host, abi::Level::INFO, note));
    }
    // A host of version 1.0 has no such fields.
    if size as usize >= size_of::<abi::Setup>() {
        // SAFETY: `it` came from `create::<W>`; the fields are there, as `size` says.
        unsafe {
            let boxed = &mut *it.cast::<Boxed<W>>();
            boxed.why = CString::new(setup.rehearsals.1).unwrap_or_default();
            (*raw).rehearsals = setup.rehearsals.0;
            (*raw).rehearsals_why = boxed.why.as_ptr();
        }
    }
    status
}

unsafe extern "C" fn process<W: Worker>(it: *mut Instance, block: *const abi::Block) -> Status {
    // SAFETY: the host passes a live block that fits the shapes agreed in `prepare`.
    unsafe {
        render::<W>(it, |worker, [inputs, outputs]| {
            let mut block = Block::new(block, inputs, outputs);
            worker.process(&mut block);
            block.outputs.finish();
        })
    }
}

unsafe extern "C" fn set_param<W: Worker>(it: *mut Instance, index: u32, value: f64) {
    let Some(param) = W::SPEC.params.get(index as usize) else { return };
    // SAFETY: names are C strings.
    let name = unsafe { CStr::from_ptr(param.0.name) }.to_str().unwrap_or_default();
    // SAFETY: the host's promise, passed on.
    unsafe { render::<W>(it, |worker, _| worker.set_param(name, value)) };
}

unsafe extern "C" fn reset<W: Worker>(it: *mut Instance) {
    // SAFETY: the host's promise, passed on.
    unsafe { render::<W>(it, |worker, _| worker.reset()) };
}

unsafe extern "C" fn rewind<W: Worker>(it: *mut Instance) {
    // SAFETY: the host's promise, passed on.
    unsafe {
        call::<W>(it, |worker, _| {
            worker.rewind();
            Ok(())
        })
    };
}

unsafe extern "C" fn extent<W: Worker>(it: *mut Instance, output: u32, frames: u64) -> u64 {
    let mut extent = None;
    // SAFETY: the host's promise, passed on.
    unsafe {
        call::<W>(it, |worker, _| {
            extent = worker.extent(output as usize, frames);
            Ok(())
        })
    };
    extent.unwrap_or(abi::NO_END)
}

unsafe extern "C" fn save<W: Worker>(it: *mut Instance, data: *mut u8, room: usize, len: *mut usize) -> Status {
    let mut bytes = Vec::new();
    // SAFETY: the host's promise, passed on.
    let status = unsafe {
        call::<W>(it, |worker, _| {
            worker.save(&mut bytes);
            Ok(())
        })
    };
    if status != Status::OK {
        return status;
    }
    // SAFETY: `len` is valid for a write.
    unsafe { len.write(bytes.len()) };
    if bytes.len() > room {
        return Status::SHORT;
    }
    // SAFETY: `data` is valid for `room` bytes.
    unsafe { slice_mut(data, bytes.len()) }.copy_from_slice(&bytes);
    Status::OK
}

unsafe extern "C" fn load<W: Worker>(it: *mut Instance, data: *const u8, len: usize) -> Status {
    // SAFETY: `data` holds `len` bytes; the rest is the host's promise, passed on.
    unsafe { call::<W>(it, |worker, _| worker.load(slice(data, len))) }
}

unsafe extern "C" fn destroy<W: Worker>(it: *mut Instance) {
    // SAFETY: made by `create::<W>`; the host uses it no more.
    let boxed = unsafe { Box::from_raw(it.cast::<Boxed<W>>()) };
    let host = boxed.host;
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(boxed))) {
        log_panic(host, payload);
    }
}

/// The function table of `W`.
pub const fn table<W: Worker>() -> abi::Worker {
    let Spec { id, summary, ports, params, presets, may_block } = W::SPEC;
    abi::Worker {
        size: size_of::<abi::Worker>() as u32,
        flags: if may_block { abi::worker_flags::MAY_BLOCK } else { 0 },
        port_count: ports.len() as u32,
        param_count: params.len() as u32,
        id: id.as_ptr(),
        summary: summary.as_ptr(),
        ports: ports.as_ptr().cast(),
        params: params.as_ptr().cast(),
        create: Some(create::<W>),
        prepare: Some(prepare::<W>),
        process: Some(process::<W>),
        set_param: Some(set_param::<W>),
        reset: Some(reset::<W>),
        save: Some(save::<W>),
        load: Some(load::<W>),
        destroy: Some(destroy::<W>),
        extent: Some(extent::<W>),
        rewind: Some(rewind::<W>),
        presets: presets.as_ptr().cast(),
        preset_count: presets.len() as u32,
    }
}

/// The answer of `aw_entry`.
pub const fn entry(workers: &'static [&'static abi::Worker]) -> abi::Library {
    abi::Library {
        abi_major: abi::ABI_MAJOR,
        abi_minor: abi::ABI_MINOR,
        size: size_of::<abi::Library>() as u32,
        worker_count: workers.len() as u32,
        workers: workers.as_ptr().cast(),
        heap: Some(heap::report),
    }
}
