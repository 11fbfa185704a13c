//! Compiles and renders.
use crate::guard;
use aw_host::control::{Engine, Report};
use aw_host::graph::{Code, Compiled, Device, GraphFile, OutputKind, Plan, Port, compile};
use aw_host::plugin::Workers;
use aw_host::render::{Apart, FromRender, Program, Renderer};
use ringbuf::traits::Consumer;
use std::path::Path;

/// What a graph plays: by input, by channel.
pub type Sound = Vec<Vec<Vec<f32>>>;

/// What came of it.
pub struct Played {
    pub plan: Plan,
    /// By output, by channel; priming and lag included.
    pub outputs: Sound,
    pub reports: Vec<Report>,
    /// Allocations while rendering, block by block.
    pub allocated: Vec<u64>,
    /// Reports that found no room.
    pub lost: u64,
}

/// The graph of a text, or the codes of what is wrong with it.
pub fn compiled(text: &str, device: &Device, workers: &Workers) -> Result<Compiled, Vec<Code>> {
    let (file, mut diags) = GraphFile::parse(Path::new("graph.toml"), text.into());
    let compiled = compile(&file, workers, device, &[], &mut diags);
    let said = diags.render(Path::new("graph.toml"), text, false);
    let wrong: Vec<Code> = diags.iter().filter(|diag| !diag.is_warning).map(|diag| diag.code).collect();
    assert!(!said.contains("please report it"), "{said}\n{text}");
    compiled.ok_or(wrong)
}

/// A host that plays blocks of `block`.
pub fn blocks_of(block: usize) -> Device {
    Device { block: Some(block as u32), ..Device::default() }
}

/// The same rate for the inputs and outputs named.
pub fn rated(mut device: Device, inputs: &[(&str, u32)], outputs: &[(&str, u32)]) -> Device {
    let port = |rate: u32| Port { rate: Some(rate), channels: None };
    device.inputs = inputs.iter().map(|(name, rate)| (name.to_string(), port(*rate))).collect();
    device.outputs = outputs.iter().map(|(name, rate)| (name.to_string(), port(*rate))).collect();
    device
}

/// Plays `input` to its end, or `blocks` blocks if it is silent.
pub fn play(compiled: Compiled, input: &Sound, metered: bool) -> Played {
    play_and(compiled, input, metered, |_, _| {})
}

/// As [`play`]; `between` is called before each block, with its number.
pub fn play_and(
    compiled: Compiled,
    input: &Sound,
    metered: bool,
    mut between: impl FnMut(usize, &mut Engine),
) -> Played {
    let (engine, renderer) = Engine::start(compiled, metered);
    play_on(engine, renderer, input, |at, engine, _| between(at, engine))
}

/// As [`play`], with what has been started; `between` is called before each block, with its number.
pub fn play_on(
    mut engine: Engine,
    mut renderer: Renderer,
    input: &Sound,
    mut between: impl FnMut(usize, &mut Engine, &mut Renderer),
) -> Played {
    let plan = engine.plan().clone();
    let longest = input.iter().map(|planes| planes[0].len()).max().unwrap_or(0);
    let mut outputs = silence(&plan, longest);
    let mut at = vec![0; input.len()];
    let (mut allocated, mut reports) = (vec![], vec![]);
    while goes_on(&at, input) {
        between(allocated.len(), &mut engine, &mut renderer);
        allocated.push(block(&mut renderer, input, &mut at, &mut outputs));
        reports.extend(engine.reports());
    }
    let lost = renderer.lost();
    Played { plan, outputs, reports, allocated, lost }
}

