//! A real JACK server without hardware, and a program that is its musician: see `src/bin/jackmic.rs`.
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// `jackd -S -d dummy`: synchronous, so that a late cycle delays its clock and loses nothing. It ends when dropped.
pub struct JackServer {
    name: String,
    rate: u32,
    period: u32,
    jackd: Child,
}

impl JackServer {
    /// A server of its own, with two inputs and two outputs. `None`, and a line that says so, where there is no jackd.
    ///
    /// # Panics
    /// If jackd is there and does not come up.
    pub fn start(rate: u32, period: u32) -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("aw-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let server = Self::spawn(&name, rate, period)?;
        let ready = server.command(&jackmic()).arg("--ready").output();
        let ready = ready.unwrap_or_else(|why| panic!("{}: {why}", jackmic().display()));
        assert!(ready.status.success(), "jackd did not come up: {}", String::from_utf8_lossy(&ready.stderr));
        Some(server)
    }

    fn spawn(name: &str, rate: u32, period: u32) -> Option<Self> {
        let mut jackd = Command::new("jackd");
        jackd.args(["-n", name, "-S", "-r", "-m", "-d", "dummy", "-C", "2", "-P", "2"]);
        jackd.args(["-r", &rate.to_string(), "-p", &period.to_string()]);
        jackd.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        match jackd.spawn() {
            Ok(jackd) => Some(Self { name: name.into(), rate, period, jackd }),
            Err(why) => {
                println!("skipped: jackd does not start ({why}); the package is called jackd2");
                None
            }
        }
    }

    /// What its clients are to have in `JACK_DEFAULT_SERVER`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A program that finds this server.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        self.known_to(&mut command);
        command
    }

    /// A command is to find this server.
    pub fn known_to<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("JACK_DEFAULT_SERVER", &self.name).env("JACK_NO_AUDIO_RESERVATION", "1")
    }

    /// The server dies without a word, as if it crashed.
    pub fn kill(&mut self) {
        drop(self.jackd.kill());
        drop(self.jackd.wait());
    }

    /// A server of the same name, again.
    ///
    /// # Panics
    /// If it does not come up.
    pub fn restart(&mut self) {
        self.kill();
        let again = Self::spawn(&self.name, self.rate, self.period);
        *self = again.unwrap_or_else(|| panic!("jackd does not start again"));
        let ready = self.command(&jackmic()).arg("--ready").status();
        assert!(ready.is_ok_and(|status| status.success()), "jackd did not come up again");
    }

    /// Plays a WAV file into the ports that begin with `into` and records those that begin with `from`, in the same
    /// cycles: frame n of the one file and of the other belong to the same cycle. Waits for the ports to be there, and
    /// records `tail` frames longer.
    ///
    /// # Panics
    /// If it does not start.
    pub fn play(&self, take: &Take) -> Output {
        let mut jackmic = self.command(&jackmic());
        jackmic.arg("--play").arg(take.play).arg("--record").arg(take.record);
        jackmic.args(["--into", take.into, "--from", take.from, "--tail", &take.tail.to_string()]);
        if take.freewheel {
            jackmic.arg("--freewheel");
        }
        jackmic.output().unwrap_or_else(|why| panic!("jackmic does not start: {why}"))
    }
}

impl Drop for JackServer {
    fn drop(&mut self) {
        if !matches!(self.jackd.try_wait(), Ok(None)) {
            return; // it was killed, and its number may be another's
        }
        // Asked to end, it takes its shared memory with it.
        drop(Command::new("kill").arg(self.jackd.id().to_string()).status());
        drop(self.jackd.wait());
    }
}

/// What is played where.
pub struct Take<'a> {
    /// The WAV file that is played.
    pub play: &'a Path,
    /// The WAV file that is written, with as many channels.
    pub record: &'a Path,
    /// The beginning of the names of ports that hear it.
    pub into: &'a str,
    /// The beginning of the names of ports that are recorded.
    pub from: &'a str,
    /// Frames to record after the end.
    pub tail: usize,
    /// As fast as possible instead of in real time.
    pub freewheel: bool,
}

fn jackmic() -> std::path::PathBuf {
    crate::built().join("jackmic")
}
