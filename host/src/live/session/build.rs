//! A session that begins: graphs on a player, between edges that devices are connected to.
use super::*;
use crate::control::lock_memory;

/// Frames of a block of a graph at a rate, rounded up.
pub fn block_at(plan: &Plan, rate: u32) -> usize {
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
    // Before devices call, as it takes a while in which no thread gets a page; and before graphs start, whose first blocks
    // are to find all of theirs.
    let locks = setup.realtime && setup.host.name() != HostName::Simulated;
    let locked = locks.then(lock_memory);
    let places = places::open(&setup, &first, &[])?;
    let rate = places[0].line.got().ok_or(LiveError::Nothing(first.path.display().to_string()))?.rate;
    let made = match (setup.graphs.len(), first.compiled.plan.rate == rate) {
        (1, true) => vec![first],
        _ => all(&setup, &workers, rate)?,
    };
    let folder = setup.record.clone();
    let mut session = begin(Start { setup, workers, made, rate, folder, before: 0.0, carries: false }, &places)?;
    if let Some(Err(why)) = locked {
        session.note(why, true);
    }
    session.places = places;
    session.hear();
    session.connect_all()?;
    Ok(session)
}

/// All graphs of a session as their files are now, for a rate.
pub fn all(setup: &Setup, workers: &Workers, rate: u32) -> Result<Vec<Made>, LiveError> {
    let made = setup.graphs.iter().map(|path| Made::of(path, workers, Some(rate)).map_err(LiveError::Graph));
    let made = made.collect::<Result<Vec<_>, _>>()?;
    let shape = |made: &Made| shape(&made.compiled.plan);
    match made.iter().find(|other| shape(other) != shape(&made[0])) {
        Some(other) => Err(LiveError::Unlike(other.path.display().to_string(), made[0].path.display().to_string())),
        None => Ok(made),
    }
}

/// What a session begins with.
pub struct Start {
    pub setup: Setup,
    pub workers: Workers,
    pub made: Vec<Made>,
    /// Samples a second of the player.
    pub rate: u32,
    /// Where all is recorded, if it is.
    pub folder: Option<PathBuf>,
    /// Seconds played before.
    pub before: f64,
    /// Some nodes have a past.
    pub carries: bool,
}

/// Starts graphs on a player between edges that nothing is connected to; the places, of which the first drives, are not yet
/// those of the session.
pub fn begin(start: Start, places: &[Place]) -> Result<Session, LiveError> {
    let Start { setup, workers, made, rate, folder, before, carries } = start;
    let plans: Vec<Plan> = made.iter().map(|made| made.compiled.plan.clone()).collect();
    let plan = &plans[0];
    let chunk = block_at(plan, rate);
    let piece = match places[0].line.direction {
        Direction::Output => Piece::Always(chunk),
        Direction::Input => Piece::UpTo(chunk),
    };
    let longest = LONGEST * rate as usize;
    let (mut player, orders) = Player::new(plan, rate, piece, longest);
    let mut record = |folder: Option<&Path>| {
        let (reel, dumps) = (player.recorded(), setup.dumps.as_path());
        let recording = Recording { plan, rate, piece, longest, reel, folder, dumps, whole: !carries };
        let named = || folder.unwrap_or(dumps).into();
        Recorder::start(recording).map_err(|why| LiveError::Record { folder: named(), why })
    };
    let (recorder, unrecorded) = match (record(folder.as_deref()), &folder) {
        // A full disk is no reason to end the sound.
        (Err(why), Some(_)) if before > 0.0 => (record(None)?, Some(why)),
        (recorder, _) => (recorder?, None),
    };
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
    for place in places {
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
        driver: 0,
        before,
        away: None,
        other: None,
        home: Arc::new(ArrayQueue::new(1)),
        stage: Some(stage),
        orders,
        recorder,
        takers,
        feeders,
        intakes,
        outlets: vec![None; places.len()],
        places: vec![],
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
    if let Some(why) = unrecorded {
        session.note(format!("{why}; nothing more is recorded until then"), true);
    }
    for (at, made) in made.into_iter().enumerate() {
        let later = most - latency(&made.compiled.plan, piece);
        if let Some(warnings) = &made.warnings {
            session.note(warnings.trim_end(), true);
        }
        session.insert(at, made, later, plans.len() > 1)?;
        session.slots[at] = Some(at);
    }
    Ok(session)
}
