//! The checks, in the order in which they are done.
use super::report::{Seen, skip};
use super::subject::Subject;
use super::{claims, made, memory, recording, sound};

type Check = fn(&Subject) -> Seen;

/// All checks.
pub const ALL: &[(&str, Check)] = &[
    ("create", made::create),
    ("prepare", made::prepare),
    ("range", made::range),
    ("preset", made::preset),
    ("again", made::again),
    ("finite", sound::finite),
    ("written", sound::written),
    ("cut", sound::cut),
    ("reset", sound::reset),
    ("rewind", recording::rewind),
    ("twin", sound::twin),
    ("live", sound::live),
    ("events", sound::events),
    ("rate", claims::rate),
    ("latency", claims::latency),
    ("tail", claims::tail),
    ("extent", recording::extent),
    ("time", claims::time),
    ("heap", memory::heap),
    ("leak", memory::leak),
    ("state", memory::state),
    ("quiet", memory::quiet),
];

/// Runs one.
pub fn run(name: &str, subject: Seen<Subject>) -> Seen {
    match ALL.iter().find(|(known, _)| *known == name) {
        Some((_, check)) => check(&subject?),
        None => skip("there is no such check"),
    }
}
