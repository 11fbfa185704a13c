//! A session that begins anew while it plays: a worker hangs within the callback, or a graph needs other devices.
use super::*;
use std::collections::BTreeSet;

/// How long a callback may stay away before whoever keeps it is left out.
const HANGS: Duration = Duration::from_secs(2);
/// How long a callback that has just died may take to put the stage back.
const LAST_CALL: Duration = Duration::from_millis(100);

/// The stage is with a callback that does not come back.
pub struct Away {
    home: Home,
    since: Instant,
}

/// Graphs that need other devices; what is heard before them fades out.
pub struct Other {
    made: Vec<Made>,
    /// Nodes that do not survive, by graph.
    anew: Vec<BTreeSet<String>>,
    until: Instant,
}

impl Session {
    /// Takes the stage away from a callback that has died, with all that the graphs remember; answers whether it was there.
    pub(super) fn take_stage(&mut self, now: Instant) -> bool {
        let patience = Instant::now() + LAST_CALL;
        while self.stage.is_none() && self.away.is_none() && Instant::now() < patience {
            self.stage = self.home.pop();
            std::thread::sleep(Duration::from_millis(1));
        }
        let home = std::mem::replace(&mut self.home, Arc::new(ArrayQueue::new(1)));
        if self.stage.is_none() {
            self.away.get_or_insert(Away { home, since: now });
        }
        self.stage.is_some()
    }

    /// The node that is being called; one that is told for long hangs.
    pub(super) fn at_work(&self) -> Option<&str> {
        self.graphs.iter().flatten().find_map(Graph::at_work)
    }

    /// Plays on when a callback comes back that had been away; begins anew without whoever keeps it for too long.
    pub(super) fn tend_away(&mut self, now: Instant) {
        let Some(Away { home, since }) = &self.away else { return };
        if let Some(stage) = home.pop() {
            self.away = None;
            self.stage = Some(stage);
            if self.places[self.driver].line.got().is_some() {
                self.reconnect_all();
            }
        } else if now.duration_since(*since) > HANGS {
            self.leave_behind(now);
        }
    }

    /// The callback and all that it has are left behind, with the worker that keeps it.
    fn leave_behind(&mut self, now: Instant) {
        let hung = self.at_work().map(String::from);
        let why = match &hung {
            Some(node) => format!("`{node}` hangs, and the sound with it"),
            None => "the sound hangs, and no node is to blame".into(),
        };
        let begun = self.graphs_again().and_then(|made| {
            let folder = self.next_folder();
            let (setup, workers, before) = (self.setup.clone(), self.workers.clone(), self.time());
            let start = build::Start { setup, workers, made, rate: self.rate, folder, before, carries: false };
            build::begin(start, &self.places)
        });
        let new = match begun {
            Ok(new) => new,
            Err(fault) => {
                self.note(format!("{why}, and the graph cannot begin anew: {fault}"), true);
                self.away.iter_mut().for_each(|away| away.since = now);
                return;
            }
        };
        self.recorder.dump_because(why.clone(), now);
        let settings = self.heard().map(Graph::settings).unwrap_or_default();
        let places = std::mem::take(&mut self.places);
        self.succeed(new, places);
        self.note(
            match hung {
                Some(_) => format!("{why}: the graph began anew without it; save the graph file to try it again"),
                None => format!("{why}: the graph began anew"),
            },
            true,
        );
        for (at, value) in settings {
            let text = self.heard().and_then(|graph| graph.text(&at.node, &at.param, value));
            let _was_set_before = text.map(|text| self.set_now(&at.node, &at.param, &text));
        }
        if self.setup.host.name() == HostName::Jack {
            // Its library holds a lock of the whole process while it waits for the callback of a client that is closed.
            self.note("JACK lets nobody in again whose callback hangs: end `aw live`, and start it again", true);
        }
        self.reconnect_all();
    }

    /// The graphs as they play, made again without what hangs.
    fn graphs_again(&self) -> Result<Vec<Made>, LiveError> {
        let coming = |deck: usize| self.coming.iter().find_map(|coming| coming.slot_of(deck));
        let slots = (0..self.slots.len()).filter_map(|deck| coming(deck).or(self.slots[deck]));
        let graphs = slots.filter_map(|slot| self.graphs[slot].as_ref());
        graphs.map(|graph| graph.again(&self.workers, self.rate).map_err(LiveError::Graph)).collect()
    }

