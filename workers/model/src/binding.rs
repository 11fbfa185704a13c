//! Tensors ↔ ports: what fills each input of a model in every run, and what is made of its outputs.
//!
//! An input has one of three sources: a port (`in`), the output of the last run (`state`), or fixed values (`const`).
//! A port fills its tensor through a **window** of the newest frames, of which some are new in every run:
//!
//! | the graph says | frames in the tensor | new ones a run |
//! |---|---|---|
//! | nothing | 1 | `every`, 1 if not given |
//! | nothing, and audio arrives | as many as the tensor holds | all of them |
//! | `frames = n` | n | n |
//! | `frames = n`, `context = c` | c old, n new | n |
//! | `stack = n` | n | `every`, 1 if not given |
//!
//! Before the first run the past is zeros. A run that takes k frames of each port gives one frame of each output (or
//! `frames`), so an output keeps the pace rate / k. Outputs lag by nothing: a run sees all frames up to its last.
//!
//! Extents that the model leaves open follow from the frames: the first of several open ones is the batch, 1. Channels
//! run one by one, each with a state and a past of its own.
use crate::layout::Layout;
use crate::shapes::{closed, misfit, samples, shaped, too_many, values};
use crate::words::{self, InputWords, Tensor, Words, list, shape_text};
use aw_sdk::{Error, Format, Kind, Result, Values};

/// A model's tensors, and what the graph says about them.
pub struct Binding {
    pub(crate) inputs: Vec<Tensor>,
    pub(crate) outputs: Vec<Tensor>,
    pub(crate) words: Words,
}

/// An input of the model for given formats.
pub struct Input {
    /// Its extents.
    pub shape: Vec<usize>,
    /// What fills it.
    pub source: Source,
}

/// What fills an input of the model.
pub enum Source {
    /// Frames of a port.
    Port(Feed),
    /// This output of the run before; zeros in the first.
    State(usize),
    /// The same values in every run: one for all, or one each.
    Fixed(Vec<f64>),
}

/// How the frames of a port go into a tensor.
#[derive(Clone)]
pub struct Feed {
    /// Number of the port.
    pub port: usize,
    /// What arrives.
    pub format: Format,
    /// New frames in a run.
    pub take: usize,
    /// Newest frames that the tensor holds.
    pub hold: usize,
    /// How they lie in it.
    pub layout: Layout,
}

impl Binding {
    /// Checks the graph's words against the names in the model.
    ///
    /// # Errors
    /// See [`Words::read`].
    pub fn new(values: &Values, inputs: Vec<Tensor>, outputs: Vec<Tensor>) -> Result<Self> {
        let words = Words::read(values, &inputs, &outputs)?;
        Ok(Self { inputs, outputs, words })
    }

    /// What fills each input of the model when these ports are connected.
    ///
    /// # Errors
    /// An input that nothing fills or two things fill, a shape that the frames do not fit, ports of different pace.
    pub fn inputs(&self, ports: &[(String, Format)]) -> Result<Vec<Input>> {
        let mut port_of = vec![None; self.inputs.len()];
        for (port, (name, _)) in ports.iter().enumerate() {
            let tensor = self.input_named(name)?;
            if let Some(other) = port_of[tensor].replace(port) {
                let (tensor, other): (_, &String) = (&self.inputs[tensor].name, &ports[other].0);
                return Err(Error(format!("`{other}` and `{name}` both go into the input `{tensor}`")));
            }
        }
        self.all_filled(&port_of)?;
        let mut inputs = vec![];
        for (at, (tensor, words)) in self.inputs.iter().zip(&self.words.inputs).enumerate() {
            let tensor = shaped(tensor, words.shape.as_deref())?;
            let input = match (port_of[at], words.state, &words.fixed) {
                (Some(port), ..) => self.fed(&tensor, words, port, &ports[port])?,
                (_, Some(output), _) => Self::returned(&tensor, output),
                (_, _, fixed) => Self::constant(&tensor, fixed.as_deref().unwrap_or_default())?,
            };
            values(&input.shape).ok_or_else(|| too_many(&tensor.name, &input.shape))?;
            inputs.push(input);
        }
        self.same_pace(ports, &inputs)?;
        Ok(inputs)
    }

    /// The tensor that a port goes into: the one of its name; `in` is the only one that nothing else fills.
    fn input_named(&self, port: &str) -> Result<usize> {
        let named = words::find(&self.inputs, "input", port);
        if port != "in" || named.is_ok() {
            let tensor = named?;
            let words = &self.words.inputs[tensor];
            let other = if words.state.is_some() { "state" } else { "const" };
            if words.state.is_some() || words.fixed.is_some() {
                return Err(Error(format!("`{port}` is in `in` and in `{other}`: only one of them can fill it")));
            }
            return Ok(tensor);
        }
        let free = |at: &usize| self.words.inputs[*at].state.is_none() && self.words.inputs[*at].fixed.is_none();
        let free: Vec<usize> = (0..self.inputs.len()).filter(free).collect();
        match free[..] {
            [one] => Ok(one),
            [] => Err(Error("nothing is left for `in`: `state` and `const` fill all inputs of the model".into())),
            _ => {
                let all = list(free.iter().map(|at| &self.inputs[*at]));
                let name = &self.inputs[free[0]].name;
                Err(Error(format!("`in` could go into any of {all}: say which, as in `in = {{ {name} = \"..\" }}`")))
            }
        }
    }

