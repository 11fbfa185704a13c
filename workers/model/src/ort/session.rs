//! A model on ONNX Runtime with shapes, and its state.
use super::tensor::Numbers;
use super::{File, line};
use crate::binding::{Input, Source};
use crate::engine;
use crate::words::Tensor as Declared;
use aw_sdk::{Error, Result};
use ort::session::{Session as Model, SessionInputValue};
use ort::value::{TensorElementType, ValueType};
use ort::{AsPointer, sys};
use std::ffi::{CString, c_char};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A model with shapes, ready to run, and its state.
pub struct Session {
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
    /// Takes all memory that runs need.
    ///
    /// # Errors
    /// Shapes that the model cannot work with, and what else ONNX Runtime says.
    pub fn make(file: &File, inputs: &[Input], channels: usize) -> ort::Result<Self> {
        let mut carried = vec![];
        let slots = slots(file, inputs, &mut carried)?;
        let shapes = first_run(file, &slots, &states(file, inputs, &carried)?)?;
        let output = |(ty, shape): (&TensorElementType, &Vec<usize>)| Numbers::zeros(*ty, shape);
        let outputs = file.types[1].iter().zip(&shapes).map(output).collect::<ort::Result<Vec<Numbers>>>()?;
        let mut session = Self {
            model: file.model.clone(),
            names: [names(&file.inputs)?, names(&file.outputs)?],
            inputs: slots,
            floats: outputs.iter().map(|_| vec![]).collect(),
            outputs,
            shapes,
            carried,
            channels: vec![],
            last: 0,
        };
        for _ in 0..channels {
            let states = [states(file, inputs, &session.carried)?, states(file, inputs, &session.carried)?];
            let calls = [session.call(&states[0], &states[1]), session.call(&states[1], &states[0])];
            session.channels.push(Channel { states, calls, now: 0 });
        }
        Ok(session)
    }

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

/// How inputs are filled, before the first run.
fn slots(file: &File, inputs: &[Input], carried: &mut Vec<usize>) -> ort::Result<Vec<Slot>> {
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
    inputs.iter().zip(&file.types[0]).map(slot).collect()
}

/// Zeros for every carried output, of the shape and type of the input that it goes into.
fn states(file: &File, inputs: &[Input], carried: &[usize]) -> ort::Result<Vec<Numbers>> {
    let zeros = |output: &usize| {
        let feeds =
            |(input, _): &(&Input, &TensorElementType)| matches!(input.source, Source::State(from) if from == *output);
        let (shape, ty) = match inputs.iter().zip(&file.types[0]).find(feeds) {
            Some((input, ty)) => (input.shape.as_slice(), *ty),
            None => (&[][..], file.types[1][*output]),
        };
        Numbers::zeros(ty, shape)
    };
    carried.iter().map(zeros).collect()
}

/// The shapes of the outputs, which only a run tells for sure.
fn first_run(file: &File, slots: &[Slot], states: &[Numbers]) -> ort::Result<Vec<Vec<usize>>> {
    let values: Vec<SessionInputValue> = slots.iter().map(|slot| slot.tensor(states).value()).collect();
    let mut model = lock(&file.model);
    let outputs = model.run(&values[..])?;
    let extents = |ty: &ValueType| ty.tensor_shape().map(|shape| shape.iter().map(|n| *n as usize).collect());
    Ok((0..outputs.len()).map(|at| extents(outputs[at].dtype()).unwrap_or_default()).collect())
}

fn lock(model: &Mutex<Model>) -> MutexGuard<'_, Model> {
    model.lock().unwrap_or_else(PoisonError::into_inner)
}

fn names(tensors: &[Declared]) -> ort::Result<Names> {
    let texts = tensors.iter().map(|tensor| CString::new(tensor.name.as_str()));
    let texts = texts.collect::<std::result::Result<Vec<CString>, _>>()?;
    Ok(Names { pointers: texts.iter().map(|text| text.as_ptr()).collect(), _texts: texts })
}
