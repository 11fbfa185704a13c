//! Everything that crosses between the control side and the render thread. All messages are `Copy`; programs travel as
//! boxes, one at a time, and come home to be freed.
use super::program::Program;
use crate::plugin::{Event, Failure};
use ringbuf::traits::{Consumer, Producer};
use ringbuf::{HeapCons, HeapProd};

/// From control to render.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ToRender {
    /// A live parameter changes, before the next firing of its step.
    Set {
        /// The key of the instance.
        key: u64,
        /// The parameter, by its place in the descriptor.
        param: u32,
        /// Its new value, in range.
        value: f64,
    },
}

/// From render to control.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FromRender {
    /// A worker failed and is left out from now on: its outputs are silent or bypassed.
    Failed {
        /// The key of the instance.
        key: u64,
        /// What it did.
        why: Trouble,
    },
    /// Something happened.
    Event {
        /// The key of the instance that says so.
        key: u64,
        /// Which of its outputs.
        port: usize,
        /// What happened.
        event: Event,
    },
}

/// Why a worker is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A call failed.
    Call(Failure),
    /// An output held NaN or infinity.
    NotFinite {
        /// Which output.
        port: usize,
    },
}

/// The control side's ends.
pub struct Remote {
    pub(super) messages: HeapProd<ToRender>,
    pub(super) reports: HeapCons<FromRender>,
    pub(super) next: HeapProd<Box<Program>>,
    pub(super) home: HeapCons<Box<Program>>,
    /// A program is under way and has not come home.
    pub(super) in_flight: bool,
}

impl Remote {
    /// Sends a message; gives it back if 256 are waiting.
    ///
    /// # Errors
    /// The message.
    pub fn send(&mut self, message: ToRender) -> Result<(), ToRender> {
        self.messages.try_push(message)
    }

    /// The oldest unread report.
    pub fn report(&mut self) -> Option<FromRender> {
        self.reports.try_pop()
    }

    /// Sends a program to play next; gives it back while another is under way.
    ///
    /// # Errors
    /// The program.
    pub fn play(&mut self, program: Box<Program>) -> Result<(), Box<Program>> {
        if self.in_flight {
            return Err(program);
        }
        self.next.try_push(program)?;
        self.in_flight = true;
        Ok(())
    }

    /// The program that was replaced, once it came home.
    pub fn retired(&mut self) -> Option<Box<Program>> {
        let program = self.home.try_pop();
        self.in_flight &= program.is_none();
        program
    }
}
