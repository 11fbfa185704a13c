//! A library of workers that change nothing but when their input is heard, of every pace that there is; and some that
//! fail when told.
use crate::{guard, listeners};
use aw_host::plugin::{Library, Workers};
use aw_sdk::{Block, Error, Event, Format, Kind, Param, Port, Result, Setup, Spec, Values, Worker, abi, choices};
use std::path::Path;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

const THROUGH: &[Port] = &[Port::input(c"in", Kind::ANY), Port::output(c"out", Kind::ANY)];
const HOP: Param = Param::int(c"hop", 0).range(0.0, 65536.0);

fn paced(format: Format, give: usize, take: usize) -> Result<Format> {
    format.paced(give as u32, take as u32).ok_or(Error("the rate is out of reach".into()))
}

/// Frames that wait, plane by plane.
#[derive(Default)]
struct Ring {
    planes: Vec<Vec<f32>>,
    at: usize,
}

impl Ring {
    fn new(format: &Format, frames: usize) -> Self {
        Self { planes: vec![vec![0.0; frames * format.width()]; format.channels as usize], at: 0 }
    }

    fn run(&mut self, block: &mut Block, port: usize) {
        let mut end = self.at;
        for channel in 0..block.inputs.channels(0) {
            let ring = &mut self.planes[channel];
            let from = block.inputs.plane(0, channel);
            let to = block.outputs.plane(port, channel);
            if ring.is_empty() {
                to.copy_from_slice(from);
                continue;
            }
            end = self.at;
            for (y, x) in to.iter_mut().zip(from) {
                *y = std::mem::replace(&mut ring[end], *x);
                end = (end + 1) % ring.len();
            }
        }
        self.at = end;
    }
}

/// Gives its input again, `latency` frames later, as it says. It looks ahead by so much, and finds nothing.
struct Late {
    hop: usize,
    latency: usize,
    ring: Ring,
}

impl Worker for Late {
    const SPEC: Spec = Spec {
        id: c"late",
        summary: c"Claims the latency that it has",
        ports: THROUGH,
        params: &[HOP, Param::int(c"latency", 0).range(0.0, 1e6)],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self { hop: values.size("hop"), latency: values.size("latency"), ring: Ring::default() })
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let format = setup.input("in")?;
        setup.output("out", format);
        setup.moves("in", self.hop);
        setup.moves("out", self.hop);
        setup.latency("out", self.latency);
        self.ring = Ring::new(&format, self.latency);
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        self.ring.run(block, 0);
    }
    fn reset(&mut self) {
        self.ring.planes.iter_mut().for_each(|plane| plane.fill(0.0));
        self.ring.at = 0;
    }
}

/// The sum of any number of inputs.
struct Sum(usize);

impl Worker for Sum {
    const SPEC: Spec = Spec {
        id: c"sum",
        summary: c"Adds",
        ports: &[Port::input(c"in", Kind::ANY).many(), Port::output(c"out", Kind::ANY)],
        params: &[HOP],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self(values.size("hop")))
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let inputs: Vec<(String, Format)> = setup.inputs().map(|(name, format)| (name.into(), format)).collect();
        if inputs.iter().any(|(_, format)| *format != inputs[0].1) {
            return Err("all of `in` must be alike".into());
        }
        setup.output("out", inputs[0].1);
        setup.moves("out", self.0);
        inputs.iter().for_each(|(name, _)| setup.moves(name, self.0));
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        for channel in 0..block.inputs.channels(0) {
            let to = block.outputs.plane(0, channel);
            to.fill(0.0);
            for port in 0..block.inputs.len() {
                to.iter_mut().zip(block.inputs.plane(port, channel)).for_each(|(y, x)| *y += x);
            }
        }
    }
}

/// What comes in less what comes round again.
struct Back(usize);

