//! What lies between devices and graphs: connected anew whenever a device comes back.
use super::*;

impl Session {
    /// Connects all devices that are open; inputs first: they have something by the time the driver asks.
    pub(super) fn connect_all(&mut self) -> Result<(), LiveError> {
        let order = (0..self.places.len()).filter(|at| *at != self.driver).chain([self.driver]);
        order.collect::<Vec<_>>().into_iter().try_for_each(|at| self.connect(at))
    }

    /// Makes the edges of a device that is open, and lets it play.
    pub(super) fn connect(&mut self, at: usize) -> Result<(), LiveError> {
        let call = self.call(at)?;
        self.places[at].line.start(call)?;
        Ok(())
    }

    /// Gives all devices that play new edges.
    pub(super) fn reconnect_all(&mut self) {
        (0..self.places.len()).for_each(|at| self.reconnect(at));
    }

    /// Gives a device that plays new edges.
    pub(super) fn reconnect(&mut self, at: usize) {
        if self.places[at].line.got().is_none() {
            return;
        }
        match self.call(at) {
            Ok(call) => drop(self.places[at].line.exchange(call)),
            Err(why) => self.note(why.to_string(), true),
        }
    }

    /// What the callback of a device is to do.
    fn call(&mut self, at: usize) -> Result<Call, LiveError> {
        let Some(got) = self.places[at].line.got() else {
            return Err(LiveError::Nothing("the device".into()));
        };
        let (direction, ports) = (self.places[at].line.direction, self.places[at].ports.clone());
        let way = if direction == Direction::Input { Way::Delivers } else { Way::Asks };
        let mut call = Call {
            pulse: Pulse::new(got.rate, way),
            feeders: vec![],
            taker: None,
            stage: None,
            seen: Arc::default(),
            channels: usize::from(got.channels),
        };
        match direction {
            Direction::Input => {
                for port in ports {
                    let channels = self.port_channels(port);
                    let spec = self.spec(at, channels, usize::from(got.channels) < channels);
                    let (feed, take) = edge::intake(&spec).map_err(|why| self.unfit(at, why))?;
                    self.intakes[port] = Some(take.gauge());
                    call.feeders.push(edge::Feeder::of(feed));
                    if self.takers[port].attach(take).is_err() {
                        self.note(
                            "an input is still being exchanged; it is silent until its device is opened again",
                            true,
                        );
                    }
                }
            }
            Direction::Output => {
                // It may come back with more channels, which stay silent, or fewer, which play the first.
                let spec = self.spec(at, usize::from(got.channels).min(self.places[at].width), false);
                let (feed, take) = edge::outlet(&spec).map_err(|why| self.unfit(at, why))?;
                self.outlets[at] = Some(take.gauge());
                call.taker = Some(Taker::of(take));
                if let Some(plug) = &mut self.feeders[at] {
                    drop(plug.attach(feed));
                }
            }
        }
        if at == self.driver {
            call.stage = Some(self.home.clone());
            if let Some(stage) = self.stage.take() {
                drop(self.home.push(stage));
            }
        }
        Ok(call)
    }

    fn port_channels(&self, port: usize) -> usize {
        let plan = self.heard().map(Graph::plan);
        plan.map_or(1, |plan| plan.streams[plan.inputs[port].stream].format.channels as usize)
    }

    fn unfit(&self, at: usize, why: EdgeError) -> LiveError {
        let (place, plan) = (&self.places[at], self.heard().map(Graph::plan));
        let name = |port: &usize| match (plan, place.line.direction) {
            (Some(plan), Direction::Input) => plan.inputs[*port].name.clone(),
            (Some(plan), Direction::Output) => plan.outputs[*port].name.clone(),
            (None, _) => String::new(),
        };
        let port = place.ports.first().map(name).unwrap_or_default();
        LiveError::Edge { port, device: place.line.name.clone(), why }
    }

    /// What lies between a device and so many channels. `narrow`: the device has fewer, and its first is heard on all.
    fn spec(&self, at: usize, channels: usize, narrow: bool) -> Spec {
        let period = |got: crate::sound::Got| got.block.map_or(1024, |block| block as usize).max(1);
        let drives = self.places[self.driver].line.got();
        let got = self.places[at].line.got().or(drives);
        let host = self.setup.host.name();
        let (rate, width, frames) = got.map_or((self.rate, 2, 1024), |got| (got.rate, got.channels, period(got)));
        let driver = Driver {
            rate: drives.map_or(self.rate, |got| got.rate),
            period: drives.map_or(1024, period),
            steady: matches!(host, HostName::Jack),
            graph_rate: self.rate,
            block: self.piece.most(),
        };
        let id = |at: usize| self.places[at].line.id();
        let clocks = match at {
            _ if at == self.driver => Clocks::Cycle,
            _ if host == HostName::Jack || id(at) == id(self.driver) => Clocks::Same,
            _ => Clocks::Own,
        };
        let of_device = if narrow { Channels::These(vec![1; channels]) } else { Channels::First };
        let device = edge::Device { rate, channels: usize::from(width), period: frames };
        Spec { device, port: edge::Port { rate: self.rate, channels, of_device }, driver, clocks }
    }
}
