//! RT — what lies between the callback of a device and a block of the graph.
//!
//! ```text
//!                 a callback of its own           the driver's callback, which renders
//! microphone ───▶ Feeder ══════ ring ══════════▶ Taker ───▶ graph ───▶ Feeder ══ ring ══▶ Taker ───▶ loudspeaker
//!                                                             │                            (the same callback)
//!                                                             └──────▶ Feeder ══ ring ══▶ Taker ───▶ another device
//! ```
//!
//! One device, as a rule the loudspeaker, is the *driver*: its callback renders as many blocks as it needs. An edge has
//! a [`FeedEnd`] and a [`TakeEnd`], which [`intake`] and [`outlet`] make from a [`Spec`]. A [`Feeder`] and a [`Taker`]
//! hold such an end; the ones of the render thread stay where they are while devices come and go, and are given new
//! ends by their [`Plug`]. Whatever happens to a device, what is heard of it has no step ([`Seam`]).
//!
//! On one clock an edge copies, bit for bit, and lags by a constant number of frames. On two it resamples, by a ratio
//! that follows both clocks. Every callback first asks its [`Pulse`] for a [`Beat`], which tells when its frames are due.
mod aim; //   how much must wait before the first frame is taken
mod beat; //  when frames are due: a delay-locked loop on the moments of callbacks
mod convert; // from one rate to another
mod end; //   the end that frames come out of
mod feed; //  the end that frames go into
mod gauge; // what the control side sees
mod ring; //  planes on their way
mod route; // channels of a device ↔ channels of a port
mod seam; //  from sound to silence and back without a step
mod slot; //  replaces what the render thread holds
mod spec; //  what an edge connects, and how far it must lag
mod steer; // how fast frames are taken, on two clocks
mod take; //  takes frames, or what fades to silence

pub use beat::{Beat, Moment, Pulse, Way};
pub use end::TakeEnd;
pub use feed::{FeedEnd, Feeder, Sound};
pub use gauge::Gauge;
pub use route::{Channels, Route};
pub use seam::Seam;
pub use slot::{Plug, Slot};
pub use spec::{Clocks, Device, Driver, EdgeError, Port, Spec, intake, outlet};
pub use take::{Room, Taken, Taker};

#[cfg(test)]
mod tests;
