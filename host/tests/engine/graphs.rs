//! Random graphs, and what must come out of them. A recipe is a list of small numbers: whatever they are, a graph comes
//! of it, and leaving some out leaves a smaller graph. What is expected is computed here on whole signals, with neither
//! blocks nor latency.
use crate::play::{Sound, noise, rated};
use crate::workers::{gcd, held};
use aw_host::graph::Device;
use proptest::prelude::*;
use std::fmt::Write;

/// Rate of every graph, in Hz.
const RATE: usize = 480;
/// Larger numbers would not be exact.
const LOUDEST: f32 = (1 << 22) as f32;
const HOPS: &[usize] = &[0, 0, 1, 2, 3, 5, 8, 10, 16, 24, 37, 64, 100, 128];

/// How a graph is made.
#[derive(Clone, Debug)]
pub struct Recipe {
    pub inputs: Vec<(usize, usize)>,
    pub ops: Vec<Op>,
    pub outputs: Vec<(usize, usize)>,
    /// Where the file begins: names may be used before they are made.
    pub turn: usize,
}

/// One or a few nodes.
#[derive(Clone, Copy, Debug)]
pub struct Op {
    pub kind: usize,
    pub on: [usize; 3],
    pub hop: usize,
    pub frames: usize,
    pub delay: usize,
}

/// What is in a graph, by kind of [`Op`].
pub const KINDS: [&str; 10] =
    ["through", "late", "lane", "framer", "unframer", "up", "down", "sum", "loop", "generator"];

/// A graph, and what must come out of it.
pub struct Drawn {
    pub text: String,
    pub device: Device,
    pub input: Sound,
    /// By output, by channel: exact, without latency.
    pub expected: Sound,
    /// A lane answers a block later: with other blocks it is another graph.
    pub block_matters: bool,
}

/// A stream of the graph.
#[derive(Clone)]
struct Signal {
    name: String,
    /// So many samples for one of the graph.
    up: usize,
    /// Samples a frame, and whether it is a spectrum.
    size: Option<(usize, bool)>,
    planes: Vec<Vec<f32>>,
}

impl Signal {
    fn alike(&self, other: &Self) -> bool {
        (self.up, self.size, self.planes.len()) == (other.up, other.size, other.planes.len())
    }
    fn unit(&self) -> usize {
        self.size.map_or(1, |(size, _)| size)
    }
    fn renamed(&self, name: &str) -> Self {
        Self { name: name.into(), ..self.clone() }
    }
    /// Later by frames of its own.
    fn later(&self, frames: usize) -> Self {
        let planes = self.planes.iter().map(|plane| shifted(plane, frames * self.unit()));
        Self { planes: planes.collect(), ..self.clone() }
    }
    fn too_loud(&self) -> bool {
        self.planes.iter().flatten().any(|x| x.abs() > LOUDEST)
    }
}

fn shifted(plane: &[f32], by: usize) -> Vec<f32> {
    let silence = std::iter::repeat_n(0.0, by);
    silence.chain(plane.iter().copied()).take(plane.len()).collect()
}

pub fn recipes(most: usize) -> impl Strategy<Value = Recipe> {
    let small = || 0..64usize;
    let op = (0..KINDS.len(), [small(), small(), small()], 0..HOPS.len(), 0..40usize, 0..40usize);
    let op = op.prop_map(|(kind, on, hop, frames, delay)| Op { kind, on, hop, frames, delay });
    let inputs = prop::collection::vec((0..3usize, 0..8usize), 1..3);
    let outputs = prop::collection::vec((small(), 0..8usize), 1..4);
    (inputs, prop::collection::vec(op, 1..most), outputs, small()).prop_map(|(inputs, ops, outputs, turn)| Recipe {
        inputs,
        ops,
        outputs,
        turn,
    })
}

/// Rates of files and devices beside the graph's own.
fn device_rate(choice: usize) -> usize {
    [RATE, RATE, RATE, RATE, RATE, 320, 441, 240][choice]
}

struct Drawing {
    length: usize,
    /// Latencies are multiples of it, so that they are whole at every rate.
    whole: usize,
    nodes: Vec<String>,
    signals: Vec<Signal>,
    block_matters: bool,
}

