//! What is shown of a scene, and where the user's hand is. Pure: no terminal, no clock.
use super::look::Look;
use super::slider;
use crate::live::{Act, Param, Scene, Where};

/// What fills the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// A little of all.
    #[default]
    All,
    /// Every node with its numbers, and the parts of the latency.
    Graph,
    /// The spectrogram.
    Spectrum,
    /// The sliders.
    Params,
    /// Events, notes and gaps in the order of time.
    Log,
    /// What is wrong with the file that was saved last.
    Wrong,
}

impl Page {
    /// All, with their keys and names.
    pub const ALL: [(Page, char, &'static str); 6] = [
        (Page::All, '1', "all"),
        (Page::Graph, '2', "graph"),
        (Page::Spectrum, '3', "spectrum"),
        (Page::Params, '4', "sliders"),
        (Page::Log, '5', "log"),
        (Page::Wrong, '6', "file"),
    ];
}

/// What is shown of a scene, and where the user's hand is.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// What the terminal can show.
    pub look: Look,
    /// What fills the screen.
    pub page: Page,
    /// The keys are shown.
    pub help: bool,
    pub(super) picked: Option<Where>,
    /// Lines scrolled off: at the top, or of the log at the bottom.
    pub(super) scroll: usize,
    pub(super) entry: Option<Entry>,
    /// A line of the view itself, until the next key.
    pub(super) hint: Option<String>,
    pub(super) asked: Option<Asked>,
}

/// A line that is being typed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub what: Typing,
    pub text: String,
    /// Why what was typed was not taken.
    pub refused: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Typing {
    Value(Where),
    Save,
    Load,
}

/// The value last asked for; the scene shows it a little later.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    at: Where,
    value: f64,
    time: f64,
}

/// Seconds in which a value that was asked for may not show yet, as it has still to travel and to be reached.
const SETTLES: f64 = 0.3;

impl View {
    /// A view for such a terminal.
    pub fn new(look: Look) -> Self {
        Self { look, ..Self::default() }
    }

    /// The slider under the hand: the one picked, or the first.
    pub(super) fn slider<'s>(&self, scene: &'s Scene) -> Option<(usize, &'s Param)> {
        let picked = |param: &&Param| Some(&param.at) == self.picked.as_ref();
        let at = scene.params.iter().position(|param| picked(&param)).unwrap_or(0);
        scene.params.get(at).map(|param| (at, param))
    }

    /// Picks the next slider, or the one before; round and round.
    pub(super) fn pick(&mut self, scene: &Scene, forward: bool) {
        let count = scene.params.len();
        if let Some((at, _)) = self.slider(scene) {
            let next = if forward { at + 1 } else { at + count - 1 } % count;
            self.picked = Some(scene.params[next].at.clone());
        }
    }

    /// The value from which the next step goes: keys come faster than scenes.
    pub(super) fn from(&self, scene: &Scene, param: &Param) -> f64 {
        match &self.asked {
            Some(asked) if asked.at == param.at && (scene.time - asked.time).abs() < SETTLES => asked.value,
            _ => param.value,
        }
    }

    /// Asks for a value; remembers that it did.
    pub(super) fn ask(&mut self, scene: &Scene, param: &Param, value: f64) -> Act {
        self.asked = Some(Asked { at: param.at.clone(), value, time: scene.time });
        Act::Set {
            node: param.at.node.clone(),
            param: param.at.param.clone(),
            value: slider::shown(param, value),
            ramp_ms: if param.choices.is_empty() && !param.whole { RAMP_MS } else { 0.0 },
        }
    }
}

/// Long enough that a step makes no click, short enough to feel at once.
const RAMP_MS: f64 = 30.0;
