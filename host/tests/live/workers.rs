//! A library of one worker that has every type of live parameter.
use aw_host::graph::LiveNodes;
use aw_host::plugin::{Library, Workers};
use aw_sdk::{Block, Kind, Param, Port, Result, Setup, Spec, Values, Worker, abi};
use std::path::Path;

struct Gain;

impl Worker for Gain {
    const SPEC: Spec = Spec {
        id: c"gain",
        summary: c"Copies",
        ports: &[Port::input(c"in", Kind::AUDIO), Port::output(c"out", Kind::AUDIO)],
        params: &[
            Param::float(c"gain_db", 0.0).range(-60.0, 12.0).unit(c"dB").live(),
            Param::bool(c"invert", false).live(),
            Param::int(c"steps", 4).range(1.0, 64.0).live(),
            Param::float(c"tilt.db", 0.0).range(-6.0, 6.0).live(),
            Param::int(c"size", 512).range(16.0, 4096.0),
            Param::path(c"room.file"),
        ],
        ..Spec::NEW
    };
    fn create(_: &Values) -> Result<Self> {
        Ok(Self)
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        setup.output("out", setup.input("in")?);
        Ok(())
    }
    fn process(&mut self, _: &mut Block) {}
}

extern "C" fn entry(_: u32, _: u32) -> *const abi::Library {
    static WORKERS: &[&abi::Worker] = &[&aw_sdk::table::<Gain>()];
    static LIBRARY: abi::Library = aw_sdk::entry(WORKERS);
    &LIBRARY
}

/// All workers of this file.
pub fn all() -> Workers {
    // SAFETY: `entry` is the SDK's own, and lives as long as the process.
    let library = unsafe { Library::from_entry(Path::new("workers.rs"), entry) }.unwrap();
    let mut workers = Workers::default();
    assert!(workers.add(library).is_empty());
    workers
}

/// Two nodes of it.
pub fn nodes() -> LiveNodes {
    let worker = all().get("gain").unwrap().worker.clone();
    [("gain".to_string(), worker.clone()), ("out-gain".to_string(), worker)].into()
}
