//! What is to be seen of a session.
use super::*;

impl Session {
    /// A snapshot.
    pub fn scene(&self) -> Scene {
        let Some(graph) = self.heard() else { return Scene::default() };
        let plan = graph.plan();
        let file = graph.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Scene {
            title: plan.title.clone().unwrap_or(file),
            time: self.time(),
            rate: plan.rate,
            block: plan.block,
            hearing: self.ears.shown.clone(),
            inputs: (0..plan.inputs.len()).filter_map(|at| self.port(plan, Direction::Input, at)).collect(),
            outputs: (0..plan.outputs.len()).filter_map(|at| self.port(plan, Direction::Output, at)).collect(),
            loads: graph.loads(),
            whole: graph.whole(),
            latency: self.latency(graph),
            round_trip_ms: self.round_trip_ms,
            xruns: self.xruns,
            gaps: self.gaps.iter().cloned().collect(),
            clocks: self.clocks(),
            events: self.events.iter().cloned().collect(),
            notes: self.notes.iter().cloned().collect(),
            wrong: self.wrong.clone(),
            params: graph.params(),
            spectrum: self.spectrum.clone(),
        }
    }

    fn port(&self, plan: &Plan, direction: Direction, at: usize) -> Option<Port> {
        let uses = |place: &&Place| place.line.direction == direction && place.ports.contains(&at);
        let place = self.places.iter().find(uses)?;
        let name = match direction {
            Direction::Input => plan.inputs[at].name.clone(),
            Direction::Output => plan.outputs[at].name.clone(),
        };
        let rate = place.line.got().map_or(0, |got| got.rate);
        let levels = self.levels[usize::from(direction == Direction::Output)].get(at).and_then(Option::as_ref);
        let meters = levels.map(Levels::read).unwrap_or_default();
        Some(Port { name, device: place.line.name.clone(), rate, waits: place.line.waits(), meters })
    }

    fn latency(&self, graph: &Graph) -> Vec<Latency> {
        let mut parts = vec![];
        let mut part = |what: String, ms: f64| {
            if ms > 0.0 {
                parts.push(Latency { what, ms });
            }
        };
        let input = self.places.iter().find(|place| place.line.direction == Direction::Input);
        if let Some(place) = input {
            part(format!("input `{}`", place.line.name), place.line.latency_ms().unwrap_or(0.0));
        }
        let ms = |frames: f64, rate: u32| frames / f64::from(rate.max(1)) * 1000.0;
        if let Some(gauge) = self.intakes.first().and_then(Option::as_ref) {
            part("input and output do not call together".into(), ms(gauge.latency_frames(), self.rate));
        }
        let all = ms(self.graph_latency() as f64, self.rate);
        let within = graph.latency();
        let rest = all - within.iter().map(|part| part.ms).sum::<f64>();
        within.into_iter().for_each(|within| part(within.what, within.ms));
        if rest > 0.001 {
            part("blocks of the graph and of the device".into(), rest);
        }
        let out = &self.places[self.driver].line;
        if out.direction == Direction::Output {
            part(format!("output `{}`", out.name), out.latency_ms().unwrap_or(0.0));
        }
        parts
    }

    fn clocks(&self) -> Vec<Clock> {
        let mut clocks = vec![];
        for (at, place) in self.places.iter().enumerate() {
            let gauge = match place.line.direction {
                Direction::Input => place.ports.first().and_then(|port| self.intakes[*port].as_ref()),
                Direction::Output => self.outlets[at].as_ref(),
            };
            let own = at != self.driver && place.line.id() != self.places[self.driver].line.id();
            if let (Some(gauge), true, true) = (gauge, own, self.setup.host.name() != HostName::Jack) {
                let device = place.line.name.clone();
                clocks.push(Clock { device, ppm: gauge.ppm(), settled: gauge.settled() });
            }
        }
        clocks
    }
}
