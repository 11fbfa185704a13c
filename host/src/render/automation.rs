//! RT — live parameters that change at moments that are known before, to the sample: in replays.
use std::collections::VecDeque;

/// The changes of one step that are still to come, the earliest first.
#[derive(Debug, Default)]
pub struct Automation(VecDeque<Turn>);

/// A parameter, by its place in the descriptor, its value, and when, in samples of the graph.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Turn {
    at: u64,
    param: u32,
    value: f64,
}

impl Automation {
    /// [control] One more change; of two at the same moment the one that was added later stays.
    pub fn add(&mut self, at: u64, param: u32, value: f64) {
        let place = self.0.partition_point(|turn| turn.at <= at);
        self.0.insert(place, Turn { at, param, value });
    }

    /// [control] Nothing of a parameter at this moment or later.
    pub fn cut(&mut self, param: u32, at: u64) {
        self.0.retain(|turn| turn.param != param || turn.at < at || turn.at == 0);
    }

    /// Whether nothing is to come.
    pub fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// When the first change after this moment is, in samples.
    pub fn after(&self, now: u64) -> Option<u64> {
        self.0.iter().map(|turn| turn.at).find(|at| *at > now)
    }

    /// The next change that is due at this moment.
    pub fn take(&mut self, now: u64) -> Option<(u32, f64)> {
        let turn = *self.0.front().filter(|turn| turn.at <= now)?;
        self.0.pop_front();
        Some((turn.param, turn.value))
    }
}
