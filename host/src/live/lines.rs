//! Devices: opened, watched, closed when they die, and opened again when they return.
use super::edge::{Plug, Slot};
use super::stage::{Call, Seen};
use crate::sound::{self, Card, Direction, Got, Host, SoundError, Stream, Trouble, Watch, Wish};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a stream may be silent before it is taken for dead.
const DEAD: Duration = Duration::from_millis(700);
/// The same for one that has not called yet: some sound systems take their time to begin.
const UNBORN: Duration = Duration::from_secs(3);
/// How long a dead one waits before it is looked for again.
const AGAIN: Duration = Duration::from_millis(200);
/// Frames of the longest block that is tried where shorter ones cannot be had.
const LONGEST: u32 = 8192;

/// A device in one direction.
pub struct Line {
    host: Host,
    /// Which way sound goes.
    pub direction: Direction,
    /// What the user called it; the one that the system prefers, if nothing.
    wanted: Option<String>,
    wish: Wish,
    /// The card that was found first.
    id: Option<String>,
    /// What it is called.
    pub name: String,
    state: State,
    /// It was told that it is gone, and not yet that it is back.
    gone: bool,
}

enum State {
    /// Looked for, on a thread of its own: sound systems may take their time.
    Opening {
        answer: Receiver<Result<Opened, SoundError>>,
        /// Why the last attempt failed.
        why: String,
    },
    Playing(Box<Playing>),
    Waiting {
        why: String,
        next: Instant,
    },
}

struct Playing {
    stream: Stream,
    watch: Watch,
    trouble: Receiver<Trouble>,
    seen: Arc<Seen>,
    /// What its callback holds.
    call: Plug<Call>,
    xruns: u64,
    realtime_told: bool,
}

/// A device that has just been opened, and does not play yet.
pub struct Opened {
    id: String,
    name: String,
    stream: Stream,
    trouble: Receiver<Trouble>,
    call: Plug<Call>,
}

/// What has become of a line since it was last looked at.
pub enum Turn {
    /// Nothing.
    Same,
    /// It is open, and waits for what its callback is to do.
    Open,
    /// It is dead, for this reason, and will be looked for. `told`: that it is gone was told before, and it did not come
    /// back since.
    Dead {
        /// Why.
        why: String,
        /// It need not be told.
        told: bool,
    },
    /// One that was gone calls again.
    Back,
    /// Samples were lost.
    Lost,
    /// Something the user should know.
    Note(String),
}

impl Line {
    /// A device that is looked for from now on.
    pub fn new(host: Host, direction: Direction, wanted: Option<String>, wish: Wish) -> Self {
        let name = wanted.clone().unwrap_or_else(|| "default".into());
        let state = State::Waiting { why: "not opened yet".into(), next: Instant::now() };
        Self { host, direction, wanted, wish, id: None, name, state, gone: false }
    }

    /// Opens it now, and says why not.
    ///
    /// # Errors
    /// [`SoundError`].
    pub fn open_now(&mut self) -> Result<(), SoundError> {
        let opened = look(&self.host, self.direction, self.wanted.as_deref(), None, self.wish)?;
        self.opened(opened);
        Ok(())
    }

    /// What it has got, while it is open.
    pub fn got(&self) -> Option<Got> {
        match &self.state {
            State::Playing(playing) => Some(playing.stream.got()),
            _ => None,
        }
    }

    /// The card that was found.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Why it is silent, if it is not there.
    pub fn waits(&self) -> Option<String> {
        match &self.state {
            State::Playing(_) if self.gone => Some("it is open, and is not heard of yet".into()),
            State::Playing(_) => None,
            State::Opening { why, .. } | State::Waiting { why, .. } => Some(why.clone()),
        }
    }

    /// How far the sound is from the plug, in ms, as the sound system says.
    pub fn latency_ms(&self) -> Option<f64> {
        match &self.state {
            State::Playing(playing) => {
                Some(playing.seen.latency_ns.load(std::sync::atomic::Ordering::Relaxed) as f64 * 1e-6)
            }
            _ => None,
        }
    }

    /// Gives its callback something to do, and lets it begin.
    ///
    /// # Errors
    /// In the words of the sound system.
    pub fn start(&mut self, call: Call) -> Result<(), SoundError> {
        let State::Playing(playing) = &mut self.state else { return Ok(()) };
        playing.seen = call.seen.clone();
        let _first = playing.call.attach(call);
        playing.watch = playing.stream.watch();
        playing.stream.start()
    }

    /// Gives a callback that plays something else to do; answers whether that worked.
    pub fn exchange(&mut self, call: Call) -> bool {
        let State::Playing(playing) = &mut self.state else { return false };
        playing.seen = call.seen.clone();
        playing.call.attach(call).is_ok()
    }

    /// Closes it, on a thread: it may take its time, a second at most. Nobody has to wait for it but a process that ends:
    /// a JACK server hangs with a client that is cut off.
    pub fn close(&mut self, why: &str, now: Instant) -> Option<JoinHandle<()>> {
        let waiting = State::Waiting { why: why.into(), next: now + AGAIN };
        let State::Playing(playing) = std::mem::replace(&mut self.state, waiting) else { return None };
        thread::Builder::new().name("close".into()).spawn(move || drop(playing)).ok()
    }

