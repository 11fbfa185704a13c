//! Events that were heard against what is to be heard.
use super::{Evidence, Found, Opened};
use crate::graph::{ExpectTable, Limit};
use crate::metrics::{Confusion, Count, Label, Score, read_labels, score};

impl Evidence<'_> {
    pub(super) fn of_events(&self, expect: &ExpectTable, limit: &Limit, opened: &mut Opened) -> Result<Found, String> {
        let heard = self.heard_events(expect)?;
        if limit.measure.key == "events" {
            let mut found = Found::of(heard.len() as f64);
            found.why = heard.iter().take(20).map(|one| format!("{} at {:.3} s", one.label, one.start_s)).collect();
            return Ok(found);
        }
        let scored = || self.scored(expect, &heard);
        let score = opened.score.get_or_insert_with(scored).as_ref().map_err(Clone::clone)?;
        let mut found = Found::of(match limit.measure.key {
            "precision" => score.total.precision(),
            "recall" => score.total.recall(),
            _ => score.total.f1(),
        });
        found.why = told(score);
        Ok(found.defined("one event a label and one label an event, as many pairs as there can be"))
    }

    fn heard_events(&self, expect: &ExpectTable) -> Result<Vec<Label>, String> {
        let output = self.events_output(expect)?;
        let inside =
            |time: f64| expect.from_s.is_none_or(|from| time >= from) && expect.to_s.is_none_or(|to| time < to);
        let own = self.outcome.heard.iter().filter(|heard| heard.output == output && inside(heard.time));
        Ok(own.map(|heard| Label { start_s: heard.time, end_s: None, label: heard.label.clone() }).collect())
    }

    fn scored(&self, expect: &ExpectTable, heard: &[Label]) -> Result<Score, String> {
        let path = expect.labels.as_ref().map(|path| self.case.path(path)).ok_or("no labels are named")?;
        let labels = read_labels(&path, self.events_output(expect).ok().as_deref()).map_err(|why| why.to_string())?;
        let inside = |label: &Label| {
            expect.from_s.is_none_or(|from| label.start_s >= from) && expect.to_s.is_none_or(|to| label.start_s < to)
        };
        let labels: Vec<Label> = labels.into_iter().filter(inside).collect();
        Ok(score(&labels, heard, expect.tolerance_ms / 1000.0))
    }
}

/// What was right and what was not, and what was heard for what.
fn told(score: &Score) -> Vec<String> {
    let Count { true_positives, false_positives, false_negatives } = score.total;
    let counts = format!("{true_positives} right, {false_positives} too many, {false_negatives} missed");
    let Confusion { labels, counts: cells } = &score.confusion;
    let name = |at: usize| labels.get(at).map_or("nothing", String::as_str);
    let cell = |heard: usize, meant: usize, count: usize| format!("{count} × {} for {}", name(heard), name(meant));
    let rows = cells.iter().enumerate();
    let wrong = rows.flat_map(|(heard, row)| {
        let row = row.iter().enumerate();
        row.filter(move |(meant, count)| heard != *meant && **count > 0)
            .map(move |(meant, count)| cell(heard, meant, *count))
    });
    std::iter::once(counts).chain(wrong).collect()
}
