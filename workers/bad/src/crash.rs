//! `bad_crash` and `bad_hang`.

use crate::fuse::{Fuse, When};
use crate::{THROUGH, copy, through};
use aw_sdk::{Block, Param, Result, Setup, Spec, Values, Worker, choices};
use std::hint::black_box;

/// Takes the whole process with it.
pub struct BadCrash {
    fuse: Fuse,
    end: fn(),
}

#[allow(unconditional_recursion)]
fn deeper(depth: u64) -> u64 {
    let here = black_box([depth; 64]);
    deeper(here[63] + 1) + here[0]
}

impl Worker for BadCrash {
    const SPEC: Spec = Spec {
        id: c"bad_crash",
        summary: c"Ends the process that runs it",
        ports: THROUGH,
        params: &[
            Fuse::WHEN,
            Fuse::AFTER,
            Param::text(c"how", c"abort")
                .choices(choices![c"abort", c"exit", c"overflow"])
                .doc(c"SIGABRT, a clean end with status 0, or a stack overflow"),
        ],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        let end: fn() = match values.text("how") {
            "exit" => || std::process::exit(0),
            "overflow" => || assert!(deeper(0) > 0),
            _ => || std::process::abort(),
        };
        let it = Self { fuse: Fuse::new(values), end };
        if it.fuse.at(When::Create) {
            (it.end)();
        }
        Ok(it)
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        if self.fuse.at(When::Prepare) {
            (self.end)();
        }
        through(setup).map(drop)
    }
    fn process(&mut self, block: &mut Block) {
        if self.fuse.now(block) {
            (self.end)();
        }
        copy(block);
    }
}

/// Never comes back.
pub struct BadHang(Fuse);

fn hang() {
    while black_box(true) {
        std::hint::spin_loop();
    }
}

impl Worker for BadHang {
    const SPEC: Spec = Spec {
        id: c"bad_hang",
        summary: c"Loops for ever",
        ports: THROUGH,
        params: &[Fuse::WHEN, Fuse::AFTER],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        let it = Self(Fuse::new(values));
        if it.0.at(When::Create) {
            hang();
        }
        Ok(it)
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        if self.0.at(When::Prepare) {
            hang();
        }
        through(setup).map(drop)
    }
    fn process(&mut self, block: &mut Block) {
        if self.0.now(block) {
            hang();
        }
        copy(block);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aw_sdk::{Format, Given, Rig};
    use std::process::{Child, Command, Stdio};
    use std::time::Duration;

    /// This test program once more, with nothing to run but [`the_child`], which plays ten frames.
    fn child(worker: &str, how: &str) -> Child {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["crash::tests::the_child", "--exact", "--nocapture"]).env("BAD_CHILD", format!("{worker} {how}"));
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
    }

    #[test]
    fn the_child() {
        let Ok(what) = std::env::var("BAD_CHILD") else { return };
        let (worker, how) = what.split_once(' ').unwrap();
        let after: (&str, Given) = ("after", 10.0.into());
        let (audio, outputs) = ([("in", Format::audio(1, 16_000))], ["out"]);
        let mut rig = match worker {
            "bad_crash" => Rig::new::<BadCrash>(&[("how", how.into()), after], &audio, &outputs),
            _ => Rig::new::<BadHang>(&[after], &audio, &outputs),
        }
        .unwrap();
        assert_eq!(rig.run(&[&[&[0.5; 10]]])[0][0], [0.5; 10]);
        println!("ten frames");
        rig.run(&[&[&[0.5]]]);
        println!("eleven frames");
    }

    #[test]
    fn a_crash_ends_the_process_in_the_way_told() {
        for (how, success) in [("abort", false), ("exit", true), ("overflow", false)] {
            let ended = child("bad_crash", how).wait_with_output().unwrap();
            let said = String::from_utf8(ended.stdout).unwrap();
            assert!(said.contains("ten frames") && !said.contains("eleven"), "how = {how:?}: {said}");
            assert_eq!(ended.status.success(), success, "how = {how:?}: {}", ended.status);
        }
    }

    #[test]
    fn a_hang_goes_on_until_it_is_killed() {
        let mut child = child("bad_hang", "");
        std::thread::sleep(Duration::from_millis(700));
        assert!(child.try_wait().unwrap().is_none(), "it came back");
        child.kill().unwrap();
        let said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        assert!(said.contains("ten frames") && !said.contains("eleven"), "{said}");
    }
}
