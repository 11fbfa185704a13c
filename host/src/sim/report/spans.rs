//! From events to who had a core when: what the picture is drawn from.
use super::super::clock::Ps;
use super::super::trace::{Event, What};
use std::collections::VecDeque;

/// A task had a core, or waited for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Whose.
    pub task: usize,
    /// Which of both, and how it ended.
    pub is: Is,
    /// Since when.
    pub from: Ps,
    /// Until when.
    pub to: Ps,
    /// For which block.
    pub block: u64,
}

/// What a bar says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Is {
    /// A core works at it.
    Runs,
    /// The same, and what comes of it is late.
    Late,
    /// It is ready, and no core is free for it.
    Waits,
}

/// There was something to do, until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// For whom.
    pub task: usize,
    /// Since when.
    pub at: Ps,
    /// Until when; `None` if nobody waits for it.
    pub due: Option<Ps>,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spans {
    /// By their ends.
    pub bars: Vec<Bar>,
    /// In their order.
    pub releases: Vec<Release>,
    /// Events that are no everyday ones.
    pub marks: Vec<Event>,
}

/// Who of several tasks had a core when. `deadlines`: of each task, after its block was there; of something else none.
/// `block`: how long a block is. `whole`: nothing happened before the first event.
pub fn spans(events: &[Event], deadlines: &[Option<Ps>], block: Ps, whole: bool) -> Spans {
    let Some((first, last)) = events.first().zip(events.last()) else { return Spans::default() };
    let row = Row { since: if whole { Since::Idle } else { Since::Before(first.at, None) }, block: 0 };
    let mut watch = Watch {
        rows: vec![row; deadlines.len()],
        deadlines,
        audio: deadlines.iter().position(Option::is_some),
        block,
        heard: VecDeque::new(),
        there: first.at - first.at % block.max(1),
        spans: Spans::default(),
    };
    events.iter().for_each(|event| watch.see(event));
    watch.end(last.at);
    watch.spans
}

/// What a task is at, and since when.
#[derive(Clone, Copy)]
enum Since {
    /// Nothing was seen of it since the first event, but that there was something to do.
    Before(Ps, Option<Ps>),
    Idle,
    Waits(Ps),
    Runs(Ps),
}

#[derive(Clone, Copy)]
struct Row {
    since: Since,
    block: u64,
}

struct Watch<'e> {
    rows: Vec<Row>,
    deadlines: &'e [Option<Ps>],
    /// The first task with a deadline: what is before it is something else.
    audio: Option<usize>,
    block: Ps,
    /// When the blocks were there that the audio task has not answered yet.
    heard: VecDeque<Ps>,
    /// When the one was there that it answered last.
    there: Ps,
    spans: Spans,
}

