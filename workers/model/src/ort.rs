//! The engine ONNX Runtime: the real library, loaded at run time where it is installed.
//!
//! All tensors stay where they are from the first run on, inputs, outputs and states, and a run is handed their
//! addresses: nothing but frames is copied. A state has two places, and every run reads one and writes the other.
mod runtime; // the library
mod tensor; //  numbers in its memory

#[cfg(test)]
pub use runtime::library_in;
pub use runtime::{Runtime, WAY_OUT, installed};

use crate::binding::{Input, Source};
use crate::engine;
use crate::onnx_file::OnnxFile;
use crate::words::{Tensor as Declared, shape_text};
use aw_sdk::{Error, Result};
use ort::session::{Session as Model, SessionInputValue};
use ort::value::{Outlet, TensorElementType, ValueType};
use ort::{AsPointer, sys};
use std::ffi::{CString, c_char};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tensor::Numbers;

/// A model as ONNX Runtime has read it.
pub struct File {
    model: Arc<Mutex<Model>>,
    inputs: Vec<Declared>,
    outputs: Vec<Declared>,
    types: [Vec<TensorElementType>; 2],
}

/// A model with shapes, ready to run, and its state.
struct Session {
    model: Arc<Mutex<Model>>,
    names: [Names; 2],
    inputs: Vec<Slot>,
    outputs: Vec<Numbers>,
    /// The shapes of the outputs.
    shapes: Vec<Vec<usize>>,
    /// Outputs that go back into the model, each once.
    carried: Vec<usize>,
    channels: Vec<Channel>,
    /// Of each output that does not hold floats: its values as such.
    floats: Vec<Vec<f32>>,
    /// The channel of the last run.
    last: usize,
}

/// What a run hands to an input.
enum Slot {
    /// Frames.
    Frames(Numbers),
    /// Frames for a model that wants no floats.
    Converted(Numbers, Vec<f32>),
    /// What the output of this number in `carried` gave.
    State(usize),
    /// The same in every run.
    Fixed(Numbers),
}

/// The state of a channel: two places for each carried output, and a run from the first to the second and back.
struct Channel {
    states: [Vec<Numbers>; 2],
    calls: [Call; 2],
    /// Which of the two holds what the next run reads.
    now: usize,
}

/// What a run is handed: tensors of the session that holds this.
struct Call {
    inputs: Vec<*const sys::OrtValue>,
    outputs: Vec<*mut sys::OrtValue>,
}

/// Names of tensors, for ONNX Runtime.
struct Names {
    pointers: Vec<*const c_char>,
    _texts: Vec<CString>,
}

// SAFETY: the tensors that a call points at belong to the session that holds it, and move between threads with it.
unsafe impl Send for Call {}
// SAFETY: the texts that it points at are its own and never change.
unsafe impl Send for Names {}

impl File {
    /// Reads a model, which from then on runs on `threads` threads and a provider.
    ///
    /// # Errors
    /// What ONNX Runtime says of it.
    pub fn open(file: &OnnxFile, runtime: &Runtime, threads: usize, provider: &str) -> Result<Self> {
        let model = runtime.begin(threads, provider)?.commit_from_file(&file.path);
        let model = model.map_err(|e| unreadable(&file.path, &e))?;
        let types = [types(model.inputs(), &file.inputs)?, types(model.outputs(), &file.outputs)?];
        let (inputs, outputs) = (file.inputs.clone(), file.outputs.clone());
        Ok(Self { model: Arc::new(Mutex::new(model)), inputs, outputs, types })
    }

    /// How inputs are filled, before the first run.
    fn slots(&self, inputs: &[Input], carried: &mut Vec<usize>) -> ort::Result<Vec<Slot>> {
        let slot = |(input, ty): (&Input, &TensorElementType)| match &input.source {
            Source::Port(_) if *ty == TensorElementType::Float32 => Numbers::zeros(*ty, &input.shape).map(Slot::Frames),
            Source::Port(_) => {
                let floats = vec![0.0; input.shape.iter().product()];
                Numbers::zeros(*ty, &input.shape).map(|numbers| Slot::Converted(numbers, floats))
            }
            Source::State(output) => {
                let known = carried.iter().position(|other| other == output);
                Ok(Slot::State(known.unwrap_or_else(|| {
                    carried.push(*output);
                    carried.len() - 1
                })))
            }
            Source::Fixed(values) => {
                let mut numbers = Numbers::zeros(*ty, &input.shape)?;
                numbers.fill(values);
                Ok(Slot::Fixed(numbers))
            }
        };
        inputs.iter().zip(&self.types[0]).map(slot).collect()
    }

    /// Zeros for every carried output, of the shape and type of the input that it goes into.
    fn states(&self, inputs: &[Input], carried: &[usize]) -> ort::Result<Vec<Numbers>> {
        let zeros = |output: &usize| {
            let feeds = |(input, _): &(&Input, &TensorElementType)| matches!(input.source, Source::State(from) if from == *output);
            let (shape, ty) = match inputs.iter().zip(&self.types[0]).find(feeds) {
                Some((input, ty)) => (input.shape.as_slice(), *ty),
                None => (&[][..], self.types[1][*output]),
            };
            Numbers::zeros(ty, shape)
        };
        carried.iter().map(zeros).collect()
    }

