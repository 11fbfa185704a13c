//! Verdicts for the terminal.
use crate::page::quoted;
use crate::trial::verdict::{Checked, Status, Verdict};
use std::time::Duration;

/// Verdicts, those of one file together: one line each, and of those that did not pass what is wrong. `all`: every measure,
/// and how it is defined.
pub fn table<'a>(verdicts: impl IntoIterator<Item = &'a Verdict>, all: bool) -> String {
    let (mut text, mut file) = (String::new(), "");
    for verdict in verdicts {
        if verdict.path != file {
            text += &format!("{}\n", verdict.path);
            file = &verdict.path;
        }
        text += &described(verdict, all);
    }
    text
}

/// A verdict under its name.
fn described(verdict: &Verdict, all: bool) -> String {
    // A name may have anything in it; the table has its lines.
    let name = verdict.name.replace(char::is_control, " ");
    let took = format!("{:.0} ms", verdict.elapsed.as_secs_f64() * 1000.0);
    let word = match verdict.status {
        Status::Passed => "ok    ",
        Status::Failed => "FAILED",
        Status::Broken(_) => "BROKEN",
    };
    let mut text = format!("  {word}  {name}  {}\n", measured(&verdict.checks, &took));
    if let Status::Broken(why) = &verdict.status {
        text += &format!("          {why}\n");
    }
    for check in verdict.checks.iter().filter(|check| all || !check.passed) {
        let (what, value, wanted) = (check.what(), check.value(), check.wanted());
        text += &format!("          {what}: {value}, wanted {wanted}\n");
        check.why.iter().for_each(|why| text += &format!("            {why}\n"));
        check.definition.iter().for_each(|definition| text += &format!("            by {definition}\n"));
    }
    let notes = if verdict.passed() { 2 } else { usize::MAX };
    verdict.notes.iter().take(notes).for_each(|note| text += &format!("          note: {note}\n"));
    if !verdict.passed() {
        text += &format!("          again: {}\n", again(&verdict.path, &verdict.name));
    }
    text
}

/// What was measured, in a few words.
fn measured(checks: &[Checked], took: &str) -> String {
    const MOST: usize = 3;
    let mut words: Vec<String> =
        checks.iter().take(MOST).map(|check| format!("{} {}", check.what(), check.value())).collect();
    if checks.len() > MOST {
        words.push(format!("{} more", checks.len() - MOST));
    }
    words.push(took.into());
    words.join(", ")
}

/// The command that runs one case again.
pub(super) fn again(file: &str, name: &str) -> String {
    format!("aw test {} -k {}", quoted(file), quoted(name))
}

/// How long it took, how much sound that was, and how many passed and failed; `elapsed` is that of the whole run.
pub fn summary(verdicts: &[Verdict], elapsed: Duration, jobs: usize) -> String {
    let passed = verdicts.iter().filter(|verdict| verdict.passed()).count();
    let (seconds, busy) = verdicts
        .iter()
        .fold((0.0, 0.0), |(seconds, busy), verdict| (seconds + verdict.seconds, busy + verdict.elapsed.as_secs_f64()));
    let speed = seconds / busy.max(1e-9);
    let threads = if jobs == 1 { String::new() } else { format!(", {jobs} at a time") };
    format!(
        "{seconds:.1} s of sound in {:.2} s{threads}: {speed:.0}× real time a core\n{passed} passed, {} failed\n",
        elapsed.as_secs_f64(),
        verdicts.len() - passed
    )
}
