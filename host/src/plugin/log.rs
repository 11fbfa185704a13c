//! RT — what workers say, on any thread: into a queue that never blocks.
use aw_abi::Level;
use crossbeam_queue::ArrayQueue;
use std::ffi::{c_char, c_void};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Longest message, in bytes.
const ROOM: usize = 1000;
/// Messages that may wait.
const DEPTH: usize = 8;

/// One message.
#[derive(Clone, Copy)]
pub struct Note {
    /// How much it matters.
    pub level: Level,
    len: usize,
    bytes: [u8; ROOM],
}

impl Note {
    /// Its text, cut at 1000 bytes.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes[..self.len]).into_owned()
    }
}

/// What an instance has said and nobody has read yet.
pub struct Log {
    notes: ArrayQueue<Note>,
    lost: AtomicU64,
}

impl Default for Log {
    fn default() -> Self {
        Self { notes: ArrayQueue::new(DEPTH), lost: AtomicU64::new(0) }
    }
}

impl Log {
    /// The oldest unread message.
    pub fn next(&self) -> Option<Note> {
        self.notes.pop()
    }

    /// Messages that found no room, or lost it to an error.
    pub fn lost(&self) -> u64 {
        self.lost.load(Relaxed)
    }

    /// The last unread message at `Level::ERROR`; earlier ones are passed over.
    pub fn take_error(&self) -> Option<String> {
        let errors = std::iter::from_fn(|| self.next()).filter(|note| note.level.0 >= Level::ERROR.0);
        errors.last().map(|note| note.text())
    }

    /// All unread messages at `Level::INFO`; the others stay.
    pub fn take_infos(&self) -> Vec<String> {
        let all: Vec<Note> = std::iter::from_fn(|| self.next()).collect();
        let (infos, others): (Vec<Note>, Vec<Note>) = all.into_iter().partition(|note| note.level == Level::INFO);
        others.iter().for_each(|note| self.push(note.level, &note.bytes[..note.len]));
        infos.iter().map(Note::text).collect()
    }

    fn push(&self, level: Level, text: &[u8]) {
        let len = text.len().min(ROOM);
        let mut note = Note { level, len, bytes: [0; ROOM] };
        note.bytes[..len].copy_from_slice(&text[..len]);
        // Why a call failed is said last: it takes the place of the oldest message rather than find no room.
        let is_lost = match level.0 >= Level::ERROR.0 {
            true => self.notes.force_push(note).is_some(),
            false => self.notes.push(note).is_err(),
        };
        self.lost.fetch_add(u64::from(is_lost), Relaxed);
    }
}

/// The `log` of [`aw_abi::Host`].
///
/// # Safety
/// `log` points at a living [`Log`], `text` at `len` bytes.
pub(super) unsafe extern "C" fn record(log: *mut c_void, level: Level, text: *const c_char, len: usize) {
    // SAFETY: the caller's promise; a null text is passed over.
    let (log, text) = unsafe {
        let text = if text.is_null() { &[] } else { std::slice::from_raw_parts(text.cast::<u8>(), len.min(ROOM)) };
        (&*log.cast::<Log>(), text)
    };
    log.push(level, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A worker that tells of its progress and then refuses: the reason is not lost behind the chatter.
    #[test]
    fn the_reason_of_a_failure_finds_room_behind_any_chatter() {
        let log = Log::default();
        (0..DEPTH).for_each(|i| log.push(Level::INFO, format!("tensor {i} is read").as_bytes()));
        log.push(Level::ERROR, b"tensor 8 has no shape");
        log.push(Level::INFO, b"goodbye");
        assert_eq!(log.lost(), 2);
        assert_eq!(log.take_error().as_deref(), Some("tensor 8 has no shape"));
    }

    /// What a worker tells about itself goes into the plan; its warnings are still there to be reported.
    #[test]
    fn what_is_worth_knowing_is_taken_apart_from_what_is_wrong() {
        let log = Log::default();
        log.push(Level::WARN, b"the file is old");
        log.push(Level::INFO, b"runs on two threads");
        log.push(Level::WARN, b"and large");
        assert_eq!(log.take_infos(), ["runs on two threads"]);
        let left: Vec<String> = std::iter::from_fn(|| log.next()).map(|note| note.text()).collect();
        assert_eq!(left, ["the file is old", "and large"]);
    }
}