    fn make(&self, inputs: &[Input], channels: usize) -> ort::Result<Session> {
        let mut carried = vec![];
        let slots = self.slots(inputs, &mut carried)?;
        let shapes = self.first_run(&slots, &self.states(inputs, &carried)?)?;
        let output = |(ty, shape): (&TensorElementType, &Vec<usize>)| Numbers::zeros(*ty, shape);
        let outputs = self.types[1].iter().zip(&shapes).map(output).collect::<ort::Result<Vec<Numbers>>>()?;
        let mut session = Session {
            model: self.model.clone(),
            names: [names(&self.inputs)?, names(&self.outputs)?],
            inputs: slots,
            floats: outputs.iter().map(|_| vec![]).collect(),
            outputs,
            shapes,
            carried,
            channels: vec![],
            last: 0,
        };
        for _ in 0..channels {
            let states = [self.states(inputs, &session.carried)?, self.states(inputs, &session.carried)?];
            let calls = [session.call(&states[0], &states[1]), session.call(&states[1], &states[0])];
            session.channels.push(Channel { states, calls, now: 0 });
        }
        Ok(session)
    }

    /// The shapes of the outputs, which only a run tells for sure.
    fn first_run(&self, slots: &[Slot], states: &[Numbers]) -> ort::Result<Vec<Vec<usize>>> {
        let values: Vec<SessionInputValue> = slots.iter().map(|slot| slot.tensor(states).value()).collect();
        let mut model = lock(&self.model);
        let outputs = model.run(&values[..])?;
        let extents = |ty: &ValueType| ty.tensor_shape().map(|shape| shape.iter().map(|n| *n as usize).collect());
        Ok((0..outputs.len()).map(|at| extents(outputs[at].dtype()).unwrap_or_default()).collect())
    }
}

impl engine::Model for File {
    fn inputs(&self) -> &[Declared] {
        &self.inputs
    }

    fn outputs(&self) -> &[Declared] {
        &self.outputs
    }

    fn session(&self, inputs: &[Input], channels: usize) -> Result<Box<dyn engine::Session>> {
        for ((input, ty), name) in inputs.iter().zip(&self.types[0]).zip(&self.inputs) {
            if let Source::State(output) = input.source
                && self.types[1][output] != *ty
            {
                let (name, back, gives) = (&name.name, &self.outputs[output].name, self.types[1][output]);
                return Err(Error(format!(
                    "the state `{name}` is of type {ty}, but `{back}` that goes back into it of type {gives}"
                )));
            }
        }
        let made = self.make(inputs, channels);
        made.map(|session| Box::new(session) as Box<dyn engine::Session>).map_err(|e| {
            let given = self.inputs.iter().zip(inputs);
            let given: Vec<_> = given.map(|(t, i)| format!("{} {}", t.name, shape_text(&i.shape))).collect();
            Error(format!("the engine ONNX Runtime cannot run this model with {}: {}", given.join(", "), line(&e)))
        })
    }
}

impl Slot {
    /// What it hands over, when these are the states.
    fn tensor<'a>(&'a self, states: &'a [Numbers]) -> &'a Numbers {
        match self {
            Self::Frames(numbers) | Self::Converted(numbers, _) | Self::Fixed(numbers) => numbers,
            Self::State(number) => &states[*number],
        }
    }
}

impl Session {
    /// A run that reads some states and writes the others.
    fn call(&self, from: &[Numbers], to: &[Numbers]) -> Call {
        let inputs = self.inputs.iter().map(|slot| slot.tensor(from).ptr().cast_const()).collect();
        let place = |(at, numbers): (usize, &Numbers)| match self.carried.iter().position(|output| *output == at) {
            Some(number) => to[number].ptr(),
            None => numbers.ptr(),
        };
        Call { inputs, outputs: self.outputs.iter().enumerate().map(place).collect() }
    }

    /// The states that the next run of a channel reads, in the order of the model's inputs.
    fn current<'a>(&'a self, channel: &'a Channel) -> impl Iterator<Item = &'a Numbers> {
        self.inputs.iter().filter_map(|slot| match slot {
            Slot::State(number) => Some(&channel.states[channel.now][*number]),
            _ => None,
        })
    }
}

impl engine::Session for Session {
    fn shapes(&self) -> Vec<Vec<usize>> {
        self.shapes.clone()
    }

    fn input(&mut self, at: usize) -> &mut [f32] {
        match &mut self.inputs[at] {
            Slot::Frames(numbers) => numbers.floats().unwrap_or_default(),
            Slot::Converted(_, floats) => floats,
            _ => &mut [],
        }
    }

