//! A graph that plays again, and is changed as it was.
use super::bundle::Asked;
use super::{Outcome, RecordedError, report};
use crate::control::Engine;
use crate::graph::Compiled;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A graph that plays again.
pub struct Playing {
    pub engine: Engine,
    /// What is asked of it from now on, in order. The script of its renderer says when it is done.
    pub asked: VecDeque<Asked>,
    /// Decisions of the clock that could not be made again.
    pub astray: Arc<AtomicU64>,
}

impl Playing {
    /// Asks as much of it as finds room.
    pub fn turn(
        &mut self,
        outcome: &mut Outcome,
        compile: impl Fn(u32, &mut Vec<String>) -> Result<Compiled, RecordedError>,
    ) -> Result<(), RecordedError> {
        self.engine.reports().into_iter().for_each(|one| report(outcome, one));
        while let Some(asked) = self.asked.pop_front() {
            match asked {
                Asked::Set(sent) => {
                    if let Err(sent) = self.engine.send_again(sent) {
                        self.asked.push_front(Asked::Set(sent));
                        return Ok(());
                    }
                }
                Asked::Change(..) if self.engine.is_changing() => {
                    self.asked.push_front(asked);
                    return Ok(());
                }
                Asked::Change(graph, anew) => {
                    let compiled = compile(graph, &mut outcome.notes)?;
                    match self.engine.change_anew(compiled, &anew) {
                        Ok(()) => outcome.changes += 1,
                        Err((why, _)) => outcome.notes.push(format!("graph {graph} cannot be gone over to: {why}")),
                    }
                }
            }
        }
        Ok(())
    }

    /// It ends.
    pub fn end(mut self, outcome: &mut Outcome) {
        self.engine.reports().into_iter().for_each(|one| report(outcome, one));
        let hung = self.engine.stop().into_iter().filter_map(Result::err);
        outcome.notes.extend(hung);
        let astray = self.astray.load(Relaxed);
        if astray > 0 {
            outcome.notes.push(format!("{astray} decisions of the clock could not be made again"));
        }
    }
}
