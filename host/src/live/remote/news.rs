//! What is new in a scene: a scene holds the latest of everything, and so does the one before it.
use super::super::scene::{Happening, Note, Scene, Where, Xrun};
use std::collections::BTreeMap;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// An event of the graph.
    Event(Happening),
    /// A gap in the sound.
    Xrun(Xrun),
    /// Something that the user should know.
    Note(Note),
    /// A live parameter has another value.
    Param(Where, f64),
}

/// What has been seen.
#[derive(Default)]
pub struct Seen {
    events: Vec<Happening>,
    gaps: Vec<Xrun>,
    notes: Vec<Note>,
    params: BTreeMap<Where, f64>,
}

impl Seen {
    /// What was not seen before, by kind, oldest first.
    pub fn news(&mut self, scene: &Scene) -> Vec<News> {
        let events = fresh(&mut self.events, &scene.events).into_iter().map(News::Event);
        let gaps = fresh(&mut self.gaps, &scene.gaps).into_iter().map(News::Xrun);
        let notes = fresh(&mut self.notes, &scene.notes).into_iter().map(News::Note);
        let mut news: Vec<News> = events.chain(gaps).chain(notes).collect();
        for param in &scene.params {
            match self.params.get_mut(&param.at) {
                Some(value) if *value == param.value => {}
                Some(value) => {
                    *value = param.value;
                    news.push(News::Param(param.at.clone(), param.value));
                }
                None => drop(self.params.insert(param.at.clone(), param.value)),
            }
        }
        news
    }
}

/// What was appended: all behind the longest end of the old list that the new one begins with.
fn fresh<T: Clone + PartialEq>(old: &mut Vec<T>, new: &[T]) -> Vec<T> {
    let overlaps = |from: &usize| new.starts_with(&old[*from..]);
    let common = (0..=old.len()).find(overlaps).map_or(0, |from| old.len() - from);
    let fresh = new[common..].to_vec();
    if !fresh.is_empty() || old.len() != new.len() {
        *old = new.to_vec();
    }
    fresh
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_is_told_twice_and_none_is_lost() {
        // A list of the latest five, seen after every third.
        let happened: Vec<u32> = vec![1, 2, 2, 2, 3, 1, 2, 2, 2, 2, 2, 4, 5, 1, 2];
        let (mut old, mut told) = (vec![], vec![]);
        for end in (0..=happened.len()).step_by(3) {
            told.extend(fresh(&mut old, &happened[end.saturating_sub(5)..end]));
        }
        // Five of the same are not to be told from five of the same: events have times.
        assert_eq!(told.iter().filter(|x| **x != 2).copied().collect::<Vec<_>>(), [1, 3, 1, 4, 5, 1]);

        let happened: Vec<u32> = (0..100).collect();
        for step in 1..=5 {
            let (mut old, mut told) = (vec![], vec![]);
            for end in (0..=100usize).step_by(step) {
                told.extend(fresh(&mut old, &happened[end.saturating_sub(5)..end]));
            }
            assert_eq!(told, happened[..100 - 100 % step], "steps of {step}");
        }
    }

    #[test]
    fn a_list_that_was_cleared_begins_anew() {
        let mut old = vec![];
        assert_eq!(fresh(&mut old, &[1, 2, 3]), [1, 2, 3]);
        assert_eq!(fresh(&mut old, &[]), Vec::<i32>::new());
        assert_eq!(fresh(&mut old, &[1]), [1]);
        assert_eq!(fresh(&mut old, &[1]), Vec::<i32>::new());
        assert_eq!(fresh(&mut old, &[7, 8]), [7, 8]);
    }
}
