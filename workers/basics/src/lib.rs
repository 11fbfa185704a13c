//! Audio workers that every graph needs. One worker a file; this file lists and exports them.

mod delay; //    keeps frames for a while: a delay, an echo
mod downmix; //  many channels to one
mod gain; //     louder, softer
mod glide; //    numbers that follow a live parameter without a click
mod merge; //    many inputs to many channels
mod mix; //      the sum of many inputs
mod split; //    channels to outputs of their own
#[cfg(test)]
mod trial; //    what the tests of all workers share

aw_sdk::export_workers!(
    delay::Delay,
    downmix::Downmix,
    gain::Gain,
    merge::Merge,
    mix::Mix,
    split::Split,
);
