//! What workers are told of the recording: where they are in it, where it ends, and that it comes again.
use crate::guard;
use crate::play::{blocks_of, compiled, noise};
use crate::workers;
use aw_host::control::Engine;
use aw_host::graph::{Code, Device, OutputKind};
use aw_host::plugin::NO_END;
use aw_host::render::{Extent, Renderer};

const BLOCKS: [usize; 4] = [1, 37, 128, 1021];

/// A graph that plays recordings from their start to a little beyond their end.
struct Stage {
    engine: Engine,
    renderer: Renderer,
    /// Samples from each input so far.
    at: Vec<usize>,
    /// What was heard, by output; of one channel.
    heard: Vec<Vec<f32>>,
    /// How often the recordings were played.
    times: u32,
}

impl Stage {
    fn of(graph: &str, block: usize) -> Self {
        let text = format!("[graph]\nrate = 16000\n[input.mic]\n{graph}");
        let compiled = compiled(&text, &blocks_of(block), &workers::all());
        let compiled = compiled.unwrap_or_else(|why| panic!("{why:?} in\n{text}"));
        let (engine, renderer) = Engine::start(compiled, false);
        let (inputs, outputs) = (engine.plan().inputs.len(), engine.plan().outputs.len());
        Self { engine, renderer, at: vec![0; inputs], heard: vec![vec![]; outputs], times: 0 }
    }

    /// Plays `blocks` blocks of recordings, and says where these end as soon as that matters.
    fn play(&mut self, inputs: &[&[f32]], blocks: usize) {
        for _ in 0..blocks {
            let due: Vec<usize> = (0..inputs.len()).map(|input| self.renderer.due(input)).collect();
            let over = |i: usize| self.at[i] + due[i] > inputs[i].len();
            let ends: Vec<u64> =
                (0..inputs.len()).map(|i| if over(i) { inputs[i].len() as u64 } else { NO_END }).collect();
            self.renderer.end(&ends);
            self.heard.iter_mut().for_each(|heard| heard.reserve(1 << 13));
            let (at, heard) = (&self.at, &mut self.heard);
            let ((), allocated) = guard::count(|| {
                self.renderer.render(
                    |input, room| {
                        let from = inputs[input].get(at[input]..).unwrap_or_default();
                        let there = from.len().min(room.frames);
                        room.data[..there].copy_from_slice(&from[..there]);
                        room.data[there..room.frames].fill(0.0);
                    },
                    |output, frames| heard[output].extend_from_slice(&frames.data[..frames.frames]),
                );
            });
            assert_eq!(allocated, 0, "allocations while rendering");
            self.at.iter_mut().zip(due).for_each(|(at, due)| *at += due);
        }
    }

    /// Plays it all, and 4000 samples of silence.
    fn play_all(&mut self, input: &[f32]) -> Vec<Vec<f32>> {
        let block = self.engine.plan().block as usize;
        self.play(&[input], (input.len() + 4000).div_ceil(block));
        self.heard.iter_mut().map(std::mem::take).collect()
    }

    /// As a replay does after a rehearsal.
    fn rewind(&mut self) {
        self.times += 1;
        self.renderer.rewind(self.times);
        self.at.fill(0);
    }

    /// Zeros that come before anything at an output.
    fn priming(&self, output: usize) -> usize {
        let OutputKind::Audio(edge) = self.engine.plan().outputs[output].kind else { panic!("no audio") };
        self.engine.plan().edges[edge].tokens.priming as usize
    }

    /// The extent of what an output of the graph hears.
    fn extent(&mut self, output: usize, frames: u64) -> Option<Extent> {
        let plan = self.engine.plan();
        let stream = plan.output_edge(&plan.outputs[output]).map(|edge| plan.edges[edge].stream).unwrap();
        self.renderer.extents(&[frames])[stream]
    }
}

fn place(before: &str, from: &str, keys: &str) -> String {
    format!("{before}[node.place]\nworker = \"place\"\nin = {from}\n{keys}[output.o]\nfrom = \"place\"\n")
}

fn late(latency: usize, hop: usize) -> String {
    format!("[node.x]\nworker = \"late\"\nin = \"mic\"\nlatency = {latency}\nhop = {hop}\n")
}