impl Worker for Back {
    const SPEC: Spec = Spec {
        id: c"back",
        summary: c"Subtracts",
        ports: &[Port::input(c"in", Kind::ANY), Port::input(c"again", Kind::ANY), Port::output(c"out", Kind::ANY)],
        params: &[HOP],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self(values.size("hop")))
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let format = setup.input("in")?;
        if setup.input("again")? != format {
            return Err("`again` must be as `in`".into());
        }
        setup.output("out", format);
        ["in", "again", "out"].iter().for_each(|port| setup.moves(port, self.0));
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        for channel in 0..block.inputs.channels(0) {
            let inputs = block.inputs.plane(0, channel).iter().zip(block.inputs.plane(1, channel));
            block.outputs.plane(0, channel).iter_mut().zip(inputs).for_each(|(y, (x, again))| *y = x - again);
        }
    }
}

/// `size` samples → one frame of so many floats.
struct Framer(usize, bool);

impl Worker for Framer {
    const SPEC: Spec = Spec {
        id: c"framer",
        summary: c"Samples to frames",
        ports: THROUGH,
        params: &[Param::int(c"size", 128).range(1.0, 65536.0), Param::bool(c"complex", false)],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self(values.size("size"), values.bool("complex")))
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let format = paced(setup.input("in")?, 1, self.0)?;
        let (kind, size) = if self.1 { (Kind::SPECTRUM, self.0 / 2) } else { (Kind::FEATURES, self.0) };
        setup.output("out", format.carrying(kind, size as u32));
        setup.moves("in", self.0);
        setup.moves("out", 1);
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        for channel in 0..block.inputs.channels(0) {
            block.outputs.plane(0, channel).copy_from_slice(block.inputs.plane(0, channel));
        }
    }
}

/// Its input again, at a rate that it does not reduce.
struct Unreduced;

impl Worker for Unreduced {
    const SPEC: Spec =
        Spec { id: c"unreduced", summary: c"Says 32000/2 for 16000", ports: THROUGH, params: &[], ..Spec::NEW };
    fn create(_: &Values) -> Result<Self> {
        Ok(Self)
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let format = setup.input("in")?;
        setup.output("out", Format { rate_num: 2 * format.rate_num, rate_den: 2 * format.rate_den, ..format });
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        for channel in 0..block.inputs.channels(0) {
            block.outputs.plane(0, channel).copy_from_slice(block.inputs.plane(0, channel));
        }
    }
}

/// And back.
struct Unframer;

impl Worker for Unframer {
    const SPEC: Spec =
        Spec { id: c"unframer", summary: c"Frames to samples", ports: THROUGH, params: &[], ..Spec::NEW };
    fn create(_: &Values) -> Result<Self> {
        Ok(Self)
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let format = setup.input("in")?;
        let audio = paced(format, format.width() as u32 as usize, 1)?.carrying(Kind::AUDIO, 1);
        setup.output("out", audio);
        setup.moves("in", 1);
        setup.moves("out", format.width());
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        for channel in 0..block.inputs.channels(0) {
            block.outputs.plane(0, channel).copy_from_slice(block.inputs.plane(0, channel));
        }
    }
}

/// Another rate: holds samples on the way up, picks the first of those that were held on the way down.
struct Resample {
    rate: u32,
    give: usize,
    take: usize,
}

impl Worker for Resample {
    const SPEC: Spec = Spec {
        id: c"resample",
        summary: c"Holds and picks",
        ports: &[Port::input(c"in", Kind::AUDIO), Port::output(c"out", Kind::AUDIO)],
        params: &[Param::int(c"rate", 0).range(0.0, 1e6)],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self { rate: values.size("rate") as u32, give: 1, take: 1 })
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let format = setup.input("in")?;
        if format.rate_den != 1 {
            return Err("`in` has no whole rate".into());
        }
        let common = gcd(self.rate as usize, format.rate_num as usize);
        (self.give, self.take) = (self.rate as usize / common, format.rate_num as usize / common);
        setup.output("out", Format::audio(format.channels, self.rate));
        setup.moves("in", self.take);
        setup.moves("out", self.give);
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        for channel in 0..block.inputs.channels(0) {
            let from = block.inputs.plane(0, channel);
            for (i, y) in block.outputs.plane(0, channel).iter_mut().enumerate() {
                *y = from[held(i, self.take, self.give)];
            }
        }
    }
}

/// Which of `take` samples stands for sample `i` of `give`.
pub fn held(i: usize, take: usize, give: usize) -> usize {
    if take <= give { i * take / give } else { (i * take).div_ceil(give) }
}

