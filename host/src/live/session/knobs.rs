//! What a user turns while it plays: live parameters, how loud the second graph is, the burst that measures the way back.
use super::*;

/// A live parameter on its way.
pub struct Glide {
    node: String,
    param: String,
    from: f64,
    to: f64,
    start: Instant,
    takes: Duration,
}

impl Session {
    pub(super) fn set(&mut self, node: &str, param: &str, value: &str, ramp_ms: f64) -> Result<(), String> {
        let from = self.heard().and_then(|graph| graph.value(node, param));
        let to = self.heard().and_then(|graph| graph.read(node, param, value));
        self.glides.retain(|glide| (glide.node.as_str(), glide.param.as_str()) != (node, param));
        if let (Some(from), Some(to), true) = (from, to, ramp_ms > 0.0) {
            let takes = Duration::from_secs_f64((ramp_ms / 1000.0).min(3600.0));
            let (node, param) = (node.to_string(), param.to_string());
            self.glides.push(Glide { node, param, from, to, start: self.now, takes });
            return Ok(());
        }
        self.set_now(node, param, value)
    }

    pub(super) fn measure(&mut self) -> Result<(), String> {
        let ways = [Direction::Input, Direction::Output];
        if !ways.iter().all(|way| self.places.iter().any(|place| place.line.direction == *way)) {
            return Err("the way back can only be measured where sound comes in and goes out".into());
        }
        if !std::mem::replace(&mut self.measures, true) {
            self.give(Order::Measure(Burst::new(self.rate)));
        }
        Ok(())
    }

    pub(super) fn tend_burst(&mut self) {
        let Some(burst) = self.orders.burst() else { return };
        self.measures = false;
        self.round_trip_ms = burst.round_trip().map(|frames| frames as f64 / f64::from(self.rate) * 1000.0);
        match self.round_trip_ms {
            Some(ms) => self.note(format!("from the loudspeaker back to the microphone it takes {ms:.1} ms"), false),
            None => self.note(
                "nothing came back from the loudspeaker to the microphone: connect the two, or turn both up",
                true,
            ),
        }
    }

    /// Both graphs that are compared have it set if they have it.
    pub(super) fn set_now(&mut self, node: &str, param: &str, value: &str) -> Result<(), String> {
        let mut result = Err("nothing plays".to_string());
        for slot in self.slots.into_iter().flatten() {
            let Some(graph) = &mut self.graphs[slot] else { continue };
            let set = graph.set(node, param, value);
            self.recorder.set(graph.deck, graph.sent());
            result = if result.is_ok() { result } else { set };
        }
        // How loud they were before says nothing any more; both are weighed over the same time.
        self.graphs.iter_mut().flatten().for_each(Graph::weigh_anew);
        result
    }

    pub(super) fn tend_glides(&mut self, now: Instant) {
        for glide in std::mem::take(&mut self.glides) {
            let share = now.duration_since(glide.start).as_secs_f64() / glide.takes.as_secs_f64();
            let value = glide.from + (glide.to - glide.from) * share.clamp(0.0, 1.0);
            let text = self.heard().and_then(|graph| graph.text(&glide.node, &glide.param, value));
            if let Some(Err(why)) = text.map(|text| self.set_now(&glide.node, &glide.param, &text)) {
                self.note(why, true);
            } else if share < 1.0 {
                self.glides.push(glide);
            }
        }
    }

    /// The second graph is made as loud as the first.
    pub(super) fn tend_loudness(&mut self) {
        let [Some(a), Some(b)] = self.slots else { return };
        let mut loudness = |slot: usize| self.graphs[slot].as_mut().and_then(Graph::loudness);
        if let (Some(a), Some(b)) = (loudness(a), loudness(b)) {
            let matched = (a - b).clamp(-MOST_MATCHED_DB, MOST_MATCHED_DB);
            let rests = self.matched_at.is_some_and(|at| self.now.duration_since(at) < MATCHES);
            if (matched - self.ears.shown.matched_db).abs() > 0.03 && !rests {
                self.matched_at = Some(self.now);
                self.ears.shown.matched_db = matched;
                self.hear();
            }
        }
    }
}
