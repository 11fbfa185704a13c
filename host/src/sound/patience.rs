//! Calls that may never come back: a sound server that died in the middle of one.
use std::sync::mpsc;
use std::time::Duration;

/// How long a sound system may take to answer. A healthy one takes milliseconds; one that wakes a Bluetooth device, a
/// second or two.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How long a stream may take to close. A JACK server that is stopped, not dead, would hold it for ever.
pub(super) const CLOSING: Duration = Duration::from_secs(1);

/// What `call` returns, on a thread of its own, or `None` if it does not come back in time. That thread is then left to
/// itself, and what it still returns is dropped there.
pub(super) fn patiently<T: Send + 'static>(patience: Duration, call: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, answer) = mpsc::sync_channel(1);
    let thread = std::thread::Builder::new().name("sound".into());
    thread.spawn(move || drop(sender.send(call()))).ok()?;
    answer.recv_timeout(patience).ok()
}
