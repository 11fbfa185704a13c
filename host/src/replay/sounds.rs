//! What is played to a graph whose cost is measured or counted, round and round.
use crate::graph::{GraphFile, Plan};
use crate::io::{AudioError, AudioReader};
use crate::plugin::FramesMut;
use crate::render::Renderer;
use std::path::Path;

/// Seconds of a file that are kept at most.
const MOST: usize = 60;

/// The sound of every input of a graph, from a plane a channel.
pub struct Sounds {
    inputs: Vec<Sound>,
}

#[derive(Clone)]
struct Sound {
    planes: Vec<Vec<f32>>,
    at: usize,
}

impl Sounds {
    /// The same file for every input: its rate, its channels, and its planes.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(path: &Path) -> Result<(u32, Vec<Vec<f32>>), AudioError> {
        let mut reader = AudioReader::open(path)?;
        let (rate, channels) = (reader.spec().rate, reader.spec().channels);
        let mut planes = vec![vec![]; channels];
        let mut part = vec![vec![0.0; 4096]; channels];
        loop {
            let frames = reader.read(&mut part)?;
            for (plane, part) in planes.iter_mut().zip(&part) {
                plane.extend_from_slice(&part[..frames]);
            }
            if frames < 4096 || planes.first().is_none_or(|plane| plane.len() >= MOST * rate as usize) {
                return Ok((rate, planes));
            }
        }
    }

    /// Plays `planes`, or noise that comes and goes as speech does where there are none.
    pub fn new(file: &GraphFile, plan: &Plan, planes: Option<&[Vec<f32>]>) -> Self {
        let input = |at: usize| {
            let format = plan.streams[plan.inputs[at].stream].format;
            let noise = || (0..format.channels).map(|channel| noise(format.rate_num as usize, channel)).collect();
            let planes = planes.filter(|planes| planes.iter().all(|plane| !plane.is_empty()));
            Sound { planes: planes.map_or_else(noise, <[_]>::to_vec), at: 0 }
        };
        Self { inputs: (0..file.inputs.len().min(plan.inputs.len())).map(input).collect() }
    }

    /// Renders the next block.
    pub fn play(&mut self, renderer: &mut Renderer) {
        renderer.render(
            |at, room| self.fill(at, room),
            |_, frames| {
                std::hint::black_box(frames.data);
            },
        );
    }

    /// Writes the next frames of an input.
    pub fn fill(&mut self, input: usize, room: FramesMut) {
        let Some(sound) = self.inputs.get_mut(input) else { return room.data.fill(0.0) };
        for (channel, to) in room.data.chunks_mut(room.stride.max(1)).enumerate() {
            let from = &sound.planes[channel % sound.planes.len()];
            for (i, sample) in to[..room.frames].iter_mut().enumerate() {
                *sample = from[(sound.at + i) % from.len()];
            }
        }
        sound.at += room.frames;
    }
}

/// Two seconds of noise at -20 dBFS that comes and goes four times a second.
fn noise(rate: usize, channel: u32) -> Vec<f32> {
    let mut state = 0x2545_f491_4f6c_dd1du64 ^ u64::from(channel);
    let mut sample = |at: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let white = (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0;
        let swell = (at as f32 / rate as f32 * 4.0 * core::f32::consts::PI).sin();
        white * swell * swell * 0.28
    };
    (0..2 * rate).map(&mut sample).collect()
}
