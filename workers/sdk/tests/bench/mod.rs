//! One instance behind the C functions of a worker, called as a host calls them, without a dynamic library: Miri can
//! watch (`cargo +nightly miri test -p aw-sdk`).
#![allow(dead_code, clippy::unwrap_used)] // not every test uses all of it

use aw_sdk::abi::{self, Instance, Level, Status};
use aw_sdk::{Event, Format, Worker, table};
use std::ffi::{CStr, c_char, c_void};
use std::ptr::{null, null_mut};
use std::sync::Mutex;

/// What the worker says, as the host's log receives it.
#[derive(Default)]
struct Log(Mutex<Vec<String>>);

unsafe extern "C" fn listen(log: *mut c_void, level: Level, text: *const c_char, len: usize) {
    assert_eq!(level, Level::ERROR);
    // SAFETY: `log` outlives the instance; `text` holds `len` bytes.
    let (log, text) = unsafe { (&*log.cast::<Log>(), std::slice::from_raw_parts(text.cast(), len)) };
    log.0.lock().unwrap().push(String::from_utf8(text.to_vec()).unwrap());
}

/// A host with one instance.
pub struct Bench {
    table: abi::Worker,
    it: *mut Instance,
    host: *mut abi::Host,
    log: *mut Log,
}

/// One port in one `process`: planes of frames, or events.
pub enum Plug<'a> {
    /// `planes[channel]`; planes lie 3 floats apart.
    Frames(&'a mut [Vec<f32>], usize),
    /// Room, and how many there are afterwards.
    Events(&'a mut [Event], &'a mut usize),
}

impl Bench {
    /// Creates an instance; `values` are its number parameters, in order. The status is that of `create`.
    pub fn create<W: Worker>(values: &[f64]) -> (Self, Status) {
        let table = table::<W>();
        let log = Box::into_raw(Box::<Log>::default());
        let size = size_of::<abi::Host>() as u32;
        let host = Box::into_raw(Box::new(abi::Host { size, ctx: log.cast(), log: Some(listen) }));
        let value = |num: &f64| abi::Value { num: *num, text: c"".as_ptr(), list: null(), table: null(), len: 0 };
        let values: Vec<abi::Value> = values.iter().map(value).collect();
        assert_eq!(values.len(), table.param_count as usize);
        let mut it = null_mut();
        // SAFETY: one value a parameter; host and log outlive the instance (`drop`).
        let status = unsafe { table.create.unwrap()(host, values.as_ptr(), &mut it) };
        (Self { table, it, host, log }, status)
    }

    /// As [`Bench::create`], for a worker that agrees.
    pub fn new<W: Worker>(values: &[f64]) -> Self {
        let (bench, status) = Self::create::<W>(values);
        assert_eq!(status, Status::OK);
        bench
    }

    /// Connects ports. The streams as `prepare` leaves them: inputs, then outputs.
    pub fn prepare(&mut self, inputs: &[(&CStr, Format)], outputs: &[&CStr]) -> (Status, Vec<abi::Stream>) {
        let blank = Format { channels: 0, ..Format::audio(1, 1) };
        let ports = inputs.iter().copied().chain(outputs.iter().map(|name| (*name, blank)));
        let stream = |(port, format): (&CStr, Format)| abi::Stream {
            port: port.as_ptr(),
            format,
            frames: 77,
            latency: 77,
            tail: 77,
        };
        let mut ins: Vec<abi::Stream> = ports.map(stream).collect();
        let mut outs = ins.split_off(inputs.len());
        let mut setup = abi::Setup {
            size: size_of::<abi::Setup>() as u32,
            sample_rate: 16_000,
            max_frames: 256,
            input_count: ins.len() as u32,
            output_count: outs.len() as u32,
            inputs: if ins.is_empty() { null_mut() } else { ins.as_mut_ptr() },
            outputs: if outs.is_empty() { null_mut() } else { outs.as_mut_ptr() },
            rehearsals: 0,
            rehearsals_why: std::ptr::null(),
        };
        // SAFETY: the instance is alive, the setup complete.
        let status = unsafe { self.table.prepare.unwrap()(self.it, &mut setup) };
        ins.append(&mut outs);
        (status, ins)
    }

