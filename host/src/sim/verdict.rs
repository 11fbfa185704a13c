//! Fits, does not fit, or cannot be told: with the node and the number.
use super::cost::{Prices, Tier};
use super::memory::{Account, Item};
use super::profile::Profile;
use crate::graph::Plan;

/// What comes of a graph on a device.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Verdict {
    /// In a word.
    pub answer: Answer,
    /// Why: each names the node and the number. Those that decide come first.
    pub reasons: Vec<String>,
}

/// In a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Even where all costs are high, nothing is late and all finds room.
    Fits,
    /// Even where all costs are low, something is late or finds no room.
    DoesNotFit,
    /// What is known does not say.
    CannotTell,
}

impl Answer {
    /// As people say it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Fits => "fits",
            Self::DoesNotFit => "does not fit",
            Self::CannotTell => "cannot tell",
        }
    }
}

/// What speaks against it: for certain, and perhaps.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// Why it does not fit.
    pub against: Vec<String>,
    /// Why it cannot be told.
    pub doubts: Vec<String>,
}

impl Case {
    /// What is known before anything runs, time aside.
    pub fn at_rest(plan: &Plan, profile: &Profile, prices: &Prices, account: &Account) -> Self {
        let mut case = Self::default();
        for (step, price) in plan.steps.iter().zip(&prices.steps) {
            case.against.extend(price.refused.as_ref().map(|why| format!("`{}`: {why}", step.name)));
            if price.tier == Tier::Unknown && step.firings > 0 {
                case.doubts.push(format!("`{}`: its cost is unknown; {}", step.name, price.source));
            }
        }
        match (&prices.engine, &profile.isa, &profile.cpi) {
            // Where there is no instruction set to count on, the cycles of the interrupt are for the engine, too.
            (Some(_), ..) | (_, None, _) => {}
            (None, Some(_), None) => case
                .doubts
                .push("the engine itself: the profile does not say what an instruction costs: [cost] cpi".into()),
            (None, Some(isa), Some(_)) => {
                case.doubts.push(format!("the engine itself: what it takes was not counted for {isa}"));
            }
        }
        for item in &account.homeless {
            case.against.push(no_room(item, account, profile));
        }
        for item in &account.unknown {
            let what = item.what.name();
            case.doubts.push(match item.bytes {
                Some(_) => format!("{}; but that is an {}", no_room(item, account, profile), item.source),
                None => format!("`{}`: it is unknown how much {what} takes; {}", item.of, item.source),
            });
        }
        case
    }

    /// The answer.
    pub fn verdict(mut self, otherwise: String) -> Verdict {
        let answer = match (self.against.is_empty(), self.doubts.is_empty()) {
            (false, _) => Answer::DoesNotFit,
            (_, false) => Answer::CannotTell,
            _ => Answer::Fits,
        };
        if answer == Answer::Fits {
            self.against.push(otherwise);
        }
        self.against.append(&mut self.doubts);
        Verdict { answer, reasons: self.against }
    }
}

fn no_room(item: &Item, account: &Account, profile: &Profile) -> String {
    let holders = profile.heaps.iter().zip(&account.heaps).filter(|(heap, _)| heap.holds.contains(&item.what));
    let left = |heap: &super::memory::Heap| heap.bytes.saturating_sub(heap.used);
    let room: Vec<String> = holders
        .map(|(_, heap)| format!("{} of {} has {} left", heap.name, bytes(heap.bytes), bytes(left(heap))))
        .collect();
    let whose = if item.step.is_some() { format!("`{}`", item.of) } else { item.of.clone() };
    format!("{whose}: {} of {} find no room; {}", bytes(item.bytes.unwrap_or(0)), item.what.name(), room.join(", "))
}

/// "1.5 KiB".
pub fn bytes(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", bytes as f64 / 1_073_741_824.0),
    }
}