pub fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Counts 0 to 15, again and again.
struct Count {
    hop: usize,
    channels: u32,
    next: usize,
}

impl Worker for Count {
    const SPEC: Spec = Spec {
        id: c"count",
        summary: c"Sounds by itself",
        ports: &[Port::output(c"wraps", Kind::EVENTS).optional(), Port::output(c"out", Kind::AUDIO)],
        params: &[HOP, Param::int(c"channels", 1).range(1.0, 8.0)],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self { hop: values.size("hop"), channels: values.size("channels") as u32, next: 0 })
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        setup.output("out", Format::audio(self.channels, setup.sample_rate()));
        setup.moves("out", self.hop);
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        let port = block.outputs.len() - 1;
        let frames = block.outputs.frames(port);
        for channel in 0..block.outputs.channels(port) {
            let plane = block.outputs.plane(port, channel).iter_mut();
            plane.enumerate().for_each(|(i, y)| *y = ((self.next + i) % 16) as f32);
        }
        self.next += frames;
        if port == 1 {
            block.outputs.events(0, &[Event { time: block.time(), label: 0, value: frames as f32 }]);
        }
    }
}

/// As `late`, until something happens.
struct Fail {
    late: Late,
    how: String,
    at: usize,
    channel: usize,
    played: usize,
}

impl Worker for Fail {
    const SPEC: Spec = Spec {
        id: c"fail",
        summary: c"Fails when told",
        ports: &[
            Port::input(c"in", Kind::ANY),
            Port::output(c"out", Kind::ANY),
            Port::output(c"side", Kind::ANY).optional(),
        ],
        params: &[
            HOP,
            Param::int(c"latency", 0).range(0.0, 1e6),
            Param::text(c"how", c"panic").choices(choices![c"never", c"panic", c"touch", c"nan", c"inf", c"side"]),
            Param::int(c"at", 0).range(0.0, 1e9),
            Param::int(c"channel", 0).range(0.0, 8.0),
            Param::float(c"touch", 0.0).live(),
        ],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        let how = values.text("how").into();
        let (at, channel) = (values.size("at"), values.size("channel"));
        Ok(Self { late: Late::create(values)?, how, at, channel, played: 0 })
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        self.late.prepare(setup)?;
        let format = setup.input("in")?;
        setup.output("side", format);
        setup.moves("side", self.late.hop);
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        self.late.ring.run(block, 0);
        if block.outputs.len() > 1 {
            for channel in 0..block.inputs.channels(0) {
                block.outputs.plane(1, channel).copy_from_slice(block.inputs.plane(0, channel));
            }
        }
        self.played += block.inputs.frames(0);
        if self.played <= self.at {
            return;
        }
        match self.how.as_str() {
            "panic" => panic!("told to at frame {}", self.at),
            "nan" => block.outputs.plane(0, self.channel)[0] = f32::NAN,
            "inf" => *block.outputs.plane(0, self.channel).last_mut().unwrap() = f32::NEG_INFINITY,
            "side" => block.outputs.plane(1, self.channel)[0] = f32::NAN,
            _ => {}
        }
    }
    fn set_param(&mut self, _: &str, value: f64) {
        assert!(self.how != "touch", "told to by {value}");
    }
    fn reset(&mut self) {
        self.late.reset();
        self.played = 0;
    }
}

/// Lets workers go that hang.
pub static RELEASED: AtomicBool = AtomicBool::new(false);
/// A worker hangs.
pub static HANGS: AtomicBool = AtomicBool::new(false);

/// Plays so many frames, and hangs in the next until it is released.
struct Hang {
    at: usize,
    played: usize,
}

impl Worker for Hang {
    const SPEC: Spec = Spec {
        id: c"hang",
        summary: c"Hangs",
        ports: THROUGH,
        params: &[Param::int(c"at", 0).range(0.0, 1e9)],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self { at: values.size("at"), played: 0 })
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        setup.output("out", setup.input("in")?);
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        self.played += block.inputs.frames(0);
        while self.played > self.at && !RELEASED.load(Ordering::Relaxed) {
            HANGS.store(true, Ordering::Relaxed);
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        for channel in 0..block.inputs.channels(0) {
            block.outputs.plane(0, channel).copy_from_slice(block.inputs.plane(0, channel));
        }
    }
}

