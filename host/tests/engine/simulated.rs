//! Random graphs on simulated devices: what fits on paper is never late when it runs.
use crate::graphs::recipes;
use crate::workers;
use aw_host::graph::{Device, Diags, GraphFile, Plan};
use aw_host::replay::Progress;
use aw_host::sim::{Answer, Faults, Job, Profile, Stage, fit, on_paper};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Buffers of the device, in samples.
const BLOCKS: [u32; 5] = [37, 64, 128, 480, 1021];

/// A device with so much room that only time matters. All nodes are measured, and the engine around them was counted.
fn profile(rate: u32, cores: u32, jitter_us: u32, measured: &str) -> Profile {
    let text = format!(
        "[device]\nisa = \"thumb\"\nclock_hz = 100_000_000\ncores = {cores}\nallocates = true\n\
         [audio]\nrates = [{rate}]\nblock = 37\nblocks = [64, 128, 480, 1021]\nformat = \"f32\"\ninputs = 64\noutputs = 64\n\
         [interrupt]\ncycles = 500\nswitch_cycles = 200\njitter_us = {jitter_us}\n\
         [[heap]]\nname = \"all\"\nkib = 10_000_000\nholds = [\"streams\", \"state\"]\n\
         [cost]\ncpi = {{ low = 0.1, typical = 0.3, high = 0.5, source = \"a test\" }}\n{measured}"
    );
    Profile::parse(Path::new("random.toml"), text).unwrap_or_else(|why| panic!("{why}"))
}

/// Costs by which all nodes together take about so much of a core, each its share of it, and now and then more.
fn costs(plan: &Plan, percent: f64, shares: &[f64]) -> String {
    let cycles = 1e8 * f64::from(plan.block) / f64::from(plan.rate) * plan.period as f64;
    let share = |at: usize| shares[at % shares.len()];
    let sum: f64 = (0..plan.steps.len()).map(share).sum();
    let node = |(at, step): (usize, &aw_host::graph::Step)| {
        let mean = (cycles * percent / 100.0 * share(at) / sum / step.firings.max(1) as f64).floor();
        let max = mean * (1.0 + share(at) * 0.3);
        format!("[[measured]]\nnode = {:?}\ncycles = {{ mean = {mean}, max = {max} }}\n", step.name)
    };
    plan.steps.iter().enumerate().map(node).collect()
}

#[test]
fn what_fits_on_paper_is_never_late_when_it_runs() {
    let workers = workers::all();
    let (answers, late) = (Cell::new([0; 3]), Cell::new(0));
    let config = Config { cases: 120, failure_persistence: None, max_shrink_iters: 500, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let loads = (20.0..130.0f64, prop::collection::vec(0.05..1.0f64, 5), 1..4u32, 0..3u32);
    let drawn = (recipes(10), loads, 0..BLOCKS.len(), any::<u64>());
    let result = TestRunner::new_with_rng(config, rng).run(&drawn, |(recipe, loads, block, seed)| {
        let (percent, shares, cores, jitter) = loads;
        let text = recipe.draw(64).text;
        let (file, read) = GraphFile::parse(Path::new("random.toml"), text.clone());
        prop_assert_eq!(read.errors(), 0);
        let device = Device { block: Some(BLOCKS[block]), ..Device::default() };
        let set = |profile: &Profile| Stage::set(&file, &workers, profile, device.clone(), &[], &mut Diags::default());
        let bare = profile(file.graph.rate, cores, jitter * 100, "");
        // Some graphs cannot be planned at some blocks.
        let Ok(stage) = set(&bare) else { return Ok(()) };
        let measured = costs(&stage.compiled.plan, percent * f64::from(cores).sqrt(), &shares);
        let profile = profile(file.graph.rate, cores, jitter * 100, &measured);
        let faults = Faults::new(profile.faults.clone(), seed);
        let Ok(stage) = set(&profile) else { return Ok(()) };
        let priced = stage.price(&workers, &profile, &faults, &[]).unwrap();
        let fitted = fit(&stage, &priced, &profile, &faults);
        let replay = aw_host::replay::Job { block: device.block, inputs: BTreeMap::new(), ..Default::default() };
        let job = Job { replay, profile, faults, counts: vec![] };
        let stop = AtomicBool::new(false);
        let progress = Progress { stop: &stop, played: &|_| () };
        let ran = on_paper(&job, &file, &workers, 2.0, &progress, &mut Diags::default()).unwrap();
        let missed: u64 = ran.tasks.iter().flat_map(|task| task.missed).sum();
        late.set(late.get() + u64::from(missed > 0));
        let mut counts = answers.get();
        counts[fitted.verdict.answer as usize] += 1;
        answers.set(counts);
        prop_assert!(
            fitted.verdict.answer != Answer::Fits || missed == 0,
            "{missed} late on {cores} cores at blocks of {}: {:?}\n{:?}\n{text}\n{measured}",
            BLOCKS[block],
            fitted.verdict,
            ran.tasks
        );
        // And what does not fit is late at last, unless it is so rarely that it was not seen.
        prop_assert!(fitted.verdict.answer != Answer::DoesNotFit || ran.verdict.answer != Answer::Fits || missed == 0);
        Ok(())
    });
    result.unwrap_or_else(|why| panic!("{why}"));
    let [fits, does_not, cannot_tell] = answers.get();
    println!("{fits} fit, {does_not} do not, {cannot_tell} cannot be told; {} were late", late.get());
    // A test of graphs that all fit, or of none, would prove nothing.
    assert!(fits > 20 && does_not > 10 && late.get() > 10);
}
