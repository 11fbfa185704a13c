//! One connection of JSON lines: what has come and is not read yet, what is to go and is not written yet.
use super::places::Stream;
use serde_json::Value;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

/// Longest line, in bytes.
pub const LONGEST: usize = 1 << 16;
/// Most bytes that wait for a client to read them.
const MOST: usize = 1 << 20;
/// Meters are left out for a client that has so much to read.
const BEHIND: usize = 1 << 16;

/// A connection.
pub struct Client {
    pub stream: Stream,
    input: Vec<u8>,
    output: Vec<u8>,
    /// More may be there to be read.
    pub readable: bool,
    /// Nothing more will come.
    ended: bool,
    /// Nothing more is wanted of it: it is let go once it has read the last line and closed its side. Closed before that,
    /// a connection is reset, and the line lost.
    closing: bool,
    /// Bytes that came after that.
    unread: usize,
    /// It is told that nothing more comes.
    shut: bool,
    /// The connection is of no use any more.
    broken: bool,
    /// Acts that are not answered.
    pub waiting: usize,
    /// It wants to be told what happens.
    pub events: bool,
    /// It wants to be told of parameters that change.
    pub params: bool,
    /// It wants meters.
    pub meters: Option<Every>,
    lines: u64,
}

/// What is done again and again.
pub struct Every {
    pub period: Duration,
    pub next: Instant,
}

impl Every {
    pub fn hz(hz: f64, now: Instant) -> Self {
        Self { period: Duration::from_secs_f64(1.0 / hz), next: now }
    }

    /// Whether it is due; if so, the next time is set.
    pub fn is_due(&mut self, now: Instant) -> bool {
        let due = self.next <= now;
        if due {
            self.next = (self.next + self.period).max(now); // what was missed is not made up for
        }
        due
    }
}

/// A client does not read what it asked for.
pub struct Deaf;

impl Client {
    pub fn new(stream: Stream) -> Self {
        Self {
            stream,
            input: vec![],
            output: vec![],
            readable: true,
            ended: false,
            closing: false,
            unread: 0,
            shut: false,
            broken: false,
            waiting: 0,
            events: false,
            params: false,
            meters: None,
            lines: 0,
        }
    }

    /// Whether it came through a port, where others than this user may be.
    pub fn is_remote(&self) -> bool {
        matches!(self.stream, Stream::Tcp(_))
    }

    /// Reads some; gives the lines that are complete. What is too long for one is answered at once.
    pub fn lines(&mut self) -> Vec<Vec<u8>> {
        if self.readable && !self.broken {
            let mut chunk = vec![0; LONGEST];
            match self.stream.read(&mut chunk) {
                Ok(0) => (self.ended, self.readable) = (true, false),
                Ok(read) if self.closing => self.unread += read,
                Ok(read) => self.input.extend_from_slice(&chunk[..read]),
                Err(why) if why.kind() == ErrorKind::WouldBlock => self.readable = false,
                Err(why) if why.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.broken = true,
            }
        }
        let mut lines: Vec<Vec<u8>> = vec![];
        if let Some(end) = self.input.iter().rposition(|byte| *byte == b'\n') {
            let whole: Vec<u8> = self.input.drain(..=end).collect();
            lines.extend(whole.split(|byte| *byte == b'\n').map(<[u8]>::to_vec));
        }
        if self.ended && !self.input.is_empty() {
            lines.push(std::mem::take(&mut self.input));
        }
        if self.input.len() > LONGEST || lines.iter().any(|line| line.len() > LONGEST) {
            self.refuse(&format!("a line is longer than {LONGEST} bytes; end each request by a new line"));
            return vec![];
        }
        let first = self.lines == 0;
        lines.retain(|line| !line.trim_ascii().is_empty());
        self.lines += lines.len() as u64;
        // A page in a browser may send to a port of this machine, and its text would follow the lines of its request.
        if first && self.is_remote() && lines.first().is_some_and(|line| !line.trim_ascii().starts_with(b"{")) {
            self.refuse("this port takes JSON, one request a line, such as {\"id\":1,\"do\":\"params\"}");
            return vec![];
        }
        lines
    }

    /// Says why nothing more is wanted of it.
    pub fn refuse(&mut self, why: &str) {
        self.say(&super::tell::answer(Value::Null, Err(why.into())));
        (self.closing, self.events, self.params, self.meters) = (true, false, false, None);
        self.input.clear();
    }

    /// Whether it is served.
    pub fn is_served(&self) -> bool {
        !self.closing
    }

    /// Puts a line where it will be written from.
    pub fn say(&mut self, line: &Value) {
        self.output.extend(line.to_string().bytes());
        self.output.push(b'\n');
    }

    /// As [`Client::say`], unless there is much to be read already.
    pub fn say_if_read(&mut self, line: &Value) {
        if self.output.len() < BEHIND {
            self.say(line);
        }
    }

    /// Writes what can be written now.
    ///
    /// # Errors
    /// Too much waits to be read; it is let go.
    pub fn write(&mut self) -> Result<(), Deaf> {
        while !self.output.is_empty() && !self.broken {
            match self.stream.write(&self.output) {
                Ok(0) => self.broken = true,
                Ok(written) => drop(self.output.drain(..written)),
                Err(why) if why.kind() == ErrorKind::WouldBlock => break,
                Err(why) if why.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.broken = true,
            }
        }
        if self.closing && self.output.is_empty() && !self.shut {
            (self.shut, self.broken) = (true, self.broken || self.stream.shut().is_err());
        }
        if self.output.len() > MOST {
            self.broken = true;
            return Err(Deaf);
        }
        Ok(())
    }

    /// Whether it has been answered all that it asked.
    pub fn is_quiet(&self) -> bool {
        self.output.is_empty() && self.waiting == 0
    }

    /// Whether it can be forgotten.
    pub fn is_done(&self) -> bool {
        self.broken || self.unread > MOST || (self.output.is_empty() && self.ended && self.waiting == 0)
    }
}

impl Stream {
    /// Says that nothing more comes.
    fn shut(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
            #[cfg(unix)]
            Self::Unix(stream) => stream.shutdown(Shutdown::Write),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            #[cfg(unix)]
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            #[cfg(unix)]
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
