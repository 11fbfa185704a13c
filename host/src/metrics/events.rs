//! What was heard against what was expected.
use super::Label;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// Hits and misses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Expected, and heard in time.
    pub true_positives: usize,
    /// Heard, but not expected.
    pub false_positives: usize,
    /// Expected, but not heard.
    pub false_negatives: usize,
}

impl Count {
    /// The part of what was heard that was expected. If nothing was heard, 1 if nothing was expected either, and 0 if it was:
    /// a detector that hears nothing is right only about silence.
    pub fn precision(&self) -> f64 {
        self.part(self.true_positives + self.false_positives)
    }

    /// The part of what was expected that was heard. If nothing was expected, 1 if nothing was heard either, and 0 if it was.
    pub fn recall(&self) -> f64 {
        self.part(self.true_positives + self.false_negatives)
    }

    /// Their harmonic mean, 2 TP / (2 TP + FP + FN); 1 if nothing was heard and nothing expected.
    pub fn f1(&self) -> f64 {
        let all = 2 * self.true_positives + self.false_positives + self.false_negatives;
        if all == 0 { 1.0 } else { 2.0 * self.true_positives as f64 / all as f64 }
    }

    fn part(&self, of: usize) -> f64 {
        match (of, self.true_positives + self.false_positives + self.false_negatives) {
            (0, 0) => 1.0,
            (0, _) => 0.0,
            _ => self.true_positives as f64 / of as f64,
        }
    }
}

/// How often what was heard in place of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    /// All labels, expected or heard, in order.
    pub labels: Vec<String>,
    /// `counts[heard][expected]`; behind the labels, the last row is "nothing heard", the last column "nothing expected".
    pub counts: Vec<Vec<usize>>,
}

/// How well it was heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// All labels together.
    pub total: Count,
    /// By label.
    pub labels: BTreeMap<String, Count>,
    /// Which expected label, and which heard, are one; by their places in the lists.
    pub matches: Vec<(usize, usize)>,
    /// What was taken for what.
    pub confusion: Confusion,
}

/// A stretch of time that a heard event may fall into, in nanoseconds, and whose it is.
#[derive(Clone, Copy)]
struct Window {
    from: i64,
    to: i64,
    whose: usize,
}

/// Nanoseconds: the times that people write are sums of decimals, which are exact here.
fn nanoseconds(seconds: f64) -> i64 {
    (seconds * 1e9).round() as i64
}

/// Compares events. One that is heard counts where the label is the same and its start is at most `tolerance_s` from the
/// start of the expected one or, if that lasts, from any moment of it: within [start − tolerance, end + tolerance]. Each
/// counts once, and as many as possible do.
///
/// The confusion first has the matches of equal labels, so its diagonal is the true positives; what is left is matched by
/// time alone, again as much as possible, and the rest stands against nothing.
pub fn score(expected: &[Label], heard: &[Label], tolerance_s: f64) -> Score {
    let tolerance = nanoseconds(tolerance_s.max(0.0));
    let window = |whose: usize| {
        let (start, end) = (expected[whose].start_s, expected[whose].end_s.unwrap_or(expected[whose].start_s));
        let (from, to) = (nanoseconds(start).saturating_sub(tolerance), nanoseconds(end).saturating_add(tolerance));
        Window { from, to, whose }
    };
    let moment = |whose: usize| (nanoseconds(heard[whose].start_s), whose);
    let names: BTreeSet<&str> = expected.iter().chain(heard).map(|label| label.label.as_str()).collect();
    let mut matches = vec![];
    for name in &names {
        let windows = (0..expected.len()).filter(|at| expected[*at].label == *name).map(window);
        let moments = (0..heard.len()).filter(|at| heard[*at].label == *name).map(moment);
        matches.extend(most(windows.collect(), moments.collect()));
    }
    matches.sort_unstable();
    let confusion = confusion(&names, expected, heard, &matches, window, moment);
    let (found, right): (BTreeSet<usize>, BTreeSet<usize>) = matches.iter().copied().unzip();
    let mut labels: BTreeMap<String, Count> = BTreeMap::new();
    for (at, label) in expected.iter().enumerate() {
        let count = labels.entry(label.label.clone()).or_default();
        *(if found.contains(&at) { &mut count.true_positives } else { &mut count.false_negatives }) += 1;
    }
    for (at, label) in heard.iter().enumerate() {
        labels.entry(label.label.clone()).or_default().false_positives += usize::from(!right.contains(&at));
    }
    let mut total = Count::default();
    for count in labels.values() {
        total.true_positives += count.true_positives;
        total.false_positives += count.false_positives;
        total.false_negatives += count.false_negatives;
    }
    Score { total, labels, matches, confusion }
}

/// As many pairs of a window and a moment in it as there can be. Of the windows that are open at a moment, taken in order of
/// time, it gets the one that closes first: whoever else could have it would find the later ones still open (F. Glover,
/// "Maximum matching in a convex bipartite graph", 1967).
fn most(mut windows: Vec<Window>, mut moments: Vec<(i64, usize)>) -> Vec<(usize, usize)> {
    windows.sort_unstable_by_key(|window| (window.from, window.whose));
    moments.sort_unstable();
    let (mut next, mut open, mut pairs) = (windows.iter().peekable(), BinaryHeap::new(), vec![]);
    for (moment, heard) in moments {
        while let Some(window) = next.next_if(|window| window.from <= moment) {
            open.push(Reverse((window.to, window.whose)));
        }
        while open.peek().is_some_and(|Reverse((to, _))| *to < moment) {
            open.pop();
        }
        if let Some(Reverse((_, expected))) = open.pop() {
            pairs.push((expected, heard));
        }
    }
    pairs
}

/// What was taken for what: the matches, then by time alone what they leave.
fn confusion(
    names: &BTreeSet<&str>,
    expected: &[Label],
    heard: &[Label],
    matches: &[(usize, usize)],
    window: impl Fn(usize) -> Window,
    moment: impl Fn(usize) -> (i64, usize),
) -> Confusion {
    let labels: Vec<String> = names.iter().map(|name| name.to_string()).collect();
    let place = |label: &Label| labels.binary_search(&label.label).unwrap_or(labels.len());
    let (mut missed, mut wrong) = (vec![true; expected.len()], vec![true; heard.len()]);
    for (of_expected, of_heard) in matches {
        (missed[*of_expected], wrong[*of_heard]) = (false, false);
    }
    let windows = (0..expected.len()).filter(|at| missed[*at]).map(window).collect();
    let moments = (0..heard.len()).filter(|at| wrong[*at]).map(moment).collect();
    let mistaken = most(windows, moments);
    let mut counts = vec![vec![0; labels.len() + 1]; labels.len() + 1];
    for (of_expected, of_heard) in matches.iter().chain(&mistaken) {
        counts[place(&heard[*of_heard])][place(&expected[*of_expected])] += 1;
    }
    for (of_expected, of_heard) in mistaken {
        (missed[of_expected], wrong[of_heard]) = (false, false);
    }
    expected
        .iter()
        .zip(missed)
        .filter(|(_, missed)| *missed)
        .for_each(|(label, _)| counts[labels.len()][place(label)] += 1);
    heard.iter().zip(wrong).filter(|(_, wrong)| *wrong).for_each(|(label, _)| counts[place(label)][labels.len()] += 1);
    Confusion { labels, counts }
}
