//! What is new in a scene: a scene holds the latest of everything, and so does the one before it.
use super::super::news::{fresh_events, fresh_gaps, fresh_notes};
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
        let events = fresh_events(&self.events, &scene.events).iter().cloned().map(News::Event);
        let gaps = fresh_gaps(&self.gaps, &scene.gaps).iter().cloned().map(News::Xrun);
        let notes = fresh_notes(&self.notes, &scene.notes).iter().cloned().map(News::Note);
        let mut news: Vec<News> = events.chain(gaps).chain(notes).collect();
        self.events.clone_from(&scene.events);
        self.gaps.clone_from(&scene.gaps);
        self.notes.clone_from(&scene.notes);
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
