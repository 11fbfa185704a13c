//! The worker in plain C, `tests/workers/smooth.c`, from its birth to its death, checked against the formula of its
//! step response: y(n) = 1 − exp(−2π · cutoff · (n + 1) / rate).

#![allow(clippy::unwrap_used)]

mod cc;

use aw_abi::*;
use std::f64::consts::TAU;
use std::ffi::{CStr, c_char, c_void};
use std::ptr::{null, null_mut};
use std::sync::Mutex;

const RATE: u32 = 48_000;

/// An instance of `smooth`, and what it said.
struct Smooth {
    worker: &'static Worker,
    it: *mut Instance,
    host: Box<Host>,
    said: Box<Mutex<Vec<String>>>,
}

unsafe extern "C" fn listen(said: *mut c_void, level: Level, text: *const c_char, len: usize) {
    assert_eq!(level, Level::ERROR);
    // SAFETY: `said` is the instance's list, `text` holds `len` bytes.
    let (said, text) = unsafe { (&*said.cast::<Mutex<Vec<String>>>(), std::slice::from_raw_parts(text.cast(), len)) };
    said.lock().unwrap().push(String::from_utf8_lossy(text).into_owned());
}

impl Smooth {
    fn new(cutoff: f64) -> Self {
        let library: &'static _ = Box::leak(Box::new(cc::library("smooth.c"))); // a library is never unloaded
        // SAFETY: smooth.c defines `aw_entry` as worker.h says.
        let worker = unsafe {
            let entry = library.get::<Entry>(b"aw_entry").unwrap();
            assert!(entry(ABI_MAJOR + 1, 0).is_null(), "refuses a host of another version");
            let library = &*entry(ABI_MAJOR, ABI_MINOR);
            assert_eq!((library.abi_major, library.worker_count), (ABI_MAJOR, 1));
            &**library.workers
        };
        let said = Box::new(Mutex::new(Vec::new()));
        let host = Box::new(Host {
            size: size_of::<Host>() as u32,
            ctx: (&raw const *said).cast_mut().cast(),
            log: Some(listen),
        });
        let value = Value { num: cutoff, text: c"".as_ptr(), list: null(), table: null(), len: 0 };
        let mut it = null_mut();
        // SAFETY: one value for the one parameter.
        assert_eq!(unsafe { worker.create.unwrap()(&*host, &value, &mut it) }, Status::OK);
        Self { worker, it, host, said }
    }

    /// Prepares for `channels` at [`RATE`]; what it answers for `out`.
    fn prepare(&mut self, channels: u32) -> (Status, Stream) {
        let stream =
            |port: &'static CStr, format| Stream { port: port.as_ptr(), format, frames: 9, latency: 0, tail: 0 };
        let mut input = stream(c"in", Format::audio(channels, RATE));
        let mut output = stream(c"out", Format::audio(0, 0));
        let (size, max_frames) = (size_of::<Setup>() as u32, 64);
        let mut setup = Setup {
            size,
            sample_rate: RATE,
            max_frames,
            input_count: 1,
            output_count: 1,
            inputs: &mut input,
            outputs: &mut output,
            rehearsals: 0,
            rehearsals_why: std::ptr::null(),
        };
        // SAFETY: the instance is alive, the setup complete.
        (unsafe { self.worker.prepare.unwrap()(self.it, &mut setup) }, output)
    }

    /// The output of one call; planes are 5 samples further apart than they are long.
    fn process(&mut self, planes: &[Vec<f32>]) -> Vec<Vec<f32>> {
        let (frames, stride) = (planes[0].len(), planes[0].len() + 5);
        let mut input: Vec<f32> = planes.iter().flat_map(|plane| [&plane[..], &[9.0; 5]].concat()).collect();
        let mut output = vec![f32::NAN; input.len()];
        let buffer = |data: &mut Vec<f32>| Buffer {
            data: data.as_mut_ptr().cast(),
            stride: stride as u32,
            frames: frames as u32,
        };
        let (inputs, mut outputs) = (buffer(&mut input), buffer(&mut output));
        let size = size_of::<Block>() as u32;
        let (inputs, outputs) = (&raw const inputs, &raw mut outputs);
        let (time, position, end) = (0, 0, NO_END);
        let block = Block { size, input_count: 1, output_count: 1, time, inputs, outputs, position, end };
        // SAFETY: prepared for as many planes, whose samples the buffers hold.
        assert_eq!(unsafe { self.worker.process.unwrap()(self.it, &block) }, Status::OK);
        assert!(output.chunks(stride).all(|plane| plane[frames..].iter().all(|x| x.is_nan())), "wrote past the plane");
        output.chunks(stride).map(|plane| plane[..frames].to_vec()).collect()
    }
}