/// Adds a live parameter.
struct Offset(f32);

impl Worker for Offset {
    const SPEC: Spec = Spec {
        id: c"offset",
        summary: c"Adds a number",
        ports: THROUGH,
        params: &[Param::float(c"by", 0.0).live()],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self(values.float("by") as f32))
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        setup.output("out", setup.input("in")?);
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        for channel in 0..block.inputs.channels(0) {
            let from = block.inputs.plane(0, channel).iter();
            block.outputs.plane(0, channel).iter_mut().zip(from).for_each(|(y, x)| *y = x + self.0);
        }
    }
    fn set_param(&mut self, _: &str, value: f64) {
        self.0 = value as f32;
    }
}

/// One event for every sample above zero, and what the sample is.
struct Tick(usize);

impl Worker for Tick {
    const SPEC: Spec = Spec {
        id: c"tick",
        summary: c"Says when it hears something",
        ports: &[Port::input(c"in", Kind::AUDIO), Port::output(c"events", Kind::EVENTS)],
        params: &[HOP, Param::text(c"labels", c"")],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self(values.size("hop")))
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        setup.moves("in", self.0);
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        let mut found = [Event { time: 0, label: 0, value: 0.0 }; 100];
        let mut count = 0;
        for (i, x) in block.inputs.plane(0, 0).iter().enumerate().filter(|(_, x)| **x > 0.0).take(100) {
            found[count] = Event { time: block.time() + i as u64, label: *x as u32 - 1, value: *x };
            count += 1;
        }
        // A worker with nothing to say may well say nothing.
        if count > 0 {
            block.outputs.events(0, &found[..count]);
        }
    }
}

unsafe extern "C" fn refuses(_: *mut abi::Instance, _: *const abi::Block) -> abi::Status {
    abi::Status::ERROR
}

struct Refuse;

impl Worker for Refuse {
    const SPEC: Spec = Spec { id: c"refuse", summary: c"Fails without a word", ports: THROUGH, ..Spec::NEW };
    fn create(_: &Values) -> Result<Self> {
        Ok(Self)
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        setup.output("out", setup.input("in")?);
        Ok(())
    }
    fn process(&mut self, _: &mut Block) {}
}

const REFUSE: abi::Worker = abi::Worker { process: Some(refuses), ..aw_sdk::table::<Refuse>() };

/// A sum that fails.
const REFUSE_SUM: abi::Worker =
    abi::Worker { id: c"refuse_sum".as_ptr(), process: Some(refuses), ..aw_sdk::table::<Sum>() };

extern "C" fn entry(_: u32, _: u32) -> *const abi::Library {
    static WORKERS: &[&abi::Worker] = &[
        &aw_sdk::table::<Late>(),
        &aw_sdk::table::<Sum>(),
        &aw_sdk::table::<Back>(),
        &aw_sdk::table::<Framer>(),
        &aw_sdk::table::<Unframer>(),
        &aw_sdk::table::<Unreduced>(),
        &aw_sdk::table::<Resample>(),
        &aw_sdk::table::<Count>(),
        &aw_sdk::table::<Fail>(),
        &aw_sdk::table::<Hang>(),
        &aw_sdk::table::<Offset>(),
        &aw_sdk::table::<Tick>(),
        &aw_sdk::table::<listeners::Place>(),
        &aw_sdk::table::<listeners::Windows>(),
        &aw_sdk::table::<listeners::Loudest>(),
        &aw_sdk::table::<listeners::Learner>(),
        &REFUSE,
        &REFUSE_SUM,
    ];
    static LIBRARY: abi::Library = aw_sdk::entry(WORKERS);
    &LIBRARY
}

/// All workers of this file.
pub fn all() -> Workers {
    quiet();
    // SAFETY: `entry` is the SDK's own, and lives as long as the process.
    let library = unsafe { Library::from_entry(Path::new("workers.rs"), entry) }.unwrap();
    let mut workers = Workers::default();
    assert!(workers.add(library).is_empty());
    workers
}

/// Panics that workers are told to make print nothing; all others do.
fn quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !guard::rendering() {
                usual(info);
            }
        }));
    });
}
