//! Who had a core when: which stretches of a run are looked at.
use super::super::clock::Ps;
use super::super::trace::Event;
use super::drawing::{Drawing, Picture};
use super::spans::{Bar, Spans, spans};
use super::{Task, Timeline};
use std::ops::Range;

/// Blocks of a picture: fewer where lanes are quick, more where they have many blocks, and fewer again where so much
/// happens that nobody could tell it apart.
const BLOCKS: Range<u64> = 8..32;
const MOST_BARS: usize = 1200;
/// Of what goes wrong the cause is seen: it lies so far to the right.
const BEFORE: f64 = 0.7;

/// The start, and what happened around the first thing that went wrong, if that is not at the start anyway.
pub fn pictures(timeline: &Timeline, tasks: &[Task]) -> Vec<Picture> {
    let block = timeline.block.max(1);
    let deadlines: Vec<Option<Ps>> =
        tasks.iter().map(|task| task.deadline_ms.map(|ms| (ms * 1e9).round().clamp(0.0, 1e18) as Ps)).collect();
    let wanted = deadlines.iter().flatten().map(|deadline| 2 * deadline.div_ceil(block)).max().unwrap_or(0);
    let blocks = wanted.clamp(BLOCKS.start, BLOCKS.end);
    let draw = |events: &[Event], whole: bool, wrong: Option<Ps>| {
        let known = known(events, whole)?;
        let spans = spans(events, &deadlines, block, whole);
        let window = window(&spans, known, block, blocks, wrong);
        Some((Drawing { tasks, spans: &spans, block, window: window.clone(), wrong }.picture(), window))
    };
    let mut pictures = vec![];
    let wrong = timeline.wrong.as_ref();
    let start = draw(&timeline.start, true, None);
    let at_start = |at: Ps| start.as_ref().is_some_and(|(_, window)| window.contains(&at));
    match wrong {
        Some((at, events)) if !at_start(*at) => {
            pictures.extend(start);
            pictures.extend(draw(events, false, Some(*at)));
        }
        _ => pictures.extend(start),
    }
    pictures.into_iter().map(|(picture, _)| picture).collect()
}

/// From when to when it is known what happened.
fn known(events: &[Event], whole: bool) -> Option<Range<Ps>> {
    let (first, last) = events.first().zip(events.last())?;
    Some(if whole { 0 } else { first.at }..last.at.saturating_add(1))
}

