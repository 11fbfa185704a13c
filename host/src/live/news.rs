//! What is new in a scene, against the one before it.
//!
//! The lists of a scene are windows on what happened: they lose at the front and grow at the back. What is new is what
//! comes after the longest end of the old list that the new one begins with; nothing is told twice, and nothing is lost as
//! long as the lists hold what comes between two scenes.
use super::{Happening, Hearing, Load, Note, Param, Port, Scene, Where, Xrun};

/// Something new.
#[derive(Clone, Debug, PartialEq)]
pub enum News<'s> {
    /// An event of the graph.
    Event(&'s Happening),
    /// A note.
    Note(&'s Note),
    /// A gap in the sound.
    Xrun(&'s Xrun),
    /// So many gaps more than the scene lists.
    Xruns(u64),
    /// A node was late, or did what it should not: so many times more than before.
    Strain(Strain<'s>),
    /// A node is left out from now on.
    Failed(&'s Load),
    /// A device is waited for, or is there again.
    Waits(&'s Port),
    /// Samples at or beyond full scale, more than before.
    Clipped {
        /// Where.
        port: &'s Port,
        /// Which channel, from 1.
        channel: usize,
        /// How many more.
        more: u64,
    },
    /// What is heard has changed.
    Hearing(&'s Hearing),
    /// A live parameter has another value, and stays there.
    Param(&'s Param),
    /// The round trip was measured, in milliseconds.
    RoundTrip(f64),
    /// What is wrong with the file that was saved last; nothing, if it is right again.
    File(Option<&'s str>),
}

/// What a node did that it should not, since the scene before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strain<'s> {
    /// The node, with all that it did so far.
    pub load: &'s Load,
    /// Answers that were not there when due.
    pub missed: u64,
    /// Times it asked for memory.
    pub allocations: u64,
    /// Page faults.
    pub faults: u64,
    /// Times it slept.
    pub sleeps: u64,
}

/// Finds what is new from scene to scene.
#[derive(Clone, Debug, Default)]
pub struct Differ {
    /// The scene before.
    before: Option<Scene>,
    /// The scene up to which counters were told.
    counted: Scene,
    /// Parameters that were told, with the value that was.
    told: Vec<(Where, f64)>,
}

impl Differ {
    /// Nothing was told yet: the first scene tells all it lists and counts, but not what is heard and set.
    pub fn new() -> Self {
        Self::default()
    }

    /// What is new, in the order of time as far as it has one; the scene counts as told then. Counters that go up all the
    /// time, [`News::Strain`] and [`News::Clipped`], are told with `counters` only, and then from when they were last.
    pub fn news<'s>(&mut self, scene: &'s Scene, counters: bool) -> Vec<News<'s>> {
        let first = self.before.is_none();
        let old = self.before.take().unwrap_or_default();
        let mut news = timed(&old, scene);
        for (old, new) in [(&old.inputs, &scene.inputs), (&old.outputs, &scene.outputs)] {
            let waits = |port: &&Port| {
                let before = old.iter().find(|old| old.name == port.name);
                before.and_then(|old| old.waits.as_ref()) != port.waits.as_ref()
            };
            news.extend(new.iter().filter(waits).map(News::Waits));
        }
        let failed = |load: &&Load| {
            let before = old.loads.iter().find(|old| old.node == load.node);
            load.failed.is_some() && before.is_none_or(|old| old.failed != load.failed)
        };
        news.extend(scene.loads.iter().filter(failed).map(News::Failed));
        if counters {
            news.extend(counts(&self.counted, scene));
        }
        if old.wrong != scene.wrong {
            news.push(News::File(scene.wrong.as_deref()));
        }
        if !first && old.hearing != scene.hearing {
            news.push(News::Hearing(&scene.hearing));
        }
        if old.round_trip_ms.map(f64::to_bits) != scene.round_trip_ms.map(f64::to_bits) {
            news.extend(scene.round_trip_ms.map(News::RoundTrip));
        }
        news.extend(settled(&mut self.told, &old, scene));
        let kept = || Scene { spectrum: Default::default(), ..scene.clone() };
        self.before = Some(kept());
        if counters {
            self.counted = kept();
        }
        news
    }
}

/// What happened at a time, and gaps of which no more is known than that they were.
fn timed<'s>(old: &Scene, scene: &'s Scene) -> Vec<News<'s>> {
    let events = fresh_events(&old.events, &scene.events);
    let notes = fresh_notes(&old.notes, &scene.notes);
    let gaps = fresh_gaps(&old.gaps, &scene.gaps);
    let mut timed: Vec<(f64, News)> = events.iter().map(|event| (event.time, News::Event(event))).collect();
    timed.extend(notes.iter().map(|note| (note.time, News::Note(note))));
    timed.extend(gaps.iter().map(|gap| (gap.time, News::Xrun(gap))));
    timed.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut news: Vec<News> = timed.into_iter().map(|(_, news)| news).collect();
    let unlisted = more(old.xruns, scene.xruns).saturating_sub(gaps.len() as u64);
    news.extend((unlisted > 0).then_some(News::Xruns(unlisted)));
    news
}

/// What went up.
fn counts<'s>(old: &Scene, scene: &'s Scene) -> Vec<News<'s>> {
    let mut news = vec![];
    for (old, new) in [(&old.inputs, &scene.inputs), (&old.outputs, &scene.outputs)] {
        for port in new {
            let old = old.iter().find(|old| old.name == port.name);
            let clipped = |at: usize| old.and_then(|old| old.meters.get(at)).map_or(0, |old| old.clipped);
            let channels = port.meters.iter().enumerate();
            let mores = channels.map(|(at, meter)| (at + 1, more(clipped(at), meter.clipped)));
            news.extend(mores.filter(|(_, more)| *more > 0).map(|(channel, more)| News::Clipped {
                port,
                channel,
                more,
            }));
        }
    }
    let strain = |load: &'s Load| strain(old.loads.iter().find(|old| old.node == load.node), load);
    news.extend(scene.loads.iter().filter_map(strain).map(News::Strain));
    news
}

/// Equal, and NaN equals itself.
fn same(one: f64, other: f64) -> bool {
    one.to_bits() == other.to_bits()
}

/// Events that the old list does not have.
pub(super) fn fresh_events<'s>(old: &[Happening], new: &'s [Happening]) -> &'s [Happening] {
    let same_value = |one: &Happening, other: &Happening| same(one.time, other.time) && same(one.value, other.value);
    fresh(old, new, |one, other| same_value(one, other) && one.output == other.output && one.label == other.label)
}

