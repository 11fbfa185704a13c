//! `aw live --plain` as a user reads it.
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long something is waited for.
const PATIENCE: Duration = Duration::from_secs(90);

/// The program. It is killed when dropped.
pub struct Live {
    program: Child,
    begun: Instant,
    /// What it printed, complaints included.
    lines: Arc<Mutex<Vec<String>>>,
}

impl Live {
    /// Starts it.
    pub fn start(command: &mut Command) -> Self {
        let mut program = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let (out, err) = (program.stdout.take().unwrap(), program.stderr.take().unwrap());
        let read = |from: Box<dyn std::io::Read + Send>| {
            let lines = lines.clone();
            let keep = move |line: String| lines.lock().unwrap().push(line);
            std::thread::spawn(move || BufReader::new(from).lines().map_while(Result::ok).for_each(keep));
        };
        read(Box::new(out));
        read(Box::new(err));
        Self { program, begun: Instant::now(), lines }
    }

    pub fn id(&self) -> u32 {
        self.program.id()
    }

    /// All lines so far.
    pub fn said(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Waits for a line, of those after the first `after`, of which something holds; answers how many came up to it.
    pub fn wait(&mut self, what: &str, after: usize, holds: impl Fn(&str) -> bool) -> usize {
        let begun = Instant::now();
        loop {
            let said = self.said();
            if let Some(at) = said.iter().skip(after).position(|line| holds(line)) {
                return after + at + 1;
            }
            let ended = self.program.try_wait().unwrap();
            assert!(begun.elapsed() < PATIENCE && ended.is_none(), "{what}: {ended:?}\n{}", said.join("\n"));
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it as Ctrl-C does, and looks at what it said in all.
    pub fn end(mut self) -> Vec<String> {
        drop(Command::new("kill").args(["-INT", &self.id().to_string()]).status());
        self.ended()
    }

    /// Waits for its own end, and looks at what it said in all.
    pub fn ended(&mut self) -> Vec<String> {
        let (begun, seconds) = (Instant::now(), self.begun.elapsed().as_secs_f64());
        let status = loop {
            match self.program.try_wait().unwrap() {
                Some(status) => break status,
                None => assert!(begun.elapsed() < PATIENCE, "it does not end\n{}", self.said().join("\n")),
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        std::thread::sleep(Duration::from_millis(100)); // what is still in the pipes
        let said = self.said();
        assert!(status.success(), "{status}\n{}", said.join("\n"));
        assert!(!said.iter().any(|line| line.contains("panicked")), "{}", said.join("\n"));
        // Gaps are told, and there is no flood of them: a few while streams begin, and some on a machine that is busy.
        let gaps = said.iter().rev().find_map(|line| xruns(line)).unwrap_or(0);
        let told = said.iter().filter(|line| line.contains("  xrun ")).count() as u64;
        assert!(gaps as f64 <= 5.0 + 5.0 * seconds, "{gaps} gaps in {seconds} s\n{}", said.join("\n"));
        assert!(gaps == 0 || told > 0, "{}", said.join("\n"));
        said
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if matches!(self.program.try_wait(), Ok(None)) {
            drop(self.program.kill());
            drop(self.program.wait());
        }
    }
}

/// The peaks of the input and of the output in a line of how it stands, in dB.
pub fn peaks(line: &str) -> Option<[f64; 2]> {
    let after = |what: &str| line.split_once(what)?.1.split_whitespace().next()?.replace('∞', "inf").parse().ok();
    Some([after("in mic ")?, after("out speaker ")?])
}

fn xruns(line: &str) -> Option<u64> {
    line.split_once("  xruns ")?.1.split_whitespace().next()?.parse().ok()
}

#[test]
fn a_line_is_read() {
    let line = "0:00:02.021  in mic -14.5 dB  out speaker    -∞ dB  load    0 % max    0 %  latency 27.1 ms  xruns 2";
    assert_eq!(peaks(line), Some([-14.5, f64::NEG_INFINITY]));
    assert_eq!(xruns(line), Some(2));
    assert_eq!(peaks("0:00:01.000  xrun     the sound system lost samples"), None);
}
