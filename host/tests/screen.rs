//! The terminal comes back as it was, however a screen ends. Each test shows a screen on a terminal of its own: a shell owns
//! it, and runs this program again as the job that shows it.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // helpers of tests, too
use aw_host::live::screen::Screen;
use aw_host::live::{Act, Scene};
use rustix::fs::OFlags;
use rustix::process::{Signal, ioctl_tiocsctty, kill_process_group, setsid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcgetpgrp, tcsetwinsize};
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// To the alternate screen, and back from it.
const TAKEN: &str = "\x1b[?1049h";
const GIVEN: &str = "\x1b[?1049l";
/// Says to a test what part of the play it has: `shell` or `job`.
const PART: &str = "AW_TEST_SCREEN";
/// What the shell does: a job that is stopped goes on after a key.
const SHELL: &str = r#"
AW_TEST_SCREEN=job "$0" --exact job --nocapture
code=$?
echo "the shell again, after $code"
[ $code -lt 128 ] || { read -r key; fg; }
"#;

/// Takes the terminal as a session of its own, as a terminal's window does, and becomes its shell.
#[test]
fn shell() {
    if std::env::var(PART).is_ok_and(|part| part == "shell") {
        setsid().unwrap();
        ioctl_tiocsctty(std::io::stdin()).unwrap();
        let failed = Command::new("sh").arg("-mc").arg(SHELL).arg(std::env::current_exe().unwrap()).exec();
        panic!("{failed}");
    }
}

/// What the job does: a screen that quits, panics, and lets a library write to standard error, by keys.
#[test]
fn job() {
    if std::env::var(PART).is_ok_and(|part| part == "job") {
        show();
    }
}

fn show() {
    Screen::fits().unwrap();
    let mut screen = Screen::open().unwrap();
    let scene = Scene { title: "on a terminal".into(), ..Scene::default() };
    loop {
        screen.show(&scene).unwrap();
        for act in screen.acts(Duration::from_millis(20)) {
            match act {
                Act::Quit => return,
                Act::Dump => panic!("the thread that draws"),
                Act::Reload => drop(std::thread::spawn(|| panic!("another thread")).join()),
                _ => {}
            }
        }
    }
}

/// A terminal with a screen on it.
struct Shown {
    shell: Child,
    keys: File,
    terminal: File,
    output: Receiver<Vec<u8>>,
    seen: String,
}

impl Shown {
    fn new() -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname(&master, vec![]).unwrap().into_string().unwrap();
        let never_ours = OFlags::NOCTTY.bits().cast_signed();
        let terminal = File::options().read(true).write(true).custom_flags(never_ours).open(path).unwrap();
        tcsetwinsize(&terminal, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let end = || terminal.try_clone().unwrap();
        let shell = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "shell", "--nocapture"])
            .env(PART, "shell")
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8")
            .env("RUST_BACKTRACE", "0")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        let keys = File::from(master);
        let mut from = keys.try_clone().unwrap();
        let (send, output) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count) = from.read(&mut bytes) {
                if count == 0 || send.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let mut shown = Self { shell, keys, terminal, output, seen: String::new() };
        shown.until("on");
        assert!(shown.raw(), "keys are read one by one");
        shown
    }

    /// Waits for a text, and gives what came before it and the text.
    fn until(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.seen.find(text) {
                let after = self.seen.split_off(at + text.len());
                return std::mem::replace(&mut self.seen, after);
            }
            let more = self.output.recv_timeout(Duration::from_secs(30));
            let more = more.unwrap_or_else(|_| panic!("no {text:?} in {:?}", self.seen));
            self.seen += &String::from_utf8_lossy(&more);
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// To the job in the foreground.
    fn send(&self, signal: Signal) {
        kill_process_group(tcgetpgrp(&self.keys).unwrap(), signal).unwrap();
    }

    fn raw(&self) -> bool {
        !tcgetattr(&self.terminal).unwrap().local_modes.contains(LocalModes::ICANON)
    }

    /// The screen is gone: what came since.
    fn ended(mut self) -> String {
        let mut output = self.until(GIVEN);
        let _ = self.shell.wait().unwrap();
        assert!(!self.raw(), "lines are edited again");
        output += &self.seen;
        while let Ok(more) = self.output.recv_timeout(Duration::from_millis(200)) {
            output += &String::from_utf8_lossy(&more);
        }
        output
    }
}

#[test]
fn q_and_a_signal_end_a_screen() {
    let mut shown = Shown::new();
    shown.press("q");
    shown.ended();
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let shown = Shown::new();
        shown.send(signal);
        shown.ended();
    }
}

#[test]
fn what_a_panic_says_is_read_on_the_terminal_as_it_was() {
    let mut shown = Shown::new();
    shown.press("d");
    let output = shown.ended();
    let (given, said) = (output.find(GIVEN), output.find("the thread that draws"));
    assert!(given.is_some() && given < said, "{output:?}");
}

#[test]
fn what_others_say_meanwhile_is_told_at_the_end() {
    let mut shown = Shown::new();
    shown.press("r");
    shown.press("?");
    let before = shown.until("KEYS");
    assert!(!before.contains("another thread"), "{before:?}");
    shown.press("q");
    shown.press("q");
    let output = shown.ended();
    let (given, said) = (output.find(GIVEN), output.find("another thread"));
    assert!(given.is_some() && given < said, "{output:?}");
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_again() {
    let mut shown = Shown::new();
    shown.press("\x1a");
    shown.until(GIVEN);
    // 128 and SIGSTOP, 17 on macOS.
    let stopped = shown.until("\r\n");
    assert!(
        ["147", "145"].iter().any(|code| stopped.contains(&format!("the shell again, after {code}"))),
        "{stopped:?}"
    );
    assert!(!shown.raw());
    shown.press("\n");
    shown.until(TAKEN);
    shown.until("on");
    assert!(shown.raw());
    shown.press("q");
    shown.ended();
}
