//! A session on any of the TensorFlow Lite engines: one interpreter a channel, and the states between runs.
//!
//! A model may keep state in variables of its own, and then channels must not share an interpreter. Frames, states and
//! constants are written into its inputs before every run, as engines may use that memory for other tensors meanwhile.
use super::file::File;
use super::values::{Values, copy};
use crate::binding::{Input, Source};
use crate::engine;
use crate::words::{Tensor as Declared, shape_text};
use aw_sdk::{Error, Result};
use std::sync::Arc;

/// A model with shapes and memory of its own.
pub trait Interpreter: Send {
    /// The memory of an input, which holds what was written until the next run.
    fn input(&mut self, at: usize) -> &mut [u8];

    /// Runs the model.
    ///
    /// # Errors
    /// What the engine says.
    fn run(&mut self) -> Result;

    /// The memory of an output after a run.
    fn output(&self, at: usize) -> &[u8];

    /// The extents of an output after a run.
    fn shape(&self, at: usize) -> Vec<usize>;

    /// Forgets all runs.
    ///
    /// # Errors
    /// What the engine says.
    fn reset(&mut self) -> Result;

    /// Whether [`Interpreter::save`] gives all that a run depends on beside what goes in.
    fn saves(&self) -> bool {
        true
    }

    /// Appends what it remembers.
    fn save(&self, _out: &mut Vec<u8>) {}

    /// Takes what it remembers from the front of `data`, if it is there.
    fn load(&mut self, _data: &mut &[u8]) -> Option<()> {
        Some(())
    }
}

/// An interpreter that forgets by being made anew: no function of its engine clears all that a model may remember, or
/// hands it out. A model that remembers would remember runs to warm it up, so its first run is a slow one.
pub struct Renewed<I> {
    now: I,
    make: Arc<dyn Fn() -> Result<I> + Send + Sync>,
    /// Whether the model remembers anything.
    remembers: bool,
    /// Whether it has run since it was made.
    used: bool,
}

impl<I> Renewed<I> {
    /// Makes the first one.
    ///
    /// # Errors
    /// What `make` says.
    pub fn new(remembers: bool, make: Arc<dyn Fn() -> Result<I> + Send + Sync>) -> Result<Self> {
        Ok(Self { now: make()?, make, remembers, used: false })
    }
}

impl<I: Interpreter> Interpreter for Renewed<I> {
    fn input(&mut self, at: usize) -> &mut [u8] {
        self.now.input(at)
    }

    fn run(&mut self) -> Result {
        self.used = true;
        self.now.run()
    }

    fn output(&self, at: usize) -> &[u8] {
        self.now.output(at)
    }

    fn shape(&self, at: usize) -> Vec<usize> {
        self.now.shape(at)
    }

    fn reset(&mut self) -> Result {
        if self.remembers && self.used {
            self.now = (self.make)()?;
            self.used = false;
        }
        Ok(())
    }

    fn saves(&self) -> bool {
        !self.remembers
    }
}

/// A model for some channels.
pub struct Session<I> {
    /// One a channel.
    interpreters: Vec<I>,
    inputs: Vec<Slot>,
    outputs: Vec<Output>,
    states: Vec<State>,
    /// Of the last run.
    channel: usize,
    /// Whether it has run since it was made or reset: before that, outputs may have no memory.
    ran: bool,
    /// Why it cannot run any more.
    broken: Option<Error>,
}

/// What fills an input.
struct Slot {
    values: Values,
    filled: Filled,
}

enum Filled {
    /// Frames, as floats.
    Frames(Vec<f32>),
    /// The state of this number.
    State(usize),
    /// Always this memory.
    Fixed(Vec<u8>),
}

struct Output {
    name: String,
    values: Values,
    shape: Vec<usize>,
    floats: Vec<f32>,
}

/// An input that gets an output of the run before.
struct State {
    name: String,
    input: Values,
    output: usize,
    /// One a channel, as the input holds it.
    memory: Vec<Vec<u8>>,
}