impl Drop for Smooth {
    fn drop(&mut self) {
        // SAFETY: used no more.
        unsafe { self.worker.destroy.unwrap()(self.it) }
        self.host.log = None;
    }
}

fn step(cutoff: f64, n: usize) -> f64 {
    1.0 - (-TAU * cutoff * (n + 1) as f64 / f64::from(RATE)).exp()
}

fn assert_near(got: &[f32], expected: impl Fn(usize) -> f64) {
    for (n, got) in got.iter().enumerate() {
        assert!((f64::from(*got) - expected(n)).abs() < 1e-5, "sample {n}: {got}, not {}", expected(n));
    }
}

#[test]
fn it_describes_itself_to_the_host() {
    let smooth = Smooth::new(1000.0);
    // SAFETY: texts and lists of smooth.c are static and complete.
    unsafe {
        assert_eq!(smooth.worker.size as usize, size_of::<Worker>());
        assert_eq!(CStr::from_ptr(smooth.worker.id), c"smooth");
        let ports = std::slice::from_raw_parts(smooth.worker.ports, smooth.worker.port_count as usize);
        assert_eq!(ports.iter().map(|p| p.dir).collect::<Vec<_>>(), [Dir::IN, Dir::OUT]);
        let cutoff = &*smooth.worker.params;
        assert_eq!((CStr::from_ptr(cutoff.name), CStr::from_ptr(cutoff.unit)), (c"cutoff", c"Hz"));
        assert_eq!((cutoff.ty, cutoff.flags, cutoff.default_num), (Type::FLOAT, param_flags::LIVE, 1000.0));
    }
}

#[test]
fn a_step_rises_as_the_formula_says_on_each_channel_however_it_is_cut() {
    let mut smooth = Smooth::new(300.0);
    let (status, out) = smooth.prepare(2);
    assert_eq!((status, out.format, out.frames), (Status::OK, Format::audio(2, RATE), 0));

    let mut heard = [vec![], vec![]];
    for frames in [1, 7, 64, 28] {
        let planes = smooth.process(&[vec![1.0; frames], vec![-0.5; frames]]);
        heard.iter_mut().zip(planes).for_each(|(heard, plane)| heard.extend(plane));
    }
    assert_near(&heard[0], |n| step(300.0, n));
    assert_near(&heard[1], |n| -0.5 * step(300.0, n));
}

#[test]
fn the_cutoff_is_live_and_reset_keeps_it() {
    let mut smooth = Smooth::new(300.0);
    smooth.prepare(1);
    let risen = f64::from(smooth.process(&[vec![1.0; 50]])[0][49]);
    // SAFETY: alive; parameter 0 is `cutoff`.
    unsafe { smooth.worker.set_param.unwrap()(smooth.it, 0, 5000.0) };
    // From where it stood, the rest of the way at the new pace.
    assert_near(&smooth.process(&[vec![1.0; 50]])[0], |n| risen + (1.0 - risen) * step(5000.0, n));
    // SAFETY: alive.
    unsafe { smooth.worker.reset.unwrap()(smooth.it) };
    assert_near(&smooth.process(&[vec![1.0; 50]])[0], |n| step(5000.0, n));
}

#[test]
fn a_cutoff_that_the_rate_cannot_carry_is_refused_with_a_reason() {
    let mut smooth = Smooth::new(30_000.0);
    assert_eq!(smooth.prepare(1).0, Status::ERROR);
    assert_eq!(*smooth.said.lock().unwrap(), ["`cutoff` must be below half the sample rate of `in`"]);
}
