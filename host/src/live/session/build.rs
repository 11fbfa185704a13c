//! What lies between devices and graphs: opened, and connected anew whenever a device comes back.
use super::*;
use crate::control::lock_memory;

/// A device in one direction, by its name in the graph file or the call, and the ports that use it.
type Wanted = Vec<(Option<String>, Vec<usize>)>;

/// Groups ports by device: what the call says goes before the graph file.
fn group<'a>(ports: impl Iterator<Item = (usize, Option<&'a str>)>, asked: Option<&String>) -> Wanted {
    let mut wanted: Wanted = vec![];
    for (port, device) in ports {
        let named = device.filter(|name| *name != "default").map(String::from);
        let name = asked.cloned().or(named);
        match wanted.iter_mut().find(|(other, _)| *other == name) {
            Some((_, ports)) => ports.push(port),
            None => wanted.push((name, vec![port])),
        }
    }
    wanted
}

fn refuse_files(file: &GraphFile) -> Result<(), LiveError> {
    let inputs = file.inputs.iter().filter(|input| input.wav.is_some()).map(|input| &input.name.value);
    let outputs = file.outputs.iter().filter(|output| output.wav.is_some()).map(|output| &output.name.value);
    inputs.chain(outputs).next().map_or(Ok(()), |name| Err(LiveError::File(name.clone())))
}

/// Frames of a block of a graph at a rate, rounded up.
fn block_at(plan: &Plan, rate: u32) -> usize {
    (u64::from(plan.block) * u64::from(rate)).div_ceil(u64::from(plan.rate.max(1))) as usize
}

/// By how many frames what is heard of a graph is late on the player.
pub fn latency(plan: &Plan, piece: Piece) -> usize {
    (0..plan.outputs.len())
        .filter_map(|output| crate::live::player::Deck::latency(plan, piece, output))
        .max()
        .unwrap_or(0)
}

/// What must be alike of two graphs on one player: names and channels.
pub fn shape(plan: &Plan) -> Vec<(String, Option<u32>)> {
    let inputs = plan.inputs.iter().map(|input| (input.name.clone(), Some(plan.streams[input.stream].format.channels)));
    let outputs = plan.outputs.iter().map(|output| match output.kind {
        OutputKind::Audio(_) => (output.name.clone(), plan.output_format(output).map(|format| format.channels)),
        OutputKind::Probe(_) | OutputKind::Events(..) => (output.name.clone(), None),
    });
    inputs.chain(outputs).collect()
}

pub fn open(setup: Setup, workers: Workers) -> Result<Session, LiveError> {
    let first = Made::of(&setup.graphs[0], &workers, None).map_err(LiveError::Graph)?;
    refuse_files(&first.file)?;
    // Before devices call, as it takes a while in which no thread gets a page; and before graphs start, whose first blocks
    // are to find all of theirs.
    let locks = setup.realtime && setup.host.name() != HostName::Simulated;
    let locked = locks.then(lock_memory);
    let (mut places, driver) = open_places(&setup, &first)?;
    let got = places[driver].line.got().ok_or(LiveError::Nothing(first.path.display().to_string()))?;
    let rate = got.rate;
    let made: Vec<Made> = match (setup.graphs.len(), first.compiled.plan.rate == rate) {
        (1, true) => vec![first],
        _ => setup
            .graphs
            .iter()
            .map(|path| Made::of(path, &workers, Some(rate)).map_err(LiveError::Graph))
            .collect::<Result<_, _>>()?,
    };
    let plans: Vec<Plan> = made.iter().map(|made| made.compiled.plan.clone()).collect();
    if let Some(at) = (1..plans.len()).find(|&at| shape(&plans[at]) != shape(&plans[0])) {
        let name = |at: usize| made[at].path.display().to_string();
        return Err(LiveError::Unlike(name(at), name(0)));
    }
    let plan = &plans[0];
    let chunk = block_at(plan, rate);
    let piece = match places[driver].line.direction {
        Direction::Output => Piece::Always(chunk),
        Direction::Input => Piece::UpTo(chunk),
    };
    let longest = LONGEST * rate as usize;
    let (mut player, orders) = Player::new(plan, rate, piece, longest);
    let (reel, folder) = (player.recorded(), setup.record.as_deref());
    let recorder = Recorder::start(Recording { plan, rate, piece, longest, reel, folder, dumps: &setup.dumps })
        .map_err(|why| LiveError::Record { folder: folder.unwrap_or(&setup.dumps).into(), why })?;
    let (inputs, takers) = plan
        .inputs
        .iter()
        .map(|input| {
            let (taker, plug) = Taker::new(plan.streams[input.stream].format.channels as usize, rate);
            // The graph begins with its devices: it hears all of them, and what is heard of it fades in.
            (taker.at_once(), plug)
        })
        .unzip::<_, _, Vec<_>, Vec<_>>();
    let (mut buses, mut feeders) = (vec![], vec![]);
    for place in &places {
        let is_output = place.line.direction == Direction::Output;
        feeders.push(is_output.then(|| {
            let (feeder, plug) = edge::Feeder::new(rate);
            buses.push(Bus { planes: Planes::new(place.width, piece.most()), feeder, outputs: place.ports.clone() });
            plug
        }));
    }
    let played = Arc::<AtomicU64>::default();
    let (tap, analyser) = levels::spectrum(rate);
    let channels = |stream: usize| plan.streams[stream].format.channels as usize;
    let ins = plan.inputs.iter().map(|input| levels::meters(channels(input.stream), rate));
    let (ins, in_levels) = ins.unzip::<_, _, Vec<_>, Vec<_>>();
    let outs = plan.outputs.iter().map(|output| match output.kind {
        OutputKind::Audio(edge) => Some(levels::meters(channels(plan.edges[edge].stream), rate)).unzip(),
        OutputKind::Probe(_) | OutputKind::Events(..) => (None, None),
    });
    let (outs, out_levels) = outs.unzip::<_, _, Vec<_>, Vec<_>>();
    let looks = Looks { inputs: ins, outputs: outs, tap, played: played.clone() };
    let stage = Stage::new(player, chunk, inputs, buses, looks);
    let most = plans.iter().map(|plan| latency(plan, piece)).max().unwrap_or(0);
    let files =
        <[String; 2]>::try_from(made.iter().map(|made| made.path.display().to_string()).collect::<Vec<_>>()).ok();
    let reload = reload::Reload::new(&made, &workers)?;
    let intakes = vec![None; plan.inputs.len()];
    let mut session = Session {
        rate,
        piece,
        driver,
        home: Arc::new(ArrayQueue::new(1)),
        stage: Some(stage),
        orders,
        recorder,
        takers,
        feeders,
        intakes,
        outlets: vec![None; places.len()],
        places: std::mem::take(&mut places),
        graphs: [const { None }; DECKS],
        slots: [None; 2],
        coming: vec![],
        reload,
        ears: Ears::new(files),
        glides: vec![],
        played,
        levels: [in_levels.into_iter().map(Some).collect(), out_levels],
        spectrum: analyser.empty(rate),
        analyser,
        matched_at: None,
        measures: false,
        round_trip_ms: None,
        events: VecDeque::new(),
        notes: VecDeque::new(),
        gaps: VecDeque::new(),
        xruns: 0,
        starved: 0,
        blamed: None,
        last_gap: None,
        settles_at: Instant::now() + SETTLES,
        now: Instant::now(),
        wrong: None,
        quit: false,
        setup,
        workers,
    };
    if let Some(Err(why)) = locked {
        session.note(why, true);
    }
    for (at, made) in made.into_iter().enumerate() {
        let later = most - latency(&made.compiled.plan, piece);
        if let Some(warnings) = &made.warnings {
            session.note(warnings.trim_end(), true);
        }
        session.insert(at, made, later, plans.len() > 1)?;
        session.slots[at] = Some(at);
    }
    session.hear();
    // Inputs first: they have something by the time the driver asks.
    let order = (0..session.places.len()).filter(|at| *at != driver).chain([driver]);
    for at in order.collect::<Vec<_>>() {
        session.connect(at)?;
    }
    Ok(session)
}

