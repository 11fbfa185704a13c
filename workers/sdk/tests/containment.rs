//! A worker that panics or refuses takes nothing with it: the call fails, the reason is logged, the instance is dead
//! and stays dead, and others play on.

mod bench;

use aw_sdk::abi::Status;
use aw_sdk::{Block, Error, Format, Kind, Param, Port, Result, Setup, Spec, Values, Worker};
use bench::Bench;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Where [`Fuse`] blows; 0 is nowhere.
const CREATE: f64 = 1.0;
const PREPARE: f64 = 2.0;
const PROCESS: f64 = 3.0;
const SET_PARAM: f64 = 4.0;
const RESET: f64 = 5.0;
const SAVE: f64 = 6.0;
const LOAD: f64 = 7.0;
const DROP: f64 = 8.0;

/// Copies audio, and panics where its one parameter says.
struct Fuse(f64);

impl Fuse {
    fn blow(&self, here: f64) {
        assert!(self.0 != here, "blown at {here}");
    }
}

impl Worker for Fuse {
    const SPEC: Spec = Spec {
        id: c"fuse",
        ports: &[Port::input(c"in", Kind::AUDIO), Port::output(c"out", Kind::AUDIO)],
        params: &[Param::float(c"at", 0.0).live()],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        let fuse = Self(values.float("at"));
        fuse.blow(CREATE);
        Ok(fuse)
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        self.blow(PREPARE);
        let audio = setup.input("in")?;
        setup.output("out", audio);
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        self.blow(PROCESS);
        block.outputs.plane(0, 0).copy_from_slice(block.inputs.plane(0, 0));
    }
    fn set_param(&mut self, _: &str, value: f64) {
        self.blow(SET_PARAM);
        self.0 = value;
    }
    fn reset(&mut self) {
        self.blow(RESET);
    }
    fn save(&self, out: &mut Vec<u8>) {
        self.blow(SAVE);
        out.push(1);
    }
    fn load(&mut self, _: &[u8]) -> Result {
        self.blow(LOAD);
        Ok(())
    }
}

impl Drop for Fuse {
    fn drop(&mut self) {
        self.blow(DROP);
    }
}

fn prepared<W: Worker>(values: &[f64]) -> Bench {
    let mut bench = Bench::new::<W>(values);
    assert_eq!(bench.prepare(&[(c"in", Format::audio(1, 16_000))], &[c"out"]).0, Status::OK);
    bench
}

/// A dead instance answers every call with PANIC, does nothing and says nothing more.
fn assert_dead(mut bench: Bench) {
    assert_eq!(bench.audio(&[0.5]).0, Status::PANIC);
    bench.set_param(0, 0.0);
    bench.reset();
    assert_eq!(bench.save(9).0, Status::PANIC);
    assert_eq!(bench.load(&[1]), Status::PANIC);
    assert_eq!(bench.prepare(&[(c"in", Format::audio(1, 16_000))], &[c"out"]).0, Status::PANIC);
    assert_eq!(bench.said(), [""; 0]);
    assert_eq!(bench.destroy(), [""; 0]);
}

#[test]
fn a_panic_in_create_makes_no_instance() {
    let (bench, status) = Bench::create::<Fuse>(&[CREATE]);
    assert_eq!(status, Status::PANIC);
    assert_eq!(bench.said(), ["panicked: blown at 1"]);
}

#[test]
fn a_panic_in_prepare_kills_the_instance() {
    let mut bench = Bench::new::<Fuse>(&[PREPARE]);
    assert_eq!(bench.prepare(&[(c"in", Format::audio(1, 16_000))], &[c"out"]).0, Status::PANIC);
    assert_eq!(bench.said(), ["panicked: blown at 2"]);
    assert_dead(bench);
}

#[test]
fn a_panic_in_process_kills_the_instance_and_no_other() {
    let (mut bad, mut good) = (prepared::<Fuse>(&[0.0]), prepared::<Fuse>(&[0.0]));
    assert_eq!(bad.audio(&[0.5]), (Status::OK, vec![0.5]));
    bad.set_param(0, PROCESS);
    assert_eq!(bad.audio(&[0.5]).0, Status::PANIC);
    assert_eq!(bad.said(), ["panicked: blown at 3"]);
    assert_eq!(good.audio(&[0.25]), (Status::OK, vec![0.25]));
    assert_dead(bad);
}

