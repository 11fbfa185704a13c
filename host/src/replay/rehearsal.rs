//! Runs that are not heard, for workers that must know the whole input before their first frame is right.
use super::job::{Job, Keep, ReplayError};
use super::run::{Progress, Run, Stage};
use crate::control::Report;
use crate::graph::GraphFile;
use crate::io::{AudioReader, AudioWriter, Encoding};
use std::path::{Path, PathBuf};
use tempfile::TempPath;

/// A graph at its start, and what it is to play.
pub(super) struct Rehearsed {
    pub stage: Stage,
    pub readers: Vec<AudioReader>,
    /// Workers that failed while nobody listened.
    pub failures: Vec<Report>,
    /// Files that the readers last as long as.
    pub kept: Vec<TempPath>,
}

/// Plays the whole input, as often as the plan wants it.
pub(super) fn rehearse(
    job: &Job,
    file: &GraphFile,
    mut stage: Stage,
    readers: Vec<AudioReader>,
    progress: &Progress,
) -> Result<Rehearsed, ReplayError> {
    if stage.0.plan().rehearsals() == 0 {
        return Ok(Rehearsed { stage, readers, failures: vec![], kept: vec![] });
    }
    let (unheard, kept) = unheard(job, file, readers)?;
    let mut failures = vec![];
    for heard in 1..=stage.0.plan().rehearsals() {
        let (readers, _) = unheard.open(file)?;
        let mut run = Run::new(&unheard, file, stage, readers)?;
        run.play(&Progress { stop: progress.stop, played: &|_| () })?;
        run.play_out()?;
        run.renderer.rewind(heard);
        failures.extend(run.reports.into_iter().filter(|report| matches!(report, Report::Failed { .. })));
        stage = (run.engine, run.renderer);
    }
    Ok(Rehearsed { stage, readers: unheard.open(file)?.0, failures, kept })
}

/// The same inputs, of which nothing is kept; what comes through a pipe is put into files that last as long as their
/// paths here.
fn unheard(job: &Job, file: &GraphFile, readers: Vec<AudioReader>) -> Result<(Job, Vec<TempPath>), ReplayError> {
    let keep =
        Keep { rate: job.keep.rate, events: Some(PathBuf::new()), in_memory: job.keep.in_memory, ..Keep::default() };
    let mut unheard = Job { keep, reference: None, ..job.clone() };
    let mut kept = vec![];
    for (input, reader) in file.inputs.iter().zip(readers) {
        let path = job.inputs.get(&input.name.value).or(input.wav.as_ref());
        // A file may well be called `-`, which is standard input here.
        if path.is_some_and(|path| path.as_path() != Path::new("-") && path.is_file()) {
            continue;
        }
        let spooled = spool(reader)?;
        unheard.inputs.insert(input.name.value.clone(), spooled.to_path_buf());
        kept.push(spooled);
    }
    Ok((unheard, kept))
}

/// Writes all that a reader gives to a file, bit for bit.
fn spool(mut reader: AudioReader) -> Result<TempPath, ReplayError> {
    let failed = |why| ReplayError::Write { path: std::env::temp_dir(), why };
    let path = tempfile::Builder::new().prefix("aw-").suffix(".wav").tempfile().map_err(failed)?.into_temp_path();
    let (rate, channels) = (reader.spec().rate, reader.spec().channels);
    let mut writer = AudioWriter::create(<TempPath as AsRef<Path>>::as_ref(&path), rate, channels, Encoding::F32)?;
    let mut planes = vec![vec![0.0; 4096]; channels];
    loop {
        let frames = reader.read(&mut planes)?;
        writer.write(&planes.iter().map(|plane| &plane[..frames]).collect::<Vec<_>>())?;
        if frames < 4096 {
            break;
        }
    }
    writer.finish()?;
    Ok(path)
}
