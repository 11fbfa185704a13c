//! Audio workers that misbehave on demand, for tests of hosts. Left alone, and unless said otherwise, each copies `in`
//! to `out`. What no safe worker can do wrong is in `tests/workers/hostile` and `tests/workers/rogue`, in C.

mod answers; // bad_format, bad_rate, bad_latency, bad_refuse: lies in `prepare`
mod crash; //   bad_crash, bad_hang: never come back
mod events; //  bad_events
mod fuse; //    when to misbehave
mod memory; //  bad_alloc, bad_leak
mod panics; //  bad_panic
mod recording; // bad_preset, bad_extent, bad_rewind: values and frames that cannot be
mod sound; //   bad_nan, bad_cut, bad_slow: wrong or late samples
mod state; //   bad_state

use aw_sdk::{Block, Format, Kind, Port, Result, Setup};

aw_sdk::export_workers!(
    answers::BadFormat,
    answers::BadLatency,
    answers::BadRate,
    answers::BadRefuse,
    crash::BadCrash,
    crash::BadHang,
    events::BadEvents,
    memory::BadAlloc,
    memory::BadLeak,
    panics::BadPanic,
    recording::BadPreset,
    recording::BadExtent,
    recording::BadRewind,
    sound::BadCut,
    sound::BadNan,
    sound::BadSlow,
    state::BadState,
);

/// Audio in, audio out.
const THROUGH: &[Port] = &[Port::input(c"in", Kind::AUDIO), Port::output(c"out", Kind::AUDIO)];

/// `prepare` of a worker that gives what it takes.
fn through(setup: &mut Setup) -> Result<Format> {
    let audio = setup.input("in")?;
    setup.output("out", audio);
    Ok(audio)
}

/// `process` of such a worker.
fn copy(block: &mut Block) {
    for channel in 0..block.inputs.channels(0) {
        block.outputs.plane(0, channel).copy_from_slice(block.inputs.plane(0, channel));
    }
}