#[test]
fn a_panic_where_no_status_can_be_returned_shows_at_the_next_call() {
    for (at, call) in [(SET_PARAM, (|b| b.set_param(0, 0.0)) as fn(&mut Bench)), (RESET, Bench::reset)] {
        let mut bench = prepared::<Fuse>(&[at]);
        call(&mut bench);
        assert_eq!(bench.said(), [format!("panicked: blown at {at}")]);
        assert_dead(bench);
    }
}

#[test]
fn a_panic_in_save_or_load_kills_the_instance() {
    let mut saving = prepared::<Fuse>(&[SAVE]);
    assert_eq!(saving.save(9), (Status::PANIC, usize::MAX, vec![0xEE; 9]), "nothing is written");
    assert_eq!(saving.said(), ["panicked: blown at 6"]);
    assert_dead(saving);
    let mut loading = prepared::<Fuse>(&[LOAD]);
    assert_eq!(loading.load(&[1]), Status::PANIC);
    assert_eq!(loading.said(), ["panicked: blown at 7"]);
    assert_dead(loading);
}

#[test]
fn a_panic_in_drop_is_heard_and_goes_no_further() {
    assert_eq!(prepared::<Fuse>(&[DROP]).destroy(), ["panicked: blown at 8"]);
}

/// Counts how often it is dropped.
struct Counted;
static DROPS: AtomicUsize = AtomicUsize::new(0);

impl Worker for Counted {
    const SPEC: Spec = Spec { id: c"counted", params: &[Param::bool(c"dies", false)], ..Spec::NEW };
    fn create(values: &Values) -> Result<Self> {
        match values.bool("dies") {
            true => Err(Error("not today".into())),
            false => Ok(Self),
        }
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        setup.input("in").map(drop)
    }
    fn process(&mut self, block: &mut Block) {
        block.inputs.plane(0, 0); // there is none
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        DROPS.fetch_add(1, Relaxed);
    }
}

#[test]
fn refusals_are_logged_and_a_worker_is_dropped_once_unless_it_died() {
    let (refused, status) = Bench::create::<Counted>(&[1.0]);
    assert_eq!((status, refused.destroy()), (Status::ERROR, vec!["not today".to_string()]));
    assert_eq!(DROPS.load(Relaxed), 0, "there was no instance");

    let mut bench = Bench::new::<Counted>(&[0.0]);
    assert_eq!(bench.prepare(&[], &[]).0, Status::ERROR);
    assert_eq!(bench.said(), ["nothing is connected to `in`"]);
    assert_eq!(bench.prepare(&[(c"in", Format::audio(1, 1))], &[]).0, Status::OK, "a refusal is no death");
    drop(bench);
    assert_eq!(DROPS.load(Relaxed), 1);

    // Half changed by a panic, it is left where it lies: its drop could do worse than a leak.
    let mut bench = Bench::new::<Counted>(&[0.0]);
    assert_eq!(bench.process(0, &[], &mut []), Status::PANIC);
    drop(bench);
    assert_eq!(DROPS.load(Relaxed), 1);
}

/// Panics with something that is no text and panics again when dropped.
struct Grenade;
struct Shrapnel;

impl Drop for Shrapnel {
    fn drop(&mut self) {
        panic!("again");
    }
}

impl Worker for Grenade {
    const SPEC: Spec = Spec { id: c"grenade", ..Spec::NEW };
    fn create(_: &Values) -> Result<Self> {
        Ok(Self)
    }
    fn prepare(&mut self, _: &mut Setup) -> Result {
        Ok(())
    }
    fn process(&mut self, _: &mut Block) {
        std::panic::panic_any(Shrapnel);
    }
}

#[test]
fn a_panic_whose_message_panics_is_contained_too() {
    let mut bench = Bench::new::<Grenade>(&[]);
    assert_eq!(bench.process(0, &[], &mut []), Status::PANIC);
    assert_eq!(bench.destroy(), ["panicked: no message"]);
}
