//! From an output of a graph to a file.
use super::job::{Job, ReplayError};
use super::reference::Reference;
use super::run::OutputFile;
use crate::graph::{GraphFile, OutputKind, Plan, Time};
use crate::io::{AudioWriter, Encoding, NpyWriter};
use crate::plugin::{Format, Frames};
use std::path::PathBuf;

/// What is kept of one output: sound in a file, frames in an array, or nothing.
pub(super) struct Output {
    pub name: String,
    pub format: Format,
    to: To,
    /// Frames that are not kept: priming and, if aligned, latency.
    skip: u64,
    priming: u64,
    /// Latency that is left in what is kept.
    lag: u64,
    pub is_audio: bool,
    /// Frames to keep; known when the inputs have ended.
    pub length: Option<u64>,
    kept: u64,
    peak: f32,
    path: Option<PathBuf>,
    buffer: Vec<f32>,
}

enum To {
    Nowhere,
    Wav(AudioWriter),
    Npy(NpyWriter),
    Memory(Vec<f32>),
}

/// The frames of a port, one after the other, channels one after the other in each.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// "NODE" or "NODE.PORT", as it was asked for.
    pub port: String,
    /// The shape of one frame: channels if there are several, then the extents.
    pub shape: Vec<usize>,
    /// All values.
    pub data: Vec<f32>,
}

impl Output {
    pub fn new(job: &Job, file: &GraphFile, plan: &Plan, index: usize) -> Result<Self, ReplayError> {
        let output = &plan.outputs[index];
        let blank = Format::audio(1, plan.rate);
        let format = plan.output_format(output).unwrap_or(blank);
        let lag = (output.lag.seconds() * format.rate()).round() as u64;
        let priming = plan.output_edge(output).map_or(0, |edge| plan.edges[edge].tokens.priming);
        let (mut to, mut path) = (To::Nowhere, None);
        match output.kind {
            OutputKind::Audio(_) => {
                path = job.output_path(file, &output.name).cloned();
                if job.keep.in_memory {
                    to = To::Memory(vec![]);
                }
                if let Some(path) = &path {
                    let encoding = job.keep.encoding.unwrap_or(Encoding::F32);
                    to = To::Wav(AudioWriter::create(path, format.rate_num, format.channels as usize, encoding)?);
                }
            }
            OutputKind::Probe(_) => {
                let probe = job.keep.probes.iter().find(|(port, _)| *port == output.name);
                path = probe.map(|(_, path)| path.clone());
                if job.keep.ports.contains(&output.name) {
                    to = To::Memory(vec![]);
                }
                if let Some(path) = &path {
                    to = To::Npy(NpyWriter::create(path, &npy_shape(&format))?);
                }
            }
            OutputKind::Events(..) => {}
        }
        let is_audio = matches!(output.kind, OutputKind::Audio(_));
        let (skip, lag) = if job.keep.align { (priming + lag, 0) } else { (priming, lag) };
        let name = output.name.clone();
        let length = matches!(output.kind, OutputKind::Events(..)).then_some(0);
        Ok(Self { name, format, to, skip, priming, lag, is_audio, length, kept: 0, peak: 0.0, path, buffer: vec![] })
    }

    /// Leaves out all that comes before the frame that stands for the moment 0, if a worker counts its frames: what
    /// would come before are none.
    pub fn begin_with_frame_0(&mut self, lag: Time) {
        let lag = lag.in_frames_up(&self.format);
        (self.skip, self.lag) = (self.priming + lag, 0);
    }

    pub fn done(&self) -> bool {
        self.length.is_some_and(|length| self.kept >= length)
    }

    pub fn hear(&mut self, frames: Frames, reference: Option<&mut Reference>) -> Result<(), ReplayError> {
        let width = self.format.width();
        let planes = frames.data.chunks(frames.stride.max(1)).take(self.format.channels as usize);
        let skip = usize::try_from(self.skip).unwrap_or(usize::MAX).min(frames.frames);
        let left = self.length.map_or(u64::MAX, |length| length.saturating_sub(self.kept));
        let keep = usize::try_from(left).unwrap_or(usize::MAX).min(frames.frames - skip);
        let planes: Vec<&[f32]> = planes.map(|plane| &plane[skip * width..(skip + keep) * width]).collect();
        let at = self.kept as i64;
        self.skip -= skip as u64;
        self.kept += keep as u64;
        if keep == 0 {
            return Ok(());
        }
        for value in planes.iter().flat_map(|plane| plane.iter()) {
            self.peak = self.peak.max(value.abs());
        }
        if let Some(reference) = reference.filter(|_| self.is_audio) {
            for (clean, plane) in reference.planes.iter().zip(&planes) {
                Reference::add(&mut reference.after, clean, at - self.lag as i64, plane);
            }
        }
        match &mut self.to {
            To::Nowhere => {}
            To::Wav(writer) => writer.write(&planes)?,
            To::Npy(writer) => {
                self.buffer.clear();
                for frame in 0..keep {
                    planes.iter().for_each(|plane| self.buffer.extend(&plane[frame * width..(frame + 1) * width]));
                }
                writer.write(&self.buffer)?;
            }
            To::Memory(kept) => {
                for frame in 0..keep {
                    planes.iter().for_each(|plane| kept.extend(&plane[frame * width..(frame + 1) * width]));
                }
            }
        }
        Ok(())
    }

    /// What was kept in memory.
    pub fn take_kept(&mut self) -> Option<Kept> {
        let To::Memory(data) = &mut self.to else { return None };
        Some(Kept { port: self.name.clone(), shape: npy_shape(&self.format), data: std::mem::take(data) })
    }

    pub fn finish(self, lag: f64, priming: u64) -> Result<OutputFile, ReplayError> {
        let (name, path) = (self.name, self.path);
        let (rate, channels) = (self.format.rate_num, self.format.channels);
        let mut clipped = 0;
        match self.to {
            To::Nowhere | To::Memory(_) => {}
            To::Wav(writer) => clipped = writer.finish()?.clipped,
            To::Npy(writer) => {
                writer.finish()?;
            }
        }
        let (frames, peak) = (self.kept, self.peak);
        Ok(OutputFile { name, path, rate, channels, frames, peak, clipped, lag, priming })
    }
}

/// The shape of one frame in a .npy file: channels if there are several, then the extents.
fn npy_shape(format: &Format) -> Vec<usize> {
    let rank = format.dims.iter().rposition(|&dim| dim != 1).map_or(1, |last| last + 1);
    let mut shape: Vec<usize> = format.dims[..rank].iter().map(|&dim| dim as usize).collect();
    if format.width() != format.cells() {
        shape.push(2);
    }
    if format.channels > 1 {
        shape.insert(0, format.channels as usize);
    }
    shape
}
