//! The host as a library, on graphs of workers that are made for it here: no file is opened and nothing is loaded, so
//! that Miri can watch a part of it (`cargo +nightly miri test -p aw-host --test engine small`).
#![allow(clippy::unwrap_used)] // helpers of tests, too

mod change; //     a graph that is changed while it plays
mod contained; //  workers that fail
mod corrupt; //    plans that do not hold
mod edges; //      what lies between devices and a graph
mod events; //     what happened, and when
mod graphs; //     random graphs, and what must come out of them
mod guard; //      counts allocations while rendering
mod instance; //   what an instance is handed
mod lanes;
mod lanes_change; //     steps on threads of their own, in time and late
mod listeners; //  workers that know where in the recording they are
mod play;
mod player; //       compiles and renders
mod priming; //    the dry run against the closed form
mod random; //     properties of random graphs
mod record; //    what was played comes again
mod recording; //  where workers are in the recording, and that it comes again
mod said; //       what is said of graphs that are refused
mod simulated; // on devices that are not there
mod small; //      a little of everything, small enough for Miri
mod workers; //    the workers