    /// Looks after it: call it several times a second.
    pub fn turn(&mut self, now: Instant) -> Turn {
        match &mut self.state {
            State::Playing(_) => self.tend(now),
            State::Opening { answer, why } => match answer.try_recv() {
                Ok(Ok(opened)) => {
                    self.opened(opened);
                    Turn::Open
                }
                Err(mpsc::TryRecvError::Empty) => Turn::Same,
                Ok(Err(other)) => {
                    self.state = State::Waiting { why: other.to_string(), next: now + AGAIN };
                    Turn::Same
                }
                Err(mpsc::TryRecvError::Disconnected) => {
                    self.state = State::Waiting { why: std::mem::take(why), next: now + AGAIN };
                    Turn::Same
                }
            },
            State::Waiting { next, why } if now >= *next => {
                let why = std::mem::take(why);
                self.look(why);
                Turn::Same
            }
            State::Waiting { .. } => Turn::Same,
        }
    }

    /// Looks after a stream that plays.
    fn tend(&mut self, now: Instant) -> Turn {
        let State::Playing(playing) = &mut self.state else { return Turn::Same };
        playing.call.free();
        let (mut note, mut dead) = (None, None);
        // All at once: there may be floods of them.
        for trouble in playing.trouble.try_iter() {
            match trouble {
                Trouble::Gone(why) | Trouble::Changed(why) => dead = dead.or(Some(why)),
                Trouble::Panicked(why) => {
                    dead = Some(format!("its callback panicked ({why}), which is a mistake in aw"));
                }
                Trouble::Xrun => {}
                Trouble::Moved(why) | Trouble::Backend(why) => note = Some(why),
            }
        }
        let patience = if playing.stream.beats() == 0 { UNBORN } else { DEAD };
        if playing.watch.silent_for(now) > patience {
            dead = dead.or(Some("it has stopped calling".into()));
        }
        if let Some(why) = dead {
            let _closing = self.close(&why, now);
            return Turn::Dead { why, told: std::mem::replace(&mut self.gone, true) };
        }
        if self.gone && playing.stream.beats() > 0 {
            self.gone = false;
            return Turn::Back;
        }
        if let (false, None, Some(why)) = (playing.realtime_told, &note, playing.stream.realtime_refused()) {
            playing.realtime_told = true;
            note = Some(why.into());
        }
        if let Some(note) = note {
            return Turn::Note(note);
        }
        let lost = playing.stream.xruns() - std::mem::replace(&mut playing.xruns, playing.stream.xruns());
        if lost > 0 { Turn::Lost } else { Turn::Same }
    }

    fn look(&mut self, why: String) {
        let (tell, answer) = mpsc::channel();
        let (host, direction, wish) = (self.host.clone(), self.direction, self.wish);
        let (wanted, id) = (self.wanted.clone(), self.id.clone());
        let looks = move || drop(tell.send(look(&host, direction, wanted.as_deref(), id.as_deref(), wish)));
        if thread::Builder::new().name("open".into()).spawn(looks).is_ok() {
            self.state = State::Opening { answer, why };
        }
    }

    fn opened(&mut self, opened: Opened) {
        let Opened { id, name, stream, trouble, call } = opened;
        (self.id, self.name) = (Some(id), name);
        let watch = stream.watch();
        let seen = Arc::default();
        let playing = Playing { stream, watch, trouble, seen, call, xruns: 0, realtime_told: false };
        self.state = State::Playing(Box::new(playing));
    }
}

/// Finds a card, by its id if it was known before, and opens it. Where the user named none, any that the system prefers
/// will do.
fn look(
    host: &Host,
    direction: Direction,
    wanted: Option<&str>,
    id: Option<&str>,
    wish: Wish,
) -> Result<Opened, SoundError> {
    let known = id.and_then(|id| host.find(id, direction).ok());
    let card = match (known, wanted) {
        (Some(card), _) => card,
        (None, Some(wanted)) => host.find(wanted, direction)?,
        (None, None) => host.default(direction)?,
    };
    open(&card, direction, wish).or_else(|why| {
        // Some plugins of ALSA say that they can have any block, and then cannot: what cpal says then is all there is.
        let longer = std::iter::successors(wish.block, |block| Some(block.next_power_of_two() * 2));
        let longer = longer.skip(1).take_while(|block| *block <= LONGEST && why.to_string().contains("Buffer size"));
        let wishes = longer.map(|block| Wish { block: Some(block), ..wish });
        wishes.filter_map(|wish| open(&card, direction, wish).ok()).next().ok_or(why.clone())
    })
}

fn open(card: &Card, direction: Direction, wish: Wish) -> Result<Opened, SoundError> {
    let (mut slot, call) = Slot::<Call>::new();
    let (tell, trouble) = mpsc::channel();
    let tell = move |trouble| drop(tell.send(trouble));
    let stream = match direction {
        Direction::Input => {
            let run = move |frames: &[f32], moment| {
                slot.turn();
                if let Some(call) = slot.held() {
                    call.hear(frames, moment);
                }
            };
            sound::open_input(card, wish, run, tell)?
        }
        Direction::Output => {
            let run = move |frames: &mut [f32], moment| {
                slot.turn();
                match slot.held() {
                    Some(call) => call.speak(frames, moment),
                    None => frames.fill(0.0),
                }
            };
            sound::open_output(card, wish, run, tell)?
        }
    };
    Ok(Opened { id: card.id.clone(), name: card.name.clone(), stream, trouble, call })
}
