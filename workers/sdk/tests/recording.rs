//! What a worker learns of a recording: where it begins and ends, how many frames come of it, what can only be learned
//! from the whole; from hosts of version 1.1, and from those of 1.0, which say nothing of it.
#![allow(clippy::unwrap_used)]

use aw_sdk::abi::{self, Instance, NO_END, Status};
use aw_sdk::{Block, Format, Kind, Param, Port, Result, Rig, Setup, Spec, Values, Worker, preset, table};
use std::ffi::{CStr, c_char, c_void};
use std::ptr::{null, null_mut};

/// For every two samples where they lie and where all end, as it is told; and the loudest sample of the run before.
struct Where {
    heard: f32,
    learned: f32,
    times: u32,
}

impl Worker for Where {
    const SPEC: Spec = Spec {
        id: c"where",
        ports: &[Port::input(c"in", Kind::AUDIO), Port::output(c"out", Kind::FEATURES)],
        params: &[Param::int(c"times", 1).range(0.0, 8.0), Param::text(c"window.kind", c"hann")],
        presets: &[
            preset!(c"twice", c"Listens twice"; c"times" = c"2"),
            preset!(c"rect", c"No window"; c"window.kind" = c"\"rect\"", c"times" = c"0"),
            preset!(c"bare", c"Sets nothing";),
        ],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self { heard: 0.0, learned: 0.0, times: values.size("times") as u32 })
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let pace = setup.input("in")?.paced(1, 2).ok_or("too fast")?;
        setup.output("out", pace.carrying(Kind::FEATURES, 3));
        setup.moves("in", 2);
        setup.moves("out", 1);
        if self.times > 0 {
            setup.rehearsals(self.times, "`times` is above 0; `times = 0` listens to nothing before");
        }
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        self.heard = block.inputs.plane(0, 0).iter().fold(self.heard, |most, x| most.max(x.abs()));
        let end = block.end().map_or(-1.0, |end| end as f32);
        let told = [block.position() as f32, end, self.learned];
        block.outputs.plane(0, 0).copy_from_slice(&told);
    }
    fn reset(&mut self) {
        (self.heard, self.learned) = (0.0, 0.0);
    }
    fn rewind(&mut self) {
        self.learned = std::mem::take(&mut self.heard);
    }
    fn extent(&self, output: usize, frames: u64) -> Option<u64> {
        assert!(frames < 1 << 60, "nobody plays so long");
        (output == 0).then_some(frames / 2)
    }
}

fn rig() -> Rig {
    Rig::new::<Where>(&[], &[("in", Format::audio(1, 16_000))], &["out"]).unwrap()
}

/// What the rig's worker is told of each pair of samples: position, end, what was learned.
fn told(rig: &mut Rig, samples: &[f32]) -> Vec<[f32; 3]> {
    let out = rig.run(&[&[samples]]);
    out[0][0].chunks(3).map(|frame| frame.try_into().unwrap()).collect()
}

#[test]
fn frames_are_numbered_from_the_first_that_sounds() {
    let mut rig = rig();
    assert_eq!(told(&mut rig, &[0.0; 5]), [[0.0, -1.0, 0.0], [2.0, -1.0, 0.0]], "live, no end is in sight");
    assert_eq!(told(&mut rig, &[0.0; 1]), [[4.0, -1.0, 0.0]], "the odd one has waited");
    rig.begin_after(3);
    rig.rewind();
    rig.end_at(5);
    let told = told(&mut rig, &[0.0; 8]);
    assert_eq!(told.iter().map(|frame| frame[0]).collect::<Vec<_>>(), [-3.0, -1.0, 1.0, 3.0]);
    assert!(told.iter().all(|frame| frame[1] == 5.0), "{told:?}");
}

#[test]
fn what_was_learned_of_the_whole_outlives_rewind_and_not_reset() {
    let mut rig = rig();
    assert_eq!(rig.rehearsals(), (1, "`times` is above 0; `times = 0` listens to nothing before"));
    assert_eq!(told(&mut rig, &[0.5, -2.0])[0][2], 0.0);
    rig.end_at(2);
    rig.rewind();
    assert_eq!(told(&mut rig, &[0.5, -2.0]), [[0.0, -1.0, 2.0]], "time begins anew, and the end is not yet known");
    rig.reset();
    assert_eq!(told(&mut rig, &[0.5, 1.0]), [[2.0, -1.0, 0.0]]);
    let none = Rig::new::<Where>(&[("times", 0.0.into())], &[("in", Format::audio(1, 8000))], &["out"]).unwrap();
    assert_eq!(none.rehearsals(), (0, ""));
}

#[test]
fn a_worker_says_how_many_frames_it_makes_or_leaves_it_to_the_rates() {
    let mut rig = rig();
    assert_eq!((rig.extent(0, 9), rig.extent(1, 9)), (Some(4), None));
    assert_eq!(rig.extent(0, 1 << 60), None, "it panics, and says no number");
    assert_eq!(rig.extent(0, 9), None, "and is dead");
}

/// A worker that says nothing of all this.
struct Plain;

