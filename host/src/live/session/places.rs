//! The devices that a graph needs, and files in the place of some.
use super::*;
use crate::sound::simulated::{CardScript, Script, SideScript, Simulated};

/// What a graph hears, or plays on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// A device by its name in the graph file or the call; the one that the system prefers, if nothing.
    Device(Option<String>),
    /// A file.
    File(PathBuf),
}

/// An end, and the ports that use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    direction: Direction,
    end: End,
    ports: Vec<usize>,
}

/// What a graph needs. The first is to drive: a device that plays, or one that is heard if there is none.
pub fn needs(setup: &Setup, file: &GraphFile, plan: &Plan) -> Vec<Need> {
    let mut needs = vec![];
    for (at, output) in plan.outputs.iter().enumerate() {
        if let OutputKind::Audio(_) = output.kind {
            let table = file.outputs.iter().find(|table| table.name.value == output.name);
            let (device, wav) = table.map_or((None, None), |table| (table.device.as_ref(), table.wav.as_ref()));
            add(&mut needs, Direction::Output, end(setup.output.as_ref(), device, wav), at);
        }
    }
    for (at, input) in plan.inputs.iter().enumerate() {
        let table = file.inputs.iter().find(|table| table.name.value == input.name);
        let (device, wav) = table.map_or((None, None), |table| (table.device.as_ref(), table.wav.as_ref()));
        add(&mut needs, Direction::Input, end(setup.input.as_ref(), device, wav), at);
    }
    needs.sort_by_key(|need| (matches!(need.end, End::File(_)), need.direction != Direction::Output));
    needs
}

/// What the call says goes before the graph file.
fn end(asked: Option<&String>, device: Option<&String>, wav: Option<&PathBuf>) -> End {
    match (asked, wav) {
        (None, Some(wav)) => End::File(wav.clone()),
        (asked, _) => End::Device(asked.or(device.filter(|name| *name != "default")).cloned()),
    }
}

fn add(needs: &mut Vec<Need>, direction: Direction, end: End, port: usize) {
    match needs.iter_mut().find(|need| (need.direction, &need.end) == (direction, &end)) {
        Some(need) => need.ports.push(port),
        None => needs.push(Need { direction, end, ports: vec![port] }),
    }
}

/// A file in the place of a device: a card of a simulated sound system of its own, in real time.
#[derive(Clone)]
pub struct FileCard {
    direction: Direction,
    path: PathBuf,
    channels: u16,
    world: Simulated,
    /// That it is at its end was told.
    told: bool,
}

impl FileCard {
    fn new(direction: Direction, path: PathBuf, rate: u32, channels: u16) -> Result<Self, SoundError> {
        let id = path.display().to_string();
        let side = SideScript { file: Some(path.clone()), ..SideScript::default() };
        let card = match direction {
            Direction::Input => CardScript { id, input: Some(side), ..CardScript::default() },
            Direction::Output => {
                let side = SideScript { channels: Some(channels), ..side };
                CardScript { id, rate: Some(rate), output: Some(side), ..CardScript::default() }
            }
        };
        let world = Simulated::new(&Script { cards: vec![card], ..Script::default() })?;
        Ok(Self { direction, path, channels, world, told: false })
    }

    /// Whether it has just come to its end.
    pub fn has_ended(&mut self) -> bool {
        let ended = !self.told && self.direction == Direction::Input && self.world.played_out();
        self.told |= ended;
        ended
    }

    /// What is written gets its name; what is wrong with it is told.
    pub fn finish(&self) -> Option<String> {
        self.world.finish().err().map(|why| why.to_string())
    }
}

/// Opens all that a graph needs; the first drives. `before`: files that are open already are gone on with.
pub fn open(setup: &Setup, made: &Made, before: &[Place]) -> Result<Vec<Place>, LiveError> {
    let plan = &made.compiled.plan;
    let mut rate = setup.rate.or(Some(plan.rate));
    let mut places: Vec<Place> = vec![];
    for Need { direction, end, ports } in needs(setup, &made.file, plan) {
        let block = setup.block.or_else(|| Some(build::block_at(plan, rate?) as u32));
        let channels = channels(plan, direction, &ports, &end);
        let file =
            match &end {
                End::Device(_) => None,
                End::File(path) => {
                    let is_it = |card: &&FileCard| {
                        let alike = direction == Direction::Input || card.channels == channels;
                        alike && (card.direction, &card.path) == (direction, path)
                    };
                    let known = before.iter().filter_map(|place| place.file.as_ref()).find(is_it).cloned();
                    Some(known.map_or_else(
                        || FileCard::new(direction, path.clone(), rate.unwrap_or(plan.rate), channels),
                        Ok,
                    )?)
                }
            };
        let host = file.as_ref().map_or(setup.host.clone(), |file| Host::simulated(&file.world));
        let name = match end {
            End::Device(name) => name,
            End::File(path) => Some(path.display().to_string()),
        };
        let mut line = Line::new(host, direction, name, Wish { rate, channels: Some(channels), block });
        line.open_now()?;
        // All that can is to run as the driver does.
        if let (true, Some(got)) = (places.is_empty(), line.got()) {
            rate = Some(got.rate);
        }
        let width = line.got().map_or(2, |got| usize::from(got.channels));
        places.push(Place { line, ports, width, file });
    }
    if places.is_empty() {
        return Err(LiveError::Nothing(made.path.display().to_string()));
    }
    Ok(places)
}

/// Channels for all ports of an end.
fn channels(plan: &Plan, direction: Direction, ports: &[usize], end: &End) -> u16 {
    let of = |port: &usize| match direction {
        Direction::Input => plan.streams[plan.inputs[*port].stream].format.channels,
        Direction::Output => plan.output_format(&plan.outputs[*port]).map_or(1, |format| format.channels),
    };
    let most = ports.iter().map(of).max().unwrap_or(1);
    // A loudspeaker that plays one channel on one side only is no pleasure.
    let sides = if matches!((direction, end), (Direction::Output, End::Device(_))) { 2 } else { 1 };
    u16::try_from(most.max(sides)).unwrap_or(u16::MAX)
}
