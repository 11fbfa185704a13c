//! A worker on the bench: driven through the same C functions as in the host, for the tests of its author.
use crate::{Error, Event, Format, Given, Kind, Result, Worker, table};
use aw_abi::{self as abi, Dir, Status};
use std::collections::VecDeque;
use std::ffi::{CString, c_char, c_void};
use std::rc::Rc;
use std::sync::Mutex;

/// What a worker answered for one connected port in `prepare`.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// The shape and pace of the frames.
    pub format: Format,
    /// Frames moved by one `process`; 0 is "as many as there are".
    pub frames: usize,
    /// By how many of its own frames an output lags.
    pub latency: usize,
    /// For how many of its own frames an output sounds on.
    pub tail: u32,
}

/// Frames that wait at an input, plane by plane.
struct Queue {
    planes: Vec<VecDeque<f32>>,
    width: usize,
}

/// An instance with its ports connected to queues.
pub struct Rig {
    table: abi::Worker,
    it: *mut abi::Instance,
    /// What the instance points at; an `Rc` stays in its place when the rig is moved.
    _host: Rc<abi::Host>,
    said: Rc<Mutex<Vec<String>>>,
    max_frames: usize,
    inputs: Vec<(Answer, Queue)>,
    outputs: Vec<(Answer, bool)>,
    events: Vec<Event>,
    /// Frames that the first input has taken.
    time: u64,
    /// Frames that come before the sound does.
    early: i64,
    end: u64,
    rehearsals: (u32, String),
}

/// Most frames that a [`Rig`] hands to a port that takes as many as there are.
const MAX_FRAMES: usize = 256;

unsafe extern "C" fn remember(said: *mut c_void, _: abi::Level, text: *const c_char, len: usize) {
    // SAFETY: `said` is the rig's list, `text` the worker's for this call.
    let (said, text) = unsafe { (&*said.cast::<Mutex<Vec<String>>>(), std::slice::from_raw_parts(text.cast(), len)) };
    if let Ok(mut said) = said.lock() {
        said.push(String::from_utf8_lossy(text).into_owned());
    }
}

fn c(text: &str) -> CString {
    CString::new(text).unwrap_or_default()
}

impl Rig {
    /// Creates and prepares a worker: parameters that are not given keep their defaults (ranges are the host's to
    /// check), `inputs` and `outputs` are the connected ports in the order of `SPEC.ports`. The graph's sample rate is
    /// that of the first audio input, or 16000 Hz.
    ///
    /// # Errors
    /// What the worker says when it refuses.
    pub fn new<W: Worker>(params: &[(&str, Given)], inputs: &[(&str, Format)], outputs: &[&str]) -> Result<Self> {
        let table = table::<W>();
        let said = Rc::new(Mutex::new(Vec::new()));
        let ctx = Rc::as_ptr(&said).cast_mut().cast();
        let host = Rc::new(abi::Host { size: size_of::<abi::Host>() as u32, ctx, log: Some(remember) });
        let mut it = std::ptr::null_mut();
        let made = with_values::<W, _>(params, |values| {
            // SAFETY: `table` is W's own; values are one a parameter.
            unsafe { table.create.map_or(Status::ERROR, |f| f(Rc::as_ptr(&host), values, &mut it)) }
        });
        let (inputs_, outputs_, events) = (vec![], vec![], vec![]);
        let mut rig = Self {
            table,
            it,
            _host: host,
            said,
            max_frames: MAX_FRAMES,
            inputs: inputs_,
            outputs: outputs_,
            events,
            time: 0,
            early: 0,
            end: abi::NO_END,
            rehearsals: (0, String::new()),
        };
        rig.check(made)?;
        rig.prepare::<W>(inputs, outputs)?;
        Ok(rig)
    }

    fn check(&self, status: Status) -> Result {
        match status {
            Status::OK => Ok(()),
            _ => Err(Error(self.said.lock().map(|mut said| said.pop()).ok().flatten().unwrap_or_default())),
        }
    }