    /// Goes over to graphs that need other devices than these: first, what is heard fades out.
    pub(super) fn go_to_others(
        &mut self,
        changed: &BTreeSet<PathBuf>,
        replaced: &BTreeSet<String>,
    ) -> Result<(), Mistakes> {
        let made = build::all(&self.setup, &self.workers, self.rate).map_err(|why| match why {
            LiveError::Graph(mistakes) => mistakes,
            other => Mistakes(format!("error: {other}\n")),
        })?;
        let anew = made.iter().map(|made| made.anew(changed, replaced)).collect();
        self.give(Order::Hear { decks: [0.0; DECKS], dry: 0.0, frames: self.over() });
        let until = self.now + Duration::from_millis(u64::from(OVER_MS) + 50);
        self.other = Some(Other { made, anew, until });
        Ok(())
    }

    /// Closes the devices and opens those that other graphs need; if that cannot be, they are opened again as any that
    /// were gone.
    pub(super) fn tend_other(&mut self, now: Instant) {
        let Some(other) = self.other.take_if(|other| now >= other.until) else { return };
        let closing: Vec<_> =
            self.places.iter_mut().filter_map(|place| place.line.close("the graph has changed", now)).collect();
        closing.into_iter().for_each(|closing| drop(closing.join()));
        match self.take_stage(now).then(|| self.open_others(other)) {
            Some(Ok(())) => {}
            Some(Err(why)) => self.wrong = Some(format!("error: {why}; the graph before plays on\n")),
            None => self.reload.all(), // again, when the callback is back
        }
        self.hear();
    }

    fn open_others(&mut self, other: Other) -> Result<(), LiveError> {
        let Other { mut made, anew, .. } = other;
        let places = places::open(&self.setup, &made[0], &self.places)?;
        let rate = places[0].line.got().map_or(self.rate, |got| got.rate);
        if rate != self.rate {
            made = build::all(&self.setup, &self.workers, rate)?;
        }
        let (setup, workers, before, folder) =
            (self.setup.clone(), self.workers.clone(), self.time(), self.next_folder());
        let carries = self.carry(&mut made, &anew);
        let new = build::begin(build::Start { setup, workers, made, rate, folder, before, carries }, &places)?;
        self.succeed(new, places);
        self.connect_all()?;
        let devices: Vec<String> = self.places.iter().map(|place| format!("`{}`", place.line.name)).collect();
        self.note(format!("gone over to what needs other devices, now on {}", devices.join(", ")), false);
        Ok(())
    }

    /// Nodes that are as before go over with what they have learned; answers whether there are such.
    fn carry(&mut self, made: &mut [Made], anew: &[BTreeSet<String>]) -> bool {
        let Some(stage) = &mut self.stage else { return false };
        for ((slot, made), anew) in self.slots.iter().zip(&mut *made).zip(anew) {
            let Some(slot) = *slot else { continue };
            if let (Some(graph), Some(deck)) = (&self.graphs[slot], stage.player_mut().deck_mut(slot)) {
                graph.carry(deck, made, anew);
            }
        }
        made.iter().any(|made| !made.carried.is_empty())
    }

    /// Where the recording goes on: what is played from now on is a recording of its own.
    fn next_folder(&self) -> Option<PathBuf> {
        let folder = self.setup.record.as_ref()?;
        let numbered = |number: u32| {
            let mut name = folder.clone().into_os_string();
            name.push(format!("-{number}"));
            PathBuf::from(name)
        };
        (2..).map(numbered).find(|folder| !folder.exists())
    }

    /// Becomes a session that has begun beside it: what was told and what is heard stay.
    fn succeed(&mut self, mut new: Session, places: Vec<Place>) {
        new.places = places;
        std::mem::swap(&mut new.ears, &mut self.ears);
        std::mem::swap(&mut new.reload, &mut self.reload);
        std::mem::swap(&mut new.events, &mut self.events);
        std::mem::swap(&mut new.gaps, &mut self.gaps);
        let notes = std::mem::replace(&mut new.notes, std::mem::take(&mut self.notes));
        new.notes.extend(notes);
        (new.xruns, new.last_gap, new.now) = (self.xruns, self.last_gap, self.now);
        (new.wrong, new.round_trip_ms) = (self.wrong.take(), self.round_trip_ms);
        let mut old = std::mem::replace(self, new);
        let mut said: Vec<String> = old.graphs.iter_mut().flatten().flat_map(Graph::stop).collect();
        said.extend(old.recorder.close());
        said.into_iter().for_each(|said| self.note(said, false));
        if let Some(folder) = self.recorder.folder() {
            self.note(format!("the recording goes on in {}", folder.display()), false);
        }
        self.hear();
    }
}