#[test]
fn frames_before_the_sound_have_negative_numbers_as_many_as_the_latency_has() {
    for block in BLOCKS {
        for (latency, hop, own) in [(0, 0, 0), (5, 0, 0), (700, 0, 7), (30, 100, 0), (1021, 100, 64), (3, 128, 160)] {
            let mut stage = Stage::of(&place(&late(latency, hop), "\"x\"", &format!("hop = {own}\n")), block);
            let heard = stage.play_all(&[0.5; 3000]).remove(0);
            let priming = stage.priming(0);
            assert!(heard[..priming].iter().all(|x| *x == 0.0));
            let wrong = heard[priming..].iter().enumerate().find(|(i, x)| **x != *i as f32 - latency as f32);
            assert_eq!(wrong, None, "blocks of {block}, latency {latency}, hops of {hop} and {own}");
            assert!(heard.len() > priming + 3000);
        }
    }
}

/// Frames of 100 samples behind a latency that is no whole number of them: the first number is rounded away from 0.
#[test]
fn a_latency_of_a_part_of_a_frame_counts_as_a_frame() {
    for (latency, first) in [(0, 0.0), (30, -1.0), (100, -1.0), (101, -2.0)] {
        let before = late(latency, 0) + "[node.f]\nworker = \"framer\"\nsize = 100\nin = \"x\"\n";
        let nodes = before
            + "[node.place]\nworker = \"place\"\nin = \"f\"\n[node.u]\nworker = \"unframer\"\nin = \"place\"\n[output.o]\nfrom = \"u\"\n";
        let mut stage = Stage::of(&nodes, 128);
        let heard = stage.play_all(&[0.5; 1000]).remove(0);
        let frames: Vec<f32> = heard[stage.priming(0)..].chunks(100).map(|frame| frame[0]).collect();
        assert_eq!(frames[..3], [first, first + 1.0, first + 2.0], "latency {latency}");
    }
}

#[test]
fn the_end_is_told_before_the_first_frame_behind_it() {
    for block in BLOCKS {
        for (before, from, samples, end) in [
            (String::new(), "\"mic\"", 3000, 3000.0),
            (String::new(), "\"mic\"", 1024, 1024.0),
            (String::new(), "\"mic\"", 0, 0.0),
            (late(300, 0), "\"x\"", 3000, 3000.0),
            (late(300, 100), "\"x\"", 3000, 3000.0),
            // Sound that comes later on purpose also ends later.
            (String::new(), "{ from = \"mic\", delay = 100 }", 3000, 3100.0),
        ] {
            let nodes = place(&before, from, "")
                + &format!("[node.end]\nworker = \"place\"\nend = true\nin = {from}\n[output.end]\nfrom = \"end\"\n");
            let mut stage = Stage::of(&nodes, block);
            let heard = stage.play_all(&vec![0.5; samples]);
            let [numbers, ends] = [0, 1].map(|output| &heard[output][stage.priming(output)..]);
            for (number, told) in numbers.iter().zip(ends) {
                assert!(*told == end || (*told == -1.0 && *number < end), "{number} is told {told}, blocks of {block}");
            }
            assert_eq!(ends.last(), Some(&end), "{from} after {samples} samples, blocks of {block}");
        }
    }
}

#[test]
fn inputs_end_when_they_end_and_not_when_all_have() {
    let end = |of: &str| {
        format!(
            "[node.end_{of}]\nworker = \"place\"\nend = true\nin = \"{of}\"\n[output.o_{of}]\nfrom = \"end_{of}\"\n"
        )
    };
    let mut stage = Stage::of(&format!("[input.far]\n{}{}", end("mic"), end("far")), 128);
    stage.play(&[&[0.5; 1000], &[0.5; 2000]], 12);
    assert_eq!((stage.heard[0].last(), stage.heard[1].last()), (Some(&1000.0), Some(&-1.0)));
    stage.play(&[&[0.5; 1000], &[0.5; 2000]], 8);
    assert_eq!((stage.heard[0].last(), stage.heard[1].last()), (Some(&1000.0), Some(&2000.0)));
}