impl Recipe {
    /// The graph, on so many samples.
    pub fn draw(&self, length: usize) -> Drawn {
        let rates = self.inputs.iter().map(|(_, rate)| *rate).chain(self.outputs.iter().map(|(_, rate)| *rate));
        let whole = |rate: usize| RATE / gcd(RATE, rate);
        let whole = rates.map(|rate| whole(device_rate(rate))).fold(1, |a, b| a / gcd(a, b) * b);
        let length = length.next_multiple_of(whole);
        let mut drawing = Drawing { length, whole, nodes: vec![], signals: vec![], block_matters: false };
        let (mut text, mut input, mut rates) = (String::new(), vec![], vec![]);
        for (i, &(channels, rate)) in self.inputs.iter().enumerate() {
            let rate = device_rate(rate);
            let sound = noise(i + 1, channels + 1, length * rate / RATE);
            let here = |plane: &Vec<f32>| resampled(plane, rate, RATE);
            let (name, planes) = (format!("i{i}"), sound.iter().map(here).collect());
            writeln!(text, "[input.{name}]\nchannels = {}", channels + 1).unwrap();
            rates.push((name.clone(), rate as u32));
            drawing.signals.push(Signal { name, up: 1, size: None, planes });
            input.push(sound);
        }
        self.ops.iter().for_each(|op| drawing.op(op));
        let (mut expected, mut out_rates) = (vec![], vec![]);
        for (i, &(from, rate)) in self.outputs.iter().enumerate() {
            let (signal, rate) = (drawing.home(from), device_rate(rate));
            let planes = signal.planes.iter().map(|plane| resampled(plane, RATE, rate)).collect();
            writeln!(text, "[output.o{i}]\nfrom = \"{}\"", signal.name).unwrap();
            out_rates.push((format!("o{i}"), rate as u32));
            expected.push(planes);
        }
        let turn = self.turn % drawing.nodes.len().max(1);
        drawing.nodes.rotate_left(turn);
        let text = format!("[graph]\nrate = {RATE}\n{text}{}", drawing.nodes.concat());
        let named = |rates: Vec<(String, u32)>| rates;
        let (rates, out_rates) = (named(rates), named(out_rates));
        fn borrowed(rates: &[(String, u32)]) -> Vec<(&str, u32)> {
            rates.iter().map(|(name, rate)| (name.as_str(), *rate)).collect()
        }
        let device = rated(Device::default(), &borrowed(&rates), &borrowed(&out_rates));
        Drawn { text, device, input, expected, block_matters: drawing.block_matters }
    }
}

fn resampled(plane: &[f32], from: usize, to: usize) -> Vec<f32> {
    let common = gcd(from, to);
    let (take, give) = (from / common, to / common);
    let sample = |i: usize| plane[i / give * take + held(i % give, take, give)];
    (0..plane.len() / take * give).map(sample).collect()
}

impl Drawing {
    fn pick(&self, choice: usize) -> Signal {
        self.signals[choice % self.signals.len()].clone()
    }

    fn name(&self) -> String {
        format!("n{}", self.nodes.len())
    }

    fn node(&mut self, worker: &str, keys: &str) -> String {
        let name = self.name();
        self.nodes.push(format!("[node.{name}]\nworker = \"{worker}\"\n{keys}\n"));
        name
    }

    /// Adds a signal, unless it has grown beyond what is exact; its nodes stay, unheard.
    fn add(&mut self, signal: Signal) {
        if !signal.too_loud() {
            self.signals.push(signal);
        }
    }

    /// As many frames that the delay is whole at every rate.
    fn latency(&self, frames: usize, signal: &Signal) -> usize {
        frames * self.whole * signal.up
    }

    fn op(&mut self, op: &Op) {
        let from = self.pick(op.on[0]);
        match KINDS[op.kind] {
            "through" => self.late(&from, HOPS[op.hop], 0, ""),
            "late" => self.late(&from, HOPS[op.hop], self.latency(op.frames, &from), ""),
            "lane" => self.lane(op, &from),
            "framer" if from.size.is_none() => self.framer(op, &from),
            "unframer" | "framer" => drop(self.unframed(&from)),
            "up" if from.size.is_none() && from.up * (2 + op.frames % 3) <= 6 => self.up(&from, 2 + op.frames % 3),
            "down" | "up" => drop(self.downed(&from)),
            "sum" => self.sum(op, &from),
            "loop" => self.again(op, &from),
            _ => self.generator(op),
        }
    }

    fn late(&mut self, from: &Signal, hop: usize, latency: usize, more: &str) {
        let keys = format!("in = \"{}\"\nhop = {hop}\nlatency = {latency}\n{more}", from.name);
        let name = self.node("late", &keys);
        self.add(from.renamed(&name));
    }

    /// A lane answers so many firings later; they must be whole at every rate.
    fn lane(&mut self, op: &Op, from: &Signal) {
        let hop = match (HOPS[op.hop], self.whole) {
            (0, 1) => 0,
            (hop, whole) => (1 + hop % 3) * whole * from.up,
        };
        // One that takes as many audio samples as there are is asked once a block.
        self.block_matters |= hop == 0 && from.size.is_none();
        let run = format!("run = {{ lane = \"l{}\", delay = {} }}", op.on[1] % 2, 1 + op.delay % 3);
        self.late(from, hop, 0, &run);
    }

