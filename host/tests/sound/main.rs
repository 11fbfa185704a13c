//! Streams on simulated cards: sound, time, and every kind of trouble.
#![allow(clippy::unwrap_used)] // helpers of tests, too

mod faults; // every kind of trouble
mod play; //   sound and time

use aw_host::sound::simulated::{CardScript, Pace, Script, SideScript, Simulated};
use aw_host::sound::{Card, Direction, Host, Moment, Stream, Trouble, Wish, open_input, open_output};
use std::sync::{Arc, Mutex};

/// A card called `card`, with a sine of 440 Hz at its input and memory at its output.
fn card() -> CardScript {
    let side = SideScript { channels: Some(1), block: Some(128), ..SideScript::default() };
    let input = SideScript { sine: Some(440.0), ..side.clone() };
    let (id, name) = ("card".to_string(), "A card".to_string());
    CardScript { id, name, rate: Some(48000), input: Some(input), output: Some(side), ..CardScript::default() }
}

fn by_hand(cards: Vec<CardScript>) -> Script {
    Script { pace: Pace::Hand, cards, ..Script::default() }
}

fn world(script: &Script) -> (Simulated, Host) {
    let world = Simulated::new(script).unwrap();
    let host = Host::simulated(&world);
    (world, host)
}

type Blocks = Vec<(Moment, Vec<f32>)>;

/// What an input has heard.
#[derive(Clone, Default)]
struct Heard {
    blocks: Arc<Mutex<Blocks>>,
    troubles: Arc<Mutex<Vec<Trouble>>>,
}

impl Heard {
    fn samples(&self) -> Vec<f32> {
        self.blocks.lock().unwrap().iter().flat_map(|(_, samples)| samples.clone()).collect()
    }

    fn moments(&self) -> Vec<Moment> {
        self.blocks.lock().unwrap().iter().map(|(moment, _)| *moment).collect()
    }

    fn troubles(&self) -> Vec<Trouble> {
        self.troubles.lock().unwrap().clone()
    }
}

fn listen(card: &Card, wish: Wish) -> (Stream, Heard) {
    let heard = Heard::default();
    let (blocks, troubles) = (heard.blocks.clone(), heard.troubles.clone());
    let run = move |samples: &[f32], moment: Moment| blocks.lock().unwrap().push((moment, samples.to_vec()));
    let stream = open_input(card, wish, run, move |trouble| troubles.lock().unwrap().push(trouble)).unwrap();
    stream.start().unwrap();
    (stream, heard)
}

/// Plays 1, 2, 3 … in steps of 1/1024, so that every sample is known.
fn count(card: &Card) -> (Stream, Heard) {
    let heard = Heard::default();
    let (blocks, troubles) = (heard.blocks.clone(), heard.troubles.clone());
    let mut number = 0;
    let run = move |samples: &mut [f32], moment: Moment| {
        for sample in samples.iter_mut() {
            number += 1;
            *sample = number as f32 / 1024.0;
        }
        blocks.lock().unwrap().push((moment, samples.to_vec()));
    };
    let trouble = move |trouble| troubles.lock().unwrap().push(trouble);
    let stream = open_output(card, Wish::default(), run, trouble).unwrap();
    stream.start().unwrap();
    (stream, heard)
}

fn input(host: &Host) -> Card {
    host.default(Direction::Input).unwrap()
}

fn output(host: &Host) -> Card {
    host.default(Direction::Output).unwrap()
}
