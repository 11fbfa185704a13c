//! What the sound is told to do.
use crate::render::Stand;

/// What the sound does next.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// The audio task begins a block.
    Render {
        /// Which block of the device's time.
        world: u64,
        /// Its samples.
        heard: Heard,
        /// Where lanes stand.
        stands: Vec<Stand>,
    },
    /// DMA has played the place of a block.
    Play {
        /// Which block of the device's time.
        world: u64,
        /// What was in it.
        played: Played,
    },
}

/// The samples of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// They did not arrive: the buffer holds what it held before.
    pub empty: bool,
    /// Blocks before it were lost: it does not go on from where the last one ended.
    pub cut: bool,
}

/// What DMA played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Played {
    /// The block that was rendered for it.
    Rendered,
    /// What lay in the buffer, as a block was late; the one that was rendered for it, if any, comes to nothing.
    Stale {
        /// It was rendered, too late.
        rendered: bool,
    },
    /// Nothing: the device was not there.
    Gone,
    /// The clock of what comes out is ahead: a buffer was played twice.
    Twice,
    /// It is behind: a block was left out.
    LeftOut {
        /// It was rendered.
        rendered: bool,
    },
}
