//! What the graph file says about a model, checked against the names in the model.
//!
//! The words are the same for every engine. All tables are keyed by a tensor of the model; only `out` by a port.
use aw_sdk::{Error, Kind, Result, Values};
use std::fmt;

/// A tensor that goes into a model or comes out, as its file declares it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Its extents; `None` where the file leaves one open.
    pub dims: Vec<Option<usize>>,
}

impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, open_shape(&self.dims))
    }
}

/// What the graph says about an input.
#[derive(Default)]
pub struct InputWords {
    /// The output it gets back in the next run.
    pub state: Option<usize>,
    /// The values it always has: one for all, or one each.
    pub fixed: Option<Vec<f64>>,
    /// Frames of the last run that go in front.
    pub context: usize,
    /// New frames a run.
    pub frames: Option<usize>,
    /// Newest frames, sliding.
    pub stack: Option<usize>,
    /// Its extents.
    pub shape: Option<Vec<usize>>,
}

/// What the graph says about an output.
#[derive(Default)]
pub struct OutputWords {
    /// What it carries.
    pub kind: Option<Kind>,
    /// Frames it gives a run.
    pub frames: Option<usize>,
}

/// What the graph says about a model.
pub struct Words {
    /// One for each input of the model.
    pub inputs: Vec<InputWords>,
    /// One for each output of the model.
    pub outputs: Vec<OutputWords>,
    /// Output ports and the output tensor each stands for.
    pub out: Vec<(String, usize)>,
    /// New frames a run, where `frames` does not say it.
    pub every: usize,
}

impl Words {
    /// Reads the parameters that [`crate::onnx::Onnx`] declares.
    ///
    /// # Errors
    /// A name the model does not have, a text that is no number, words that contradict each other.
    pub fn read(values: &Values, inputs: &[Tensor], outputs: &[Tensor]) -> Result<Self> {
        let mut words = Self {
            inputs: inputs.iter().map(|_| InputWords::default()).collect(),
            outputs: outputs.iter().map(|_| OutputWords::default()).collect(),
            out: vec![],
            every: values.size("every"),
        };
        for (port, tensor) in values.table("out") {
            words.out.push((port.clone(), find(outputs, "output", tensor)?));
        }
        let table = |name: &'static str| values.table(name).iter().map(move |(tensor, text)| (tensor, text, name));
        let input = |tensor: &str| find(inputs, "input", tensor);
        for (tensor, text, _) in table("state") {
            words.inputs[input(tensor)?].state = Some(find(outputs, "output", text)?);
        }
        for (tensor, text, word) in table("const") {
            let at = input(tensor)?;
            words.inputs[at].fixed = Some(numbers(word, tensor, text)?);
        }
        for (tensor, text, word) in table("context") {
            let at = input(tensor)?;
            words.inputs[at].context = count(word, tensor, text)?;
        }
        for (tensor, text, word) in table("stack") {
            let at = input(tensor)?;
            words.inputs[at].stack = Some(count(word, tensor, text)?);
        }
        for (tensor, text, word) in table("shape") {
            let at = input(tensor)?;
            words.inputs[at].shape = Some(shape(word, tensor, text)?);
        }
        for (tensor, text, word) in table("frames") {
            match outputs.iter().position(|output| output.name == *tensor) {
                Some(output) => words.outputs[output].frames = Some(count(word, tensor, text)?),
                None => {
                    let at = input(tensor)?;
                    words.inputs[at].frames = Some(count(word, tensor, text)?);
                }
            }
        }
        for (tensor, text, _) in table("kind") {
            words.outputs[find(outputs, "output", tensor)?].kind = Some(kind(tensor, text)?);
        }
        for (tensor, words) in inputs.iter().zip(&words.inputs) {
            words.agree(&tensor.name)?;
        }
        Ok(words)
    }

    /// Whether an output is state: it goes back into the model.
    pub fn is_state(&self, output: usize) -> bool {
        self.inputs.iter().any(|input| input.state == Some(output))
    }
}

