//! `aw doctor`.
use super::{FAILED, WorkersFrom, fail, json, print};
use aw_host::doctor::{Area, Finding, Opened, Verdict, examine};
use aw_host::install::{Catalogue, Home};
use aw_host::plugin::{Library, SearchPath, loads};
use clap::Args;
use serde_json::json;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

#[derive(Args)]
pub struct Command {
    /// For scripts
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    workers: WorkersFrom,
}

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        let catalogue = Catalogue::built_in().map_err(fail)?;
        let home = Home::find();
        let findings = examine(home.as_ref(), &catalogue, &SearchPath::new(&self.workers.folders), &open);
        let broken = findings.iter().filter(|finding| finding.verdict == Verdict::Broken).count();
        match self.json {
            true => print(&json(&json!({ "broken": broken, "findings": findings })))?,
            false => print(&table(&findings, broken))?,
        }
        Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
    }
}

fn table(findings: &[Finding], broken: usize) -> String {
    let width =
        findings.iter().map(|finding| finding.what.chars().count()).filter(|width| *width <= 24).max().unwrap_or(0);
    let (mut text, mut area) = (String::new(), None);
    for finding in findings {
        if area != Some(finding.area) {
            area = Some(finding.area);
            text += &format!("{}{}\n", if text.is_empty() { "" } else { "\n" }, heading(finding.area));
        }
        let mark = match finding.verdict {
            Verdict::Fine => "ok",
            Verdict::Lack => "-",
            Verdict::Broken => "BROKEN",
        };
        text += &format!("  {mark:6}  {:width$}  {}\n", finding.what, finding.found.replace('\n', "\n    "));
        finding.remedy.iter().for_each(|remedy| text += &format!("  {:6}  {:width$}  → {remedy}\n", "", ""));
    }
    text + &match broken {
        0 => "\nnothing that is installed is broken\n".into(),
        1 => "\n1 thing is broken\n".into(),
        many => format!("\n{many} things are broken\n"),
    }
}

fn heading(area: Area) -> &'static str {
    match area {
        Area::Engines => "engines",
        Area::Models => "models",
        Area::Workers => "worker libraries",
        Area::Sound => "sound systems",
        Area::Realtime => "real time",
        Area::Machine => "this machine",
    }
}

/// Most that opening a library may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Most that is waited, when the process has ended, for the end of what it printed: a library may have started a process
/// of its own that holds the pipe.
const LINGER: Duration = Duration::from_secs(1);

/// Opens a library in a process of its own.
fn open(library: &Path, as_what: Opened) -> Result<String, String> {
    let program = std::env::current_exe().map_err(|why| why.to_string())?;
    let mut command = std::process::Command::new(program);
    command.arg("open").args((as_what == Opened::Workers).then_some("--workers")).arg("--").arg(library);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|why| why.to_string())?;
    let (out, err) = (child.stdout.take().map(printed), child.stderr.take().map(printed));
    let begun = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if begun.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(5)),
            Ok(None) => {
                drop(child.kill().and_then(|()| child.wait()));
                return Err(format!("opening it did not end within {} s", PATIENCE.as_secs()));
            }
            Err(why) => return Err(why.to_string()),
        }
    };
    let until = Instant::now() + LINGER;
    let [out, err] = [out, err].map(|printed| printed.map_or(String::new(), |printed| text(&printed, until)));
    match status.code() {
        Some(0) => Ok(out),
        Some(code) if code == i32::from(FAILED) && !err.is_empty() => Err(err),
        _ => Err(format!("opening it ended the process: {status}")),
    }
}

/// What comes out of a pipe, read meanwhile, so that nobody waits for a full one.
fn printed(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut chunk = [0; 4096];
        loop {
            let sent = match pipe.read(&mut chunk) {
                Err(why) if why.kind() == ErrorKind::Interrupted => continue,
                Ok(0) | Err(_) => return, // bytes that came before an error are all there is
                Ok(n) => send.send(chunk[..n].to_vec()),
            };
            if sent.is_err() {
                return;
            }
        }
    });
    receive
}

/// All of it: to the end of the pipe, or what came by then.
fn text(printed: &Receiver<Vec<u8>>, until: Instant) -> String {
    let next = || printed.recv_timeout(until.saturating_duration_since(Instant::now())).ok();
    let bytes = std::iter::from_fn(next).flatten().collect::<Vec<u8>>();
    String::from_utf8_lossy(&bytes).trim().to_string()
}

/// Opens a library, and says whether that went well. Not for users: `aw doctor` starts it.
#[derive(Args)]
pub struct Child {
    library: PathBuf,
    /// It is one of workers: their ids are printed
    #[arg(long)]
    workers: bool,
}

impl Child {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        let refused = |why: aw_host::plugin::LoadError| {
            say!("{why}");
            ExitCode::from(FAILED)
        };
        match self.workers {
            true => {
                let library = Library::open(&self.library).map_err(refused)?;
                let ids: Vec<&str> = library.workers.iter().map(|worker| worker.id.as_str()).collect();
                print(&format!("{}\n", ids.join(" ")))?;
            }
            false => loads(&self.library).map_err(refused)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
