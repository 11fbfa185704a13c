//! Graphs that change while nodes run on lanes: what is heard is what is heard where they run inline.
use crate::play::{Played, Sound, blocks_of, compiled, noise, play_on};
use crate::workers;
use aw_host::control::Engine;
use aw_host::graph::Compiled;
use aw_host::render::Renderer;

const BLOCK: usize = 64;

/// What is heard of graphs that follow each other. Lanes are called home in the block before a change: `inline`, it is
/// asked for one block later, to happen at the same time.
fn played(inline: bool, graphs: &[&str], input: &Sound, every: usize) -> Played {
    let graph = |nodes: &str| {
        let text = format!("[graph]\nrate = 8000\n[input.mic]\nchannels = 2\n{nodes}[output.o]\nfrom = \"end\"\n");
        compiled(&text, &blocks_of(BLOCK), &workers::all()).unwrap_or_else(|why| panic!("{why:?} in\n{text}"))
    };
    let (engine, renderer) = match inline {
        true => Engine::start(graph(graphs[0]), true),
        false => on_threads(graph(graphs[0])),
    };
    let mut next = 1;
    play_on(engine, renderer, input, |block, engine, renderer| {
        while !renderer.lanes_rest() {
            std::thread::yield_now();
        }
        let later = inline && engine.plan().steps.iter().any(|step| step.lane.is_some());
        if next < graphs.len() && block == next * every + usize::from(later) {
            assert!(!engine.is_changing(), "the change before is not through in {every} blocks");
            engine.change(graph(graphs[next])).unwrap();
            next += 1;
        }
    })
}

fn on_threads(compiled: Compiled) -> (Engine, Renderer) {
    let (engine, renderer, _) = Engine::start_on_threads(compiled, true, false).unwrap();
    (engine, renderer)
}

/// Plays both ways, and compares; answers what was heard.
fn same(graphs: &[&str], every: usize) -> Played {
    let input = vec![noise(7, 2, (graphs.len() * every + 200) * BLOCK)];
    let (inline, apart) = (played(true, graphs, &input, every), played(false, graphs, &input, every));
    let differs = |(one, other): (&Vec<f32>, &Vec<f32>)| one.iter().zip(other).position(|(one, other)| one != other);
    for (one, other) in inline.outputs[0].iter().zip(&apart.outputs[0]) {
        let at = differs((one, other)).map(|at| (at / BLOCK, at % BLOCK));
        assert_eq!(at, None, "block and sample where lanes sound otherwise");
        assert_eq!(one.len(), other.len());
    }
    assert_eq!(inline.reports, apart.reports);
    assert!(apart.allocated.iter().all(|count| *count == 0), "the render thread allocated");
    apart
}

const LANE: &str = "run = { lane = \"nn\", delay = 2, late = \"hold\" }\n";

fn node(name: &str, hears: &str, hop: u32, lane: bool) -> String {
    let run = if lane { LANE } else { "" };
    format!("[node.{name}]\nworker = \"late\"\nin = \"{hears}\"\nhop = {hop}\nlatency = 16\n{run}")
}

#[test]
fn a_node_is_put_before_and_taken_from_a_lane() {
    let plain = node("end", "mic", 64, true);
    let before = node("first", "mic", 64, false) + &node("end", "first", 64, true);
    same(&[&plain, &before, &plain], 400);
}

#[test]
fn nodes_move_on_to_a_lane_and_off_it() {
    let (on, off) = (node("end", "mic", 64, true), node("end", "mic", 64, false));
    same(&[&on, &off, &on, &off], 400);
}

#[test]
fn a_lane_gains_and_loses_nodes() {
    let one = node("a", "mic", 64, true) + &node("end", "a", 64, false);
    let two = node("a", "mic", 64, true) + &node("b", "a", 64, true) + &node("end", "b", 64, false);
    let other = node("a", "mic", 32, true) + &node("b", "a", 64, true) + &node("end", "b", 64, false);
    same(&[&one, &two, &other, &one], 400);
}

#[test]
fn hops_that_do_not_fall_together_with_blocks() {
    let one = node("a", "mic", 48, true) + &node("end", "a", 80, false);
    let two = node("a", "mic", 48, true) + &node("b", "a", 40, true) + &node("end", "b", 80, true);
    same(&[&one, &two, &one], 800);
}
