//! Scores against trying every way to match.
use super::super::{Count, Label, score};
use proptest::prelude::*;

fn label(start_s: f64, end_s: Option<f64>, label: &str) -> Label {
    Label { start_s, end_s, label: label.into() }
}

fn at(start_s: f64, name: &str) -> Label {
    label(start_s, None, name)
}

#[test]
fn a_keyword_spotter_is_scored() {
    let expected = [at(1.0, "yes"), at(2.0, "no"), at(3.0, "yes"), at(4.0, "no")];
    let heard = [at(1.1, "yes"), at(1.15, "yes"), at(2.05, "yes"), at(2.95, "yes"), at(6.0, "no")];
    let found = score(&expected, &heard, 0.2);
    assert_eq!(found.matches, [(0, 0), (2, 3)]);
    assert_eq!(found.total, Count { true_positives: 2, false_positives: 3, false_negatives: 2 });
    assert_eq!(found.labels["yes"], Count { true_positives: 2, false_positives: 2, false_negatives: 0 });
    assert_eq!(found.labels["no"], Count { true_positives: 0, false_positives: 1, false_negatives: 2 });
    assert_eq!((found.total.precision(), found.total.recall()), (0.4, 0.5));
    assert!((found.total.f1() - 4.0 / 9.0).abs() < 1e-15);
    // Rows heard, columns expected: no, yes, nothing.
    assert_eq!(found.confusion.labels, ["no", "yes"]);
    assert_eq!(found.confusion.counts, [[0, 0, 1], [1, 2, 1], [1, 0, 0]]);
}

#[test]
fn a_tolerance_includes_its_end_in_decimals() {
    for (expected, heard, tolerance, hit) in [(0.1, 0.3, 0.2, true), (0.1, 0.300001, 0.2, false), (1.0, 0.9, 0.1, true)]
    {
        let found = score(&[at(expected, "a")], &[at(heard, "a")], tolerance);
        assert_eq!(found.total.true_positives == 1, hit, "{expected} {heard} {tolerance}");
    }
}

#[test]
fn what_lasts_may_be_heard_until_it_ends() {
    let speech = [label(1.0, Some(3.0), "speech")];
    for (heard, hit) in [(0.9, true), (2.5, true), (3.1, true), (3.2, false), (0.8, false)] {
        assert_eq!(score(&speech, &[at(heard, "speech")], 0.1).total.true_positives == 1, hit, "{heard}");
    }
}

#[test]
fn one_that_is_heard_goes_to_whom_nobody_else_serves() {
    // The nearest to 1.0 is 1.05, but only that one will do for 1.2.
    let found = score(&[at(1.0, "a"), at(1.2, "a")], &[at(0.85, "a"), at(1.05, "a")], 0.16);
    assert_eq!(found.matches, [(0, 0), (1, 1)]);
}

#[test]
fn nothing_of_nothing_is_right_and_of_something_wrong() {
    let parts = |count: Count| (count.precision(), count.recall(), count.f1());
    assert_eq!(parts(score(&[], &[], 0.1).total), (1.0, 1.0, 1.0));
    assert_eq!(parts(score(&[at(1.0, "a")], &[], 0.1).total), (0.0, 0.0, 0.0));
    assert_eq!(parts(score(&[], &[at(1.0, "a")], 0.1).total), (0.0, 0.0, 0.0));
    assert_eq!(score(&[], &[], 0.1).confusion.counts, [[0]]);
}

fn labels() -> impl Strategy<Value = Vec<Label>> {
    let one = (0..12u8, prop::option::weighted(0.3, 0..4u8), 0..2u8).prop_map(|(start, length, name)| {
        let start = f64::from(start) / 10.0;
        label(start, length.map(|length| start + f64::from(length) / 10.0), ["a", "b"][usize::from(name)])
    });
    prop::collection::vec(one, 0..6)
}

fn fits(expected: &Label, heard: &Label, tolerance: f64) -> bool {
    let end = expected.end_s.unwrap_or(expected.start_s);
    heard.start_s >= expected.start_s - tolerance - 1e-6 && heard.start_s <= end + tolerance + 1e-6
}

/// The most pairs, by trying them all.
fn most(expected: &[Label], heard: &[Label], taken: u32, may: &dyn Fn(&Label, &Label) -> bool) -> usize {
    let Some((first, rest)) = expected.split_first() else { return 0 };
    let without = most(rest, heard, taken, may);
    let free = (0..heard.len()).filter(|at| taken & (1 << at) == 0 && may(first, &heard[*at]));
    let with = free.map(|at| 1 + most(rest, heard, taken | 1 << at, may)).max().unwrap_or(0);
    with.max(without)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn as_many_match_as_can(expected in labels(), heard in labels(), tolerance in 0..4u8) {
        let tolerance = f64::from(tolerance) / 10.0;
        let found = score(&expected, &heard, tolerance);
        let may = |a: &Label, b: &Label| a.label == b.label && fits(a, b, tolerance);
        prop_assert_eq!(found.total.true_positives, most(&expected, &heard, 0, &may));
        let mut once = (0u32, 0u32);
        for (e, h) in &found.matches {
            prop_assert!(may(&expected[*e], &heard[*h]) && once.0 & (1 << e) == 0 && once.1 & (1 << h) == 0);
            once = (once.0 | 1 << e, once.1 | 1 << h);
        }
        // Every event is counted once, in the totals and in the confusion.
        let total = found.total;
        prop_assert_eq!(total.true_positives + total.false_negatives, expected.len());
        prop_assert_eq!(total.true_positives + total.false_positives, heard.len());
        let (counts, n) = (&found.confusion.counts, found.confusion.labels.len());
        prop_assert_eq!((0..n).map(|at| counts[at][at]).sum::<usize>(), total.true_positives);
        prop_assert_eq!(counts[..n].iter().flatten().sum::<usize>(), heard.len());
        prop_assert_eq!(counts.iter().map(|row| row[..n].iter().sum::<usize>()).sum::<usize>(), expected.len());
        // Nothing is left that could stand against each other.
        let rest = |all: &[Label], taken: u32| (0..all.len()).filter(|at| taken & (1 << at) == 0).map(|at| all[at].clone()).collect::<Vec<_>>();
        let left = most(&rest(&expected, once.0), &rest(&heard, once.1), 0, &|a, b| fits(a, b, tolerance));
        let mistaken: usize = (0..n).flat_map(|a| (0..n).map(move |b| (a, b))).filter(|(a, b)| a != b).map(|(a, b)| counts[a][b]).sum();
        prop_assert_eq!(mistaken, left);
    }
}