    /// Prepares again, with other formats.
    ///
    /// # Errors
    /// What the worker says when it refuses.
    pub fn prepare<W: Worker>(&mut self, inputs: &[(&str, Format)], outputs: &[&str]) -> Result {
        let names = inputs.iter().map(|(name, _)| c(name)).chain(outputs.iter().map(|name| c(name)));
        let names: Vec<CString> = names.collect();
        let blank = Format::audio(1, 1);
        let formats = inputs.iter().map(|(_, format)| *format).chain(outputs.iter().map(|_| blank));
        let stream = |(name, format): (&CString, Format)| {
            let port = name.as_ptr();
            abi::Stream { port, format, frames: 0, latency: 0, tail: 0 }
        };
        let mut ins: Vec<abi::Stream> = names.iter().zip(formats).map(stream).collect();
        let mut outs = ins.split_off(inputs.len());
        let audio = inputs.iter().find(|(_, format)| format.kind == Kind::AUDIO);
        let mut setup = abi::Setup {
            size: size_of::<abi::Setup>() as u32,
            sample_rate: audio.map_or(16000, |(_, format)| (format.rate() as u32).max(1)),
            max_frames: self.max_frames as u32,
            input_count: ins.len() as u32,
            output_count: outs.len() as u32,
            inputs: ins.as_mut_ptr(),
            outputs: outs.as_mut_ptr(),
            rehearsals: 0,
            rehearsals_why: std::ptr::null(),
        };
        // SAFETY: `it` is alive and the setup complete.
        let status = unsafe { self.table.prepare.map_or(Status::ERROR, |f| f(self.it, &mut setup)) };
        self.check(status)?;
        // SAFETY: the worker wrote null or a text that lives until its next call.
        let why = (!setup.rehearsals_why.is_null()).then(|| unsafe { std::ffi::CStr::from_ptr(setup.rehearsals_why) });
        self.rehearsals = (setup.rehearsals, why.map_or(String::new(), |why| why.to_string_lossy().into_owned()));
        let answer = |s: &abi::Stream| Answer {
            format: s.format,
            frames: s.frames as usize,
            latency: s.latency as usize,
            tail: s.tail,
        };
        let queue = |s: &abi::Stream| {
            let planes = (0..s.format.channels).map(|_| VecDeque::new()).collect();
            (answer(s), Queue { planes, width: s.format.width() })
        };
        self.inputs = ins.iter().map(queue).collect();
        // SAFETY: the names of W's ports are C strings.
        let port_name = |port: &crate::Port| unsafe { std::ffi::CStr::from_ptr(port.0.name) };
        let is_events = |name: &CString| {
            let mut ports = W::SPEC.ports.iter().filter(|port| port.0.dir == Dir::OUT);
            ports.any(|port| port_name(port) == name.as_c_str() && port.0.kind == Kind::EVENTS)
        };
        let events = names[inputs.len()..].iter().map(is_events);
        self.outputs = outs.iter().map(answer).zip(events).collect();
        Ok(())
    }

    /// What `prepare` answered for an input.
    pub fn input(&self, port: usize) -> Answer {
        self.inputs[port].0
    }

    /// What `prepare` answered for an output.
    pub fn output(&self, port: usize) -> Answer {
        self.outputs[port].0
    }

    /// Changes a live parameter.
    pub fn set<W: Worker>(&mut self, name: &str, value: f64) {
        // SAFETY: the names of W's parameters are C strings.
        let at =
            W::SPEC.params.iter().position(|p| unsafe { std::ffi::CStr::from_ptr(p.0.name) } == c(name).as_c_str());
        if let (Some(set), Some(at)) = (self.table.set_param, at) {
            // SAFETY: `it` is alive.
            unsafe { set(self.it, at as u32, value) }
        }
    }

    /// Forgets the past, and what waits at the inputs; time goes on.
    pub fn reset(&mut self) {
        for queue in self.inputs.iter_mut().flat_map(|(_, queue)| &mut queue.planes) {
            queue.clear();
        }
        if let Some(reset) = self.table.reset {
            // SAFETY: `it` is alive.
            unsafe { reset(self.it) }
        }
    }

    /// Says how many frames the first input has in all; what is fed beyond is the silence after its end.
    pub fn end_at(&mut self, frames: u64) {
        self.end = frames;
    }

    /// Says that the first `frames` frames of the first input come before the sound does, as behind nodes with latency.
    pub fn begin_after(&mut self, frames: u32) {
        self.early = frames.into();
    }

