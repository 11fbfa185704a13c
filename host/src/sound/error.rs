use super::HostName;
use thiserror::Error;

/// Why there is no sound.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum SoundError {
    /// The sound system has no such name.
    #[error("there is no sound system `{name}`{}: it is one of {}", guess(.near), .all.join(", "))]
    UnknownHost {
        /// What was asked for.
        name: String,
        /// What may have been meant.
        near: Option<String>,
        /// All there are.
        all: Vec<String>,
    },
    /// The sound system cannot be used here.
    #[error("{host} cannot be used here: {why}")]
    NoHost {
        /// The sound system.
        host: HostName,
        /// The reason, and the way out.
        why: String,
    },
    /// No sound system can be used here.
    #[error("no sound system can be used here: {why}")]
    NoHosts {
        /// The reason of each.
        why: String,
    },
    /// The card has no such name.
    #[error("{host} has no {what} `{name}`{}; it has {}", guess(.near), listed(.all))]
    UnknownCard {
        /// The sound system.
        host: HostName,
        /// "input" or "output".
        what: &'static str,
        /// What was asked for.
        name: String,
        /// What may have been meant.
        near: Option<String>,
        /// All there are.
        all: Vec<String>,
    },
    /// More than one card has the name.
    #[error("`{name}` is part of the names of several {what}s: {}; write more of it, or an id", .all.join(", "))]
    Ambiguous {
        /// "input" or "output".
        what: &'static str,
        /// What was asked for.
        name: String,
        /// All that it may mean.
        all: Vec<String>,
    },
    /// There is none at all.
    #[error("{host} has no {what} at all")]
    NoCard {
        /// The sound system.
        host: HostName,
        /// "input" or "output".
        what: &'static str,
    },
    /// The card is there and cannot be used.
    #[error("`{card}` cannot be used: {why}")]
    Refused {
        /// The card.
        card: String,
        /// In the words of the sound system.
        why: String,
    },
    /// The script of a simulated sound system cannot be played.
    #[error("{path}: {why}")]
    Script {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// The sound system gave no answer.
    #[error("{host} did not answer within {seconds} s")]
    Hangs {
        /// The sound system.
        host: HostName,
        /// How long it was waited for.
        seconds: u64,
    },
}

fn guess(near: &Option<String>) -> String {
    near.as_ref().map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default()
}

fn listed(all: &[String]) -> String {
    if all.is_empty() { "none".into() } else { all.join(", ") }
}
