//! Audio workers that every graph needs. One worker a file; this file lists and exports them.

mod delay; //    keeps frames for a while: a delay, an echo
mod downmix; //  many channels to one
mod every; //    keeps the newest of every n frames
mod gain; //     louder, softer
mod gate; //     silence while a level is low
mod glide; //    numbers that follow a live parameter without a click
mod kaiser; //   the low-pass behind `resample`
mod merge; //    many inputs to many channels
mod meter; //    peak and RMS of audio
mod mix; //      the sum of many inputs
mod peaks; //    scores to events
mod polyphase; // the engine behind `resample`
mod repeat; //   holds every frame n times
mod resample; // audio at another rate
mod split; //    channels to outputs of their own
#[cfg(test)]
mod trial; //    what the tests of all workers share

aw_sdk::export_workers!(
    delay::Delay,
    downmix::Downmix,
    every::Every,
    gain::Gain,
    gate::Gate,
    merge::Merge,
    meter::Meter,
    mix::Mix,
    peaks::Peaks,
    repeat::Repeat,
    resample::Resample,
    split::Split,
);
