//! A graph made to fit the rate, the block and the channels of a device.
use super::clock::Clock;
use super::cost::{CostError, Prices};
use super::fault::Faults;
use super::memory::Account;
use super::profile::Profile;
use crate::graph::{Compiled, Device, Diags, GraphFile, Listener, compile};
use crate::plugin::{Instance, Workers};
use crate::replay::ReplayError;
use std::path::PathBuf;

/// A graph on a device, before the first block.
pub struct Stage {
    /// The graph.
    pub compiled: Compiled,
    /// The same in floating point, where the device rounds.
    pub twin: Option<Compiled>,
    /// How time passes.
    pub clock: Clock,
}

/// What a graph costs and holds on a device.
#[derive(Clone, Debug)]
pub struct Priced {
    /// What its nodes cost.
    pub prices: Prices,
    /// What it holds.
    pub account: Account,
}

/// Why a graph does not go with a device at all.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The device has another rate.
    #[error(
        "{device} has {} Hz, and {rate} Hz are asked for{of}: convert the sound, or name another device",
        list(known)
    )]
    Rate {
        /// The device.
        device: String,
        /// What it has.
        known: Vec<u32>,
        /// What is asked for.
        rate: u32,
        /// By what.
        of: String,
    },
    /// Its buffers have another size.
    #[error("{device} has buffers of {} samples, and {block} are asked for", list(known))]
    Block {
        /// The device.
        device: String,
        /// What it has.
        known: Vec<u32>,
        /// What is asked for.
        block: u32,
    },
    /// No block of the graph is one of the device.
    #[error(
        "a buffer of {device} at {rate} Hz is no whole number of samples at the graph's {graph} Hz: write `rate = {rate}` \
         in [graph]"
    )]
    Fraction {
        /// The device.
        device: String,
        /// Its rate.
        rate: u32,
        /// The graph's.
        graph: u32,
    },
    /// It has fewer channels.
    #[error("{device} has {most} channels for what {way}, and `{port}` has {channels}")]
    Channels {
        /// The device.
        device: String,
        /// How many it has.
        most: u32,
        /// In or out.
        way: &'static str,
        /// The input or output.
        port: String,
        /// How many that has.
        channels: u32,
    },
    /// A fault speaks of a memory that there is not.
    #[error("{device} has no heap `{heap}`; it has {}", known.join(", "))]
    Heap {
        /// The device.
        device: String,
        /// What is spoken of.
        heap: String,
        /// What there is.
        known: Vec<String>,
    },
    /// What nodes cost cannot be found.
    #[error(transparent)]
    Cost(#[from] CostError),
    /// The graph has mistakes, which were reported.
    #[error(transparent)]
    Graph(#[from] ReplayError),
}

fn list(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

impl Stage {
    /// Compiles a graph for a device. `device` says what its inputs are, and the block if one is asked for; without it the
    /// graph's own is taken, or the usual one of the device.
    ///
    /// # Errors
    /// What does not go together.
    pub fn set(
        file: &GraphFile,
        workers: &Workers,
        profile: &Profile,
        mut device: Device,
        listeners: &[Listener],
        diags: &mut Diags,
    ) -> Result<Self, StageError> {
        let rate = rate(file, profile, &device)?;
        device.live = true;
        device.block = Some(block(file, profile, rate, device.block)?);
        for input in &file.inputs {
            device.inputs.entry(input.name.value.clone()).or_default().rate.get_or_insert(rate);
        }
        for output in &file.outputs {
            device.outputs.entry(output.name.value.clone()).or_default().rate = Some(rate);
        }
        let compiled = compile(file, workers, &device, listeners, diags).ok_or(ReplayError::Graph)?;
        channels(&compiled, profile)?;
        let rounds = profile.audio.format.bits().is_some();
        let twin = if rounds { compile(file, workers, &device, listeners, &mut Diags::default()) } else { None };
        let clock = Clock { hz: profile.clock_hz, rate: compiled.plan.rate, block: compiled.plan.block };
        Ok(Self { compiled, twin, clock })
    }

    /// What it costs and holds.
    ///
    /// # Errors
    /// Counts or models that cannot be read; a fault of a memory that there is not.
    pub fn price(
        &self,
        workers: &Workers,
        profile: &Profile,
        faults: &Faults,
        counts: &[PathBuf],
    ) -> Result<Priced, StageError> {
        if let Some(heap) = faults.heaps().find(|heap| !profile.heaps.iter().any(|known| known.name == *heap)) {
            let known = profile.heaps.iter().map(|heap| heap.name.clone()).collect();
            return Err(StageError::Heap { device: profile.name.clone(), heap: heap.into(), known });
        }
        let plan = &self.compiled.plan;
        let at_once = vec![0.0; plan.steps.len()];
        let prices = Prices::new(plan, workers, profile, &at_once, counts)?;
        let held: Vec<Option<u64>> = self.compiled.instances.iter().map(Instance::held).collect();
        let account = Account::new(plan, profile, &prices, &held, faults);
        let waits = account.waits(plan, profile);
        // How long memory is waited for hangs from where things lie, and that not from what it costs.
        let prices = if waits == at_once { prices } else { Prices::new(plan, workers, profile, &waits, counts)? };
        Ok(Priced { prices, account })
    }
}

/// Samples a second of the device: those of what is played; otherwise the graph's own, or the next that it has.
fn rate(file: &GraphFile, profile: &Profile, device: &Device) -> Result<u32, StageError> {
    let known = &profile.audio.rates;
    let mut played = device.inputs.iter().filter_map(|(name, port)| Some((name, port.rate?)));
    let refused = |rate, of| StageError::Rate { device: profile.name.clone(), known: known.clone(), rate, of };
    match played.next() {
        Some((name, rate)) if !known.contains(&rate) => Err(refused(rate, format!(" by what `{name}` plays"))),
        Some((first, rate)) => match played.find(|(_, other)| *other != rate) {
            Some((name, other)) => {
                Err(refused(other, format!(" by what `{name}` plays, while `{first}` plays at {rate} Hz")))
            }
            None => Ok(rate),
        },
        None => {
            // One at which some buffer is a whole number of samples of the graph, if there is any.
            let whole = |rate: &u32| {
                profile.audio.blocks.iter().any(|block| of_graph(*block, *rate, file.graph.rate).is_some())
            };
            let mut rates = known.clone();
            let graph = file.graph.rate;
            rates.sort_by_key(|rate| (!whole(rate), !rate.is_multiple_of(graph), *rate < graph, *rate));
            Ok(rates.first().copied().unwrap_or(file.graph.rate))
        }
    }
}

/// A buffer of a device in samples of the graph, if it is a whole number of them.
fn of_graph(buffer: u32, rate: u32, graph: u32) -> Option<u32> {
    let samples = u64::from(buffer) * u64::from(graph);
    samples.is_multiple_of(u64::from(rate)).then(|| (samples / u64::from(rate)) as u32)
}

/// Samples a block, at the rate of the graph.
fn block(file: &GraphFile, profile: &Profile, rate: u32, asked: Option<u32>) -> Result<u32, StageError> {
    let known = &profile.audio.blocks;
    let graph = file.graph.rate;
    let of_graph = |buffer: u32| of_graph(buffer, rate, graph);
    if let Some(block) = asked {
        let fits = known.iter().any(|buffer| of_graph(*buffer) == Some(block));
        let refused = || StageError::Block { device: profile.name.clone(), known: known.clone(), block };
        return if fits { Ok(block) } else { Err(refused()) };
    }
    let own = known.iter().filter_map(|buffer| of_graph(*buffer)).find(|block| *block == file.graph.block);
    let usual = known.iter().find_map(|buffer| of_graph(*buffer));
    own.or(usual).ok_or(StageError::Fraction { device: profile.name.clone(), rate, graph })
}

fn channels(compiled: &Compiled, profile: &Profile) -> Result<(), StageError> {
    let plan = &compiled.plan;
    let refused = |most, way, port: &str, channels| {
        let (device, port) = (profile.name.clone(), port.into());
        Err(StageError::Channels { device, most, way, port, channels })
    };
    for input in &plan.inputs {
        let channels = plan.streams[input.stream].format.channels;
        if channels > profile.audio.inputs {
            return refused(profile.audio.inputs, "comes in", &input.name, channels);
        }
    }
    for output in &plan.outputs {
        let audio = matches!(output.kind, crate::graph::OutputKind::Audio(_));
        let channels = plan.output_format(output).map_or(0, |format| format.channels);
        if audio && channels > profile.audio.outputs {
            return refused(profile.audio.outputs, "goes out", &output.name, channels);
        }
    }
    Ok(())
}
