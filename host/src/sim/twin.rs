//! The same graph in floating point beside the one of a device that rounds: what rounding costs.
use super::edge::Planes;
use super::run::{fill, planes};
use crate::control::Engine;
use crate::graph::{Compiled, OutputKind};
use crate::plugin::Frames;
use crate::render::{Renderer, Stand};

/// The same graph in floating point: as late as the other, with the same faults.
pub struct Twin {
    engine: Engine,
    renderer: Renderer,
    /// Of each output: its name, and the sums of squares of its sound and of what the other is off by.
    sums: Vec<(String, f64, f64)>,
    shapes: Vec<Option<usize>>,
}

/// How far sound lies above what rounding adds to it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Snr {
    /// The output.
    pub output: String,
    /// In dB; `None` if nothing is off, or nothing was heard.
    pub db: Option<f64>,
}

impl Twin {
    /// At its start.
    pub fn new(compiled: Compiled) -> Self {
        let (engine, renderer) = Engine::start_simulated(compiled, false);
        let plan = engine.plan();
        let channels = |output: &crate::graph::Output| match output.kind {
            OutputKind::Audio(_) => plan.output_format(output).map(|format| format.channels as usize),
            _ => None,
        };
        let shapes = plan.outputs.iter().map(channels).collect();
        let sums = plan.outputs.iter().map(|output| (output.name.clone(), 0.0, 0.0)).collect();
        Self { engine, renderer, sums, shapes }
    }

    /// Renders the same block from what was not rounded, and compares.
    pub fn render(&mut self, ins: &[&Planes], stands: &[Stand], other: &[Option<Planes>]) {
        let (sums, shapes) = (&mut self.sums, &self.shapes);
        let hear = |index: usize, frames: Frames| {
            let (Some(channels), Some(other)) = (shapes[index], &other[index]) else { return };
            let (_, sound, off) = &mut sums[index];
            for (own, other) in planes(&frames, channels, 1).iter().flatten().zip(other.iter().flatten()) {
                *sound += f64::from(*own).powi(2);
                *off += (f64::from(*own) - f64::from(*other)).powi(2);
            }
        };
        self.renderer.stands(stands);
        self.renderer.render(|index, room| fill(ins[index], room), hear);
        self.engine.lanes_work();
        self.engine.reports();
    }

    /// What came of it, for each output that is sound.
    pub fn snr(self) -> Vec<Snr> {
        let heard = self.sums.into_iter().zip(&self.shapes).filter(|(_, shape)| shape.is_some());
        heard
            .map(|((output, sound, off), _)| {
                let db = (sound > 0.0 && off > 0.0).then(|| 10.0 * (sound / off).log10());
                Snr { output, db }
            })
            .collect()
    }
}
