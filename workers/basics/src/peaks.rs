//! `peaks`: scores to events.
use aw_sdk::*;

/// Turns the scores of a model into events: one when a score has risen to the threshold.
///
/// A label fires once when its score has been at or above the threshold for `min_frames` frames, and again only after
/// it was below. A rise within `hold_ms` of the label's last event counts as the same event. An event carries the number of
/// its label, the score, and the time of the frame in which it fired.
pub struct Peaks {
    /// Empty if the graph gives no labels: then every value makes events.
    labels: Vec<String>,
    threshold: f32,
    hold_ms: f64,
    min_frames: u32,
    /// Frames from an event of a label to the first that may fire again.
    hold: u32,
    scores: Vec<Score>,
    /// Found but not yet taken by the host, at most [`WAITING`].
    waiting: Vec<Event>,
}

/// One value of the frame, over time.
#[derive(Clone, Copy)]
struct Score {
    /// Its name is not empty: it makes events.
    named: bool,
    /// Frames at or above the threshold without a break.
    above: u32,
    /// This rise has not been answered yet.
    armed: bool,
    /// Frames left of the hold, this one included.
    held: u32,
}

impl Score {
    const fn new(named: bool) -> Self {
        Self { named, above: 0, armed: true, held: 0 }
    }

    /// Whether a frame makes an event, if there is room for one; a rise that finds none fires later.
    fn rises(&mut self, loud: bool, min_frames: u32, hold: u32, room: bool) -> bool {
        self.held = self.held.saturating_sub(1);
        let held = self.held > 0;
        if !loud {
            (self.above, self.armed) = (0, true);
            return false;
        }
        self.above = self.above.saturating_add(1);
        if !self.named || !self.armed || self.above < min_frames || (!held && !room) {
            return false;
        }
        self.armed = false;
        if !held {
            self.held = hold;
        }
        !held
    }
}

/// Most events that wait for the host.
const WAITING: usize = 256;

impl Worker for Peaks {
    const SPEC: Spec = Spec {
        id: c"peaks",
        summary: c"Makes an event when a score rises to a threshold: words, sounds, speech",
        ports: &[
            Port::input(c"in", Kind::FEATURES).doc(c"One score a label, one channel: what a classifier gives"),
            Port::output(c"events", Kind::EVENTS).doc(c"Label number, score, and time of the frame that fired"),
        ],
        params: &[
            Param::text(c"labels", c"").same_work().doc(
                c"Names of the scores, by commas: \"silence, yes, no\"; an empty name makes no events: \", yes, no\"",
            ),
            Param::float(c"threshold", 0.5).live().doc(c"A score at or above it makes an event"),
            Param::float(c"hold_ms", 500.0)
                .range(0.0, 600_000.0)
                .unit(c"ms")
                .same_work()
                .doc(c"After an event, rises of the same label are part of it for so long"),
            Param::int(c"min_frames", 1)
                .range(1.0, 100_000.0)
                .unit(c"frames")
                .same_work()
                .doc(c"Frames that a score must stay at or above the threshold without a break"),
        ],
        ..Spec::NEW
    };

    fn create(values: &Values) -> Result<Self> {
        let text = values.text("labels");
        let labels: Vec<String> = text.split(',').map(|label| label.trim().to_string()).collect();
        Ok(Self {
            labels: if text.trim().is_empty() { vec![] } else { labels },
            threshold: values.float("threshold") as f32,
            hold_ms: values.float("hold_ms"),
            min_frames: values.size("min_frames") as u32,
            hold: 0,
            scores: vec![],
            waiting: Vec::with_capacity(WAITING),
        })
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let format = setup.input("in")?;
        let (values, labels) = (format.width(), self.labels.len());
        if format.channels != 1 {
            return Err(format!("`in` has {} channels of scores, but events come from 1", format.channels).into());
        }
        if labels != 0 && labels != values {
            return Err(format!(
                "`labels` names {labels} scores, but a frame of `in` has {values}: name all; \
                 an empty name makes no events"
            )
            .into());
        }
        self.hold = (self.hold_ms * format.rate() / 1000.0).ceil() as u32;
        self.scores = (0..values).map(|i| Score::new(self.labels.get(i).is_none_or(|name| !name.is_empty()))).collect();
        self.waiting.clear();
        setup.moves("in", 1); // so that `Block::time` is the moment of that frame
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        for (label, (score, value)) in self.scores.iter_mut().zip(block.inputs.plane(0, 0)).enumerate() {
            let room = self.waiting.len() < WAITING;
            if score.rises(*value >= self.threshold, self.min_frames, self.hold, room) {
                self.waiting.push(Event { time: block.time(), label: label as u32, value: *value });
            }
        }
        if !block.outputs.is_empty() {
            let taken = block.outputs.events(0, &self.waiting);
            self.waiting.drain(..taken);
        } else {
            self.waiting.clear();
        }
    }

