//! One sound becomes one array.
use super::recipe::Recipe;
use super::sounds::Sound;
use crate::control::Report;
use crate::graph::Diags;
use crate::io::{AudioReader, NpyHead};
use crate::plugin::Workers;
use crate::replay::{Job, Keep, Progress, ReplayError, replay};
use std::collections::BTreeMap;
use std::path::Path;

/// What was made of one sound.
#[derive(Debug)]
pub struct Made {
    /// The extents of the array: frames; channels where there are several; values.
    pub shape: Vec<usize>,
    /// Seconds of sound.
    pub seconds: f64,
    /// Its sample rate, where the graph has another: it was resampled.
    pub resampled: Option<u32>,
    /// The sample rate of the graph.
    pub rate: u32,
    /// What workers said.
    pub reports: Vec<Report>,
    /// What was odd but survivable.
    pub warnings: Vec<String>,
}

/// Computes the features of a sound into `npy`, in blocks of so many samples: the values are the same for every block.
///
/// # Errors
/// [`ReplayError`]; mistakes of the graph are in `diags`. No array has its name then.
pub fn compute(
    recipe: &Recipe,
    sound: &Sound,
    npy: &Path,
    block: Option<u32>,
    workers: &Workers,
    progress: &Progress,
    diags: &mut Diags,
) -> Result<Made, ReplayError> {
    let rate = AudioReader::open(&sound.path)?.spec().rate;
    let (file, found) = recipe.graph(rate);
    diags.extend(found);
    let keep = Keep { probes: vec![(recipe.port().into(), npy.into())], ..Keep::default() };
    let inputs = BTreeMap::from([(recipe.input().to_string(), sound.path.clone())]);
    let job = Job { inputs, keep, block, ..Job::default() };
    let outcome = replay(&job, &file, workers, progress, diags)?;
    if let Some(Report::Failed { node, why, .. }) = outcome.reports.iter().find(|r| matches!(r, Report::Failed { .. }))
    {
        // What stands in for a worker that failed is no feature.
        let failed = ReplayError::Worker { node: node.clone(), why: why.to_string() };
        std::fs::remove_file(npy).map_err(|why| ReplayError::Write { path: npy.into(), why })?;
        return Err(failed);
    }
    let shape = NpyHead::read(npy)?.shape;
    let resampled = Some(rate).filter(|rate| *rate != file.graph.rate);
    let (seconds, rate) = (outcome.seconds, file.graph.rate);
    Ok(Made { shape, seconds, resampled, rate, reports: outcome.reports, warnings: outcome.warnings })
}