    fn run(&mut self, channel: usize) -> Result {
        for slot in &mut self.inputs {
            if let Slot::Converted(numbers, floats) = slot {
                numbers.write(floats);
            }
        }
        self.last = channel;
        let channel = &mut self.channels[channel];
        let call = &mut channel.calls[channel.now];
        let [ins, outs] = &self.names;
        let model = lock(&self.model);
        // SAFETY: the model is locked, so this is its only run. There are as many names as tensors; both belong to this
        // session, live as long as it and stay in place; no reference into the tensors is held here.
        let status = unsafe {
            let (session, options) = (model.ptr().cast_mut(), std::ptr::null());
            let (inputs, outputs) = (&call.inputs, &mut call.outputs);
            (ort::api().Run)(
                session,
                options,
                ins.pointers.as_ptr(),
                inputs.as_ptr(),
                inputs.len(),
                outs.pointers.as_ptr(),
                outputs.len(),
                outputs.as_mut_ptr(),
            )
        };
        // SAFETY: the status is that of this call and nobody else's.
        let done = unsafe { ort::Error::result_from_status(status) };
        done.map_err(|e| Error(format!("the engine ONNX Runtime failed: {}", line(&e))))?;
        channel.now = 1 - channel.now;
        Ok(())
    }

    fn output(&mut self, at: usize) -> Result<&[f32]> {
        let channel = &mut self.channels[self.last];
        let numbers = match self.carried.iter().position(|output| *output == at) {
            Some(number) => &mut channel.states[channel.now][number],
            None => &mut self.outputs[at],
        };
        let floats = &mut self.floats[at];
        if !matches!(numbers, Numbers::Float32(_)) {
            floats.resize(numbers.len(), 0.0);
            numbers.read(floats);
            return Ok(floats);
        }
        Ok(numbers.floats().unwrap_or_default())
    }

    fn reset(&mut self) {
        for channel in &mut self.channels {
            channel.states[channel.now].iter_mut().for_each(Numbers::clear);
        }
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.channels.iter().flat_map(|channel| self.current(channel)).for_each(|state| state.save(out));
    }

    fn load(&mut self, data: &mut &[u8]) -> Option<()> {
        for channel in &mut self.channels {
            for slot in &self.inputs {
                if let Slot::State(number) = slot {
                    channel.states[channel.now][*number].load(data)?;
                }
            }
        }
        Some(())
    }
}

fn lock(model: &Mutex<Model>) -> MutexGuard<'_, Model> {
    model.lock().unwrap_or_else(PoisonError::into_inner)
}

fn names(tensors: &[Declared]) -> ort::Result<Names> {
    let texts = tensors.iter().map(|tensor| CString::new(tensor.name.as_str()));
    let texts = texts.collect::<std::result::Result<Vec<CString>, _>>()?;
    Ok(Names { pointers: texts.iter().map(|text| text.as_ptr()).collect(), _texts: texts })
}

/// The types of tensors, which must be those that the file declares, in its order.
fn types(found: &[Outlet], declared: &[Declared]) -> Result<Vec<TensorElementType>> {
    if !found.iter().map(Outlet::name).eq(declared.iter().map(|tensor| tensor.name.as_str())) {
        return Err("the engine ONNX Runtime finds other tensors in this model than its file declares".into());
    }
    let ty = |outlet: &Outlet| match outlet.dtype() {
        ValueType::Tensor { ty, .. } if Numbers::knows(*ty) => Ok(*ty),
        other => Err(Error(format!("`{}` is {other}, and only tensors of numbers can be bound", outlet.name()))),
    };
    found.iter().map(ty).collect()
}

/// Why ONNX Runtime does not take a model, on one line.
fn unreadable(path: &str, error: &ort::Error) -> Error {
    let said = line(error).replace(path, "it");
    if let Some(name) = lacking(&said) {
        return Error(format!("the engine ONNX Runtime has no operator `{name}`, which this model uses"));
    }
    let why = said.trim_start_matches("Load model from it failed:").trim_start_matches("Fatal error: ");
    Error(format!("the engine ONNX Runtime cannot read {path}: {why}"))
}

/// The operator that is missing, in the three ways in which ONNX Runtime says so.
fn lacking(said: &str) -> Option<&str> {
    let behind = |words: &str| said.split_once(words).and_then(|(_, rest)| rest.split([' ', '(']).next());
    let before = |words: &str| said.split_once(words).and_then(|(rest, _)| rest.rsplit(' ').next()?.split('(').next());
    let name = behind("No Op registered for ").or_else(|| behind("Could not find an implementation for "));
    name.or_else(|| before(" is not a registered function/op")).filter(|name| !name.is_empty())
}

/// The first line of what went wrong, without the places in its source that ONNX Runtime likes to name.
fn line(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    let text = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no reason given");
    let text = text.split_once(".cc:").map_or(text, |(_, rest)| rest.split_once(' ').map_or(rest, |(_, rest)| rest));
    text.chars().take(300).collect()
}
