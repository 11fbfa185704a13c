//! Verdicts for scripts.
use crate::trial::verdict::{Checked, Status, Verdict};
use serde_json::{Value, json};
use std::time::Duration;

/// `{passed, failed, seconds, tests: [{id, status, why, seconds, sound_s, notes, checks: [..]}]}`; a number that is not
/// finite is `null`, and its text is in `shown`.
pub fn to_json(verdicts: &[Verdict], elapsed: Duration) -> Value {
    let passed = verdicts.iter().filter(|verdict| verdict.passed()).count();
    json!({
        "passed": passed,
        "failed": verdicts.len() - passed,
        "seconds": elapsed.as_secs_f64(),
        "tests": verdicts.iter().map(one).collect::<Vec<_>>(),
    })
}

fn one(verdict: &Verdict) -> Value {
    let (status, why) = match &verdict.status {
        Status::Passed => ("passed", None),
        Status::Failed => ("failed", None),
        Status::Broken(why) => ("broken", Some(why)),
    };
    json!({
        "id": verdict.id(),
        "status": status,
        "why": why,
        "seconds": verdict.elapsed.as_secs_f64(),
        "sound_s": verdict.seconds,
        "notes": verdict.notes,
        "checks": verdict.checks.iter().map(check).collect::<Vec<_>>(),
    })
}

fn check(check: &Checked) -> Value {
    json!({
        "what": check.what(),
        "measured": check.measured,
        "shown": check.value(),
        "unit": check.limit.measure.unit.trim(),
        "min": check.limit.min,
        "max": check.limit.max,
        "passed": check.passed,
        "why": check.why,
        "definition": check.definition,
        "golden": check.golden.as_ref().map(|golden| &golden.path),
    })
}
