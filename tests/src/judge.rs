//! What holds of every text that is judged as a graph file, however damaged. `tests/fuzz` asks it of any bytes.
use aw_host::graph::{Device, Diags, GraphFile, TestFile, check, mermaid, plan_json, plan_text};
use aw_host::plugin::Workers;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longer than any of these takes on a busy machine: what is slower hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Judges a text as `aw check` does, with text and JSON, shows its plan if there is one, and answers the number of
/// errors.
///
/// # Panics
/// If something does not hold.
pub fn judge(path: &Path, text: &str, workers: &Workers) -> usize {
    let begun = Instant::now();
    let (file, diags) = GraphFile::parse(path, text.into());
    let (diags, compiled) = check(&file, diags, workers, &Device::default());
    assert_eq!(compiled.is_some(), diags.errors() == 0, "{text}");
    told(&diags, path, text);
    // It may as well be a file of tests.
    told(&TestFile::parse(path, text.into()).1, path, text);
    for diag in diags.iter() {
        // Mistakes of ours, said as if they were the author's. What the author wrote is said again in titles.
        for ours in ["refused: panicked", "made a plan that does not hold", "answers `prepare` wrongly"] {
            assert!(text.contains(ours) || !diag.title.contains(ours), "{diag:?} for\n{text}");
        }
    }
    if let Some(compiled) = compiled {
        let _ = (plan_text(&compiled.plan), plan_json(&compiled.plan), mermaid(&compiled.plan));
    }
    assert!(begun.elapsed() < PATIENCE, "{:?} for\n{}", begun.elapsed(), &text[..text.len().min(2000)]);
    diags.errors()
}

/// Says what was found, as text and as JSON; all of it points into the text.
fn told(diags: &Diags, path: &Path, text: &str) {
    for diag in diags.iter() {
        for mark in &diag.marks {
            assert!(text.get(mark.span.clone()).is_some(), "{diag:?} points outside of\n{text}");
        }
    }
    let _ = (diags.render(path, text, false), diags.to_json(path, text));
}