/// The blocks that are shown.
fn window(spans: &Spans, known: Range<Ps>, block: Ps, mut blocks: u64, wrong: Option<Ps>) -> Range<Ps> {
    loop {
        let before = wrong.map_or(0, |at| at.saturating_sub((BEFORE * (blocks * block) as f64) as Ps));
        let from = before.max(known.start) / block * block;
        let to = from.saturating_add(blocks * block).min(known.end.div_ceil(block).saturating_mul(block));
        let is_in = |bar: &&Bar| bar.from < to && bar.to > from;
        if blocks <= 1 || spans.bars.iter().filter(is_in).count() <= MOST_BARS {
            return from..to;
        }
        blocks /= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::band::Band;
    use super::super::super::trace::What;
    use super::*;

    const MS: Ps = 1_000_000_000;

    fn task(name: &str, deadline_ms: Option<f64>) -> Task {
        Task {
            name: name.into(),
            deadline_ms,
            percent: Band::default(),
            jobs: 0,
            response_ms: None,
            longest_ms: None,
            missed: [0; 3],
        }
    }

    /// The audio task of so many blocks of 10 ms, 4 ms each; the block `late` takes until it was due.
    fn blocks(from: u64, to: u64, late: Option<u64>) -> Vec<Event> {
        let of = |block: u64| {
            let there = (block + 1) * 10 * MS;
            let event = |at, what| Event { at, what, task: 0, block };
            let end = match late {
                Some(late) if late == block => event(there + 10 * MS, What::Late),
                _ => event(there + 4 * MS, What::Done),
            };
            [event(there, What::Released), event(there, What::Runs), end, Event { what: What::Idle, ..end }]
        };
        (from..to).flat_map(of).collect()
    }

    fn timeline(start: Vec<Event>, wrong: Option<(Ps, Vec<Event>)>) -> Timeline {
        Timeline { tasks: vec!["audio".into()], start, wrong, block: 10 * MS }
    }

    fn of_audio(timeline: &Timeline) -> Vec<Picture> {
        pictures(timeline, &[task("audio", Some(10.0))])
    }

    #[test]
    fn a_bar_is_as_long_as_the_core_was_taken_and_lies_where_it_was() {
        let [picture] = &of_audio(&timeline(blocks(0, 100, None), None))[..] else { panic!("one picture") };
        assert_eq!(picture.title, "From the start: blocks 0 to 7, 0.0 to 80.0 ms");
        assert_eq!(picture.said, [""; 0]);
        // 80 ms are 960 wide: 10 ms are 120, behind the names.
        assert!(
            picture.svg.contains("<rect class=\"runs\" x=\"252.00\" y=\"35.0\" width=\"48.00\""),
            "{}",
            picture.svg
        );
        assert!(picture.svg.contains("<title>audio, block 0: runs 10.000 to 14.000 ms, 4.000 ms</title>"));
        assert_eq!(picture.svg.matches("<rect class=\"runs\"").count(), 7);
        assert!(!picture.svg.contains("class=\"late\"") && !picture.svg.contains("class=\"wrong\""));
    }

    #[test]
    fn what_goes_wrong_much_later_has_a_picture_of_its_own() {
        let (at, around) = (1010 * MS, blocks(95, 105, Some(99)));
        let [start, wrong] = &of_audio(&timeline(blocks(0, 20, None), Some((at, around))))[..] else { panic!("two") };
        assert!(!start.svg.contains("class=\"late\""));
        assert_eq!(wrong.title, "Around what went wrong first, at 1010.000 ms: blocks 96 to 103, 960.0 to 1040.0 ms");
        assert_eq!(wrong.said, ["1010.000 ms: audio, block 99: done after it was due"]);
        assert!(wrong.svg.contains("<rect class=\"late\"") && wrong.svg.contains("class=\"first\""), "{}", wrong.svg);
    }

    #[test]
    fn what_goes_wrong_at_the_start_is_seen_there() {
        let events = blocks(0, 20, Some(2));
        let [only] = &of_audio(&timeline(events.clone(), Some((40 * MS, events))))[..] else { panic!("one picture") };
        assert_eq!(only.said.len(), 1);
    }

    #[test]
    fn lanes_with_long_deadlines_have_longer_pictures_and_crowded_ones_are_shorter() {
        let audio = task("audio", Some(10.0));
        let blocks_of = |tasks: &[Task], events: Vec<Event>| {
            let [picture] = &pictures(&timeline(events, None), tasks)[..] else { panic!("one picture") };
            picture.title.clone()
        };
        let slow = [audio.clone(), task("slow", Some(120.0))];
        assert_eq!(blocks_of(&slow, blocks(0, 100, None)), "From the start: blocks 0 to 23, 0.0 to 240.0 ms");
        let slower = [audio.clone(), task("slower", Some(5000.0))];
        assert_eq!(blocks_of(&slower, blocks(0, 100, None)), "From the start: blocks 0 to 31, 0.0 to 320.0 ms");
        // Something else that has a core a thousand times a block.
        let event = |at, what| Event { at, what, task: 0, block: 0 };
        let busy =
            (0..20_000).flat_map(|n| [event(n * MS / 100, What::Runs), event(n * MS / 100 + MS / 200, What::Done)]);
        assert_eq!(
            blocks_of(&[task("busy", None), audio], busy.collect()),
            "From the start: blocks 0 to 0, 0.0 to 10.0 ms"
        );
    }

    #[test]
    fn a_run_of_nothing_has_no_picture_and_one_of_a_moment_has() {
        assert_eq!(of_audio(&timeline(vec![], None)), []);
        assert_eq!(of_audio(&Timeline::default()), []);
        let moment = of_audio(&timeline(vec![Event { at: 0, what: What::Lost, task: 0, block: 0 }], None));
        assert_eq!(moment[0].said, ["0.000 ms: audio, block 0: its interrupt did not come"]);
        assert!(!moment[0].svg.contains("NaN") && !moment[0].svg.contains("inf"), "{}", moment[0].svg);
    }

    #[test]
    fn long_and_strange_names_are_cut_and_escaped() {
        let name = "<a & very long name of a lane>";
        let [picture] = &pictures(&timeline(blocks(0, 3, None), None), &[task(name, Some(10.0))])[..] else {
            panic!("one")
        };
        assert!(
            picture.svg.contains(">&lt;a &amp; very long na…<title>&lt;a &amp; very long name of a lane&gt;</title>"),
            "{}",
            picture.svg
        );
        assert!(!picture.svg.contains("<a"));
    }
}