/// Counters in a row, as an STFT with features behind it, and a classifier behind these.
#[test]
fn extents_follow_the_frames_from_worker_to_worker() {
    let node = |name: &str, from: &str, keys: &str| format!("[node.{name}]\nin = \"{from}\"\nworker = {keys}\n");
    let nodes = [
        node("plain", "mic", "\"late\"\nlatency = 99\n"),
        node("framed", "plain", "\"framer\"\nsize = 100\n"),
        node("back", "framed", "\"unframer\"\n"),
        node("w", "plain", "\"windows\"\n"),
        node("behind", "w", "\"late\"\nlatency = 5\n"),
        node("again", "behind", "\"windows\"\nsize = 3\nhop = 2\n"),
        node("hops", "w", "\"framer\"\nsize = 10\n"),
    ];
    let outs: String = ["plain", "framed", "back", "w", "behind", "again", "hops"]
        .iter()
        .map(|name| {
            let rest = format!("[node.n_{name}]\nworker = \"unframer\"\nin = \"{name}\"\n");
            if ["plain", "back"].contains(name) { String::new() } else { rest }
        })
        .collect();
    let text = format!("[graph]\nrate = 16000\n[input.mic]\n{}{outs}[output.o]\nfrom = \"back\"\n", nodes.concat());
    let compiled = compiled(&text, &blocks_of(128), &workers::all()).unwrap_or_else(|why| panic!("{why:?}\n{text}"));
    let (engine, mut renderer) = Engine::start(compiled, false);
    let mut of = |name: &str, frames: u64| {
        let at = engine.plan().streams.iter().position(|stream| stream.name == format!("{name}.out")).unwrap();
        renderer.extents(&[frames])[at].map(|extent| (extent.frames, extent.counted))
    };
    // Of librosa's `util.frame(y, frame_length=400, hop_length=160)`: 1 + (16000 - 400) // 160 = 98.
    for (name, extent) in [
        ("plain", (16_000, false)),
        ("framed", (160, false)),
        ("back", (16_000, false)),
        ("w", (98, true)),
        ("behind", (98, true)),
        ("again", (48, true)),
        ("hops", (10, true)),
    ] {
        assert_eq!(of(name, 16_000), Some(extent), "{name}");
    }
    assert_eq!((of("framed", 16_001), of("back", 16_001)), (Some((161, false)), Some((16_100, false))));
    assert_eq!((of("w", 399), of("again", 399), of("hops", 399)), (Some((0, true)), Some((0, true)), Some((0, true))));
    assert_eq!(of("w", 400), Some((1, true)));
    assert_eq!(of("w", NO_END), None, "of what has no end, nothing is known");
}

#[test]
fn what_hangs_on_no_input_has_no_extent() {
    let mut stage =
        Stage::of("[node.c]\nworker = \"count\"\n[output.o]\nfrom = \"c\"\n[output.m]\nfrom = \"mic\"\n", 128);
    assert_eq!(stage.extent(0, 5), None);
    assert_eq!(stage.extent(1, 5), Some(Extent { frames: 5, counted: false }));
}

/// Loops, delays, hops, a worker that dies: all is as at first.
#[test]
fn after_rewind_the_same_input_gives_the_same_output() {
    let nodes = format!(
        "{}[node.echo]\nworker = \"back\"\nin = {{ in = \"x\", again = {{ from = \"echo\", feedback = 50 }} }}\n\
         [node.both]\nworker = \"sum\"\nin = {{ a = \"echo\", b = {{ from = \"mic\", delay = 20 }} }}\nhop = 7\n\
         [node.dies]\nworker = \"fail\"\nhow = \"nan\"\nin = \"mic\"\nat = 900\n[node.place]\nworker = \"place\"\nin = \"both\"\n\
         [output.o]\nfrom = \"both\"\n[output.d]\nfrom = \"dies\"\n[output.p]\nfrom = \"place\"\n",
        late(300, 100)
    );
    for block in BLOCKS {
        let input = noise(3, 1, 2500).remove(0);
        let mut stage = Stage::of(&nodes, block);
        let first = stage.play_all(&input);
        // It may also have been in the midst of it.
        stage.rewind();
        stage.play(&[&input], 5);
        stage.heard.iter_mut().for_each(Vec::clear);
        stage.rewind();
        assert!(stage.play_all(&input) == first, "blocks of {block}");
    }
}