/// Notes that the old list does not have.
pub(super) fn fresh_notes<'s>(old: &[Note], new: &'s [Note]) -> &'s [Note] {
    fresh(old, new, |one, other| same(one.time, other.time) && one.text == other.text)
}

/// Gaps that the old list does not have.
pub(super) fn fresh_gaps<'s>(old: &[Xrun], new: &'s [Xrun]) -> &'s [Xrun] {
    fresh(old, new, |one, other| same(one.time, other.time) && one.whose == other.whose)
}

/// What the new list has beyond the longest end of the old one with which it begins.
fn fresh<'s, T>(old: &[T], new: &'s [T], same: impl Fn(&T, &T) -> bool) -> &'s [T] {
    let begins =
        |kept: &usize| *kept <= new.len() && old[old.len() - kept..].iter().zip(new).all(|(old, new)| same(old, new));
    let kept = (0..=old.len()).rev().find(begins).unwrap_or(0);
    &new[kept..]
}

/// How much a counter went up; one that is lower than before was cleared meanwhile.
fn more(old: u64, new: u64) -> u64 {
    if new >= old { new - old } else { new }
}

fn strain<'s>(old: Option<&Load>, load: &'s Load) -> Option<Strain<'s>> {
    let grown = |of: fn(&Load) -> u64| more(old.map_or(0, of), of(load));
    let strain = Strain {
        load,
        missed: grown(|load| load.missed),
        allocations: grown(|load| load.allocations),
        faults: grown(|load| load.faults),
        sleeps: grown(|load| load.sleeps),
    };
    (strain.missed + strain.allocations + strain.faults + strain.sleeps > 0).then_some(strain)
}