impl InputWords {
    fn agree(&self, name: &str) -> Result {
        let source = if self.state.is_some() { "state" } else { "const" };
        if self.state.is_some() && self.fixed.is_some() {
            return Err(Error(format!("`{name}` is in `state` and in `const`: only one of them can fill it")));
        }
        let framed =
            [("context", self.context > 0), ("frames", self.frames.is_some()), ("stack", self.stack.is_some())];
        let framed = framed.iter().find(|(_, given)| *given && (self.state.is_some() || self.fixed.is_some()));
        if let Some((word, _)) = framed {
            let why = format!("`{name}` is in `{source}`: no frames go in");
            return Err(Error(format!("`{word}.{name}` counts frames, but {why}")));
        }
        if self.stack.is_some() && (self.frames.is_some() || self.context > 0) {
            let why = "`stack` alone says how many frames the tensor holds, and `every` how many of them are new";
            return Err(Error(format!("`{name}` is in `stack` and in `frames` or `context`: {why}")));
        }
        Ok(())
    }
}

/// Finds a tensor by name, or says which there are.
///
/// # Errors
/// No tensor has the name.
pub fn find(tensors: &[Tensor], what: &str, name: &str) -> Result<usize> {
    let found = tensors.iter().position(|tensor| tensor.name == name);
    found.ok_or_else(|| {
        let near = tensors.iter().map(|tensor| (strsim::jaro_winkler(&tensor.name, name), tensor));
        let near = near.filter(|(like, _)| *like > 0.8).max_by(|a, b| a.0.total_cmp(&b.0));
        let hint = near.map_or(String::new(), |(_, tensor)| format!("; did you mean `{}`?", tensor.name));
        Error(format!("model has no {what} `{name}`; it has {}{hint}", list(tensors)))
    })
}

/// Tensors with their shapes, for a message.
pub fn list<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> String {
    let texts: Vec<String> = tensors.into_iter().map(Tensor::to_string).collect();
    if texts.is_empty() { "none".into() } else { texts.join(", ") }
}

/// A shape for a message: `1×257`.
pub fn shape_text(dims: &[usize]) -> String {
    open_shape(&dims.iter().map(|n| Some(*n)).collect::<Vec<_>>())
}

fn open_shape(dims: &[Option<usize>]) -> String {
    let dim = |n: &Option<usize>| n.map_or("?".into(), |n| n.to_string());
    if dims.is_empty() { "one value".into() } else { dims.iter().map(dim).collect::<Vec<_>>().join("×") }
}

/// A number, or a list of them however deep, as it is written in TOML.
fn numbers(word: &str, tensor: &str, text: &str) -> Result<Vec<f64>> {
    let number = |text: &str| match text.replace('_', "").as_str() {
        "true" => Some(1.0),
        "false" => Some(0.0),
        text => text.parse::<f64>().ok().filter(|number| number.is_finite()),
    };
    let items = text.split(['[', ']', ',']).map(str::trim).filter(|item| !item.is_empty());
    let list: Option<Vec<f64>> = items.map(number).collect();
    let wanted = || Error(format!("`{word}.{tensor}` is `{text}`: a number or a list of numbers is wanted"));
    list.filter(|list| !list.is_empty()).ok_or_else(wanted)
}

fn count(word: &str, tensor: &str, text: &str) -> Result<usize> {
    let number = text.replace('_', "").parse::<u32>().ok().filter(|number| *number > 0);
    let wanted = || Error(format!("`{word}.{tensor}` is `{text}`: a whole number from 1 is wanted"));
    number.map(|number| number as usize).ok_or_else(wanted)
}

fn shape(word: &str, tensor: &str, text: &str) -> Result<Vec<usize>> {
    let wanted = || Error(format!("`{word}.{tensor}` is `{text}`: extents such as `[1, 576]` are wanted"));
    let whole = |number: f64| (number >= 1.0 && number.fract() == 0.0 && number < 1e9).then_some(number as usize);
    numbers(word, tensor, text).ok().and_then(|list| list.into_iter().map(whole).collect()).ok_or_else(wanted)
}

fn kind(tensor: &str, text: &str) -> Result<Kind> {
    match text {
        "audio" => Ok(Kind::AUDIO),
        "spectrum" => Ok(Kind::SPECTRUM),
        "features" => Ok(Kind::FEATURES),
        "tensor" => Ok(Kind::TENSOR),
        _ => Err(Error(format!("`kind.{tensor}` is `{text}`: an output carries audio, spectrum, features or tensor"))),
    }
}
