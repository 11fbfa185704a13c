//! RT — what a renderer does as the clock will have it: when messages come, programs take over, lanes are late. It is told
//! to whoever records it, or done again as it was recorded; all else follows from the sound that comes in.
use ringbuf::traits::{Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Facts that may wait to be told: those of several seconds in which every block is late.
const FACTS: usize = 8192;
/// How long a lane may take for one block when it is played again.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was so in one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Blocks rendered before, whatever the program.
    pub block: u64,
    /// What.
    pub what: What,
}

/// Something that the clock decides. Lanes are those of the program that plays, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Another program took over.
    Changed,
    /// So many messages were obeyed.
    Obeyed(u32),
    /// A lane had not answered so many of the blocks that it was asked for.
    Behind {
        /// Which.
        lane: u32,
        /// How many.
        left: u32,
    },
    /// There was no room for what a lane was to be sent: it gets nothing from now on.
    Unfed {
        /// Which.
        lane: u32,
    },
    /// A lane began anew.
    Anew {
        /// Which.
        lane: u32,
    },
    /// So many live parameters could not be sent to a lane yet.
    Kept {
        /// Which.
        lane: u32,
        /// How many.
        left: u32,
    },
}

/// Who decides.
#[derive(Default)]
pub enum Chance {
    /// The clock.
    #[default]
    Clock,
    /// The clock, and it is told.
    Told(Teller),
    /// What was told before.
    Script(Script),
    /// A clock that is not there: where each lane stands.
    Simulated(Vec<Stand>),
}

/// Where a lane of a simulated device stands when a block begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stand {
    /// Blocks that it was asked for and has not done.
    pub left: u64,
    /// Too much waits for it: it gets nothing more, and begins anew once it has nothing left to do.
    pub full: bool,
}

/// Tells facts.
pub struct Teller {
    ring: HeapProd<Fact>,
    lost: Arc<AtomicU64>,
}

/// Where facts arrive.
pub struct Facts {
    /// The facts, in order.
    pub ring: HeapCons<Fact>,
    /// How many found no room.
    pub lost: Arc<AtomicU64>,
}

/// Facts that are to be so again.
pub struct Script {
    facts: VecDeque<Fact>,
    /// Facts of the script that did not come about.
    astray: Arc<AtomicU64>,
    patience: Duration,
}

impl Teller {
    /// A way to tell facts.
    pub fn new() -> (Self, Facts) {
        let (ring, facts) = HeapRb::new(FACTS).split();
        let lost = Arc::<AtomicU64>::default();
        (Self { ring, lost: lost.clone() }, Facts { ring: facts, lost })
    }
}

impl Script {
    /// Facts in order of their blocks. What does not come about is counted in `astray`.
    pub fn new(facts: impl IntoIterator<Item = Fact>, astray: Arc<AtomicU64>) -> Self {
        Self { facts: facts.into_iter().collect(), astray, patience: PATIENCE }
    }

    /// The fact of this block that `wanted` picks.
    fn take<T>(&mut self, block: u64, wanted: impl Fn(What) -> Option<T>) -> Option<T> {
        while self.facts.front().is_some_and(|fact| fact.block < block) {
            self.facts.pop_front();
            self.astray.fetch_add(1, Relaxed);
        }
        let here = self.facts.iter().take_while(|fact| fact.block == block);
        let (at, found) = here.enumerate().find_map(|(at, fact)| Some((at, wanted(fact.what)?)))?;
        self.facts.remove(at);
        Some(found)
    }

    fn has(&self, block: u64, what: What) -> bool {
        self.facts.iter().take_while(|fact| fact.block <= block).any(|fact| *fact == Fact { block, what })
    }
}

impl Chance {
    /// Tells a fact, if anybody hears it.
    pub fn tell(&mut self, block: u64, what: What) {
        if let Self::Told(teller) = self
            && teller.ring.try_push(Fact { block, what }).is_err()
        {
            teller.lost.fetch_add(1, Relaxed);
        }
    }

    /// Whether a program may take over in this block, as far as the script knows.
    pub fn may_change(&self, block: u64) -> bool {
        !matches!(self, Self::Script(script) if !script.has(block, What::Changed))
    }

    /// A program has taken over.
    pub fn changed(&mut self, block: u64) {
        match self {
            Self::Script(script) => {
                let _was_asked_for = script.take(block, |what| (what == What::Changed).then_some(()));
            }
            _ => self.tell(block, What::Changed),
        }
    }

    /// The most messages that are obeyed in this block, if `most` can be.
    pub fn messages(&mut self, block: u64, most: usize) -> usize {
        let obeyed = |what| if let What::Obeyed(count) = what { Some(count as usize) } else { None };
        match self {
            Self::Script(script) => std::iter::from_fn(|| script.take(block, obeyed)).sum::<usize>().min(most),
            _ => most,
        }
    }

    /// Blocks that a lane is not to have answered by now.
    pub fn behind(&mut self, block: u64, lane: usize) -> u64 {
        let late = |what| match what {
            What::Behind { lane: of, left } if of as usize == lane => Some(u64::from(left)),
            _ => None,
        };
        match self {
            Self::Script(script) => script.take(block, late).unwrap_or(0),
            Self::Simulated(stands) => stands.get(lane).map_or(0, |stand| stand.left),
            _ => 0,
        }
    }

    /// Whether a lane is fed on, if there `is_room`.
    pub fn feeds(&mut self, block: u64, lane: usize, is_room: bool) -> bool {
        let unfed = What::Unfed { lane: lane as u32 };
        match self {
            Self::Script(script) => script.take(block, |what| (what == unfed).then_some(())).is_none(),
            Self::Simulated(stands) => is_room && stands.get(lane).is_none_or(|stand| !stand.full),
            _ if is_room => true,
            _ => {
                self.tell(block, unfed);
                false
            }
        }
    }

    /// Whether a lane begins anew, if it `can`.
    pub fn renews(&mut self, block: u64, lane: usize, can: bool) -> bool {
        let anew = What::Anew { lane: lane as u32 };
        match self {
            Self::Script(script) => script.take(block, |what| (what == anew).then_some(())).is_some(),
            Self::Simulated(stands) => can && stands.get(lane).is_none_or(|stand| !stand.full),
            _ => can,
        }
    }

    /// Live parameters that are not to be sent to a lane yet.
    pub fn kept(&mut self, block: u64, lane: usize) -> usize {
        let kept = |what| match what {
            What::Kept { lane: of, left } if of as usize == lane => Some(left as usize),
            _ => None,
        };
        if let Self::Script(script) = self { script.take(block, kept).unwrap_or(0) } else { 0 }
    }

    /// Where nobody waits for the sound: lets lanes do all that they have to do, unless one hangs.
    pub fn wait(&mut self, rest: impl Fn() -> bool) {
        let Self::Script(script) = self else { return };
        let start = Instant::now();
        while !rest() {
            if start.elapsed() >= script.patience {
                script.patience = Duration::ZERO;
                return;
            }
            std::thread::yield_now();
        }
    }
}