impl Watch<'_> {
    fn see(&mut self, event: &Event) {
        let task = event.task as usize;
        if task >= self.rows.len() {
            return;
        }
        match event.what {
            What::Released => self.released(task, event),
            What::Runs => match self.rows[task].since {
                Since::Runs(_) => {} // it goes on beside another
                _ => self.turns(task, event, Since::Runs(event.at)),
            },
            What::Waits => self.turns(task, event, Since::Waits(event.at)),
            What::Idle => self.turns(task, event, Since::Idle),
            What::Done | What::Late => {
                // With more to do it goes on at once, and with nothing it is idle: either is said next.
                self.turns(task, event, Since::Runs(event.at));
                self.answered(task);
            }
            What::Overrun => {
                self.turns(task, event, Since::Idle);
                self.answered(task);
            }
            What::Lost | What::Gone | What::Missed | What::Full | What::Anew => {}
        }
        if !matches!(event.what, What::Released | What::Runs | What::Waits | What::Done | What::Idle) {
            self.spans.marks.push(*event);
        }
    }

    fn released(&mut self, task: usize, event: &Event) {
        let mut there = self.there;
        if Some(task) == self.audio {
            // The interrupt may come late; when the answer is due hangs from the block.
            there = (event.block + 1).saturating_mul(self.block);
            self.heard.push_back(there);
        }
        let due = self.deadlines[task].map(|deadline| there.saturating_add(deadline));
        self.spans.releases.push(Release { task, at: event.at, due });
        match &mut self.rows[task].since {
            Since::Idle => self.turns(task, event, Since::Waits(event.at)),
            Since::Before(_, released) => *released = released.or(Some(event.at)),
            Since::Waits(_) | Since::Runs(_) => {}
        }
    }

    /// The audio task is through with a block.
    fn answered(&mut self, task: usize) {
        if Some(task) == self.audio
            && let Some(there) = self.heard.pop_front()
        {
            self.there = there;
        }
    }

    /// From now on it does something else.
    fn turns(&mut self, task: usize, event: &Event, to: Since) {
        let bar = match self.rows[task].since {
            // What ends now ran before: the events begin in the middle of it.
            Since::Before(from, _) if matches!(event.what, What::Waits | What::Done | What::Late) => {
                Some((Is::Runs, from))
            }
            Since::Before(_, Some(released)) if event.what != What::Idle => Some((Is::Waits, released)),
            Since::Before(..) | Since::Idle => None,
            Since::Waits(from) => Some((Is::Waits, from)),
            Since::Runs(from) => Some((Is::Runs, from)),
        };
        self.rows[task] = Row { since: to, block: event.block };
        if let Some((is, from)) = bar.filter(|(_, from)| *from < event.at) {
            self.spans.bars.push(Bar { task, is, from, to: event.at, block: event.block });
        }
    }

    /// Nothing more is known: of what is still under way, and of what came too late.
    fn end(&mut self, at: Ps) {
        for (task, row) in self.rows.iter().enumerate() {
            let bar = match row.since {
                Since::Waits(from) => Some((Is::Waits, from)),
                Since::Runs(from) => Some((Is::Runs, from)),
                Since::Before(..) | Since::Idle => None,
            };
            if let Some((is, from)) = bar.filter(|(_, from)| *from < at) {
                self.spans.bars.push(Bar { task, is, from, to: at, block: row.block });
            }
        }
        for mark in self.spans.marks.iter().filter(|mark| matches!(mark.what, What::Late | What::Missed)) {
            let of_job =
                |bar: &&mut Bar| (bar.task, bar.block) == (mark.task as usize, mark.block) && bar.is == Is::Runs;
            self.spans.bars.iter_mut().filter(of_job).for_each(|bar| bar.is = Is::Late);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use What::*;

    const MS: Ps = 1_000_000_000;

    /// Something else, the audio task, a lane; blocks of 10 ms, two buffers, and a lane that has two blocks.
    const DEADLINES: [Option<Ps>; 3] = [None, Some(10 * MS), Some(20 * MS)];

    fn seen(events: &[(u64, What, u32, u64)], whole: bool) -> Spans {
        let event = |&(ms, what, task, block): &(u64, What, u32, u64)| Event { at: ms * MS, what, task, block };
        spans(&events.iter().map(event).collect::<Vec<_>>(), &DEADLINES, 10 * MS, whole)
    }

    /// "task is from-to of block" of each bar.
    fn bars(spans: &Spans) -> Vec<String> {
        let bar = |bar: &Bar| format!("{} {:?} {}-{} of {}", bar.task, bar.is, bar.from / MS, bar.to / MS, bar.block);
        spans.bars.iter().map(bar).collect()
    }

    #[test]
    fn a_lane_works_between_blocks_and_waits_while_the_audio_task_has_the_core() {
        let spans = seen(
            &[
                (10, Released, 1, 0),
                (10, Runs, 1, 0),
                (13, Done, 1, 0),
                (13, Released, 2, 0),
                (13, Idle, 1, 0),
                (13, Runs, 2, 0),
                (20, Released, 1, 1),
                (20, Waits, 2, 0),
                (20, Runs, 1, 1),
                (23, Done, 1, 1),
                (23, Released, 2, 1),
                (23, Idle, 1, 0),
                (23, Runs, 2, 0),
                (26, Done, 2, 0),
                (28, Done, 2, 1),
                (28, Idle, 2, 0),
            ],
            true,
        );
        let wanted = [
            "1 Runs 10-13 of 0",
            "2 Runs 13-20 of 0",
            "1 Runs 20-23 of 1",
            "2 Waits 20-23 of 0",
            "2 Runs 23-26 of 0",
            "2 Runs 26-28 of 1",
        ];
        assert_eq!(bars(&spans), wanted);
        assert_eq!(spans.marks, []);
        // Of the audio task a block later; of the lane two blocks after its block was there, not after it was told so.
        let due: Vec<_> = spans.releases.iter().map(|r| (r.task, r.at / MS, r.due.map(|due| due / MS))).collect();
        assert_eq!(due, [(1, 10, Some(20)), (2, 13, Some(30)), (1, 20, Some(30)), (2, 23, Some(40))]);
    }

    #[test]
    fn all_pieces_of_a_late_job_are_late_and_the_next_is_not() {
        let spans = seen(
            &[
                (10, Released, 1, 0),
                (10, Runs, 1, 0),
                (15, Waits, 1, 0),
                (15, Runs, 0, 0),
                (18, Done, 0, 0),
                (18, Idle, 0, 0),
                (18, Runs, 1, 0),
                (20, Released, 1, 1),
                (22, Late, 1, 0),
                (25, Done, 1, 1),
                (25, Idle, 1, 0),
            ],
            true,
        );
        let of_audio: Vec<_> = bars(&spans).into_iter().filter(|bar| bar.starts_with('1')).collect();
        // It goes on with the next block at once, though nothing says that it runs: it never stopped.
        assert_eq!(of_audio, ["1 Late 10-15 of 0", "1 Waits 15-18 of 0", "1 Late 18-22 of 0", "1 Runs 22-25 of 1"]);
        assert_eq!(spans.marks.iter().map(|mark| mark.what).collect::<Vec<_>>(), [Late]);
    }

    #[test]
    fn what_was_missed_is_late_before_it_is_done() {
        let spans = seen(&[(13, Released, 2, 0), (13, Runs, 2, 0), (30, Missed, 2, 0), (40, Released, 1, 3)], true);
        assert_eq!(bars(&spans), ["2 Late 13-40 of 0"]);
    }

    #[test]
    fn a_block_that_was_never_begun_waited_and_got_no_core() {
        let spans = seen(&[(10, Released, 1, 0), (25, Overrun, 1, 0), (30, Runs, 1, 0), (32, Done, 1, 0)], true);
        assert_eq!(bars(&spans), ["1 Waits 10-25 of 0", "1 Runs 30-32 of 0"]);
        assert_eq!(spans.marks.len(), 1);
    }

    #[test]
    fn a_job_with_nothing_to_do_has_no_bar() {
        let spans = seen(&[(13, Runs, 2, 0), (13, Idle, 2, 0), (20, Runs, 2, 1), (22, Done, 2, 1)], true);
        assert_eq!(bars(&spans), ["2 Runs 20-22 of 1"]);
    }

    #[test]
    fn events_that_begin_in_the_middle_show_what_was_under_way() {
        let events =
            [(100, Released, 1, 9), (104, Done, 2, 7), (104, Idle, 2, 0), (105, Runs, 1, 9), (108, Done, 1, 9)];
        assert_eq!(bars(&seen(&events, false)), ["2 Runs 100-104 of 7", "1 Waits 100-105 of 9", "1 Runs 105-108 of 9"]);
        // Before a start there is nothing.
        assert_eq!(bars(&seen(&events, true)), ["1 Waits 100-105 of 9", "1 Runs 105-108 of 9"]);
        // One that had a core all the while does not wait for what comes next.
        let events = [(100, Idle, 0, 0), (102, Released, 1, 9), (104, Done, 1, 8), (108, Done, 1, 9)];
        assert_eq!(bars(&seen(&events, false)), ["1 Runs 100-104 of 8", "1 Runs 104-108 of 9"]);
    }

    #[test]
    fn nothing_comes_of_nothing_and_of_tasks_that_nobody_knows() {
        assert_eq!(seen(&[], true), Spans::default());
        assert_eq!(seen(&[(1, Released, 7, 0), (2, Runs, 7, 0), (3, Late, 7, 0)], false), Spans::default());
    }
}
