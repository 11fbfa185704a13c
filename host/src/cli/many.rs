//! Many files at once: a thread a core, a bar on a terminal, an end by Ctrl-C.
use super::fail;
use aw_host::io::{AudioReader, abandon};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a shell expects of a program that Ctrl-C has ended.
pub const INTERRUPTED: u8 = 130;
pub const ENDED: &str = "interrupted; no unfinished file was left behind";

/// From now on Ctrl-C sets the flag that is answered. One who waits for a pipe, or for a model to load, does not look at
/// it: after a while the program ends without them.
pub fn on_ctrl_c() -> Result<&'static AtomicBool, ExitCode> {
    on_ctrl_c_say(ENDED)
}

/// The same, with other words at the end.
pub fn on_ctrl_c_say(words: &'static str) -> Result<&'static AtomicBool, ExitCode> {
    const PATIENCE: Duration = Duration::from_secs(1);
    static STOP: AtomicBool = AtomicBool::new(false);
    let stop = move || {
        STOP.store(true, Relaxed);
        std::thread::sleep(PATIENCE);
        abandon();
        say!("{words}");
        std::process::exit(INTERRUPTED.into());
    };
    ctrlc::set_handler(stop).map_err(fail)?;
    Ok(&STOP)
}

/// As many threads as run at once here.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Does something with each, begun in their order by so many threads; answers in their order.
pub fn each<T: Sync, R: Send>(all: &[T], threads: usize, work: impl Fn(usize, &T) -> R + Sync) -> Vec<R> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(vec![]));
    std::thread::scope(|scope| {
        for _ in 0..threads.min(all.len()) {
            scope.spawn(|| {
                while let Some((at, one)) = Some(next.fetch_add(1, Relaxed)).and_then(|at| Some((at, all.get(at)?))) {
                    let result = work(at, one);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// How long a sound is, if it is a file that says so: a look at a pipe would take its first bytes away.
pub fn seconds(path: &Path) -> Option<f64> {
    let spec =
        AudioReader::open(Some(path).filter(|path| *path != Path::new("-") && path.is_file())?).ok()?.spec().clone();
    Some(spec.frames? as f64 / f64::from(spec.rate))
}

/// How far it is, how fast, and how long it will take. On a terminal only.
pub struct Bar {
    bar: ProgressBar,
    begun: Instant,
    /// How many there are, where they are counted.
    files: Option<usize>,
    done: AtomicUsize,
}

impl Bar {
    pub fn new(seconds: Option<f64>, files: Option<usize>, quiet: bool) -> Self {
        let bar = match seconds {
            _ if quiet || !std::io::stderr().is_terminal() => ProgressBar::hidden(),
            Some(seconds) => ProgressBar::new((seconds * 1000.0) as u64),
            None => ProgressBar::new_spinner(),
        };
        let style = match seconds {
            Some(_) => "{wide_bar} {percent:>3} %  {msg}  {eta} left",
            None => "{spinner} {elapsed}  {msg}",
        };
        bar.set_style(ProgressStyle::with_template(style).unwrap_or(ProgressStyle::default_bar()));
        Self { bar, begun: Instant::now(), files, done: AtomicUsize::new(0) }
    }

    /// So many more seconds of sound have been played.
    pub fn played(&self, seconds: f64) {
        self.bar.inc((seconds * 1000.0) as u64);
        let speed = self.bar.position() as f64 / 1000.0 / self.begun.elapsed().as_secs_f64().max(1e-3);
        let done = self.done.load(Relaxed);
        let files = self.files.map_or(String::new(), |files| format!("{done} of {files} files, "));
        self.bar.set_message(format!("{files}{speed:.0}× real time"));
    }

    /// One more file is done.
    pub fn file_done(&self) {
        self.done.fetch_add(1, Relaxed);
    }

    /// Takes it away, and answers how long it took.
    pub fn finish(&self) -> Duration {
        self.bar.finish_and_clear();
        self.begun.elapsed()
    }
}
