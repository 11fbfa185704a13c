//! What an inference engine is to the workers: it reads a model, makes sessions of it, and runs them.
//!
//! An engine knows nothing of ports, words or windows: it is told the shape of each input and what fills it, and keeps
//! the state of every channel. Frames cross as `f32`; an engine converts to what the model wants.
use crate::binding::Input;
use crate::words::Tensor;
use aw_sdk::Result;

/// A model as an engine has read it.
pub trait Model {
    /// What goes in, in the order of the file.
    fn inputs(&self) -> &[Tensor];

    /// What comes out, in the order of the file.
    fn outputs(&self) -> &[Tensor];

    /// Makes a session that runs `channels` streams, each with its own state. `inputs` has one entry for each of the
    /// model's.
    ///
    /// # Errors
    /// What the engine lacks, shapes that the model cannot work with.
    fn session(&self, inputs: &[Input], channels: usize) -> Result<Box<dyn Session>>;
}

/// A model with shapes, ready to run, and its state for every channel.
pub trait Session: Send {
    /// Shapes of the outputs.
    fn shapes(&self) -> Vec<Vec<usize>>;

    /// The values of an input that frames fill, to be written before a run.
    fn input(&mut self, at: usize) -> &mut [f32];

    /// Runs the model once, for one channel, and keeps what is its state.
    ///
    /// # Errors
    /// What the engine says.
    fn run(&mut self, channel: usize) -> Result;

    /// The values of an output of the last run.
    ///
    /// # Errors
    /// They are no numbers.
    fn output(&mut self, at: usize) -> Result<&[f32]>;

    /// Sets all states to what they were before the first run.
    fn reset(&mut self);

    /// Whether [`Session::save`] gives all that runs depend on: a model may keep variables that its engine hands to nobody.
    fn saves(&self) -> bool {
        true
    }

    /// Appends all states.
    fn save(&self, out: &mut Vec<u8>);

    /// Takes all states from the front of `data`, if it holds them.
    fn load(&mut self, data: &mut &[u8]) -> Option<()>;
}
