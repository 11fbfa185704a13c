//! A process of its own for what may crash or hang: watched, and ended when its time is over.
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

/// How a process ended.
pub enum End {
    /// By itself.
    By(ExitStatus),
    /// By us: its time was over.
    Timeout,
}

/// What a process died of, in words.
#[cfg(unix)]
pub fn ended(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match status.signal() {
        Some(4) => "the process died of an illegal instruction (SIGILL)".into(),
        Some(6) => "the process was aborted (SIGABRT)".into(),
        Some(8) => "the process died of a division (SIGFPE)".into(),
        Some(7 | 10) => "the process died of a bad address (SIGBUS)".into(),
        Some(9) => "the process was killed, perhaps for want of memory (SIGKILL)".into(),
        Some(11) => "the process died of a bad address (SIGSEGV)".into(),
        Some(signal) => format!("the process died of signal {signal}"),
        None => format!("the worker ended the whole process ({status})"),
    }
}

/// What a process died of, in words.
#[cfg(not(unix))]
pub fn ended(status: ExitStatus) -> String {
    format!("the process ended ({status})")
}

/// The last line that a child printed on standard error.
pub fn last_words(said: &[u8]) -> String {
    let tail = &said[said.len().saturating_sub(4000)..];
    String::from_utf8_lossy(tail).lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().trim().into()
}

/// Waits for a child, and ends it when its time is over.
pub fn watch(mut child: Child, timeout: Duration) -> std::io::Result<End> {
    let begun = Instant::now();
    let mut pause = Duration::from_micros(500);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(End::By(status));
        }
        if begun.elapsed() > timeout {
            child.kill()?;
            child.wait()?;
            return Ok(End::Timeout);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}