impl<I: Interpreter> Session<I> {
    /// A session of a model with as many interpreters as there are channels, made for the shapes of `inputs`.
    ///
    /// # Errors
    /// The model does not run.
    pub fn new(file: &File, inputs: &[Input], interpreters: Vec<I>) -> Result<Self> {
        let (channels, mut states) = (interpreters.len(), vec![]);
        let slot = |((input, tensor), declared): ((&Input, &super::file::Tensor), &Declared)| {
            let (values, room) = (tensor.values, input.shape.iter().product::<usize>());
            let mut memory = vec![0; room * values.ty.size()];
            let filled = match &input.source {
                Source::Port(_) => Filled::Frames(vec![0.0; room]),
                Source::Fixed(fixed) => {
                    values.write_numbers(fixed.iter().copied().cycle().take(room), &mut memory);
                    Filled::Fixed(memory)
                }
                Source::State(output) => {
                    values.clear(&mut memory);
                    let name = declared.name.clone();
                    states.push(State { name, input: values, output: *output, memory: vec![memory; channels] });
                    Filled::State(states.len() - 1)
                }
            };
            Slot { values, filled }
        };
        let inputs = inputs.iter().zip(&file.input_tensors).zip(&file.inputs).map(slot).collect();
        let output = |(tensor, declared): (&super::file::Tensor, &Declared)| Output {
            name: declared.name.clone(),
            values: tensor.values,
            shape: vec![],
            floats: vec![],
        };
        let outputs = file.output_tensors.iter().zip(&file.outputs).map(output).collect();
        let mut session = Self { interpreters, inputs, outputs, states, channel: 0, ran: false, broken: None };
        // Only a run tells the shapes of the outputs of some models.
        session.invoke(0)?;
        for (at, output) in session.outputs.iter_mut().enumerate() {
            output.shape = session.interpreters[0].shape(at);
            output.floats = vec![0.0; output.shape.iter().product()];
        }
        engine::Session::reset(&mut session);
        session.broken.take().map_or(Ok(session), Err)
    }

    fn invoke(&mut self, channel: usize) -> Result {
        let interpreter = &mut self.interpreters[channel];
        for (at, slot) in self.inputs.iter().enumerate() {
            let memory = interpreter.input(at);
            match &slot.filled {
                Filled::Frames(frames) => slot.values.write(frames, memory),
                // A state that does not fit is refused by the binding, after the first run.
                Filled::State(state) => copy(&self.states[*state].memory[channel], memory),
                Filled::Fixed(fixed) => copy(fixed, memory),
            }
        }
        interpreter.run()?;
        (self.channel, self.ran) = (channel, true);
        for state in &mut self.states {
            let (from, output) = (interpreter.output(state.output), &self.outputs[state.output]);
            let (values, room) =
                (from.len() / output.values.ty.size(), state.memory[channel].len() / state.input.ty.size());
            // What the first run gives is looked at by the binding.
            if values != room && !output.shape.is_empty() {
                let (name, back, was) = (&state.name, &output.name, shape_text(&output.shape));
                let is = shape_text(&interpreter.shape(state.output));
                let why = "a state keeps its size";
                return Err(Error(format!(
                    "`{back}`, which goes back into `{name}`, was {was} in the first run and is {is} now: {why}"
                )));
            }
            output.values.carry(from, state.input, &mut state.memory[channel]);
        }
        Ok(())
    }
}

impl<I: Interpreter> engine::Session for Session<I> {
    fn shapes(&self) -> Vec<Vec<usize>> {
        self.outputs.iter().map(|output| output.shape.clone()).collect()
    }

    fn input(&mut self, at: usize) -> &mut [f32] {
        match &mut self.inputs[at].filled {
            Filled::Frames(frames) => frames,
            _ => &mut [],
        }
    }

    fn run(&mut self, channel: usize) -> Result {
        match &self.broken {
            None => self.invoke(channel),
            Some(why) => Err(why.clone()),
        }
    }

    fn output(&mut self, at: usize) -> Result<&[f32]> {
        let output = &mut self.outputs[at];
        if !self.ran {
            output.floats.fill(0.0);
            return Ok(&output.floats);
        }
        let interpreter = &self.interpreters[self.channel];
        let memory = interpreter.output(at);
        if memory.len() != output.floats.len() * output.values.ty.size() {
            let (name, was, is) = (&output.name, shape_text(&output.shape), shape_text(&interpreter.shape(at)));
            return Err(Error(format!("`{name}` was {was} in the first run and is {is} now: frames are of one size")));
        }
        output.values.read(memory, &mut output.floats);
        Ok(&output.floats)
    }

    fn reset(&mut self) {
        self.ran = false;
        for state in &mut self.states {
            for memory in &mut state.memory {
                state.input.clear(memory);
            }
        }
        for interpreter in &mut self.interpreters {
            if let Err(why) = interpreter.reset() {
                self.broken = Some(why);
            }
        }
    }

    fn saves(&self) -> bool {
        self.interpreters.iter().all(I::saves)
    }

    fn save(&self, out: &mut Vec<u8>) {
        out.extend(self.states.iter().flat_map(|state| state.memory.iter().flatten()));
        self.interpreters.iter().for_each(|interpreter| interpreter.save(out));
    }

    fn load(&mut self, data: &mut &[u8]) -> Option<()> {
        for memory in self.states.iter_mut().flat_map(|state| &mut state.memory) {
            let (mine, rest) = data.split_at_checked(memory.len())?;
            memory.copy_from_slice(mine);
            *data = rest;
        }
        self.interpreters.iter_mut().try_for_each(|interpreter| interpreter.load(data))
    }
}
