//! Devices that come and go, and gaps in the sound.
use super::*;

impl Session {
    /// Who took too long is to blame for gaps that the sound system tells of soon after.
    pub(super) fn tend_long(&mut self, now: Instant) {
        while let Some(long) = self.orders.long() {
            let name = |(slot, step): (usize, usize)| {
                let plan = self.graphs[slot].as_ref()?.plan();
                Some(plan.steps.get(step)?.name.clone())
            };
            let whose = long.step.and_then(name).map_or(Whose::Machine, Whose::Node);
            self.blamed = Some((now, whose));
        }
    }

    pub(super) fn gap(&mut self, now: Instant) {
        let recent = |at: Instant| now.duration_since(at) < Duration::from_millis(500);
        let blamed = self.blamed.take().filter(|(at, _)| recent(*at));
        let whose = blamed.map_or(Whose::System, |(_, whose)| whose);
        // Input and output of one card tell of the same.
        let last = self.last_gap.replace(now);
        if last.is_some_and(|last| now.duration_since(last) < Duration::from_millis(30)) {
            return;
        }
        self.xruns += 1;
        if self.time() > SETTLED {
            self.recorder.dump_because("samples were lost".into(), now);
        }
        self.gaps.push_back(Xrun { time: self.time(), whose });
        if self.gaps.len() > REMEMBERED {
            self.gaps.pop_front();
        }
    }

    pub(super) fn tend_lines(&mut self, now: Instant) {
        for at in 0..self.places.len() {
            let turn = self.places[at].line.turn(now);
            let line = &self.places[at].line;
            let (name, what) = (line.name.clone(), line.direction.as_str());
            match turn {
                Turn::Same => {}
                Turn::Note(why) => self.note(why, true),
                Turn::Lost => self.gap(now),
                Turn::Back => self.note(format!("the {what} `{name}` is back"), false),
                Turn::Dead { why, told } => {
                    let hangs = at == self.driver && !self.take_stage(now);
                    match self.at_work().filter(|_| hangs).map(String::from) {
                        Some(node) => self.note(format!("`{node}` takes long, and the sound waits for it"), true),
                        None if told => {}
                        None => self.note(format!("the {what} `{name}` is gone ({why}); it is waited for"), true),
                    }
                    if at != self.driver && self.places[at].line.direction == Direction::Input {
                        for &port in &self.places[at].ports {
                            let _under_way = self.takers[port].detach();
                        }
                    }
                }
                Turn::Open => match self.connect(at) {
                    Ok(()) => {
                        if at == self.driver {
                            // What came while nothing played is old.
                            (0..self.places.len()).filter(|other| *other != at).for_each(|other| self.reconnect(other));
                        }
                    }
                    Err(why) => {
                        self.note(why.to_string(), true);
                        let _closing = self.places[at].line.close(&why.to_string(), now);
                    }
                },
            }
        }
        for at in 0..self.places.len() {
            if self.places[at].file.as_mut().is_some_and(places::FileCard::has_ended) {
                let name = self.places[at].line.name.clone();
                self.note(format!("{name} is at its end; it is silent from now on"), false);
            }
        }
        // While no device drives, nobody else does what the plugs ask.
        self.stage.iter_mut().for_each(|stage| stage.settle());
        for plug in &mut self.takers {
            plug.free();
        }
        for plug in self.feeders.iter_mut().flatten() {
            plug.free();
        }
        if self.places[self.driver].line.got().is_some() {
            let starved: u64 = self.intakes.iter().flatten().map(Gauge::starved).sum();
            if starved > self.starved {
                self.gap(now);
            }
            self.starved = starved;
        }
    }
}
