//! What a user asks of a graph that plays: by a key, through a socket, by OSC.
use super::scene::Deck;
use std::path::PathBuf;

/// What a user asks of a graph that plays.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Hear the input as it is, as late as the graph would be, or the graph again.
    Bypass(bool),
    /// Hear nothing, or all again.
    Mute(bool),
    /// Hear one of two graphs; `X` is one of them, and which is not told.
    Hear(Deck),
    /// In a blind test: `X` is believed to be this one. Another `X` is drawn.
    Guess(Deck),
    /// Begin a blind test anew, or end it and see what the others are.
    Blind(bool),
    /// A live parameter takes a value, over so many milliseconds.
    Set {
        /// The node.
        node: String,
        /// Its parameter.
        param: String,
        /// As it would stand in the graph file.
        value: String,
        /// How long it takes to get there; 0 is at once.
        ramp_ms: f64,
    },
    /// All live parameters take the values of a preset file.
    Load(PathBuf),
    /// The live parameters are written to a preset file.
    Save(PathBuf),
    /// Read the graph file, its models and its workers anew.
    Reload,
    /// Measure how long the sound takes from the loudspeaker back to the microphone: a burst of noise is heard.
    Measure,
    /// Write the last 30 seconds to a folder that another machine can replay.
    Dump,
    /// Forget peaks, misses and xruns counted so far.
    Clear,
    /// End.
    Quit,
}
