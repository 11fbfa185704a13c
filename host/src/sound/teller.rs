//! Tells what troubles a stream, and is not drowned by a sound system that repeats itself.
use super::heart::Heart;
use cpal::ErrorKind;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What troubles a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The card or its sound system is not there any more. Close, wait, look for the card, open it again.
    Gone(String),
    /// The card has another rate or another form now. Close, and open it again at once.
    Changed(String),
    /// The sound goes by another way since now; the stream plays on.
    Moved(String),
    /// Samples were lost, by the sound system or because a callback was late. [`super::Stream::xruns`] counts all.
    Xrun,
    /// The callback panicked. Silence is played until the stream is closed.
    Panicked(String),
    /// The sound system complains, and the stream may play on.
    Backend(String),
}

impl Trouble {
    /// Whether the stream is of no use any more.
    pub fn ends(&self) -> bool {
        matches!(self, Trouble::Gone(_) | Trouble::Changed(_) | Trouble::Panicked(_))
    }

    fn of(error: &cpal::Error) -> Option<Trouble> {
        let text = error.to_string();
        Some(match error.kind() {
            ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable => Trouble::Gone(text),
            ErrorKind::StreamInvalidated => Trouble::Changed(text),
            ErrorKind::DeviceChanged => Trouble::Moved(text),
            ErrorKind::Xrun => Trouble::Xrun,
            ErrorKind::RealtimeDenied => return None, // we ask ourselves
            _ => Trouble::Backend(text),
        })
    }
}

/// Complaints of one kind are told this seldom.
const INTERVAL: Duration = Duration::from_secs(1);
/// So many complaints without a callback in between, and the stream is dead, whatever they say.
const BARREN: u32 = 50;
/// How long a sound system that complains endlessly is held up, so that it leaves the processor to others.
const HOLD_UP: Duration = Duration::from_millis(20);

pub(super) struct Teller {
    heart: Arc<Heart>,
    to: Box<dyn FnMut(Trouble) + Send>,
    ended: bool,
    told: Vec<(std::mem::Discriminant<Trouble>, Instant)>,
    beats: u64,
    barren: u32,
}

impl Teller {
    pub fn new(heart: Arc<Heart>, to: impl FnMut(Trouble) + Send + 'static) -> Arc<Mutex<Self>> {
        let to = Box::new(to);
        Arc::new(Mutex::new(Self { heart, to, ended: false, told: vec![], beats: 0, barren: 0 }))
    }

    pub fn error(&mut self, error: &cpal::Error) {
        let beats = self.heart.beats();
        if error.kind() == ErrorKind::Xrun {
            if beats == 0 {
                return; // there was nothing to lose yet
            }
            self.heart.gap();
        }
        self.barren = if beats == self.beats { self.barren.saturating_add(1) } else { 0 };
        self.beats = beats;
        if self.barren >= BARREN {
            self.tell(Trouble::Gone(format!("it only complains, and plays nothing: {error}")));
            std::thread::sleep(HOLD_UP);
        } else if let Some(trouble) = Trouble::of(error) {
            self.tell(trouble);
        }
    }

    /// An end is told once, all else once a second, and nothing after the end.
    pub fn tell(&mut self, trouble: Trouble) {
        let (now, kind) = (Instant::now(), std::mem::discriminant(&trouble));
        if self.ended || self.heart.closed() {
            return;
        }
        self.ended = trouble.ends();
        match self.told.iter_mut().find(|(told, _)| *told == kind) {
            Some((_, at)) if !self.ended && now.duration_since(*at) < INTERVAL => return,
            Some((_, at)) => *at = now,
            None => self.told.push((kind, now)),
        }
        (self.to)(trouble);
    }
}