/// Opens all devices that a graph needs, and tells which one drives: an output, or an input if there is none.
fn open_places(setup: &Setup, made: &Made) -> Result<(Vec<Place>, usize), LiveError> {
    let plan = &made.compiled.plan;
    let is_sound = |at: &usize| matches!(plan.outputs[*at].kind, OutputKind::Audio(_));
    let of_file = |name: &str| made.file.outputs.iter().find(|output| output.name.value == name);
    let outputs = (0..plan.outputs.len())
        .filter(is_sound)
        .map(|at| (at, of_file(&plan.outputs[at].name).and_then(|output| output.device.as_deref())));
    let outputs = group(outputs, setup.output.as_ref());
    let of_file = |name: &str| made.file.inputs.iter().find(|input| input.name.value == name);
    let inputs = plan.inputs.iter().enumerate();
    let inputs = inputs.map(|(at, input)| (at, of_file(&input.name).and_then(|input| input.device.as_deref())));
    let inputs = group(inputs, setup.input.as_ref());
    let channels = |direction: Direction, ports: &[usize]| {
        let of = |port: &usize| match direction {
            Direction::Input => plan.streams[plan.inputs[*port].stream].format.channels,
            Direction::Output => plan.output_format(&plan.outputs[*port]).map_or(1, |format| format.channels),
        };
        let most = ports.iter().map(of).max().unwrap_or(1);
        // A loudspeaker that plays one channel on one side only is no pleasure.
        u16::try_from(if direction == Direction::Output { most.max(2) } else { most }).unwrap_or(u16::MAX)
    };
    let mut rate = setup.rate.or(Some(plan.rate));
    let mut places: Vec<Place> = vec![];
    let all = outputs.into_iter().map(|wanted| (Direction::Output, wanted));
    for (direction, (name, ports)) in all.chain(inputs.into_iter().map(|wanted| (Direction::Input, wanted))) {
        let block = setup.block.or_else(|| Some(block_at(plan, rate?) as u32));
        let wish = Wish { rate, channels: Some(channels(direction, &ports)), block };
        let mut line = Line::new(setup.host.clone(), direction, name, wish);
        line.open_now()?;
        // All that can is to run as the driver does.
        if let (true, Some(got)) = (places.is_empty(), line.got()) {
            rate = Some(got.rate);
        }
        let width = line.got().map_or(2, |got| usize::from(got.channels));
        places.push(Place { line, ports, width });
    }
    if places.is_empty() {
        return Err(LiveError::Nothing(made.path.display().to_string()));
    }
    Ok((places, 0))
}

impl Session {
    /// Makes the edges of a device that is open, and lets it play.
    pub(super) fn connect(&mut self, at: usize) -> Result<(), LiveError> {
        let call = self.call(at)?;
        self.places[at].line.start(call)?;
        Ok(())
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