/// Parameters that have come to rest at another value than was told; one on its way is not told at every step.
fn settled<'s>(told: &mut Vec<(Where, f64)>, old: &Scene, scene: &'s Scene) -> Vec<News<'s>> {
    let mut news = vec![];
    for param in &scene.params {
        let rests = old.params.iter().any(|old| old.at == param.at && same(old.value, param.value));
        match told.iter_mut().find(|(at, _)| *at == param.at) {
            None => told.push((param.at.clone(), param.value)),
            Some((_, value)) if rests && !same(*value, param.value) => {
                *value = param.value;
                news.push(News::Param(param));
            }
            Some(_) => {}
        }
    }
    news
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(time: f64, label: &str) -> Happening {
        Happening { time, label: label.into(), value: f64::NAN, ..Happening::default() }
    }

    /// A graph that makes events in bursts, of which a scene lists the last four.
    #[test]
    fn every_event_is_told_once() {
        let all: Vec<_> =
            (0..40).map(|number| event(f64::from(number / 3), ["on", "off"][number as usize % 2])).collect();
        let mut differ = Differ::new();
        let mut told = vec![];
        let mut made = 0;
        for burst in [0, 1, 4, 0, 3, 2, 4, 4, 1, 0, 4] {
            made += burst;
            let scene = Scene { events: all[made.max(4) - 4..made].to_vec(), ..Scene::default() };
            told.extend(differ.news(&scene, true).into_iter().filter_map(|news| match news {
                News::Event(event) => Some((event.time, event.label.clone())),
                _ => None,
            }));
        }
        let wanted: Vec<_> = all[..made].iter().map(|event| (event.time, event.label.clone())).collect();
        assert_eq!(told, wanted);
    }

    #[test]
    fn counters_that_were_cleared_begin_anew() {
        let scene =
            |missed| Scene { loads: vec![Load { node: "mask".into(), missed, ..Load::default() }], ..Scene::default() };
        let mut differ = Differ::new();
        let mut missed = |count| match differ.news(&scene(count), true)[..] {
            [News::Strain(strain)] => strain.missed,
            _ => 0,
        };
        assert_eq!([3, 3, 5, 0, 1].map(&mut missed), [3, 0, 2, 0, 1]);
    }

    #[test]
    fn counters_that_wait_to_be_told_are_not_lost() {
        let scene = |allocations| Scene { loads: vec![Load { allocations, ..Load::default() }], ..Scene::default() };
        let mut differ = Differ::new();
        let mut told = |(count, counters)| match differ.news(&scene(count), counters)[..] {
            [News::Strain(strain)] => strain.allocations,
            _ => 0,
        };
        assert_eq!([(1, true), (5, false), (9, false), (10, true), (10, true)].map(&mut told), [1, 0, 0, 9, 0]);
    }

    #[test]
    fn gaps_that_the_scene_does_not_list_are_counted() {
        let gap = Xrun { time: 1.0, ..Xrun::default() };
        let scene = Scene { xruns: 12, gaps: vec![gap.clone()], ..Scene::default() };
        assert_eq!(Differ::new().news(&scene, true), [News::Xrun(&gap), News::Xruns(11)]);
    }

    #[test]
    fn a_ramp_is_told_when_it_has_arrived() {
        let scene = |value| Scene { params: vec![Param { value, ..Param::default() }], ..Scene::default() };
        let mut differ = Differ::new();
        let mut count = |value| differ.news(&scene(value), true).len();
        assert_eq!([0.0, 0.3, 0.6, 1.0, 1.0, 1.0].map(&mut count), [0, 0, 0, 0, 1, 0]);
    }
}