    fn framer(&mut self, op: &Op, from: &Signal) {
        let complex = op.delay % 2 == 1;
        let size = HOPS[op.hop].max(2) & if complex { !1 } else { !0 };
        let keys = format!("in = \"{}\"\nsize = {size}\ncomplex = {complex}", from.name);
        let name = self.node("framer", &keys);
        self.add(Signal { size: Some((size, complex)), ..from.renamed(&name) });
    }

    fn unframed(&mut self, from: &Signal) -> Signal {
        if from.size.is_none() {
            return from.clone();
        }
        let name = self.node("unframer", &format!("in = \"{}\"", from.name));
        let signal = Signal { size: None, ..from.renamed(&name) };
        self.add(signal.clone());
        signal
    }

    fn up(&mut self, from: &Signal, times: usize) {
        let up = from.up * times;
        let name = self.node("resample", &format!("in = \"{}\"\nrate = {}", from.name, RATE * up));
        let planes = from.planes.iter().map(|plane| resampled(plane, 1, times)).collect();
        self.add(Signal { up, planes, ..from.renamed(&name) });
    }

    fn downed(&mut self, from: &Signal) -> Signal {
        if from.up == 1 || from.size.is_some() {
            return from.clone();
        }
        let name = self.node("resample", &format!("in = \"{}\"\nrate = {RATE}", from.name));
        let planes = from.planes.iter().map(|plane| resampled(plane, from.up, 1)).collect();
        let signal = Signal { up: 1, planes, ..from.renamed(&name) };
        self.add(signal.clone());
        signal
    }

    /// Two or three of a kind, the last one later on purpose.
    fn sum(&mut self, op: &Op, from: &Signal) {
        let fit: Vec<Signal> = self.signals.iter().filter(|signal| signal.alike(from)).cloned().collect();
        let others = op.on[1..].iter().map(|on| fit[on % fit.len()].clone());
        let terms: Vec<Signal> = others.take(1 + op.frames % 2).collect();
        let delay = op.delay / 2;
        let mut wires = format!("a = {{ from = \"{}\", delay = {delay} }}", from.name);
        let mut sum = from.later(delay);
        for (i, term) in terms.iter().enumerate() {
            write!(wires, ", b{i} = \"{}\"", term.name).unwrap();
            for (to, plane) in sum.planes.iter_mut().zip(&term.planes) {
                to.iter_mut().zip(plane).for_each(|(to, x)| *to += x);
            }
        }
        let name = self.node("sum", &format!("in = {{ {wires} }}\nhop = {}", HOPS[op.hop]));
        self.add(sum.renamed(&name));
    }

    /// y = x − y, so many frames ago: those that go round, and the latency of who is in the loop.
    fn again(&mut self, op: &Op, from: &Signal) {
        let hops = [HOPS[op.hop], HOPS[op.on[1] % HOPS.len()], HOPS[op.on[2] % HOPS.len()]];
        let hops = &hops[..2 + op.delay % 2];
        let frames = hops.iter().sum::<usize>() + 1 + op.frames;
        let latency = self.latency(op.frames % 5, from);
        let name = self.name();
        let last = format!("n{}", self.nodes.len() + hops.len() - 1);
        let wires = format!("in = {{ in = \"{}\", again = {{ from = \"{last}\", feedback = {frames} }} }}", from.name);
        self.node("back", &format!("{wires}\nhop = {}", hops[0]));
        let mut y = from.renamed(&name);
        let ago = (frames + (hops.len() - 1) * latency) * from.unit();
        for plane in &mut y.planes {
            (ago..plane.len()).for_each(|i| plane[i] -= plane[i - ago]);
        }
        self.add(y.clone());
        for hop in &hops[1..] {
            let before = format!("n{}", self.nodes.len() - 1);
            self.late(&y.renamed(&before), *hop, latency, "");
        }
    }

    fn generator(&mut self, op: &Op) {
        let channels = 1 + op.on[1] % 3;
        let name = self.node("count", &format!("hop = {}\nchannels = {channels}", HOPS[op.hop]));
        let planes = vec![(0..self.length).map(|i| (i % 16) as f32).collect(); channels];
        self.add(Signal { name, up: 1, size: None, planes });
    }

    /// As audio at the graph's rate.
    fn home(&mut self, from: usize) -> Signal {
        let signal = self.pick(from);
        let audio = self.unframed(&signal);
        self.downed(&audio)
    }
}
