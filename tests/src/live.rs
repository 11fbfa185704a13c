//! `aw live` as a program that is run, looked at and ended.
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// How long something is waited for that must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// `aw live --json`. It ends when dropped.
pub struct Program {
    child: Child,
    lines: std::sync::mpsc::Receiver<Value>,
    scene: Value,
    notes: Vec<String>,
    others: Vec<Value>,
}

impl Program {
    /// Starts it.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|why| panic!("aw does not start: {why}"));
        let out = child.stdout.take();
        let (tell, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(out?).lines();
            read(lines, &tell);
            Some(())
        });
        Self { child, lines, scene: Value::Null, notes: vec![], others: vec![] }
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a scene of which something holds.
    ///
    /// # Panics
    /// If it does not come, or the program has ended.
    pub fn wait_for(&mut self, what: &str, holds: impl Fn(&Value) -> bool) -> &Value {
        let begun = Instant::now();
        loop {
            assert!(begun.elapsed() < PATIENCE, "{what}: it is not\n{}\n{:?}", self.scene, self.notes);
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.take(line),
                Err(why) => panic!("{what}: {why}\n{}\n{:?}", self.scene, self.notes),
            }
            if self.scene.is_object() && holds(&self.scene) {
                return &self.scene;
            }
        }
    }

    fn take(&mut self, line: Value) {
        match line["type"].as_str() {
            Some("scene") => self.scene = line,
            Some("note") => self.notes.push(line["text"].as_str().unwrap_or_default().into()),
            _ => self.others.push(line),
        }
    }

    /// The newest scene.
    ///
    /// # Panics
    /// If it has ended.
    pub fn scene(&mut self) -> Value {
        while let Ok(line) = self.lines.try_recv() {
            self.take(line);
        }
        self.wait_for("another scene", |_| true).clone()
    }

    /// What the user was told so far.
    pub fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    /// Lines that are neither scenes nor notes.
    pub fn others(&self) -> &[Value] {
        &self.others
    }

    /// Ends it as Ctrl-C does.
    ///
    /// # Panics
    /// If it does not end well.
    pub fn end(self) {
        drop(Command::new("kill").args(["-INT", &self.child.id().to_string()]).status());
        self.ended();
    }

    /// Waits for it to end.
    ///
    /// # Panics
    /// If it does not end well.
    pub fn ended(mut self) {
        let status = self.child.wait();
        assert!(status.as_ref().is_ok_and(std::process::ExitStatus::success), "{status:?}");
    }
}

fn read(lines: std::io::Lines<BufReader<ChildStdout>>, tell: &std::sync::mpsc::Sender<Value>) {
    for line in lines.map_while(Result::ok) {
        let value = serde_json::from_str(&line).unwrap_or(Value::String(line));
        if tell.send(value).is_err() {
            return;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// White noise at a third of full scale: the same for the same seed.
pub fn noise(frames: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(747_796_405) | 1;
    let draw = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 / 3.0 - 1.0 / 3.0
    };
    (0..frames).map(draw).collect()
}