    fn set_param(&mut self, _threshold: &str, value: f64) {
        self.threshold = value as f32;
    }

    fn reset(&mut self) {
        self.waiting.clear();
        self.scores.iter_mut().for_each(|score| *score = Score::new(score.named));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::run_in_pieces;

    fn rig(params: &[(&str, Given)], values: u32) -> Result<Rig> {
        let scores = Format::audio(1, 50).carrying(Kind::FEATURES, values);
        Rig::new::<Peaks>(params, &[("in", scores)], &["events"])
    }

    /// Time and label of the events that scores make.
    fn heard(params: &[(&str, Given)], values: u32, scores: &[f32]) -> Vec<(u64, u32)> {
        let mut rig = rig(params, values).unwrap();
        rig.run(&[&[scores]]);
        rig.events().iter().map(|event| (event.time, event.label)).collect()
    }

    #[test]
    fn a_spoken_word_is_one_event_though_its_score_flickers() {
        let word = [0.1, 0.6, 0.9, 0.4, 0.8, 0.2, 0.1, 0.1];
        let later = [0.7, 0.7, 0.1];
        let spoken = [&word[..], &later].concat();
        // 100 ms at 50 frames a second is 5 frames: the flicker in frame 4 is part of the event of frame 1.
        assert_eq!(heard(&[("hold_ms", 100.0.into())], 1, &spoken), [(1, 0), (8, 0)]);
        assert_eq!(heard(&[("hold_ms", 0.0.into())], 1, &spoken), [(1, 0), (4, 0), (8, 0)]);
        let twice = [0.9, 0.1, 0.1, 0.1, 0.1, 0.9];
        assert_eq!(heard(&[("hold_ms", 100.0.into())], 1, &twice), [(0, 0), (5, 0)], "100 ms later is a new event");
        let steady = [("hold_ms", 0.0.into()), ("min_frames", 2.0.into())];
        assert_eq!(heard(&steady, 1, &spoken), [(2, 0), (9, 0)], "a single frame is no word");
    }

    #[test]
    fn labels_without_a_name_stay_silent_and_events_carry_their_score() {
        let mut rig = rig(&[("labels", ", yes, no".into())], 3).unwrap();
        rig.run(&[&[&[0.9, 0.0, 0.0, 0.1, 0.7, 0.6, 0.9, 0.0, 0.0]]]);
        let (yes, no) = (Event { time: 1, label: 1, value: 0.7 }, Event { time: 1, label: 2, value: 0.6 });
        assert_eq!(rig.events(), [yes, no]);
    }

    #[test]
    fn no_event_is_lost_when_the_host_has_little_room() {
        // 100 labels rise at once; the rig takes 64 events a call.
        let scores = [[1.0; 100], [0.0; 100]].concat();
        let times = heard(&[], 100, &scores);
        assert_eq!(times, (0..100).map(|label| (0, label)).collect::<Vec<_>>());
        // 800 labels rise, and 256 events may wait: the others fire in the frames that follow.
        let heard = heard(&[], 800, &[1.0; 800 * 20]);
        assert_eq!(heard.iter().filter(|(time, _)| *time == 0).count(), WAITING);
        let mut labels: Vec<u32> = heard.iter().map(|(_, label)| *label).collect();
        labels.sort_unstable();
        assert_eq!(labels, (0..800).collect::<Vec<_>>());
    }

    #[test]
    fn cutting_the_stream_changes_no_event() {
        let input = vec![vec![crate::trial::noise(7, 3000)]];
        let events = |piece| {
            let mut rig = rig(&[("hold_ms", 60.0.into()), ("threshold", 0.3.into())], 3).unwrap();
            run_in_pieces(&mut rig, &input, piece);
            rig.events()
        };
        assert!(events(1000).len() > 100);
        assert!([1, 7, 64].iter().all(|piece| events(*piece) == events(1000)));
    }

    #[test]
    fn the_threshold_is_live_and_reset_forgets_the_hold() {
        let mut rig = rig(&[], 1).unwrap();
        rig.set::<Peaks>("threshold", 0.8);
        rig.run(&[&[&[0.7, 0.9]]]);
        rig.reset();
        rig.run(&[&[&[0.9]]]);
        assert_eq!(rig.events().iter().map(|event| event.time).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn labels_that_do_not_fit_are_refused() {
        let said = rig(&[("labels", "yes, no".into())], 3).err().unwrap().0;
        assert!(said.contains("names 2 scores") && said.contains("has 3"), "{said}");
    }
}
