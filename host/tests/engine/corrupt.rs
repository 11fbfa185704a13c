//! Plans that do not hold. Whatever is changed in a plan, either the check refuses it, or it plays the same as before.
use crate::graphs::{Drawn, recipes};
use crate::play::{Played, compiled, play};
use crate::workers;
use aw_host::graph::{Compiled, Edge, OutputKind, Plan, Step, verify};
use aw_host::plugin::{AgreedPort, Workers};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A graph with everything in it that a plan has.
const GRAPH: &str = "[graph]\nrate = 480\nblock = 64\n[input.mic]\nchannels = 2\n\
     [node.slow]\nworker = \"late\"\nin = \"mic\"\nlatency = 30\n\
     [node.lane]\nworker = \"late\"\nin = \"mic\"\nhop = 10\nrun = { lane = \"l\", delay = 2 }\n\
     [node.sum]\nworker = \"sum\"\nin = { a = \"slow\", b = \"lane\", c = \"mic\" }\n\
     [node.echo]\nworker = \"back\"\nin = { in = \"sum\", again = { from = \"round\", feedback = 20 } }\n\
     [node.round]\nworker = \"late\"\nin = \"echo\"\nhop = 8\n\
     [node.frames]\nworker = \"framer\"\nin = \"round\"\nsize = 24\n\
     [node.samples]\nworker = \"unframer\"\nin = \"frames\"\n\
     [node.gen]\nworker = \"count\"\nhop = 7\nchannels = 2\n\
     [node.end]\nworker = \"sum\"\nin = { a = \"samples\", b = \"gen\" }\n\
     [node.tick]\nworker = \"tick\"\nin = \"end\"\n\
     [output.o]\nfrom = \"end\"\n[output.echo]\nfrom = \"echo\"\n[output.heard]\nfrom = \"tick\"\nto = \"stdout\"\n";

fn plan() -> Plan {
    compiled(GRAPH, &Default::default(), &workers::all()).unwrap_or_else(|why| panic!("{why:?}")).plan
}

fn step(plan: &Plan, name: &str) -> usize {
    plan.steps.iter().position(|step| step.name == name).unwrap()
}

fn node<'p>(plan: &'p mut Plan, name: &str) -> &'p mut Step {
    plan.steps.iter_mut().find(|step| step.name == name).unwrap()
}

fn edge<'p>(plan: &'p mut Plan, to: &str) -> &'p mut Edge {
    plan.edges.iter_mut().find(|edge| edge.to == to).unwrap()
}

/// What is done to a plan, and the words in which it is refused.
#[test]
fn each_thing_that_must_hold_is_checked() {
    type Harm = fn(&mut Plan);
    let harms: [(&str, Harm); 27] = [
        ("reads before", |p| {
            let (slow, sum) = (step(p, "slow"), step(p, "sum"));
            p.steps.swap(slow, sum);
        }),
        ("reads before", |p| p.loops.clear()),
        ("reads before", |p| p.loops[0].end -= 1),
        ("reads before", |p| edge(p, "echo.again").tokens.feedback = 0),
        ("leaves the plan", |p| p.loops[0].end = 99),
        ("overlap", |p| p.loops.push(p.loops[0].clone())),
        ("starves", |p| edge(p, "sum.b").tokens.align -= 1), // what comes from a lane is there a block later
        ("another time", |p| edge(p, "sum.c").tokens.align = 0),
        ("another time", |p| edge(p, "sum.b").tokens.lane = 0),
        ("cannot stand in", |p| node(p, "slow").latency[0] = 29),
        ("holds too little", |p| edge(p, "sum.a").tokens.priming = 1),
        ("not as late", |p| p.outputs[1].lag = p.steps[0].lag),
        ("cannot stand in", |p| edge(p, "slow.in (dry)").tokens.dry = 0),
        ("readers", |p| node(p, "slow").outputs[0].dry = None),
        ("readers", |p| {
            node(p, "sum").inputs.pop();
        }),
        ("readers", |p| drop(p.outputs.remove(0))),
        ("writers", |p| node(p, "slow").outputs[0].stream = node(p, "lane").outputs[0].stream),
        ("writers", |p| p.inputs.clear()),
        ("shares an instance", |p| p.steps[0].instance = p.steps[1].instance),
        ("is there twice", |p| p.steps[0].name = p.steps[1].name.clone()),
        ("holds too little", |p| p.streams.iter_mut().for_each(|s| s.prefill = 0)),
        ("than it has room for", |p| p.streams.iter_mut().for_each(|s| s.written -= 1)),
        ("than it has room for", |p| p.streams.iter_mut().for_each(|s| (s.left, s.prefill) = (s.prefill, s.prefill))),
        ("starves", |p| {
            let OutputKind::Audio(edge) = p.outputs[0].kind else { return };
            p.edges[edge].tokens.priming -= 1;
        }),
        ("do not keep step", |p| edge(p, "frames.in").take = 23),
        ("does not keep its pace", |p| node(p, "gen").pace = None),
        ("not there", |p| p.outputs[2].kind = OutputKind::Events(0, 0)),
    ];
    let whole = plan();
    verify(&whole).unwrap();
    for (at, (words, harm)) in harms.into_iter().enumerate() {
        let mut plan = whole.clone();
        harm(&mut plan);
        assert_ne!(plan, whole, "harm {at} does nothing");
        let refused = verify(&plan).expect_err(words).to_string();
        assert!(refused.contains(words), "harm {at}, {words}: {refused}");
    }
}