impl Worker for Plain {
    const SPEC: Spec = Spec {
        id: c"plain",
        ports: &[Port::input(c"in", Kind::AUDIO), Port::output(c"out", Kind::AUDIO)],
        ..Spec::NEW
    };
    fn create(_: &Values) -> Result<Self> {
        Ok(Self)
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        setup.output("out", setup.input("in")?);
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        block.outputs.plane(0, 0).fill(7.0);
    }
    fn reset(&mut self) {
        panic!("`rewind` is `reset` where nothing else is said");
    }
}

#[test]
fn a_plain_worker_needs_to_say_nothing() {
    let mut rig = Rig::new::<Plain>(&[], &[("in", Format::audio(1, 8000))], &["out"]).unwrap();
    assert_eq!(rig.rehearsals(), (0, ""));
    assert_eq!(rig.extent(0, 5), None);
    rig.rewind();
    let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| rig.run(&[&[&[0.0]]])));
    let said = *died.unwrap_err().downcast::<String>().unwrap();
    assert!(said.contains("`rewind` is `reset`"), "{said}");
}

fn text(raw: *const c_char) -> &'static str {
    // SAFETY: the texts of a table are static.
    unsafe { CStr::from_ptr(raw) }.to_str().unwrap()
}

#[test]
fn presets_are_tables_of_static_text() {
    let table = table::<Where>();
    assert_eq!(table.size as usize, size_of::<abi::Worker>());
    // SAFETY: the table says how many there are.
    let presets = unsafe { std::slice::from_raw_parts(table.presets, table.preset_count as usize) };
    let words = |preset: &abi::Preset| {
        // SAFETY: as above.
        let values = unsafe { std::slice::from_raw_parts(preset.values, preset.value_count as usize) };
        let values: Vec<_> = values.iter().map(|pair| (text(pair.key), text(pair.text))).collect();
        (text(preset.name), text(preset.doc), values)
    };
    let expected = [
        ("twice", "Listens twice", vec![("times", "2")]),
        ("rect", "No window", vec![("window.kind", "\"rect\""), ("times", "0")]),
        ("bare", "Sets nothing", vec![]),
    ];
    assert_eq!(presets.iter().map(words).collect::<Vec<_>>(), expected);
    assert_eq!(aw_sdk::table::<Plain>().preset_count, 0);
}

/// [`abi::Setup`] as version 1.0 had it; nothing lies behind.
#[repr(C)]
struct OldSetup {
    size: u32,
    sample_rate: u32,
    max_frames: u32,
    input_count: u32,
    output_count: u32,
    inputs: *mut abi::Stream,
    outputs: *mut abi::Stream,
}

/// [`abi::Block`], likewise.
#[repr(C)]
struct OldBlock {
    size: u32,
    input_count: u32,
    output_count: u32,
    time: u64,
    inputs: *const abi::Buffer,
    outputs: *mut abi::Buffer,
}

#[test]
fn a_host_of_version_1_0_is_asked_for_nothing_it_does_not_have() {
    assert_eq!(size_of::<OldSetup>(), std::mem::offset_of!(abi::Setup, rehearsals));
    assert_eq!(size_of::<OldBlock>(), std::mem::offset_of!(abi::Block, position));
    let (table, mut it) = (table::<Where>(), null_mut::<Instance>());
    let host = abi::Host { size: size_of::<abi::Host>() as u32, ctx: null_mut::<c_void>(), log: None };
    let value = |num: f64| abi::Value { num, text: c"hann".as_ptr(), list: null(), table: null(), len: 0 };
    let values = [value(1.0), value(0.0)];
    let stream = |port: &CStr| {
        let (port, format) = (port.as_ptr(), Format::audio(1, 16_000));
        abi::Stream { port, format, frames: 0, latency: 0, tail: 0 }
    };
    let (mut input, mut output) = (stream(c"in"), stream(c"out"));
    let mut setup = Box::new(OldSetup {
        size: size_of::<OldSetup>() as u32,
        sample_rate: 16_000,
        max_frames: 256,
        input_count: 1,
        output_count: 1,
        inputs: &raw mut input,
        outputs: &raw mut output,
    });
    let (mut x, mut y) = ([0.0f32; 2], [f32::NAN; 3]);
    let buffer = |data: *mut f32, stride, frames| abi::Buffer { data: data.cast(), stride, frames };
    let (ins, mut outs) = ([buffer(x.as_mut_ptr(), 2, 2)], [buffer(y.as_mut_ptr(), 3, 1)]);
    let block = Box::new(OldBlock {
        size: size_of::<OldBlock>() as u32,
        input_count: 1,
        output_count: 1,
        time: 90,
        inputs: ins.as_ptr(),
        outputs: outs.as_mut_ptr(),
    });
    // SAFETY: everything is as a host of version 1.0 passes it, and lives until `destroy`.
    unsafe {
        assert_eq!(table.create.unwrap()(&host, values.as_ptr(), &mut it), Status::OK);
        assert_eq!(table.prepare.unwrap()(it, (&raw mut *setup).cast()), Status::OK);
        assert_eq!(table.process.unwrap()(it, (&raw const *block).cast()), Status::OK);
        table.destroy.unwrap()(it);
    }
    assert_eq!(y, [90.0, -1.0, 0.0], "the moment is all that it knows of its place");
    assert_eq!(NO_END, u64::MAX);
}
