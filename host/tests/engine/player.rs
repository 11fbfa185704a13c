//! Several graphs on one player: heard one block and their own latency later, and gone over to without a click.
use crate::guard;
use crate::play::{blocks_of, compiled, noise, play};
use crate::workers;
use aw_host::control::Engine;
use aw_host::graph::Compiled;
use aw_host::live::player::{Deck, Order, Orders, Piece, Planes, Player};

const RATE: usize = 16000;
const BLOCK: usize = 128;
const PIECE: Piece = Piece::UpTo(256);

fn graph(nodes: &str) -> Compiled {
    let text = format!("[graph]\nrate = {RATE}\n[input.mic]\nchannels = 2\n{nodes}[output.o]\nfrom = \"end\"\n");
    compiled(&text, &blocks_of(BLOCK), &workers::all()).unwrap_or_else(|why| panic!("{why:?} in\n{text}"))
}

fn late(hop: usize, latency: usize) -> Compiled {
    graph(&format!("[node.end]\nworker = \"late\"\nin = \"mic\"\nhop = {hop}\nlatency = {latency}\n"))
}

struct Scene {
    player: Box<Player>,
    orders: Orders,
    engines: Vec<Engine>,
    at: usize,
    heard: [Vec<f32>; 2],
}

impl Scene {
    fn new(compiled: &Compiled) -> Self {
        let (player, orders) = Player::new(&compiled.plan, RATE as u32, PIECE, RATE);
        Self { player, orders, engines: vec![], at: 0, heard: [const { vec![] }; 2] }
    }

    /// Inserts a graph, heard so many frames later than it has to be.
    fn insert(&mut self, slot: usize, compiled: Compiled, later: usize) {
        let plan = compiled.plan.clone();
        let (engine, renderer) = Engine::start(compiled, true);
        self.engines.push(engine);
        let deck = Box::new(Deck::new(renderer, &plan, PIECE, later, None));
        assert!(self.orders.give(Order::Insert(slot, deck)).is_ok());
    }

    fn hear(&mut self, decks: [f32; 4], dry: f32, frames: u32) {
        assert!(self.orders.give(Order::Hear { decks, dry, frames }).is_ok());
    }

    /// Plays frames in pieces of these sizes, round and round.
    fn play(&mut self, frames: usize, sizes: &[usize], input: &[Vec<f32>]) {
        let end = self.at + frames;
        for size in sizes.iter().cycle() {
            let size = (*size).min(end - self.at);
            if size == 0 {
                return;
            }
            let (at, heard) = (self.at, &mut self.heard);
            heard.iter_mut().for_each(|plane| plane.reserve(size));
            let ((), count) = guard::count(|| {
                self.player.play(
                    size,
                    |_, planes: &mut Planes| {
                        let plane = |channel: usize| input[channel][at..at + size].iter();
                        (0..2).for_each(|c| {
                            planes.plane_mut(c, size).iter_mut().zip(plane(c)).for_each(|(a, b)| *a = *b)
                        });
                    },
                    |_, planes| (0..2).for_each(|c| heard[c].extend(planes.plane(c, size))),
                );
            });
            assert_eq!(count, 0, "the render thread allocated or freed");
            self.at += size;
            self.engines.iter_mut().for_each(|engine| drop(engine.reports()));
        }
    }
}

/// Second differences, over the largest where nothing happens.
fn roughness(samples: &[f32], steady: &[f32]) -> f32 {
    let largest = |samples: &[f32]| samples.windows(3).map(|w| (w[2] - 2.0 * w[1] + w[0]).abs()).fold(0.0f32, f32::max);
    largest(samples) / largest(steady)
}

fn tone(frames: usize) -> Vec<Vec<f32>> {
    let sample = |i: usize| (i as f64 * 440.0 / RATE as f64 * std::f64::consts::TAU).sin() as f32 * 0.5;
    vec![(0..frames).map(sample).collect(); 2]
}

