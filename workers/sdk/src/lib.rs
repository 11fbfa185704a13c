//! Write an audio worker in safe Rust: implement [`Worker`], call [`export_workers!`].
//!
//! ```
//! use aw_sdk::*;
//!
//! /// Multiplies audio by a gain.
//! struct Gain(f32);
//!
//! impl Worker for Gain {
//!     const SPEC: Spec = Spec {
//!         id: c"loudness",
//!         summary: c"Multiplies audio by a gain",
//!         ports: &[Port::input(c"in", Kind::AUDIO), Port::output(c"out", Kind::AUDIO)],
//!         params: &[Param::float(c"gain", 1.0).range(0.0, 10.0).live().doc(c"Factor")],
//!         ..Spec::NEW
//!     };
//!     fn create(values: &Values) -> Result<Self> {
//!         Ok(Self(values.float("gain") as f32))
//!     }
//!     fn prepare(&mut self, setup: &mut Setup) -> Result {
//!         let audio = setup.input("in")?;
//!         setup.output("out", audio);
//!         Ok(())
//!     }
//!     fn process(&mut self, block: &mut Block) {
//!         for channel in 0..block.inputs.channels(0) {
//!             let x = block.inputs.plane(0, channel);
//!             for (y, x) in block.outputs.plane(0, channel).iter_mut().zip(x) {
//!                 *y = self.0 * x;
//!             }
//!         }
//!     }
//!     fn set_param(&mut self, _name: &str, value: f64) {
//!         self.0 = value as f32;
//!     }
//! }
//! export_workers!(Gain);
//!
//! // The rig drives it through the same C functions as the host does.
//! let mut rig = Rig::new::<Gain>(&[("gain", 2.0.into())], &[("in", Format::audio(1, 16000))], &["out"])?;
//! assert_eq!(rig.run(&[&[&[0.5, -0.25]]])[0], [[1.0, -0.5]]);
//! # Ok::<(), aw_sdk::Error>(())
//! ```
#![deny(unsafe_code)]

#[cfg(not(panic = "unwind"))]
compile_error!("workers must be built with panic = \"unwind\": a panic may not take the host down");

#[allow(unsafe_code)]
mod block; //  the frames of one call
#[allow(unsafe_code)]
pub mod heap; //   the allocator that counts
#[allow(unsafe_code)]
mod rig; //    a worker on the bench, for tests
mod setup; //  what prepare is told and answers
#[allow(unsafe_code)]
mod shim; //   the C functions behind a worker
mod spec; //   what a worker says about itself
mod values; // the graph file's values

pub use aw_abi as abi;
pub use aw_abi::{ENDLESS, Event, Format, Kind};
pub use block::{Block, Inputs, Outputs};
pub use rig::{Answer, Rig};
pub use setup::Setup;
#[doc(hidden)]
pub use shim::{entry, quiet_panics, table};
pub use spec::{Choices, Param, Port, Preset, Set, Spec};
pub use values::{Given, Values};

/// Why a worker refused; the host shows it beside the node in the graph file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(pub String);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for Error {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Error {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl std::error::Error for Error {}

/// What [`Worker::create`] and [`Worker::prepare`] return.
pub type Result<T = ()> = std::result::Result<T, Error>;

/// One processing step of a graph.
pub trait Worker: Sized + Send + 'static {
    /// Its name, ports and parameters.
    const SPEC: Spec;

    /// Makes an instance from the graph file's values, which the host has checked against [`Self::SPEC`].
    fn create(values: &Values) -> Result<Self>;

    /// Agrees on formats; allocates everything `process` needs. May be called again.
    fn prepare(&mut self, setup: &mut Setup) -> Result;

    /// Turns the input frames into output frames. Must not allocate, lock or wait. Outputs hold old frames: write all.
    fn process(&mut self, block: &mut Block);

    /// Takes a new value of a live parameter. Called between two `process`; must not allocate either.
    fn set_param(&mut self, _name: &str, _value: f64) {}

    /// Forgets the past, keeps parameters. Must not allocate either.
    fn reset(&mut self) {}

    /// The same input comes again from its start: forgets the past, but not what [`Self::prepare`] said it must hear the
    /// whole for ([`Setup::rehearsals`]). [`Self::reset`] forgets that too.
    fn rewind(&mut self) {
        self.reset();
    }

    /// How many frames output number `output` makes of a first input of `frames` frames; `None` leaves it to the rates.
    fn extent(&self, _output: usize, _frames: u64) -> Option<u64> {
        None
    }

    /// Appends what `load` needs to continue from here.
    fn save(&self, _out: &mut Vec<u8>) {}

    /// Continues from what `save` wrote.
    fn load(&mut self, _data: &[u8]) -> Result {
        Ok(())
    }
}

/// Exports the workers of this library.
#[macro_export]
macro_rules! export_workers {
    ($($worker:ty),+ $(,)?) => {
        #[global_allocator]
        static HEAP: $crate::heap::Guard = $crate::heap::Guard;

        /// The library's entry point.
        #[allow(unsafe_code)]
        // SAFETY: one library has one entry; a worker crate is built as a `cdylib` of its own.
        #[unsafe(no_mangle)]
        pub extern "C" fn aw_entry(major: u32, _minor: u32) -> *const $crate::abi::Library {
            static WORKERS: &[&$crate::abi::Worker] = &[$(&$crate::table::<$worker>()),+];
            static LIBRARY: $crate::abi::Library = $crate::entry(WORKERS);
            $crate::quiet_panics();
            if major == $crate::abi::ABI_MAJOR { &LIBRARY } else { ::core::ptr::null() }
        }
    };
}
