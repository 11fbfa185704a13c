//! What a model hears, as far as its file tells.
use crate::model::{Card, Extents, Tensor};
use std::path::Path;

/// Samples from frame to frame of a model that hears mel bands, and those of its FFT: DNSMOS P.808.
pub const HOP: usize = 160;
/// The FFT of it.
pub const FFT: usize = 321;

/// A model that judges sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Judge {
    /// What goes in.
    pub hears: Hears,
    /// Its input.
    pub input: String,
    /// Its outputs.
    pub outputs: Vec<String>,
    /// Samples a second.
    pub rate: u32,
}

/// What goes into a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hears {
    /// So many samples: [N], [1, N].
    Samples(usize),
    /// Any number of samples: [?, ?].
    Whole,
    /// Frames of mel bands in decibels: [1, frames, bands].
    LogMel {
        /// How many.
        frames: usize,
        /// Of each.
        bands: usize,
    },
}

/// What a model that judges sound looks like.
const WANTED: &str = "a model that judges sound takes samples, [1, N], or log-mel frames, [1, frames, bands]";

impl Judge {
    /// Reads it from the bytes of a model's file; `hz` is what the author says of its rate.
    ///
    /// # Errors
    /// No ONNX model, several inputs, an input of another shape: the end of a sentence that begins with the model's name.
    pub fn of(path: &Path, bytes: &[u8], hz: Option<u32>) -> Result<Self, String> {
        let card = Card::of_bytes(path, bytes, &[]).map_err(|why| format!("cannot be read: {why}"))?;
        if card.format != "ONNX" {
            return Err(format!("is a {} model, and `mos` asks ONNX models: convert it with tf2onnx", card.format));
        }
        let names = |tensors: &[Tensor]| tensors.iter().map(|one| one.name.clone()).collect::<Vec<String>>();
        let [input] = card.inputs.as_slice() else {
            let all = names(&card.inputs);
            return Err(format!("takes {} inputs, {}; {WANTED}, and nothing else", all.len(), all.join(", ")));
        };
        let shape = input.shape.clone().unwrap_or_default();
        let hears = Hears::of(&shape).ok_or_else(|| format!("takes `{}` of {}; {WANTED}", input.name, text(&shape)))?;
        let (input, outputs) = (input.name.clone(), names(&card.outputs));
        Ok(Self { hears, input, outputs, rate: hz.unwrap_or(card.node.rate) })
    }

    /// Samples of a window, if their number is given. That of mel bands ends with a hop that is not heard: DNSMOS asks both
    /// of its models of the same 9.01 s, and cuts the last hop off for this one.
    pub fn window(&self) -> Option<usize> {
        match self.hears {
            Hears::Samples(samples) => Some(samples),
            Hears::Whole => None,
            Hears::LogMel { frames, .. } => Some((frames + 1) * HOP),
        }
    }

    /// What of a window is heard.
    pub fn heard_of<'a>(&self, window: &'a [f32]) -> &'a [f32] {
        match self.hears {
            Hears::LogMel { frames, .. } => &window[..frames * HOP],
            Hears::Samples(_) | Hears::Whole => window,
        }
    }

    /// The windows, in words.
    pub fn windows(&self) -> String {
        let seconds = |samples: usize| samples as f64 / f64::from(self.rate);
        let mean = |window: usize| format!("the mean over windows of {} s, a second apart", seconds(window));
        match (self.hears, self.window()) {
            (Hears::LogMel { frames, bands }, Some(window)) => {
                let bands =
                    format!("{frames} frames of {bands} mel bands, n_fft {FFT}, hop {HOP}, dB below the loudest");
                format!("{bands}, at {} Hz; {}", self.rate, mean(window))
            }
            (_, Some(window)) => format!("samples at {} Hz; {}", self.rate, mean(window)),
            (_, None) => format!("samples at {} Hz, all at once", self.rate),
        }
    }
}

impl Hears {
    /// The first of several axes is the batch where it is open or 1; any other 1 says nothing.
    fn of(shape: &Extents) -> Option<Self> {
        let one = |n: &Option<u64>| n.is_none_or(|n| n == 1);
        let axes = match shape.as_slice() {
            [batch, rest @ ..] if !rest.is_empty() && one(batch) => rest,
            all => all,
        };
        let axes: Vec<Option<usize>> =
            axes.iter().filter(|n| **n != Some(1)).map(|n| n.and_then(|n| usize::try_from(n).ok())).collect();
        match axes[..] {
            [Some(samples)] if samples > 0 => Some(Self::Samples(samples)),
            [None] => Some(Self::Whole),
            [Some(frames), Some(bands)] if frames > 0 && (1..=FFT / 2 + 1).contains(&bands) => {
                Some(Self::LogMel { frames, bands })
            }
            _ => None,
        }
    }
}

fn text(shape: &Extents) -> String {
    let extents: Vec<String> = shape.iter().map(|n| n.map_or("?".into(), |n| n.to_string())).collect();
    format!("[{}]", extents.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_told_from_frames() {
        let hears = |shape: &[Option<u64>]| Hears::of(&shape.to_vec());
        let frames = Some(Hears::LogMel { frames: 900, bands: 120 });
        assert_eq!(hears(&[None, Some(144_160)]), Some(Hears::Samples(144_160)));
        assert_eq!(hears(&[Some(1), Some(1), Some(144_160)]), Some(Hears::Samples(144_160)));
        assert_eq!(hears(&[Some(16_000)]), Some(Hears::Samples(16_000)));
        assert_eq!((hears(&[None]), hears(&[None, None])), (Some(Hears::Whole), Some(Hears::Whole)));
        assert_eq!((hears(&[None, Some(900), Some(120)]), hears(&[Some(900), Some(120)])), (frames, frames));
        for other in [&[][..], &[Some(1)], &[None, None, Some(120)], &[None, Some(1), None, Some(257)], &[Some(0)]] {
            assert_eq!(hears(other), None, "{other:?}");
        }
    }
}
