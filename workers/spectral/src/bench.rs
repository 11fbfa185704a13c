//! What the tests play, and how.
use aw_sdk::*;

/// White noise from −1 to 1, the same for the same seed (the generator of Numerical Recipes, 3rd ed., 7.1.4).
pub fn noise(seed: u32, len: usize) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1664525).wrapping_add(1013904223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

/// Planes of a port, and what the worker said of it.
pub struct Heard {
    pub planes: Vec<Vec<f32>>,
    pub answer: Answer,
}

impl Heard {
    /// Sound at the input of a chain.
    pub fn audio(planes: Vec<Vec<f32>>) -> Self {
        let format = Format::audio(planes.len() as u32, 16000);
        Self { planes, answer: Answer { format, frames: 0, latency: 0, tail: 0 } }
    }

    /// The same frames under another name: a feature vector as a tensor.
    pub fn shaped(mut self, kind: Kind, dims: [u32; 4]) -> Self {
        (self.answer.format.kind, self.answer.format.dims) = (kind, dims);
        self
    }

    /// What the port `out` of `W` gives for this at its port `in`.
    pub fn to<W: Worker>(&self, params: &[(&str, Given)]) -> Result<Self> {
        through::<W>(params, &[("in", self)], "out")
    }
}

/// What `W` gives at the port `out`.
pub fn through<W: Worker>(params: &[(&str, Given)], inputs: &[(&str, &Heard)], out: &str) -> Result<Heard> {
    let formats: Vec<(&str, Format)> = inputs.iter().map(|(port, heard)| (*port, heard.answer.format)).collect();
    let mut rig = Rig::new::<W>(params, &formats, &[out])?;
    let planes: Vec<Vec<&[f32]>> =
        inputs.iter().map(|(_, heard)| heard.planes.iter().map(Vec::as_slice).collect()).collect();
    let ports: Vec<&[&[f32]]> = planes.iter().map(Vec::as_slice).collect();
    let planes = rig.run(&ports).remove(0);
    Ok(Heard { planes, answer: rig.output(0) })
}

/// Largest difference.
pub fn apart(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let far = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    far.fold(0.0, |most, d| if d > most || d.is_nan() { d } else { most })
}

/// Why a worker refused.
pub fn refusal<T>(result: Result<T>) -> String {
    match result {
        Ok(_) => panic!("nothing was refused"),
        Err(Error(text)) => text,
    }
}