/// Whatever a device asks for, the sound is that of a replay, one block later.
#[test]
fn callbacks_of_any_size_give_the_samples_of_a_replay_one_block_later() {
    let input = vec![noise(5, 2, 20 * 1024)];
    let replayed = play(late(96, 32), &input, false);
    for sizes in [&[128][..], &[256], &[64], &[37], &[1, 255, 100, 128], &[147]] {
        let mut scene = Scene::new(&late(96, 32));
        scene.insert(0, late(96, 32), 0);
        scene.hear([1.0, 0.0, 0.0, 0.0], 0.0, 0);
        scene.play(20 * 1024, sizes, &input[0]);
        for (heard, replayed) in scene.heard.iter().zip(&replayed.outputs[0]) {
            assert_eq!(heard[..BLOCK], [0.0; BLOCK]);
            assert!(heard[BLOCK..].iter().zip(replayed).all(|(a, b)| a.to_bits() == b.to_bits()), "{sizes:?}");
        }
    }
}

/// The way past the graph is as late as the graph, so that switching it off moves nothing.
#[test]
fn a_bypass_is_as_late_as_the_graph_and_does_not_click() {
    let compiled = late(96, 32);
    let latency = Deck::latency(&compiled.plan, PIECE, 0).unwrap();
    assert_eq!(latency, BLOCK + 32 + 64, "a block, the worker, hops in blocks");
    let input = tone(3 * RATE);
    let mut scene = Scene::new(&compiled);
    scene.insert(0, compiled, 0);
    assert!(scene.orders.give(Order::Later(latency)).is_ok());
    scene.hear([1.0, 0.0, 0.0, 0.0], 0.0, 0);
    scene.play(RATE, &[100], &input);
    for on in [0.0, 1.0, 0.0, 1.0] {
        scene.hear([on, 0.0, 0.0, 0.0], 1.0 - on, 320);
        scene.play(RATE / 4, &[100], &input);
    }
    let heard = &scene.heard[0];
    // The worker passes all through: whichever is heard, it is the tone, and so is every mixture.
    let differs = heard[latency..].iter().zip(&input[0]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(differs < 1e-6, "{differs}");
    assert!(roughness(&heard[RATE / 2..], &input[0][..RATE]) < 1.001);
}

/// Two graphs of different latency are heard at the same time, and can be gone between.
#[test]
fn two_graphs_that_are_compared_are_equally_late() {
    let (one, other) = (late(96, 32), late(64, 500));
    let latency = [&one, &other].map(|compiled| Deck::latency(&compiled.plan, PIECE, 0).unwrap());
    let most = latency[0].max(latency[1]);
    let input = tone(2 * RATE);
    let mut scene = Scene::new(&one);
    scene.insert(0, one, most - latency[0]);
    scene.insert(1, other, most - latency[1]);
    scene.hear([1.0, 0.0, 0.0, 0.0], 0.0, 0);
    scene.play(RATE, &[250], &input);
    for other in [1.0, 0.0, 1.0] {
        scene.hear([1.0 - other, other, 0.0, 0.0], 0.0, 320);
        scene.play(RATE / 4, &[250], &input);
    }
    let differs = scene.heard[1][most..].iter().zip(&input[1]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(differs < 1e-6, "{differs}");
    // One that nobody hears can be taken away, and comes home to be freed.
    assert!(scene.orders.give(Order::Remove(0)).is_ok());
    scene.play(100, &[50], &input);
    assert!(scene.orders.home().is_some());
}

/// A way of another length is gone over to, not jumped to.
#[test]
fn the_bypass_follows_a_graph_that_gets_later_without_a_click() {
    let input = tone(2 * RATE);
    let mut scene = Scene::new(&late(96, 32));
    scene.hear([0.0; 4], 1.0, 0);
    scene.play(RATE / 2, &[100], &input);
    for later in [777, 13, 4000] {
        assert!(scene.orders.give(Order::Later(later)).is_ok());
        scene.play(RATE / 4, &[100], &input);
    }
    assert!(roughness(&scene.heard[0][100..], &input[0]) <= 1.5);
    let last = &scene.heard[0][scene.heard[0].len() - 100..];
    let end = RATE / 2 + 3 * RATE / 4;
    assert_eq!(last, &input[0][end - 4100..end - 4000]);
}
