//! What happened, in order: hashed whole, and kept where it is looked at.
use super::clock::Ps;
use sha2::{Digest, Sha256};
use std::collections::VecDeque;

/// Something that happened on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Event {
    /// When.
    pub at: Ps,
    /// What.
    pub what: What,
    /// To which task, by priority: what else there is, the audio task, the lanes.
    pub task: u32,
    /// Of which block: of the device's time where the audio task is released, overrun or not there, else of the graph's; 0
    /// where it is of none.
    pub block: u64,
}

/// What happens to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// There is something to do.
    Released = 0,
    /// A core works at it, for the first time or again.
    Runs = 1,
    /// Another task goes before it.
    Waits = 2,
    /// It is done.
    Done = 3,
    /// It is done, after it was due.
    Late = 4,
    /// It was not begun before its input was overwritten.
    Overrun = 5,
    /// Its interrupt did not come.
    Lost = 6,
    /// The device is not there.
    Gone = 7,
    /// What it answers was read before it was there.
    Missed = 8,
    /// So much waits for it that it gets nothing more.
    Full = 9,
    /// It begins anew.
    Anew = 10,
    /// There is nothing left to do: the core that it had is free.
    Idle = 11,
}

/// Events that are kept at most, of either part.
const KEPT: usize = 8_192;

/// What happened.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    hash: Sha256,
    events: u64,
    /// How long the start is.
    span: Ps,
    /// What happened at the start.
    start: Vec<Event>,
    /// What happened last; once something went wrong, around that.
    recent: VecDeque<Event>,
    first_wrong: Option<Ps>,
}

impl Trace {
    /// Keeps the events of the first `span`, and those around what goes wrong first: half of `span` before it and after.
    pub fn new(span: Ps) -> Self {
        Self { span, ..Self::default() }
    }

    /// Something happened.
    pub fn push(&mut self, event: Event) {
        self.hash.update(event.at.to_le_bytes());
        self.hash.update([event.what as u8]);
        self.hash.update(event.task.to_le_bytes());
        self.hash.update(event.block.to_le_bytes());
        self.events += 1;
        if event.at < self.span && self.start.len() < KEPT {
            self.start.push(event);
        }
        if self.first_wrong.is_some_and(|wrong| event.at > wrong.saturating_add(self.span / 2)) {
            return;
        }
        if matches!(event.what, What::Late | What::Overrun | What::Missed | What::Full) {
            self.first_wrong.get_or_insert(event.at);
        }
        if self.recent.len() == KEPT {
            self.recent.pop_front();
        }
        self.recent.push_back(event);
    }

    /// The first 16 hexadecimal digits of the SHA-256 of all events.
    pub fn hash(&self) -> String {
        self.hash.clone().finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// How many events there were.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// What happened at the start.
    pub fn start(&self) -> &[Event] {
        &self.start
    }

    /// When something first went wrong, and what happened around it.
    pub fn wrong(&self) -> Option<(Ps, Vec<Event>)> {
        let wrong = self.first_wrong?;
        let (from, to) = (wrong.saturating_sub(self.span / 2), wrong.saturating_add(self.span / 2));
        Some((wrong, self.recent.iter().filter(|event| (from..=to).contains(&event.at)).copied().collect()))
    }
}