    /// One firing at `time`. Planes of one port are laid 3 floats apart, and no float between them may change.
    pub fn process(&mut self, time: u64, inputs: &[Plug], outputs: &mut [Plug]) -> Status {
        let mut memory: Vec<Vec<f32>> = inputs.iter().chain(&*outputs).map(lay_out).collect();
        let mut data = memory.iter_mut().map(Vec::as_mut_ptr);
        let ins: Vec<abi::Buffer> =
            inputs.iter().zip(&mut data).map(|(plug, data)| buffer(plug, data.cast())).collect();
        let mut outs: Vec<abi::Buffer> = vec![];
        for (plug, data) in outputs.iter_mut().zip(&mut data) {
            let data = match plug {
                Plug::Events(room, _) => room.as_mut_ptr().cast(),
                Plug::Frames(..) => data.cast(),
            };
            outs.push(buffer(plug, data));
        }
        let block = abi::Block {
            size: size_of::<abi::Block>() as u32,
            input_count: ins.len() as u32,
            output_count: outs.len() as u32,
            time,
            inputs: if ins.is_empty() { null() } else { ins.as_ptr() },
            outputs: outs.as_mut_ptr(),
            position: 0,
            end: abi::NO_END,
        };
        // SAFETY: the instance is alive; the buffers hold what they claim.
        let status = unsafe { self.table.process.unwrap()(self.it, &block) };
        for ((plug, buffer), memory) in outputs.iter_mut().zip(&outs).zip(&memory[inputs.len()..]) {
            match plug {
                Plug::Events(_, count) => **count = buffer.frames as usize,
                Plug::Frames(planes, _) => take_back(planes, memory),
            }
        }
        status
    }

    /// One firing of a worker with audio in and out.
    pub fn audio(&mut self, x: &[f32]) -> (Status, Vec<f32>) {
        let mut y = [vec![f32::NAN; x.len()]];
        let status = self.process(0, &[Plug::Frames(&mut [x.to_vec()], x.len())], &mut [Plug::Frames(&mut y, x.len())]);
        let [y] = y;
        (status, y)
    }

    /// Changes a parameter.
    pub fn set_param(&mut self, index: u32, value: f64) {
        // SAFETY: the instance is alive.
        unsafe { self.table.set_param.unwrap()(self.it, index, value) }
    }

    /// Forgets the past.
    pub fn reset(&mut self) {
        // SAFETY: the instance is alive.
        unsafe { self.table.reset.unwrap()(self.it) }
    }

    /// Saves into `room` bytes: the status, the length reported, and the bytes.
    pub fn save(&mut self, room: usize) -> (Status, usize, Vec<u8>) {
        let (mut data, mut len) = (vec![0xEE; room], usize::MAX);
        let at = if room == 0 { null_mut() } else { data.as_mut_ptr() };
        // SAFETY: the instance is alive; `data` has that much room.
        let status = unsafe { self.table.save.unwrap()(self.it, at, room, &mut len) };
        (status, len, data)
    }

    /// Restores.
    pub fn load(&mut self, data: &[u8]) -> Status {
        // SAFETY: the instance is alive.
        unsafe { self.table.load.unwrap()(self.it, data.as_ptr(), data.len()) }
    }

    /// Destroys the instance early, and returns the last words.
    pub fn destroy(mut self) -> Vec<String> {
        self.free_instance();
        self.said()
    }

    /// What was logged since last asked.
    pub fn said(&self) -> Vec<String> {
        // SAFETY: alive as long as `self`.
        std::mem::take(&mut unsafe { &*self.log }.0.lock().unwrap())
    }

    fn free_instance(&mut self) {
        let it = std::mem::replace(&mut self.it, null_mut());
        if !it.is_null() {
            // SAFETY: used no more.
            unsafe { self.table.destroy.unwrap()(it) }
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.free_instance();
        // SAFETY: made by `Box::into_raw`; the instance that used them is gone.
        unsafe { drop((Box::from_raw(self.host), Box::from_raw(self.log))) }
    }
}

/// Planes one after the other, each followed by three floats that belong to nobody.
fn lay_out(plug: &Plug) -> Vec<f32> {
    match plug {
        Plug::Frames(planes, _) => planes.iter().flat_map(|plane| [&plane[..], &[-99.0; 3]].concat()).collect(),
        Plug::Events(..) => vec![],
    }
}

fn take_back(planes: &mut [Vec<f32>], memory: &[f32]) {
    let stride = planes[0].len() + 3;
    for (plane, memory) in planes.iter_mut().zip(memory.chunks(stride)) {
        let (inside, beyond) = memory.split_at(stride - 3);
        plane.copy_from_slice(inside);
        assert_eq!(beyond, [-99.0; 3], "written past a plane");
    }
}

fn buffer(plug: &Plug, data: *mut c_void) -> abi::Buffer {
    match plug {
        Plug::Frames(planes, frames) => {
            abi::Buffer { data, stride: planes[0].len() as u32 + 3, frames: *frames as u32 }
        }
        Plug::Events(room, _) => abi::Buffer { data, stride: 0, frames: room.len() as u32 },
    }
}
