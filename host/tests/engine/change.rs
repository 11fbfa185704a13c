//! A graph that is changed while it plays, seen from the control side.
use crate::play::{blocks_of, compiled};
use crate::workers;
use aw_host::control::{Engine, Report};
use aw_host::graph::Compiled;
use aw_host::render::Renderer;

/// A graph of one input and one output.
fn graph(nodes: &str) -> Compiled {
    let text = format!("[graph]\nrate = 16000\n[input.mic]\n{nodes}[output.o]\nfrom = \"end\"\n");
    compiled(&text, &blocks_of(128), &workers::all()).unwrap_or_else(|why| panic!("{why:?}"))
}

/// Plays blocks of `sound`, by the number of the sample; answers what is heard and what is told.
struct Player {
    engine: Engine,
    renderer: Renderer,
    at: usize,
    heard: Vec<f32>,
    reports: Vec<Report>,
}

impl Player {
    fn new(nodes: &str) -> Self {
        let (engine, renderer) = Engine::start(graph(nodes), false);
        Self { engine, renderer, at: 0, heard: vec![], reports: vec![] }
    }

    fn play(&mut self, blocks: usize, sound: impl Fn(usize) -> f32) {
        for _ in 0..blocks {
            let at = self.at;
            self.renderer.render(
                |_, room| (0..room.frames).for_each(|i| room.data[i] = sound(at + i)),
                |_, frames| self.heard.extend(&frames.data[..frames.frames]),
            );
            self.at += 128;
            self.reports.extend(self.engine.reports());
        }
    }
}

/// Hops of 100 in blocks of 128: everything repeats after 25 blocks, and until then a change waits.
const SLOW: &str = "[node.end]\nworker = \"late\"\nin = \"mic\"\nhop = 100\n";

#[test]
fn a_parameter_set_before_the_change_is_there_reaches_the_node() {
    let mut player = Player::new(SLOW);
    player.play(3, |_| 1.0);
    player.engine.change(graph("[node.end]\nworker = \"fail\"\nhow = \"touch\"\nin = \"mic\"\n")).unwrap();
    // `touch` panics in `set_param`, which tells that it was called.
    player.engine.set("end", "touch", "1").unwrap();
    player.engine.set("end", "touch", "2").unwrap();
    player.play(200, |_| 1.0);
    let failed = |report: &Report| matches!(report, Report::Failed { why, .. } if why.contains("told to by 2"));
    assert!(player.reports.iter().any(failed), "{:?}", player.reports);
}

#[test]
fn a_parameter_set_after_a_change_of_it_is_not_undone() {
    let with =
        |touch: u32| format!("{SLOW}[node.n]\nworker = \"fail\"\nhow = \"touch\"\nin = \"end\"\ntouch = {touch}\n");
    let mut player = Player::new(&with(0));
    player.play(3, |_| 1.0);
    player.engine.change(graph(&with(1))).unwrap();
    player.engine.set("n", "touch", "2").unwrap();
    player.play(4, |_| 1.0);
    assert_eq!(player.reports, [], "it is told together with the change");
    player.play(200, |_| 1.0);
    assert_eq!(player.reports.len(), 1, "{:?}", player.reports);
}

/// Whoever changes a graph all day long: what has gone is forgotten.
#[test]
fn nodes_that_are_gone_are_let_go() {
    let workers = workers::all();
    let graph = |latency: usize| {
        let text = format!(
            "[graph]\nrate = 16000\n[input.mic]\n[node.end]\nworker = \"late\"\nlatency = {latency}\nin = \"mic\"\n\
             [output.o]\nfrom = \"end\"\n"
        );
        compiled(&text, &blocks_of(128), &workers).unwrap()
    };
    let (engine, renderer) = Engine::start(graph(1), false);
    let mut player = Player { engine, renderer, at: 0, heard: vec![], reports: vec![] };
    let held = || std::sync::Arc::strong_count(&workers.get("late").unwrap().worker);
    let mut counts = vec![];
    for latency in 2..8 {
        player.engine.change(graph(latency)).unwrap();
        player.play(100, |_| 0.5);
        assert!(!player.engine.is_changing());
        counts.push(held());
    }
    assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
}