    /// How many frames an output makes of a first input of `frames` frames, if the worker has a say.
    pub fn extent(&mut self, output: u32, frames: u64) -> Option<u64> {
        // SAFETY: `it` is alive.
        let extent = self.table.extent.map_or(abi::NO_END, |f| unsafe { f(self.it, output, frames) });
        (extent != abi::NO_END).then_some(extent)
    }

    /// Starts the same input anew, as a replay does after a rehearsal.
    pub fn rewind(&mut self) {
        for queue in self.inputs.iter_mut().flat_map(|(_, queue)| &mut queue.planes) {
            queue.clear();
        }
        (self.time, self.end) = (0, abi::NO_END);
        if let Some(rewind) = self.table.rewind {
            // SAFETY: `it` is alive.
            unsafe { rewind(self.it) }
        }
    }

    /// How often the worker must hear the whole input before what it gives is right, and why.
    pub fn rehearsals(&self) -> (u32, &str) {
        (self.rehearsals.0, &self.rehearsals.1)
    }

    /// The worker's memory of the past.
    ///
    /// # Errors
    /// What the worker says.
    pub fn save(&mut self) -> Result<Vec<u8>> {
        let Some(save) = self.table.save else { return Ok(vec![]) };
        let (mut data, mut len) = (vec![], 0);
        // SAFETY: `it` is alive; `data` has the room it claims.
        let mut status = unsafe { save(self.it, std::ptr::null_mut(), 0, &mut len) };
        if status == Status::SHORT {
            data.resize(len, 0);
            // SAFETY: as above.
            status = unsafe { save(self.it, data.as_mut_ptr(), data.len(), &mut len) };
        }
        self.check(status)?;
        Ok(data)
    }

    /// Continues from what [`Rig::save`] gave.
    ///
    /// # Errors
    /// What the worker says.
    pub fn load(&mut self, data: &[u8]) -> Result {
        // SAFETY: `it` is alive, `data` for the call.
        self.check(unsafe { self.table.load.map_or(Status::OK, |f| f(self.it, data.as_ptr(), data.len())) })
    }

    /// Feeds whole frames to every input, `input[port][channel]`, fires as often as they suffice, and returns all that
    /// came out, `output[port][channel]`. Frames that do not fill a firing wait for the next call. Panics if the worker
    /// dies, with what it said.
    pub fn run(&mut self, input: &[&[&[f32]]]) -> Vec<Vec<Vec<f32>>> {
        for ((_, queue), planes) in self.inputs.iter_mut().zip(input) {
            assert_eq!(queue.planes.len(), planes.len(), "planes of an input");
            for (queue, plane) in queue.planes.iter_mut().zip(*planes) {
                queue.extend(*plane);
            }
        }
        let blank = |(answer, _): &(Answer, bool)| vec![vec![]; answer.format.channels as usize];
        let mut out: Vec<Vec<Vec<f32>>> = self.outputs.iter().map(blank).collect();
        while let Some(n) = self.ready() {
            self.fire(n, &mut out);
        }
        out
    }

    /// What the worker has said since it was made or since the last call.
    pub fn said(&self) -> Vec<String> {
        self.said.lock().map(|mut said| std::mem::take(&mut *said)).unwrap_or_default()
    }

    /// All events so far.
    pub fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// How many frames the "as many as there are" ports would move now.
    fn ready(&self) -> Option<usize> {
        let mut free = self.max_frames;
        for (answer, queue) in &self.inputs {
            let there = queue.planes[0].len() / queue.width;
            match answer.frames {
                0 => free = free.min(there),
                need if there < need => return None,
                _ => {}
            }
        }
        (free > 0 && !self.inputs.is_empty()).then_some(free)
    }