/// Two that learn in a row need two rehearsals: in the first, the second has heard what was not yet right.
#[test]
fn workers_learn_one_after_the_other() {
    let loudest = |name: &str, from: &str| format!("[node.{name}]\nworker = \"loudest\"\nin = \"{from}\"\n");
    let nodes = format!("{}{}[output.o]\nfrom = \"b\"\n", loudest("a", "mic"), loudest("b", "a"));
    let peak = |heard: Vec<Vec<f32>>| heard[0].iter().fold(0.0f32, |most, x| most.max(x.abs()));
    let mut input = noise(4, 1, 3000).remove(0);
    input[2900] = -16.0;
    let mut stage = Stage::of(&nodes, 128);
    assert_eq!(stage.engine.plan().rehearsals(), 2);
    let mut peaks = vec![];
    for _ in 0..4 {
        peaks.push(peak(stage.play_all(&input)));
        stage.rewind();
    }
    // What the second learned while the first still did was wrong, and is forgotten.
    assert_eq!(peaks, [16.0, 1.0, 1.0, 1.0]);
    let rehearsals = |nodes: &str| Stage::of(nodes, 128).engine.plan().rehearsals();
    let beside = format!("{}{}", loudest("a", "mic"), loudest("b", "mic"));
    assert_eq!(
        rehearsals(&format!(
            "{beside}[node.s]\nworker = \"sum\"\nin = {{ a = \"a\", b = \"b\" }}\n[output.o]\nfrom = \"s\"\n"
        )),
        1
    );
    assert_eq!(
        rehearsals(&format!("{}times = 3\n{}[output.o]\nfrom = \"b\"\n", loudest("a", "mic"), loudest("b", "a"))),
        4
    );
    assert_eq!(rehearsals(&format!("{}times = 0\n[output.o]\nfrom = \"a\"\n", loudest("a", "mic"))), 0);
    // What it learns may come out as events alone.
    let events = "[node.e]\nworker = \"learner\"\nin = \"a\"\n[output.heard]\nfrom = \"e\"\nto = \"stdout\"\n";
    assert_eq!(rehearsals(&format!("{}{events}[output.o]\nfrom = \"a\"\n", loudest("a", "mic"))), 2);
}

#[test]
fn what_plays_live_cannot_be_rehearsed() {
    let text =
        "[graph]\nrate = 16000\n[input.mic]\n[node.a]\nworker = \"loudest\"\nin = \"mic\"\n[output.o]\nfrom = \"a\"\n";
    let live = Device { live: true, ..blocks_of(128) };
    assert_eq!(compiled(text, &live, &workers::all()).err(), Some(vec![Code::Offline]));
    assert!(compiled(&text.replace("in =", "times = 0\nin ="), &live, &workers::all()).is_ok());
    let absurd = text.replace("in =", "times = 8\nin =");
    assert!(compiled(&absurd, &blocks_of(128), &workers::all()).is_ok());
}

/// What plays on goes on with its numbers; what comes new begins where its own input begins.
#[test]
fn a_worker_that_outlives_a_change_counts_on() {
    let graph = |latency: usize| {
        format!(
            "[graph]\nrate = 16000\n[input.mic]\n[node.y]\nworker = \"late\"\nin = \"mic\"\nlatency = 40\n\
             [node.place]\nworker = \"place\"\nin = \"y\"\nhop = 100\n[output.o]\nfrom = \"place\"\n\
             [node.x]\nworker = \"late\"\nin = \"mic\"\nlatency = {latency}\n[output.p]\nfrom = \"x\"\n"
        )
    };
    let all = workers::all();
    let (engine, renderer) = Engine::start(compiled(&graph(10), &blocks_of(128), &all).unwrap(), false);
    let mut stage = Stage { engine, renderer, at: vec![0], heard: vec![vec![]; 2], times: 0 };
    let sound = vec![0.5; 128 * 1000];
    stage.play(&[&sound], 30);
    for latency in [700, 3] {
        stage.engine.change(compiled(&graph(latency), &blocks_of(128), &all).unwrap()).unwrap();
        for _ in 0..40 {
            stage.play(&[&sound], 10);
            assert_eq!(stage.engine.reports(), []);
        }
        assert!(!stage.engine.is_changing());
    }
    let heard = &stage.heard[0];
    let begun = heard.iter().position(|x| *x == -40.0).unwrap();
    let wrong = heard[begun..].iter().enumerate().find(|(i, x)| **x != *i as f32 - 40.0);
    assert_eq!(wrong, None);
}
