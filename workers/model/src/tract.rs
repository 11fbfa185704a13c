//! The engine tract: opens an ONNX file, makes a session for given shapes, runs it.
//!
//! A session runs through the plan, never through tract's own `SimpleState`: that one remembers the hidden state of GRUs
//! and scans from run to run, beside the state that the graph carries, and the output is silently wrong.
use crate::binding::{Input, Source};
use crate::engine;
use crate::onnx_file::OnnxFile;
use crate::words::{Tensor as Declared, shape_text};
use aw_sdk::{Error, Result};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::infer::Factoid;
use tract_onnx::tract_hir::ops::konst::Const;

/// Its version, as in Cargo.toml.
pub const VERSION: &str = "0.23";

/// A model as its file has it.
pub struct File {
    model: InferenceModel,
    inputs: Vec<Declared>,
    outputs: Vec<Declared>,
}

/// A model with shapes, ready to run, and its state.
pub struct Session {
    plan: Arc<TypedRunnableModel>,
    inputs: Vec<Slot>,
    /// Of each state: the output it comes from, and its first value.
    carried: Vec<(usize, Arc<Tensor>)>,
    /// Of each channel: the state for the next run.
    states: Vec<Vec<Arc<Tensor>>>,
    /// Of the last run.
    outputs: Vec<Arc<Tensor>>,
}

/// What a run hands to an input.
enum Slot {
    /// Frames, as floats, and the type the model wants them in.
    Frames(Arc<Tensor>, DatumType),
    /// The state of this number.
    State(usize),
    /// Nothing: the values are part of the plan.
    Fixed,
}

impl File {
    /// Reads a model.
    ///
    /// # Errors
    /// What tract says of it.
    pub fn open(mut file: OnnxFile) -> Result<Self> {
        // Some exporters give several nodes one name, which tract refuses; without a name it takes that of the output.
        for node in file.proto.graph.iter_mut().flat_map(|graph| &mut graph.node) {
            node.name.clear();
        }
        let OnnxFile { path, proto, inputs, outputs } = file;
        let folder = Path::new(&path).parent().and_then(Path::to_str);
        // What a file says of the shapes inside it may not fit the shapes that the graph gives.
        let onnx = tract_onnx::onnx().with_ignore_value_info(true);
        let parsed = contained(|| onnx.parse(&proto, folder));
        let parsed = parsed.map_err(|why| Error(format!("the engine tract cannot read {path}: {why}")))?;
        Ok(Self { model: parsed.model, inputs, outputs })
    }

    /// Operators of the model that tract does not have.
    fn lacks(&self) -> BTreeSet<String> {
        let names = self.model.nodes.iter().map(|node| node.op.name());
        let lacking =
            names.filter_map(|name| Some(name.strip_prefix("Unimplemented(")?.strip_suffix(')')?.to_string()));
        lacking.collect()
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
        let made = contained(|| Session::make(self.model.clone(), inputs, channels));
        made.map(|session| Box::new(session) as Box<dyn engine::Session>).map_err(|why| {
            let lacks = self.lacks();
            if lacks.is_empty() {
                let given = self.inputs.iter().zip(inputs);
                let given: Vec<_> = given.map(|(t, i)| format!("{} {}", t.name, shape_text(&i.shape))).collect();
                return Error(format!("the engine tract cannot run this model with {}: {why}", given.join(", ")));
            }
            let names: Vec<&str> = lacks.iter().map(String::as_str).collect();
            let (s, names) = (if names.len() == 1 { "" } else { "s" }, names.join("`, `"));
            Error(format!("the engine tract has no operator{s} `{names}`, which this model uses"))
        })
    }
}

impl Session {
    fn make(mut model: InferenceModel, inputs: &[Input], channels: usize) -> TractResult<Self> {
        let (mut slots, mut carried, mut kept) = (vec![], vec![], vec![]);
        for (outlet, input) in model.inputs.clone().into_iter().zip(inputs) {
            let fact = model.outlet_fact(outlet)?;
            let ty = fact.datum_type.concretize().unwrap_or(DatumType::F32);
            if let Source::Fixed(values) = &input.source {
                // As a constant it can decide an `If` while the plan is made.
                let value = fixed(&input.shape, values, ty)?;
                model.set_outlet_fact(outlet, InferenceFact::from(value.clone()))?;
                model.nodes[outlet.node].op = Box::new(Const::new(value.into_arc_tensor())?);
                slots.push(Slot::Fixed);
                continue;
            }
            model.set_outlet_fact(outlet, InferenceFact::dt_shape(ty, &input.shape))?;
            kept.push(outlet);
            slots.push(match input.source {
                Source::State(output) => {
                    carried.push((output, Tensor::zero_dt(ty, &input.shape)?.into_arc_tensor()));
                    Slot::State(carried.len() - 1)
                }
                _ => Slot::Frames(Tensor::zero::<f32>(&input.shape)?.into_arc_tensor(), ty),
            });
        }
        model.inputs = kept;
        let plan = model.into_optimized()?.into_runnable()?;
        let zeros: Vec<Arc<Tensor>> = carried.iter().map(|(_, zero)| zero.clone()).collect();
        let mut session = Self { plan, inputs: slots, carried, states: vec![zeros; channels], outputs: vec![] };
        session.run_plan(0)?;
        engine::Session::reset(&mut session);
        Ok(session)
    }

