//! What is made of a model's outputs.
//!
//! An output gives what the graph says in `kind`. Where it says nothing, an output of the shape of an input, all of whose
//! frames are new in every run, gives the same frames as arrive there; any other gives features: all its values in one
//! frame a run.
use crate::binding::{Binding, Input, Source};
use crate::layout::Layout;
use crate::shapes::{frame_dims, too_many, values};
use crate::words::{self, list, shape_text};
use aw_sdk::{Error, Format, Kind, Result};

/// What an output port gives.
pub struct Output {
    /// Number of the output tensor.
    pub tensor: usize,
    /// What leaves.
    pub format: Format,
    /// Frames a run.
    pub frames: usize,
    /// How they lie in the tensor.
    pub layout: Layout,
}

impl Binding {
    /// What the connected output ports give, when the model's outputs have these shapes.
    ///
    /// # Errors
    /// A port that stands for no output, a shape that does not fit what the graph wants of it, a state whose shape
    /// changes from run to run.
    pub fn outputs(&self, ports: &[String], inputs: &[Input], shapes: &[Vec<usize>]) -> Result<Vec<Output>> {
        for (at, input) in inputs.iter().enumerate() {
            if let Source::State(output) = input.source
                && shapes[output] != input.shape
            {
                let (name, back) = (&self.inputs[at].name, &self.outputs[output].name);
                let (is, gets) = (shape_text(&input.shape), shape_text(&shapes[output]));
                let way = format!("give its extents, as in `shape = {{ {name} = [..] }}`, or another output");
                return Err(Error(format!(
                    "the state `{name}` is {is}, but `{back}` that goes back into it is {gets}: {way}"
                )));
            }
        }
        ports.iter().map(|port| self.output(port, inputs, shapes)).collect()
    }

    fn output(&self, port: &str, inputs: &[Input], shapes: &[Vec<usize>]) -> Result<Output> {
        let tensor = self.output_named(port)?;
        let (words, shape) = (&self.words.outputs[tensor], &shapes[tensor]);
        let feeds = || inputs.iter().filter_map(|input| Some((&input.shape, input.feed()?)));
        let alike = feeds().find(|(held, feed)| *held == shape && feed.take == feed.hold).map(|(_, feed)| feed);
        let Some(base) = feeds().next().map(|(_, feed)| feed) else { return Err("no frames go into the model".into()) };
        if let (Some(feed), None, None) = (alike, words.kind, words.frames) {
            let format = feed.pace(feed.take)?;
            return Ok(Output { tensor, format, frames: feed.take, layout: feed.layout.clone() });
        }
        let name = &self.outputs[tensor].name;
        let values = values(shape).ok_or_else(|| too_many(name, shape))?;
        let kind = words.kind.unwrap_or(Kind::FEATURES);
        let frames = words.frames.unwrap_or(if kind == Kind::AUDIO { values } else { 1 });
        let parts = if kind == Kind::SPECTRUM { 2 } else { 1 };
        let cells = values / (frames * parts).max(1);
        let layout = if values == 0 { None } else { Layout::of(shape, frames, cells, parts) };
        let layout = layout.filter(|_| kind != Kind::AUDIO || cells == 1);
        let misfit = || {
            let what = match kind {
                Kind::AUDIO => "samples of audio",
                Kind::SPECTRUM => "frames of a spectrum",
                Kind::TENSOR => "frames of a tensor",
                _ => "frames of features",
            };
            let axis = if parts == 2 { " with an axis of 2 for the real and the imaginary part" } else { "" };
            Error(format!("`{name}` is {}, which does not divide into {frames} {what}{axis}", shape_text(shape)))
        };
        let layout = layout.ok_or_else(misfit)?;
        let mut format = base.pace(frames)?.carrying(kind, cells as u32);
        if kind == Kind::TENSOR {
            format.dims = frame_dims(shape, frames).ok_or_else(misfit)?;
        }
        Ok(Output { tensor, format, frames, layout })
    }

    /// The output tensor that a port stands for.
    fn output_named(&self, port: &str) -> Result<usize> {
        if let Some((_, tensor)) = self.words.out.iter().find(|(known, _)| known == port) {
            return Ok(*tensor);
        }
        let named = words::find(&self.outputs, "output", port);
        if port != "out" || named.is_ok() {
            return named;
        }
        let free: Vec<usize> = (0..self.outputs.len()).filter(|at| !self.words.is_state(*at)).collect();
        match free[..] {
            [one] => Ok(one),
            [] => Err(Error("nothing is left for `out`: all outputs of the model are `state`".into())),
            _ => {
                let (all, name) = (list(free.iter().map(|at| &self.outputs[*at])), &self.outputs[free[0]].name);
                Err(Error(format!("`out` could be any of {all}: say which, as in `out = {{ {name} = \"{name}\" }}`")))
            }
        }
    }
}