/// As [`play`], with the lanes apart: after each block `lanes` lets them work, or not. Answers what they reported, too.
pub fn play_apart(
    compiled: Compiled,
    input: &Sound,
    mut lanes: impl FnMut(usize, &mut [Apart]),
) -> (Played, Vec<FromRender>) {
    let plan = compiled.plan.clone();
    let (mut renderer, mut remote) = Renderer::new(Program::new(compiled), true);
    let mut apart = renderer.part(&remote);
    let longest = input.iter().map(|planes| planes[0].len()).max().unwrap_or(0);
    let mut outputs = silence(&plan, longest);
    let mut at = vec![0; input.len()];
    let (mut allocated, mut reports) = (vec![], vec![]);
    while goes_on(&at, input) {
        allocated.push(block(&mut renderer, input, &mut at, &mut outputs));
        let ((), count) = guard::count(|| lanes(allocated.len() - 1, &mut apart));
        allocated.extend((count > 0).then_some(count));
        reports.extend(std::iter::from_fn(|| remote.report()));
        apart.iter_mut().for_each(|lane| reports.extend(std::iter::from_fn(|| lane.reports.try_pop())));
    }
    let lost = renderer.lost();
    (Played { plan, outputs, reports: vec![], allocated, lost }, reports)
}

fn silence(plan: &Plan, longest: usize) -> Sound {
    let channels = |output| plan.output_format(output).map_or(0, |format| format.channels as usize);
    let room = longest * 2 + 4 * plan.block as usize;
    let planes = |output| (0..channels(output)).map(|_| Vec::with_capacity(room)).collect();
    plan.outputs.iter().map(planes).collect()
}

fn goes_on(at: &[usize], input: &Sound) -> bool {
    at.iter().zip(input).all(|(at, planes)| *at < planes[0].len())
}

/// Renders one block, and answers how often that allocated.
fn block(renderer: &mut Renderer, input: &Sound, at: &mut [usize], outputs: &mut Sound) -> u64 {
    let due: Vec<usize> = (0..input.len()).map(|input| renderer.due(input)).collect();
    let ((), count) = guard::count(|| {
        renderer.render(
            |index, room| {
                for (plane, to) in input[index].iter().zip(room.data.chunks_mut(room.stride.max(1))) {
                    let from = plane.get(at[index]..).unwrap_or_default();
                    let there = from.len().min(room.frames);
                    to[..there].copy_from_slice(&from[..there]);
                    to[there..room.frames].fill(0.0);
                }
            },
            |index, frames| {
                for (channel, to) in outputs[index].iter_mut().enumerate() {
                    let from = &frames.data[channel * frames.stride..][..frames.frames];
                    to.extend_from_slice(from);
                }
            },
        );
    });
    at.iter_mut().zip(due).for_each(|(at, due)| *at += due);
    count
}

impl Played {
    /// By how many samples an output comes late, as the plan says: lag and priming.
    pub fn late(&self, output: usize) -> usize {
        let output = &self.plan.outputs[output];
        let format = self.plan.output_format(output).unwrap();
        let OutputKind::Audio(edge) = output.kind else { panic!("`{}` is no audio", output.name) };
        let lag = output.lag.in_frames(&format).unwrap_or_else(|| panic!("{:?} is no whole number", output.lag));
        (lag + self.plan.edges[edge].tokens.priming) as usize
    }

    /// What is heard at an output when its lag and priming are taken off; before that there must be silence.
    pub fn heard(&self, output: usize) -> Vec<&[f32]> {
        let late = self.late(output);
        let planes = self.outputs[output].iter();
        planes
            .map(|plane| {
                let late = late.min(plane.len());
                assert!(plane[..late].iter().all(|x| *x == 0.0), "something comes before its time");
                &plane[late..]
            })
            .collect()
    }

    /// What failed, and why.
    pub fn failures(&self) -> Vec<(&str, &str, &str)> {
        let failed = |report| match report {
            &Report::Failed { ref node, ref why, instead } => Some((node.as_str(), why.as_str(), instead)),
            _ => None,
        };
        self.reports.iter().filter_map(failed).collect()
    }
}

/// So many samples of noise, as small whole numbers: sums of them are exact.
pub fn noise(seed: usize, channels: usize, length: usize) -> Vec<Vec<f32>> {
    let sample = |channel: usize, i: usize| {
        let mut x = (seed * 31 + channel * 7 + i) as u64 ^ 0x9e37_79b9_7f4a_7c15;
        for _ in 0..3 {
            x = x.wrapping_mul(0xd6e8_feb8_6659_fd93);
            x ^= x >> 32;
        }
        (x % 15) as f32 - 7.0
    };
    (0..channels).map(|channel| (0..length).map(|i| sample(channel, i)).collect()).collect()
}