    fn all_filled(&self, port_of: &[Option<usize>]) -> Result {
        let free = |at: &usize| {
            let words = &self.words.inputs[*at];
            port_of[*at].is_none() && words.state.is_none() && words.fixed.is_none()
        };
        let empty: Vec<&Tensor> = (0..self.inputs.len()).filter(free).map(|at| &self.inputs[at]).collect();
        let Some(first) = empty.first() else {
            let fed = port_of.iter().any(Option::is_some);
            return if fed { Ok(()) } else { Err(Error("nothing is connected: no frames go into the model".into())) };
        };
        let spare = |at: &usize| !self.words.is_state(*at) && self.words.out.iter().all(|(_, out)| out != at);
        let alike = (0..self.outputs.len()).filter(spare).find(|at| self.outputs[*at].dims == first.dims);
        let hint = alike.map(|at| format!(", perhaps `state = {{ {} = \"{}\" }}`", first.name, self.outputs[at].name));
        let (all, hint) = (list(empty.iter().copied()), hint.unwrap_or_default());
        Err(Error(format!("nothing fills {all}: bind it with `in`, `state` or `const`{hint}")))
    }

    /// The window through which a port fills a tensor.
    fn fed(
        &self,
        tensor: &Tensor,
        words: &InputWords,
        port: usize,
        (name, format): &(String, Format),
    ) -> Result<Input> {
        let (take, hold) = match (words.stack, words.frames) {
            (Some(n), _) => (self.words.every, n),
            (_, Some(n)) => (n, words.context + n),
            _ if format.kind == Kind::AUDIO => {
                let hold = samples(tensor, words.context)?;
                (hold - words.context, hold)
            }
            _ if words.context > 0 && self.words.every > 1 => {
                let way = format!("`stack = {{ {} = {} }}`", tensor.name, words.context + 1);
                return Err(Error(format!("`context` and `every` do not go together: say {way} and `every`")));
            }
            _ => (self.words.every, words.context + 1),
        };
        values(&[hold, format.width()]).ok_or_else(|| too_many(&tensor.name, &[hold, format.width()]))?;
        let shape = closed(tensor, hold * format.width()).unwrap_or_else(|| vec![0]);
        let parts = if format.kind == Kind::SPECTRUM { 2 } else { 1 };
        let layout = Layout::of(&shape, hold, format.cells(), parts);
        let layout = layout.ok_or_else(|| Error(misfit(tensor, words, name, *format, hold)))?;
        Ok(Input { shape, source: Source::Port(Feed { port, format: *format, take, hold, layout }) })
    }

    /// A tensor that the last run fills.
    fn returned(tensor: &Tensor, output: usize) -> Input {
        let shape = tensor.dims.iter().map(|n| n.unwrap_or(1)).collect();
        Input { shape, source: Source::State(output) }
    }

    /// A tensor that the graph fills.
    fn constant(tensor: &Tensor, given: &[f64]) -> Result<Input> {
        let ones = || tensor.dims.iter().map(|n| n.unwrap_or(1)).collect();
        let shape: Vec<usize> = closed(tensor, given.len()).unwrap_or_else(ones);
        let room = values(&shape).ok_or_else(|| too_many(&tensor.name, &shape))?;
        if given.len() != 1 && given.len() != room {
            let (name, given) = (&tensor.name, given.len());
            return Err(Error(format!("`{name}` is {}, but `const.{name}` has {given} values", shape_text(&shape))));
        }
        Ok(Input { shape, source: Source::Fixed(given.to_vec()) })
    }

    /// All ports must fill their tensors equally often and have as many channels.
    fn same_pace(&self, ports: &[(String, Format)], inputs: &[Input]) -> Result {
        let every = self.words.every;
        let counted = |(input, words): (&Input, &InputWords)| words.frames.is_none() && input.takes() == every;
        if every > 1 && !inputs.iter().zip(&self.words.inputs).any(counted) {
            let why = "`every` counts the frames of inputs without `frames`, but all have a number of their own";
            return Err(why.into());
        }
        let feeds: Vec<&Feed> = inputs.iter().filter_map(Input::feed).collect();
        let [first, rest @ ..] = &feeds[..] else { return Ok(()) };
        for feed in rest {
            let (a, b) = (&ports[first.port].0, &ports[feed.port].0);
            let ((p, q), (x, y)) = (first.runs()?, feed.runs()?);
            if (p, q) != (x, y) {
                let takes = format!("a run takes {} of `{a}` and {} of `{b}`", first.take, feed.take);
                let (rate, other) = (f64::from(p) / f64::from(q), f64::from(x) / f64::from(y));
                let why = format!("{takes}, but `{a}` brings enough for {rate} runs a second and `{b}` for {other}");
                return Err(Error(format!("{why}: `frames`, `stack` and `every` say how many a run takes")));
            }
            let (n, m) = (first.format.channels, feed.format.channels);
            if n != m {
                let why = "the model runs once for each channel, so all inputs need as many";
                return Err(Error(format!("channels: {n} at `{a}`, {m} at `{b}`; {why}")));
            }
        }
        Ok(())
    }
}

impl Input {
    /// How a port fills it, if one does.
    pub fn feed(&self) -> Option<&Feed> {
        match &self.source {
            Source::Port(feed) => Some(feed),
            _ => None,
        }
    }

    /// New frames in a run; 0 where no port fills it.
    fn takes(&self) -> usize {
        self.feed().map_or(0, |feed| feed.take)
    }
}

impl Feed {
    /// Runs a second, as a fraction.
    fn runs(&self) -> Result<(u32, u32)> {
        self.pace(1).map(|format| (format.rate_num, format.rate_den))
    }

    /// The format of a stream that gives `frames` frames of this kind a run.
    pub(crate) fn pace(&self, frames: usize) -> Result<Format> {
        let paced = self.format.paced(frames as u32, self.take as u32);
        paced.ok_or_else(|| Error(format!("{frames} frames for every {} are no pace that can be counted", self.take)))
    }
}
