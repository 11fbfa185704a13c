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

/// As a line of a terminal may have it.
#[test]
fn a_value_is_one_value() {
    let mut player = Player::new("[node.end]\nworker = \"fail\"\nin = \"mic\"\n");
    for value in ["1\nnext = 2", "1\n[next]\nx = 2", "", "# 1"] {
        assert!(player.engine.set("end", "touch", value).is_err(), "{value:?}");
    }
    assert_eq!(player.engine.set("end", "touch", "1.5"), Ok(()));
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

/// When an impulse at the input is heard after a change, how loud, and when the plan says.
fn impulse(before: &str, after: &str) -> (Vec<(usize, f32)>, usize) {
    const AT: usize = 128 * 900 + 5;
    let mut player = Player::new(before);
    player.play(100, |_| 0.0);
    player.engine.change(graph(after)).unwrap();
    player.play(1100, |i| f32::from(u8::from(i == AT)));
    assert!(!player.engine.is_changing());
    let heard = player.heard.iter().enumerate().filter(|(_, x)| **x != 0.0).map(|(i, x)| (i - AT, *x));
    let plan = player.engine.plan();
    (heard.collect(), plan.latency(&plan.outputs[0]).in_samples(16000) as usize)
}

/// The new path comes in bursts, which the old one did not: what plays is as late as the plan that plays says, no later
/// than if it had been started anew, and paths that are added up still come from the same moment.
#[test]
fn after_a_change_the_plan_says_when_sound_comes() {
    let through = |keys: &str| format!("[node.end]\nworker = \"late\"\nin = \"mic\"\n{keys}");
    let bursts = "[node.x]\nworker = \"late\"\nin = \"mic\"\nlatency = 30\nhop = 100\n";
    let smooth = bursts.replace("hop = 100", "");
    let behind = "[node.end]\nworker = \"late\"\nin = \"x\"\n";
    let mix = "[node.end]\nworker = \"sum\"\nin = { a = \"mic\", b = \"x\" }\n";
    let first = "[node.x]\nworker = \"late\"\nin = \"mic\"\n";
    for (before, after, late, loud) in [
        (through(""), format!("{bursts}{behind}"), 30 + 96, 1.0),
        (through(""), format!("{bursts}{behind}hop = 7\n"), 132, 1.0),
        (through("hop = 100\n"), through(""), 0, 1.0),
        (through("hop = 100\n"), format!("{smooth}{behind}hop = 100\n"), 30 + 96, 1.0),
        (format!("{first}{mix}"), format!("{bursts}{mix}"), 30 + 96, 2.0),
        (format!("{smooth}{mix}"), format!("{bursts}{mix}"), 30 + 96, 2.0),
        (format!("{smooth}{mix}"), format!("{first}{mix}"), 0, 2.0),
    ] {
        assert_eq!(impulse(&before, &after), (vec![(late, loud)], late), "{before}\n{after}");
    }
}

/// Events are told on the clock of the input, whatever the way to it has become.
#[test]
fn times_are_those_of_the_input_before_and_after_a_change() {
    let graph = |x: &str| {
        let text = format!(
            "[graph]\nrate = 16000\n[input.mic]\n[node.x]\nworker = \"late\"\nin = \"mic\"\n{x}\
             [node.tick]\nworker = \"tick\"\nin = \"x\"\n\
             [output.heard]\nfrom = \"tick\"\nto = \"stdout\"\n[output.o]\nfrom = \"x\"\n"
        );
        compiled(&text, &blocks_of(128), &workers::all()).unwrap()
    };
    for after in ["latency = 10\n", "latency = 700\n", "latency = 700\nhop = 100\n"] {
        let (engine, renderer) = Engine::start(graph("latency = 10\n"), false);
        let mut player = Player { engine, renderer, at: 0, heard: vec![], reports: vec![] };
        let sound = |i: usize| f32::from(u8::from([77, 5077, 40077, 60077].contains(&i)));
        player.play(100, sound);
        player.engine.change(graph(after)).unwrap();
        player.play(500, sound);
        let time = |report: &Report| if let Report::Event { event, .. } = report { Some(event.time) } else { None };
        let times: Vec<u64> = player.reports.iter().filter_map(time).collect();
        assert_eq!(times, [77, 5077, 40077, 60077], "{after}: {:?}", player.reports);
    }
}

/// What hung once would hang again: it is not called at all, and what it hears is passed by.
#[test]
fn a_node_that_hung_is_left_out_from_the_first_block() {
    let mut player = Player::new("[node.end]\nworker = \"fail\"\nhow = \"panic\"\nat = 0\nin = \"mic\"\n");
    let told = player.engine.leave_out(&mut player.renderer, "end").unwrap();
    assert!(matches!(&told, Report::Failed { node, why, .. } if node == "end" && why == "hangs"), "{told:?}");
    assert!(player.engine.leave_out(&mut player.renderer, "nobody").is_none());
    player.play(5, |at| at as f32 + 1.0);
    assert_eq!(player.reports, [], "it was called");
    let heard: Vec<f32> = player.heard.iter().copied().skip_while(|x| *x == 0.0).collect();
    assert!(heard.len() > 4 * 128 && heard.iter().zip(1..).all(|(x, at)| *x == at as f32));
}

/// A graph with other outputs is another program; what a node remembers comes along all the same.
#[test]
fn a_node_goes_over_to_a_graph_with_other_outputs_with_what_it_remembers() {
    let node = "[node.end]\nworker = \"late\"\nin = \"mic\"\nlatency = 20\n";
    let all = workers::all(); // a worker of another build remembers other things
    let graph = |node: &str, output: &str| {
        let text = format!("[graph]\nrate = 16000\n[input.mic]\n{node}[output.{output}]\nfrom = \"end\"\n");
        compiled(&text, &blocks_of(128), &all).unwrap_or_else(|why| panic!("{why:?}"))
    };
    let begin = |compiled: Compiled| {
        let (engine, renderer) = Engine::start(compiled, false);
        Player { engine, renderer, at: 0, heard: vec![], reports: vec![] }
    };
    let first = |compiled: Compiled| {
        let mut player = begin(compiled);
        player.play(2, |_| 0.0);
        player.heard.iter().filter(|x| **x == 1.0).count()
    };
    let none = std::collections::BTreeSet::new();
    for (new, anew, carried) in [
        (node.to_string(), none.clone(), true),
        (node.replace("20", "21"), none, false),
        (node.to_string(), ["end".to_string()].into(), false),
    ] {
        let mut player = begin(graph(node, "o"));
        player.play(4, |_| 1.0);
        let mut to = graph(&new, "other");
        let names = player.engine.carry(&mut player.renderer, &mut to, &anew);
        assert_eq!(names, if carried { vec!["end"] } else { vec![] });
        assert_eq!(first(to), if carried { 20 } else { 0 }, "frames that it remembers");
    }
}
