//! A clean version of what is played, to measure against.
use super::input::Input;
use super::job::ReplayError;
use super::output::Output;
use crate::io::AudioReader;
use crate::metrics::SiSdr;
use std::path::Path;

/// A clean version of what is played.
pub(super) struct Reference {
    /// Its samples, a plane a channel.
    pub planes: Vec<Vec<f32>>,
    pub before: SiSdr,
    pub after: SiSdr,
}

impl Reference {
    /// Adds a plane of frames that begin at `at`.
    pub fn add(sums: &mut SiSdr, clean: &[f32], at: i64, frames: &[f32]) {
        let skip = usize::try_from(-at).unwrap_or(0).min(frames.len());
        let from = usize::try_from(at).unwrap_or(0).min(clean.len());
        sums.add(&clean[from..], &frames[skip..]);
    }

    /// Reads it, if it fits what is played and heard.
    pub fn open(path: &Path, inputs: &[Input], outputs: &[Output]) -> Result<Self, ReplayError> {
        let refuse = |why: String| ReplayError::Reference { path: path.into(), why };
        let audio: Vec<&Output> = outputs.iter().filter(|output| output.is_audio).collect();
        let ([input], [output]) = (inputs, audio.as_slice()) else {
            return Err(refuse("a reference needs a graph with one input and one audio output".into()));
        };
        let mut reader = AudioReader::open(path)?;
        let (rate, channels) = (reader.spec().rate, reader.spec().channels);
        if rate != input.rate
            || rate != output.format.rate_num
            || channels != input.planes.len()
            || channels != output.format.channels as usize
        {
            let wanted =
                format!("{} Hz and {} channels, as the input and the output have", input.rate, input.planes.len());
            return Err(refuse(format!("a reference needs {wanted}; it has {rate} Hz and {channels}")));
        }
        let mut planes = vec![vec![]; channels];
        let mut block = vec![vec![0.0; 4096]; channels];
        loop {
            let frames = reader.read(&mut block)?;
            planes.iter_mut().zip(&block).for_each(|(plane, block)| plane.extend(&block[..frames]));
            if frames < 4096 {
                break;
            }
        }
        Ok(Self { planes, before: SiSdr::default(), after: SiSdr::default() })
    }
}
