//! The threads of lanes: started, given their rights, stopped.
use super::realtime::{self, Rank};
use super::report::Report;
use crate::plugin::Crash;
use crate::render::{Apart, FromRender, Lane, Seat};
use ringbuf::HeapCons;
use ringbuf::traits::Consumer;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

/// How long lanes may take to end their last blocks, all together.
pub(super) const LAST_BLOCK: Duration = Duration::from_millis(500);

/// A lane on its thread.
pub(super) struct LaneThread {
    name: String,
    /// The nodes that it runs.
    nodes: Vec<String>,
    crash: Crash,
    /// The crash has been told.
    told: bool,
    stop: Arc<AtomicBool>,
    handle: Option<JoinHandle<Seat>>,
    reports: HeapCons<FromRender>,
}

impl LaneThread {
    /// Starts a thread for a lane. `rank`: asks for its rights; answers what came of it.
    pub fn start(lane: Apart, rank: Option<Rank>) -> io::Result<(Self, Option<String>)> {
        let Apart { name, nodes, mut seat, reports } = lane;
        let crash = Crash::default();
        let shield = crash.clone();
        let stop = Arc::<AtomicBool>::default();
        let stopped = stop.clone();
        let (tell, told) = mpsc::channel();
        let run = move || {
            let note = rank.and_then(|rank| realtime::ask(rank).err());
            let _nobody_asks = tell.send(note);
            while !stopped.load(Ordering::Relaxed) {
                shield.shield(|| seat.work(&stopped));
                // Woken by the render thread; a wake-up that came in between is not lost.
                thread::park();
            }
            seat
        };
        let handle = thread::Builder::new().name(format!("lane {name}")).spawn(run)?;
        let note = told.recv().ok().flatten();
        Ok((Self { name, nodes, crash, told: false, stop, handle: Some(handle), reports }, note))
    }

    /// Its oldest unread report.
    pub fn report(&mut self) -> Option<FromRender> {
        self.reports.try_pop()
    }

    /// The thread, to be woken.
    pub fn thread(&self) -> Option<Thread> {
        self.handle.as_ref().map(|handle| handle.thread().clone())
    }

    /// That a worker of the lane crashed, once.
    pub fn crashed(&mut self) -> Option<Report> {
        let what = self.crash.what().filter(|_| !self.told)?;
        self.told = true;
        let node = self.nodes.join("`, `");
        let why = match self.nodes.len() {
            1 => format!("crashed: it {what}"),
            _ => format!("crashed: one of them {what}"),
        };
        Some(Report::Failed { node, why, instead: "its late policy is heard from now on" })
    }

    /// Tells the thread to end when its block is done.
    pub fn end(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Ends the thread, by `last`, and answers the lane if it was there. A worker that hangs is left where it is: its lane
    /// never comes home.
    pub fn stop(&mut self, last: Instant) -> Result<Option<Box<Lane>>, String> {
        let does = if self.crash.what().is_some() { "crashed" } else { "hangs" };
        let hangs = || format!("the lane `{}` {does} in a worker, and is left there", self.name);
        let handle = self.handle.take().ok_or_else(hangs)?;
        self.end();
        while !handle.is_finished() {
            if Instant::now() > last || self.crash.what().is_some() {
                return Err(hangs());
            }
            handle.thread().unpark();
            thread::sleep(Duration::from_millis(1));
        }
        let seat = handle.join().map_err(|_| format!("the lane `{}` panicked; this is a mistake in aw", self.name))?;
        Ok(seat.into_lane())
    }
}

impl Drop for LaneThread {
    fn drop(&mut self) {
        if self.handle.is_some() {
            let _left_where_it_hangs = self.stop(Instant::now() + LAST_BLOCK);
        }
    }
}
