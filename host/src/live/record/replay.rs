//! Plays a recording again, and compares what comes with what was heard.
use super::journal::{Start, Track};
use crate::control::Report;
use crate::graph::Plan;
use crate::io::{AudioReader, AudioWriter, Encoding};
use crate::live::player::Player;
use crate::plugin::Workers;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

mod bundle; //  a recording as it was read
mod compare; // with what was heard
mod deck; //    a graph that plays as it did
mod error; //   why it cannot be played
mod here; //    what is here of what was recorded
mod round; //   piece by piece

pub use bundle::Bundle;
pub use compare::Compared;
pub use error::RecordedError;

use compare::Track as Against;
use round::Round;

/// What came of playing it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// By output.
    pub outputs: Vec<Compared>,
    /// It begins with the session.
    pub whole: bool,
    /// Frames that nobody kept.
    pub lost: u64,
    /// Seconds played.
    pub seconds: f64,
    /// Graphs gone over to.
    pub changes: usize,
    /// Answers of lanes that were late, by node.
    pub late: BTreeMap<String, u64>,
    /// Nodes that failed, and why.
    pub failed: Vec<String>,
    /// What else is to be said.
    pub notes: Vec<String>,
}

impl Outcome {
    /// Whether all is as it was; where the past of workers was not kept, whether it is in the end.
    pub fn is_same(&self) -> bool {
        self.lost == 0 && self.outputs.iter().all(|output| output.is_same(self.whole))
    }
}

/// Where to, and with what.
pub struct Replay<'a> {
    /// All workers.
    pub workers: &'a Workers,
    /// Other builds of workers are played, too.
    pub anyway: bool,
    /// Files to write what comes to, by output.
    pub write: BTreeMap<String, PathBuf>,
    /// How their samples are written.
    pub encoding: Encoding,
    /// Set when it is to end early.
    pub stop: &'a AtomicBool,
    /// Called with the seconds played.
    pub played: &'a dyn Fn(f64),
}

impl Replay<'_> {
    /// Plays a recording, and compares.
    ///
    /// # Errors
    /// [`RecordedError`].
    pub fn play(&self, mut bundle: Bundle) -> Result<Outcome, RecordedError> {
        let mut outcome = Outcome { whole: bundle.start.whole, ..Outcome::default() };
        outcome.notes.append(&mut bundle.notes);
        bundle.graphs.values().try_for_each(|copied| self.check_builds(copied, &mut outcome.notes))?;
        self.note_machine(&bundle, &mut outcome.notes);
        let first = bundle.graphs.values().next().ok_or_else(|| bundle.odd("it names no graph"))?;
        let plan = self.compile(&bundle, first, &mut outcome.notes)?.compiled.plan;
        if super::tracks(&plan) != (bundle.start.inputs.clone(), bundle.start.outputs.clone()) {
            return Err(bundle.odd("inputs and outputs are not those of the graph"));
        }
        let Start { rate, piece, longest, .. } = bundle.start;
        let player = Player::new(&plan, rate, piece, longest);
        let mut round = Round::new(self, player, &bundle, self.against(&bundle, &plan)?, outcome)?;
        let result = round.all(&mut bundle);
        round.end();
        result?;
        let mut outcome = round.outcome;
        outcome.seconds = round.frames as f64 / f64::from(rate.max(1));
        outcome.outputs = round.outputs.into_iter().map(Against::finish).collect::<Result<_, _>>()?;
        Ok(outcome)
    }

    fn against(&self, bundle: &Bundle, plan: &Plan) -> Result<Vec<Against>, RecordedError> {
        let all = plan.outputs.iter().enumerate();
        let sound = all.filter(|(_, output)| matches!(output.kind, crate::graph::OutputKind::Audio(_)));
        let rate = bundle.start.rate;
        let frames = bundle.frames();
        let track = |((at, _), track): ((usize, _), &Track)| {
            let reader = AudioReader::open(bundle.folder.join(&track.file))?;
            let writer = self.write.get(&track.name);
            let writer =
                writer.map(|path| AudioWriter::create(path, rate, track.channels, self.encoding)).transpose()?;
            Ok(Against::new(at, track.name.clone(), track.channels, rate, frames, reader, writer))
        };
        sound.zip(&bundle.start.outputs).map(track).collect()
    }
}

/// What was wrong while a deck played again.
fn report(outcome: &mut Outcome, report: Report) {
    match report {
        Report::Late { node, firings, .. } => *outcome.late.entry(node).or_default() += firings,
        Report::Failed { node, why, .. } => outcome.failed.push(format!("`{node}` {why}")),
        Report::Event { .. } | Report::Says { .. } => {}
    }
}