    fn fire(&mut self, n: usize, out: &mut [Vec<Vec<f32>>]) {
        let frames = |answer: &Answer| if answer.frames == 0 { n } else { answer.frames };
        let mut memory: Vec<Vec<f32>> = vec![];
        let mut found: Vec<[Event; 64]> = vec![];
        let mut ins = vec![];
        for (answer, queue) in &mut self.inputs {
            let len = frames(answer) * queue.width;
            let data: Vec<f32> = queue.planes.iter_mut().flat_map(|plane| plane.drain(..len)).collect();
            ins.push((data.len() / queue.planes.len(), frames(answer)));
            memory.push(data);
        }
        for (answer, events) in &self.outputs {
            let stride = frames(answer) * answer.format.width();
            memory.push(vec![f32::NAN; stride * answer.format.channels as usize]);
            found.push([Event { time: 0, label: 0, value: 0.0 }; 64]);
            ins.push((stride, if *events { 64 } else { frames(answer) }));
        }
        let data = memory.iter_mut().map(|m| m.as_mut_ptr().cast::<c_void>());
        let buffer = |(data, (stride, frames)): (*mut c_void, &(usize, usize))| abi::Buffer {
            data,
            stride: *stride as u32,
            frames: *frames as u32,
        };
        let mut buffers: Vec<abi::Buffer> = data.zip(&ins).map(buffer).collect();
        let mut outs = buffers.split_off(self.inputs.len());
        for ((buffer, found), (_, events)) in outs.iter_mut().zip(&mut found).zip(&self.outputs) {
            if *events {
                buffer.data = found.as_mut_ptr().cast();
            }
        }
        let block = abi::Block {
            size: size_of::<abi::Block>() as u32,
            input_count: buffers.len() as u32,
            output_count: outs.len() as u32,
            time: self.time,
            inputs: buffers.as_ptr(),
            outputs: outs.as_mut_ptr(),
            position: self.time as i64 - self.early,
            end: self.end,
        };
        // SAFETY: `it` is alive and the block complete.
        let status = unsafe { self.table.process.map_or(Status::ERROR, |f| f(self.it, &block)) };
        if let Err(Error(said)) = self.check(status) {
            panic!("process failed: {said}");
        }
        self.time += self.inputs.first().map_or(n, |(answer, _)| frames(answer)) as u64;
        for (i, (answer, events)) in self.outputs.iter().enumerate() {
            if *events {
                self.events.extend(&found[i][..outs[i].frames as usize]);
                continue;
            }
            let stride = frames(answer) * answer.format.width();
            for (channel, plane) in out[i].iter_mut().enumerate() {
                plane.extend(&memory[self.inputs.len() + i][channel * stride..(channel + 1) * stride]);
            }
        }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if let (Some(destroy), false) = (self.table.destroy, self.it.is_null()) {
            // SAFETY: `it` is alive and used no more; the host is still alive.
            unsafe { destroy(self.it) }
        }
    }
}

/// Calls `f` with one value a parameter of `W`.
fn with_values<W: Worker, R>(params: &[(&str, Given)], f: impl FnOnce(*const abi::Value) -> R) -> R {
    let mut texts: Vec<CString> = vec![];
    let mut tables: Vec<Vec<abi::Pair>> = vec![];
    let mut values = vec![];
    for param in W::SPEC.params.iter().map(|param| param.0) {
        // SAFETY: the names of W's parameters are C strings.
        let name = unsafe { std::ffi::CStr::from_ptr(param.name) }.to_string_lossy();
        let text = if param.default_text.is_null() { c"".as_ptr() } else { param.default_text };
        let (list, table) = (std::ptr::null(), std::ptr::null());
        let mut value = abi::Value { num: param.default_num, text, list, table, len: 0 };
        match params.iter().find(|(known, _)| *known == name).map(|(_, given)| given) {
            None => {}
            Some(Given::Num(num)) => value.num = *num,
            Some(Given::Text(text)) => {
                texts.push(c(text));
                value.text = texts.last().map_or(text.as_ptr().cast(), |text| text.as_ptr());
            }
            Some(Given::List(list)) => (value.list, value.len) = (list.as_ptr(), list.len() as u32),
            Some(Given::Table(pairs)) => {
                let mut table = vec![];
                for (key, text) in pairs {
                    let at = texts.len();
                    texts.extend([c(key), c(text)]);
                    table.push(abi::Pair { key: texts[at].as_ptr(), text: texts[at + 1].as_ptr() });
                }
                (value.table, value.len) = (table.as_ptr(), table.len() as u32);
                tables.push(table);
            }
        }
        values.push(value);
    }
    for (name, _) in params {
        // SAFETY: the names of W's parameters are C strings.
        let known = W::SPEC.params.iter().any(|p| unsafe { std::ffi::CStr::from_ptr(p.0.name) } == c(name).as_c_str());
        assert!(known, "SPEC declares no parameter `{name}`");
    }
    f(values.as_ptr())
}