    fn run_plan(&mut self, channel: usize) -> TractResult<()> {
        self.outputs.clear(); // an output may be an input passed through, which would then have to be copied
        let mut values: TVec<TValue> = tvec!();
        for slot in &self.inputs {
            match slot {
                Slot::Frames(tensor, DatumType::F32) => values.push(tensor.clone().into_tvalue()),
                Slot::Frames(tensor, ty) => values.push(tensor.cast_to_dt(*ty)?.into_owned().into_tvalue()),
                Slot::State(number) => values.push(self.states[channel][*number].clone().into_tvalue()),
                Slot::Fixed => {}
            }
        }
        self.outputs.extend(self.plan.run(values)?.into_iter().map(|value| value.into_arc_tensor()));
        for (state, (output, _)) in self.states[channel].iter_mut().zip(&self.carried) {
            *state = self.outputs[*output].clone();
        }
        Ok(())
    }
}

impl engine::Session for Session {
    fn shapes(&self) -> Vec<Vec<usize>> {
        self.outputs.iter().map(|tensor| tensor.shape().to_vec()).collect()
    }

    fn input(&mut self, at: usize) -> &mut [f32] {
        match &mut self.inputs[at] {
            Slot::Frames(tensor, _) => {
                let view = Arc::make_mut(tensor).to_plain_array_view_mut::<f32>();
                view.ok().and_then(|view| view.into_slice()).unwrap_or_default()
            }
            _ => &mut [],
        }
    }

    fn run(&mut self, channel: usize) -> Result {
        self.run_plan(channel).map_err(|e| Error(format!("the engine tract failed: {}", because(&e))))
    }

    fn output(&mut self, at: usize) -> Result<&[f32]> {
        let tensor = &mut self.outputs[at];
        let cast = |e: TractError| Error(format!("an output of the model cannot be read: {}", because(&e)));
        if tensor.datum_type() != DatumType::F32 {
            *tensor = tensor.cast_to_dt(DatumType::F32).map_err(cast)?.into_owned().into_arc_tensor();
        }
        tensor.try_as_plain_ram().and_then(|plain| plain.as_slice::<f32>()).map_err(cast)
    }

    fn reset(&mut self) {
        for states in &mut self.states {
            for (state, (_, zero)) in states.iter_mut().zip(&self.carried) {
                *state = zero.clone();
            }
        }
    }

    fn save(&self, out: &mut Vec<u8>) {
        for state in self.states.iter().flatten() {
            out.extend(state.as_bytes());
        }
    }

    fn load(&mut self, data: &mut &[u8]) -> Option<()> {
        for state in self.states.iter_mut().flatten() {
            let bytes = Arc::make_mut(state).as_bytes_mut();
            let (mine, rest) = data.split_at_checked(bytes.len())?;
            bytes.copy_from_slice(mine);
            *data = rest;
        }
        Some(())
    }
}

/// The values of a constant: one for all, or one each.
fn fixed(shape: &[usize], values: &[f64], ty: DatumType) -> TractResult<Tensor> {
    let room = shape.iter().product();
    let all: Vec<f64> = values.iter().copied().cycle().take(room).collect();
    Ok(Tensor::from_shape(shape, &all)?.cast_to_dt(ty)?.into_owned())
}

/// Runs tract, which panics on some bad files.
pub fn contained<T>(f: impl FnOnce() -> TractResult<T>) -> std::result::Result<T, String> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => result.map_err(|e| because(&e)),
        Err(payload) => {
            let text = payload.downcast_ref::<&str>().map(|text| text.to_string());
            let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
            std::mem::forget(payload); // its drop may panic again
            let text = text.unwrap_or_default(); // a quoted error may bring its stack along
            Err(format!("it panicked: {}", text.lines().next().unwrap_or_default()))
        }
    }
}

/// The place and the root of an error, on one line: tract's chains are long and quote whole operators.
fn because(error: &TractError) -> String {
    let chain: Vec<String> = error.chain().map(|e| e.to_string().lines().next().unwrap_or_default().into()).collect();
    let short = |text: &String| text.chars().take(200).collect::<String>();
    match &chain[..] {
        [place, .., root] if place != root => format!("{}: {}", short(place), short(root)),
        [root, ..] => short(root),
        [] => String::new(),
    }
}
