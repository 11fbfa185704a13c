//! Properties of random graphs whose workers change nothing but the time at which things are heard.
use crate::graphs::{Drawn, KINDS, recipes};
use crate::play::{Played, compiled, play, play_apart};
use crate::workers;
use aw_host::graph::Code;
use aw_host::plugin::Workers;
use aw_host::render::Apart;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const BLOCKS: [u32; 7] = [1, 37, 64, 128, 480, 1021, 4096];
const SAMPLES: usize = 9600;

/// Plays a graph at a block; `None` if it cannot be planned, for a reason that a graph may have.
fn played(drawn: &Drawn, block: u32, metered: bool, workers: &Workers) -> Option<Played> {
    let mut device = drawn.device.clone();
    device.block = Some(block);
    match compiled(&drawn.text, &device, workers) {
        Ok(compiled) => Some(play(compiled, &drawn.input, metered)),
        // Hops that do not divide each other's latencies cannot meet, and odd hops and blocks may never fall together.
        Err(codes) if codes.iter().all(|code| [Code::Align, Code::Size].contains(code)) => None,
        Err(codes) => panic!("{codes:?} in\n{}", drawn.text),
    }
}

/// Every output is what was played, sums and echoes included, exactly as late as the plan says.
fn check(drawn: &Drawn, played: &Played) -> Result<(), TestCaseError> {
    for (output, expected) in drawn.expected.iter().enumerate() {
        for (channel, (heard, expected)) in played.heard(output).into_iter().zip(expected).enumerate() {
            let count = heard.len().min(expected.len());
            let wrong = (0..count).find(|&i| heard[i] != expected[i]);
            prop_assert!(
                wrong.is_none(),
                "output {output}, channel {channel}, sample {wrong:?}: {:?} is heard, {:?} is right, {} late, block {}\n{}",
                wrong.map(|i| &heard[i..count.min(i + 8)]),
                wrong.map(|i| &expected[i..count.min(i + 8)]),
                played.late(output),
                played.plan.block,
                drawn.text
            );
        }
    }
    prop_assert!(played.allocated.iter().all(|n| *n == 0), "allocated while rendering\n{}", drawn.text);
    prop_assert_eq!(&played.reports, &[]);
    Ok(())
}

fn run(cases: u32, seed: u8, test: impl Fn(&Drawn) -> Result<(), TestCaseError>) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    let rng = proptest::test_runner::TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    runner.run(&recipes(14), |recipe| test(&recipe.draw(SAMPLES))).unwrap_or_else(|why| panic!("{why}"));
}

#[test]
fn an_output_is_the_input_exactly_as_late_as_the_plan_says_at_every_block() {
    let workers = workers::all();
    let (planned, tried) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    run(100, 1, |drawn| {
        for block in BLOCKS {
            tried.set(tried.get() + 1);
            if let Some(played) = played(drawn, block, false, &workers) {
                check(drawn, &played)?;
                planned.set(planned.get() + 1);
            }
        }
        Ok(())
    });
    println!("{} of {} plans played", planned.get(), tried.get());
    assert!(planned.get() * 10 > tried.get() * 7, "most graphs must play");
}

/// Threads change nothing about the sound as long as they keep up.
#[test]
fn lanes_that_keep_up_give_what_they_give_inline() {
    let workers = workers::all();
    let (on_lanes, stop) = (std::cell::Cell::new(0), std::sync::atomic::AtomicBool::new(false));
    run(60, 4, |drawn| {
        for block in [37, 64, 480] {
            let Some(inline) = played(drawn, block, false, &workers) else { continue };
            let mut device = drawn.device.clone();
            device.block = Some(block);
            let compiled = compiled(&drawn.text, &device, &workers).unwrap();
            on_lanes.set(on_lanes.get() + compiled.plan.steps.iter().filter(|step| step.lane.is_some()).count());
            let work = |_, lanes: &mut [Apart]| lanes.iter_mut().for_each(|lane| lane.seat.work(&stop));
            let (apart, reports) = play_apart(compiled, &drawn.input, work);
            prop_assert!(apart.outputs == inline.outputs, "block {block}\n{}", drawn.text);
            prop_assert!(apart.allocated.iter().all(|n| *n == 0), "allocated\n{}", drawn.text);
            prop_assert_eq!(&reports, &[]);
        }
        Ok(())
    });
    println!("{} steps were on lanes", on_lanes.get());
    assert!(on_lanes.get() > 100);
}

#[test]
fn a_second_run_and_a_metered_run_are_the_same_bit_for_bit() {
    let workers = workers::all();
    run(40, 2, |drawn| {
        let Some(first) = played(drawn, 128, false, &workers) else { return Ok(()) };
        for metered in [false, true] {
            let again = played(drawn, 128, metered, &workers).unwrap();
            prop_assert_eq!(&again.plan, &first.plan);
            prop_assert!(again.outputs == first.outputs, "metered: {metered}");
            prop_assert!(again.allocated.iter().all(|n| *n == 0));
        }
        Ok(())
    });
}

#[test]
fn blocks_change_nothing_but_priming() {
    let workers = workers::all();
    run(12, 3, |drawn| {
        if drawn.block_matters {
            return Ok(());
        }
        let plays = BLOCKS.iter().filter_map(|block| played(drawn, *block, false, &workers));
        let plays: Vec<Played> = plays.collect();
        for pair in plays.windows(2) {
            for (one, other) in pair[0].plan.outputs.iter().zip(&pair[1].plan.outputs) {
                prop_assert_eq!((one.lag, one.tail), (other.lag, other.tail));
            }
        }
        Ok(())
    });
}

/// A generator that never draws some kind of node would prove nothing about it.
#[test]
fn all_kinds_of_nodes_are_drawn() {
    let words = [
        "\"late\"",
        "lane =",
        "\"framer\"",
        "\"unframer\"",
        "\"resample\"",
        "\"sum\"",
        "\"back\"",
        "\"count\"",
        "delay = 1",
        "feedback =",
        "channels = 3",
        "complex = true",
    ];
    let seen = std::cell::RefCell::new(vec![0; words.len()]);
    run(150, 1, |drawn| {
        for (seen, word) in seen.borrow_mut().iter_mut().zip(words) {
            *seen += usize::from(drawn.text.contains(word));
        }
        Ok(())
    });
    assert!(seen.borrow().iter().all(|count| *count >= 15), "{words:?}: {seen:?} of 150; {KINDS:?}");
}
