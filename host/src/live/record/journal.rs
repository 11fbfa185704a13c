//! `session.jsonl`: what happened, a line each, in an order in which it can be done again.
use super::super::player::{DECKS, Order, Piece};
use crate::control::Sent;
use crate::render::{Fact, What};
use serde::{Deserialize, Serialize};

/// The name of the file.
pub const FILE: &str = "session.jsonl";
/// How it is written; another number is not understood.
pub const VERSION: u32 = 1;

/// A line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// The first line.
    Start(Start),
    /// A graph that is played from now on, or soon.
    Graph(Copied),
    /// A graph begins on a deck, unheard.
    Insert {
        /// The deck, by a number that none had before.
        deck: u32,
        /// Where the player has it.
        slot: usize,
        /// Which graph.
        graph: u32,
        /// Frames that it is later than it has to be.
        later: usize,
    },
    /// A deck ends.
    Remove {
        /// Where the player had it.
        slot: usize,
    },
    /// How loud each deck and the sound that came in are heard from now on.
    Hear {
        /// By slot.
        decks: [f32; DECKS],
        /// The sound that came in.
        dry: f32,
        /// Frames in which they go there.
        frames: u32,
    },
    /// By how many frames the sound that came in is later.
    Later {
        /// So many.
        frames: usize,
    },
    /// A burst goes out, to measure the way back.
    Measure {},
    /// A live parameter.
    Set {
        /// The deck.
        deck: u32,
        /// What it was told.
        #[serde(flatten)]
        sent: Sent,
    },
    /// A deck goes over to another graph.
    Change {
        /// The deck.
        deck: u32,
        /// The graph.
        graph: u32,
        /// Nodes that did not survive, though nothing is written otherwise.
        anew: Vec<String>,
    },
    /// Something that the clock decided on a deck.
    Fact {
        /// The deck.
        deck: u32,
        /// Blocks that it had rendered.
        block: u64,
        /// What.
        what: What,
    },
    /// Pieces of equal length were played.
    Pieces {
        /// Frames of each.
        frames: u32,
        /// How many.
        times: u32,
        /// Orders that were obeyed before the first: insertions, removals, gains, delays.
        orders: u32,
    },
    /// Frames that nobody could keep: the disk was too slow, or the machine too busy.
    Hole {
        /// So many.
        frames: u32,
        /// Orders that were obeyed within.
        orders: u32,
    },
    /// Facts that nobody could keep.
    Lost {
        /// The deck.
        deck: u32,
        /// How many in all.
        facts: u64,
    },
    /// What the user was told, for people to read.
    Note {
        /// Seconds since the start of the session.
        time: f64,
        /// The words.
        text: String,
    },
    /// It ended as it should.
    End {
        /// Frames played.
        frames: u64,
    },
}

/// What was recorded, where, and by whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// [`VERSION`].
    pub version: u32,
    /// The program.
    pub made_by: String,
    /// In UTC.
    pub date: String,
    /// Why it was written, if nobody asked for it beforehand.
    pub because: Option<String>,
    /// Samples a second of everything in the folder.
    pub rate: u32,
    /// How many frames the player plays at once.
    pub piece: Piece,
    /// The longest way past the graphs, in frames.
    pub longest: usize,
    /// Inputs after their devices.
    pub inputs: Vec<Track>,
    /// Outputs before their devices.
    pub outputs: Vec<Track>,
    /// Processor and system.
    pub machine: String,
    /// Instructions that it has: others may compute other last bits.
    pub cpu: Vec<String>,
    /// It begins with the session. If not, workers had a past that nobody kept.
    pub whole: bool,
    /// Seconds of the session before it.
    pub from: f64,
}

/// An input or output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// Its name.
    pub name: String,
    /// Channels.
    pub channels: usize,
    /// Its file in the folder.
    pub file: String,
}

/// A graph as it was played.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Copied {
    /// Its number.
    pub graph: u32,
    /// Its text in the folder.
    pub file: String,
    /// Where it came from.
    pub from: String,
    /// The rate for which inputs and outputs were compiled, if it was not the graph's own.
    pub rate: Option<u32>,
    /// SHA-256 of what `aw plan` says of it.
    pub plan: String,
    /// What its parameters name: models, tables, sounds.
    pub named: Vec<Named>,
    /// The libraries of its workers.
    pub libraries: Vec<Build>,
    /// Nodes that are not called from the beginning: they hung when they were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
}

/// A file that a graph names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// As the graph has it.
    pub written: String,
    /// Where it was.
    pub from: String,
    /// Its copy in the folder; none of what was too large, or could not be read.
    pub file: Option<String>,
    /// Its bytes.
    pub bytes: u64,
    /// In hexadecimal digits.
    pub sha256: String,
}

/// A build of a worker library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// Its file.
    pub library: String,
    /// The version of the worker ABI.
    pub abi: String,
    /// CRC-32 of the file, in hexadecimal digits, if it could be read.
    pub crc: Option<String>,
    /// Those of its workers that the graph uses.
    pub workers: Vec<String>,
}

impl Entry {
    /// The line of an order; an insertion is told with more.
    pub fn of_order(order: &Order) -> Option<Self> {
        match *order {
            Order::Insert(..) => None,
            Order::Remove(slot) => Some(Self::Remove { slot }),
            Order::Hear { decks, dry, frames } => Some(Self::Hear { decks, dry, frames }),
            Order::Later(frames) => Some(Self::Later { frames }),
            Order::Measure(_) => Some(Self::Measure {}),
        }
    }

    /// The line of a fact.
    pub fn of_fact(deck: u32, fact: Fact) -> Self {
        Self::Fact { deck, block: fact.block, what: fact.what }
    }

    /// Whether a player obeys it as an order.
    pub fn is_order(&self) -> bool {
        matches!(
            self,
            Self::Insert { .. } | Self::Remove { .. } | Self::Hear { .. } | Self::Later { .. } | Self::Measure { .. }
        )
    }
}