/// What can be changed in a plan, and where.
const FIELDS: [&str; 15] = [
    "steps", "align", "lane", "dry", "priming", "left", "written", "prefill", "take", "give", "reader", "writer",
    "loops", "lag", "instance",
];

/// Changes one field; answers whether there was one to be changed.
fn change(compiled: &mut Compiled, field: &str, at: usize, by: u64) -> bool {
    let plan = &mut compiled.plan;
    let (steps, edges, streams) = (plan.steps.len(), plan.edges.len(), plan.streams.len());
    let less = |n: &mut u64| *n = if by.is_multiple_of(3) { *n + by } else { n.saturating_sub(by) };
    let before = plan.clone();
    match field {
        _ if steps == 0 => return false,
        "steps" => {
            let (a, b) = (at % steps, (at + by as usize) % steps);
            plan.steps.swap(a, b);
            compiled.instances.swap(a, b);
        }
        "align" => less(&mut plan.edges[at % edges].tokens.align),
        "lane" => less(&mut plan.edges[at % edges].tokens.lane),
        "dry" => less(&mut plan.edges[at % edges].tokens.dry),
        "priming" => less(&mut plan.edges[at % edges].tokens.priming),
        "left" => less(&mut plan.streams[at % streams].left),
        "written" => less(&mut plan.streams[at % streams].written),
        "prefill" => less(&mut plan.streams[at % streams].prefill),
        "take" => plan.edges[at % edges].take = by as u32 - 1,
        "give" => {
            let step = &mut plan.steps[at % steps];
            step.outputs.iter_mut().for_each(|output| output.give = by as u32 - 1);
        }
        "reader" => {
            let step = &mut plan.steps[at % steps];
            step.inputs.pop();
        }
        "writer" => {
            plan.steps[at % steps].outputs.iter_mut().for_each(|output| output.stream = Some(by as usize % streams))
        }
        "loops" => match plan.loops.get_mut(at % 3) {
            Some(range) if by.is_multiple_of(2) => range.start += 1,
            Some(range) => range.end -= 1,
            None => drop(plan.loops.pop()),
        },
        "lag" => plan.steps[at % steps].lag = before.steps[(at + 1) % steps].lag,
        _ => plan.steps[at % steps].instance = plan.steps[(at + 1) % steps].instance,
    }
    *plan != before
}

fn make(drawn: &Drawn, workers: &Workers) -> Option<Compiled> {
    let mut device = drawn.device.clone();
    device.block = Some(100);
    compiled(&drawn.text, &device, workers).ok()
}

/// By output, by channel: what is heard when the latency is off.
fn sound(played: &Played) -> Vec<Vec<Vec<f32>>> {
    let outputs = 0..played.plan.outputs.len();
    outputs.map(|output| played.heard(output).into_iter().map(<[f32]>::to_vec).collect()).collect()
}

/// Whether every instance is handed the frames that it agreed to.
fn agreed(compiled: &Compiled) -> bool {
    let takes = |step: &Step| step.inputs.iter().map(|&edge| compiled.plan.edges[edge].take).collect::<Vec<_>>();
    let gives = |step: &Step| step.outputs.iter().map(|output| output.give).collect::<Vec<_>>();
    compiled.plan.steps.iter().zip(&compiled.instances).all(|(step, instance)| {
        let agreed = instance.agreed();
        let frames = |ports: &[AgreedPort]| ports.iter().map(|port| port.frames).collect::<Vec<_>>();
        takes(step) == frames(&agreed.inputs) && gives(step) == frames(&agreed.outputs)
    })
}

#[test]
fn what_the_check_lets_pass_plays_the_same() {
    let workers = workers::all();
    let config = Config { cases: 600, failure_persistence: None, max_shrink_iters: 1000, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let counts = RefCell::new(BTreeMap::<&str, (usize, usize)>::new());
    let harm = (0..FIELDS.len(), 0..64usize, 1..80u64);
    let test = |(recipe, (field, at, by)): (crate::graphs::Recipe, (usize, usize, u64))| {
        let drawn = recipe.draw(2400);
        let Some(mut harmed) = make(&drawn, &workers) else { return Ok(()) };
        let whole = make(&drawn, &workers).unwrap();
        if !change(&mut harmed, FIELDS[field], at, by) {
            return Ok(());
        }
        let passes = verify(&harmed.plan).is_ok();
        let mut counts = counts.borrow_mut();
        let count = counts.entry(FIELDS[field]).or_default();
        (count.0, count.1) = (count.0 + 1, count.1 + usize::from(passes));
        if passes {
            let what = format!("{} at {at} by {by} in\n{}", FIELDS[field], drawn.text);
            let agreed = agreed(&harmed);
            let (harmed, whole) = (play(harmed, &drawn.input, false), play(whole, &drawn.input, false));
            if !agreed {
                // No plan tells what instances agreed to: they see to it themselves.
                prop_assert!(harmed.failures().iter().all(|(_, why, _)| why.contains("called wrongly")), "{}", what);
                return Ok(());
            }
            for (harmed, whole) in sound(&harmed).iter().flatten().zip(sound(&whole).iter().flatten()) {
                let count = harmed.len().min(whole.len());
                prop_assert!(harmed[..count] == whole[..count], "{}", what);
            }
            prop_assert_eq!(harmed.reports.len(), 0, "{}", what);
        }
        Ok(())
    };
    runner.run(&(recipes(10), harm), test).unwrap_or_else(|why| panic!("{why}"));
    println!("field: changed, of these harmless: {:?}", counts.borrow());
    assert!(counts.borrow().len() == FIELDS.len());
}
