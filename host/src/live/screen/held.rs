//! The modes of the terminal, which belong to the whole process: taken once, given back by whoever comes first — the end,
//! a panic, a signal.
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread::ThreadId;

/// Whether the terminal is ours, and what goes with it.
static TERMINAL: Mutex<State> = Mutex::new(State { taken: false, owner: None, aside: None });
/// A signal asked for the end.
static ENDED: AtomicBool = AtomicBool::new(false);
/// The program was stopped and goes on: everything is to be drawn anew.
static RESUMED: AtomicBool = AtomicBool::new(false);

#[derive(Debug)]
pub struct State {
    /// In raw mode, on the alternate screen.
    taken: bool,
    /// The thread that draws, while there is a screen.
    owner: Option<ThreadId>,
    aside: Option<aside::Aside>,
}

/// The terminal is ours until this is dropped.
#[derive(Debug)]
pub struct Held(());

impl Held {
    /// Takes the terminal.
    pub fn take() -> io::Result<Self> {
        static WATCH: Once = Once::new();
        let mut watched = Ok(());
        WATCH.call_once(|| {
            on_panic();
            watched = signals::watch();
        });
        watched?;
        let mut state = lock();
        if state.owner.is_some() {
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, "the terminal shows another screen"));
        }
        state.take()?;
        state.owner = Some(std::thread::current().id());
        ENDED.store(false, SeqCst);
        RESUMED.store(false, SeqCst);
        Ok(Self(()))
    }

    /// Leave to write: while it is kept, nobody takes the terminal away. Nothing, if it is not ours just now.
    pub fn writing(&self) -> Option<Writing> {
        let state = lock();
        state.taken.then_some(Writing(state))
    }

    /// Whether a signal asked for the end.
    pub fn ended(&self) -> bool {
        ENDED.load(SeqCst)
    }

    /// Whether the program was stopped and went on since this was asked last.
    pub fn resumed(&self) -> bool {
        RESUMED.swap(false, SeqCst)
    }

    /// Stops the program, as Ctrl-Z does; the screen comes back when it goes on.
    pub fn stop(&self) {
        signals::ask_for_stop();
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = lock();
        state.give_back();
        state.owner = None;
    }
}

/// Keeps the terminal where it is.
pub struct Writing(#[expect(dead_code, reason = "held, not read")] MutexGuard<'static, State>);

fn lock() -> MutexGuard<'static, State> {
    TERMINAL.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn take(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        self.taken = true;
        self.aside = aside::Aside::begin();
        execute!(io::stdout(), EnterAlternateScreen, Hide)
    }

    /// Errors have nowhere to go: the terminal may be gone.
    fn give_back(&mut self) {
        if std::mem::take(&mut self.taken) {
            let _ = execute!(io::stdout(), Show, LeaveAlternateScreen);
            let _ = disable_raw_mode();
            if let Some(aside) = self.aside.take() {
                let _ = aside.end(&mut io::stderr());
            }
        }
    }
}

/// A panic of the thread that draws is the end of the screen: its message goes to the terminal as it was. Those of other
/// threads are caught there; their messages are set aside with the rest of standard error.
fn on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // If it panics while it draws, it holds the lock.
        if let Ok(mut state) = TERMINAL.try_lock()
            && state.owner == Some(std::thread::current().id())
        {
            state.give_back();
        }
        before(panic);
    }));
}

#[cfg(unix)]
mod signals {
    use super::{ENDED, RESUMED, SeqCst, TERMINAL, lock};
    use rustix::process::{Signal, getpid, getsid, kill_current_process_group};
    use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;
    use std::io;
    use std::time::Duration;

    /// How long the program may take to end when it was asked to.
    const PATIENCE: Duration = Duration::from_secs(8);

    /// Watches for signals from now on. Where no screen is shown, and when the end has been asked for before, they do what
    /// they do without us.
    pub fn watch() -> io::Result<()> {
        let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGCONT])?;
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                match signal {
                    SIGTSTP => stop(),
                    SIGCONT => go_on(),
                    _ => end(signal),
                }
            }
        })?;
        Ok(())
    }

    fn end(signal: i32) {
        // Not waited for: who draws may hang on a terminal that takes nothing.
        let state = TERMINAL.try_lock();
        let shown = state.as_ref().map_or(true, |state| state.owner.is_some());
        if shown && !ENDED.swap(true, SeqCst) {
            // Who waits for keys of a terminal that is gone does not come back: crossterm reads its end again and again.
            let ends = std::thread::Builder::new().name("the end".into());
            let _ = ends.spawn(move || {
                std::thread::sleep(PATIENCE);
                let _ = emulate_default_handler(signal);
            });
            return;
        }
        if let Ok(mut state) = state {
            state.give_back();
        }
        let _ = emulate_default_handler(signal);
    }

    /// Asks for a stop of the whole job, such as `cargo run` and what it runs; the signal does the rest.
    pub fn ask_for_stop() {
        if !alone() {
            lock().give_back();
            let _ = kill_current_process_group(Signal::TSTP);
        }
    }

    /// Gives the terminal back and stops the program; the signal that ends it calls `go_on`.
    fn stop() {
        if !alone() {
            lock().give_back();
            let _ = emulate_default_handler(SIGTSTP);
        }
    }

    /// There is no shell above that could make it go on, as in `ssh -t HOST aw …`.
    fn alone() -> bool {
        getsid(None).is_ok_and(|leader| leader == getpid())
    }

    /// The shell may have set the terminal's modes meanwhile, also when the program was stopped by force.
    fn go_on() {
        let mut state = lock();
        if state.owner.is_some() {
            state.give_back();
            RESUMED.store(state.take().is_ok(), SeqCst);
        }
    }
}

#[cfg(not(unix))]
mod signals {
    /// Ctrl-C comes as a key, and there are no others.
    pub fn watch() -> std::io::Result<()> {
        Ok(())
    }

    /// There is nothing like it.
    pub fn ask_for_stop() {}
}

/// Standard error, set aside in a file while a screen is shown.
#[cfg(unix)]
mod aside {
    use std::fs::File;
    use std::io::{self, IsTerminal, Read, Seek, SeekFrom, Write};
    use std::os::fd::OwnedFd;

    /// The most that is told of it; the end matters.
    const MOST: u64 = 64 * 1024;

    #[derive(Debug)]
    pub struct Aside {
        file: File,
        stderr: OwnedFd,
    }

    impl Aside {
        /// Nothing, if standard error goes elsewhere than to the terminal, or cannot be set aside.
        pub fn begin() -> Option<Self> {
            if !io::stderr().is_terminal() {
                return None;
            }
            let file = tempfile::tempfile().ok()?;
            let stderr = rustix::io::fcntl_dupfd_cloexec(io::stderr(), 3).ok()?;
            rustix::stdio::dup2_stderr(&file).ok()?;
            Some(Self { file, stderr })
        }

        /// Brings standard error back and tells what came meanwhile.
        pub fn end(mut self, to: &mut impl Write) -> io::Result<()> {
            rustix::stdio::dup2_stderr(&self.stderr)?;
            let length = self.file.seek(SeekFrom::End(0))?;
            self.file.seek(SeekFrom::Start(length.saturating_sub(MOST)))?;
            let mut said = vec![];
            self.file.read_to_end(&mut said)?;
            to.write_all(&said)
        }
    }
}

#[cfg(not(unix))]
mod aside {
    #[derive(Debug)]
    pub struct Aside;

    impl Aside {
        pub fn begin() -> Option<Self> {
            None
        }

        pub fn end(self, _: &mut impl std::io::Write) -> std::io::Result<()> {
            Ok(())
        }
    }
}
