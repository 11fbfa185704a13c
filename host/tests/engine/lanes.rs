//! Steps on lanes: in time they sound as inline; late, their policy is heard, every miss is counted, and time does not
//! drift.
use crate::play::{Played, Sound, blocks_of, compiled, noise, play, play_apart, play_on};
use crate::workers;
use aw_host::control::{Engine, Report};
use aw_host::graph::Compiled;
use aw_host::render::{FromRender, Program, Renderer, ToRender};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

static RUN: AtomicBool = AtomicBool::new(false);
const RATE: usize = 8000;
const BLOCK: usize = 64;

/// A worker on a lane whose answers are due two firings later, and what it hears beside it.
fn graph(node: &str, late: &str) -> Compiled {
    let text = format!(
        "[graph]\nrate = {RATE}\n[input.mic]\nchannels = 2\n\
         [node.slow]\nin = \"mic\"\n{node}\nrun = {{ lane = \"slow\", delay = 2, late = \"{late}\" }}\n\
         [output.o]\nfrom = \"slow\"\n[output.dry]\nfrom = \"mic\"\n"
    );
    compiled(&text, &blocks_of(BLOCK), &workers::all()).unwrap_or_else(|why| panic!("{why:?} in\n{text}"))
}

fn through(late: &str) -> Compiled {
    graph("worker = \"late\"\nhop = 64\nlatency = 16", late)
}

/// Two tones that do not jump.
fn tones(blocks: usize) -> Sound {
    let tone = |hz: f64| (0..blocks * BLOCK).map(move |i| (i as f64 * hz / RATE as f64 * std::f64::consts::TAU).sin());
    vec![vec![tone(220.0).map(|x| x as f32).collect(), tone(330.0).map(|x| x as f32).collect()]]
}

/// Plays with a lane that sleeps through some blocks.
fn stalled(compiled: Compiled, input: &Sound, asleep: impl Fn(usize) -> bool) -> (Played, Vec<FromRender>) {
    play_apart(compiled, input, |block, lanes| {
        if !asleep(block) {
            lanes.iter_mut().for_each(|lane| lane.seat.work(&RUN));
        }
    })
}

fn missed(reports: &[FromRender]) -> Vec<(u64, u64)> {
    let late = |report: &FromRender| match *report {
        FromRender::Late { block, firings, .. } => Some((block, firings)),
        _ => None,
    };
    reports.iter().filter_map(late).collect()
}

fn block_of(sound: &Sound, channel: usize, block: usize) -> &[f32] {
    &sound[0][channel][block * BLOCK..][..BLOCK]
}

/// The longest second difference: a click shows as a large one.
fn roughest(samples: &[f32]) -> f32 {
    samples.windows(3).map(|w| (w[2] - 2.0 * w[1] + w[0]).abs()).fold(0.0, f32::max)
}

#[test]
fn every_stall_is_counted_once_and_what_comes_after_it_is_in_its_place() {
    let input = tones(60);
    for late in ["hold", "zero", "pass"] {
        let inline = play(through(late), &input, false);
        // What is asked for in block n is done behind it, and due in block n + 2. Stalls of 1 block, which nobody hears,
        // of 2 and of 5: all but the last block of each are late.
        let asleep = |block: usize| block == 10 || (20..22).contains(&block) || (30..35).contains(&block);
        let (played, reports) = stalled(through(late), &input, asleep);
        assert_eq!(missed(&reports), [22, 32, 33, 34, 35].map(|block| (block, 1)), "{late}");
        assert!(played.allocated.iter().all(|n| *n == 0), "{late}");
        for block in (0..60).filter(|block| !(22..24).contains(block) && !(32..37).contains(block)) {
            for channel in 0..2 {
                let (is, should) =
                    (block_of(&played.outputs, channel, block), block_of(&inline.outputs, channel, block));
                assert_eq!(is, should, "{late}, block {block}");
            }
        }
    }
}

#[test]
fn a_late_answer_is_held_silent_or_passed_by_and_nothing_clicks() {
    let input = tones(60);
    let steady = roughest(&input[0][1]);
    for late in ["hold", "zero", "pass"] {
        let (played, _) = stalled(through(late), &input, |block| (30..36).contains(&block));
        let heard = block_of(&played.outputs, 1, 34); // the third block that is late: all going over is over
        let last = *block_of(&played.outputs, 1, 31).last().unwrap();
        match late {
            "hold" => assert!(heard.iter().all(|x| *x == last), "{heard:?}"),
            "zero" => assert!(heard.iter().all(|x| *x == 0.0), "{heard:?}"),
            // The dry sound is as late as the answer: 16 samples of the worker, and two blocks of the lane.
            _ => assert_eq!(heard, &input[0][1][34 * BLOCK - 16 - 2 * BLOCK..][..BLOCK]),
        }
        // A held or silent tone stops short, so its bend is as steep as the tone; a jump would be far rougher.
        let rough = roughest(&played.outputs[0][1][20 * BLOCK..]);
        let most = if late == "pass" { 2.1 } else { 4.0 };
        assert!(rough < steady * most, "{late}: {rough}, steady {steady}");
        assert!(roughest(&[0.0, 0.0, 0.5, 0.5]) > steady * 4.0, "the tone is too rough to hear a click in");
    }
}

/// Two paths that meet, one of them through a lane: a miss must not part them for ever.
#[test]
fn paths_that_meet_stay_together_after_a_miss() {
    let text = format!(
        "[graph]\nrate = {RATE}\n[input.mic]\n[node.slow]\nworker = \"late\"\nin = \"mic\"\nhop = 40\n\
         run = {{ lane = \"l\", delay = 3 }}\n[node.both]\nworker = \"back\"\n\
         in = {{ in = \"mic\", again = \"slow\" }}\n[output.o]\nfrom = \"both\"\n"
    );
    let made = compiled(&text, &blocks_of(BLOCK), &workers::all()).unwrap();
    let (played, reports) = stalled(made, &vec![noise(3, 1, 100 * BLOCK)], |block| (40..45).contains(&block));
    assert!(!missed(&reports).is_empty());
    let loud: Vec<usize> =
        (0..100).filter(|block| block_of(&played.outputs, 0, *block).iter().any(|x| *x != 0.0)).collect();
    assert!(!loud.is_empty() && loud.iter().all(|block| (40..49).contains(block)), "{loud:?}");
}

#[test]
fn a_lane_that_sleeps_for_long_begins_anew_at_the_right_place() {
    let input = tones(400);
    let inline = play(through("zero"), &input, false);
    // More than a second, for which frames may wait.
    let asleep = |block: usize| (50..250).contains(&block);
    let (played, reports) = stalled(through("zero"), &input, asleep);
    assert_eq!(missed(&reports).iter().map(|(_, firings)| firings).sum::<u64>(), {
        // From the answer to block 50, due in 52, to that of the last block that was passed over.
        let last = (250..400).find(|block| block_of(&played.outputs, 0, *block).iter().any(|x| *x != 0.0)).unwrap();
        last as u64 - 52
    });
    assert!(played.allocated.iter().all(|n| *n == 0));
    for block in (0..52).chain(260..400) {
        assert_eq!(block_of(&played.outputs, 1, block), block_of(&inline.outputs, 1, block), "block {block}");
    }
}

#[test]
fn what_fails_on_a_lane_is_passed_by_as_inline() {
    let input = vec![noise(1, 2, 60 * BLOCK)];
    for how in ["panic", "nan"] {
        let fail = |how: &str| graph(&format!("worker = \"fail\"\nhow = \"{how}\"\nat = 1000\nlatency = 48"), "hold");
        let well = play(fail("never"), &input, false);
        let (ill, reports) = stalled(fail(how), &input, |_| false);
        assert!(matches!(reports[..], [FromRender::Failed { .. }]), "{reports:?}");
        assert!(ill.outputs == well.outputs, "the dry input is what an all-pass worker gives anyhow");
    }
}

#[test]
fn a_live_parameter_reaches_a_worker_on_a_lane() {
    let made = graph("worker = \"fail\"\nhow = \"touch\"", "hold");
    let (engine, renderer, _) = Engine::start_on_threads(made, false, false).unwrap();
    let played = play_on(engine, renderer, &tones(40), |block, engine, renderer| {
        wait(|| renderer.behind(0) == 0);
        if block == 20 {
            engine.set("slow", "touch", "1").unwrap();
        }
    });
    assert_eq!(played.failures().len(), 1, "{:?}", played.reports);
}

/// Waits for a thread that does something, but not for ever.
fn wait(done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(20), "a thread does not come through");
        std::thread::yield_now();
    }
}

#[test]
fn on_threads_of_their_own_lanes_give_what_they_give_inline() {
    let input = tones(200);
    let inline = play(through("hold"), &input, false);
    let (engine, renderer, _) = Engine::start_on_threads(through("hold"), true, true).unwrap();
    let played = play_on(engine, renderer, &input, |_, _, renderer| wait(|| renderer.behind(0) == 0));
    assert!(played.outputs == inline.outputs);
    assert_eq!(played.reports, []);
}

#[test]
fn a_lane_that_hangs_is_left_behind_and_the_rest_plays_on() {
    let input = tones(100);
    let made = graph("worker = \"hang\"\nat = 3000", "zero");
    let (mut engine, mut renderer, _) = Engine::start_on_threads(made, false, false).unwrap();
    let (mut at, mut dry, mut late) = (0, vec![], 0);
    while at < 100 * BLOCK {
        if at < 2000 {
            wait(|| renderer.behind(0) == 0);
        }
        renderer.render(
            |_, room| {
                for (plane, to) in input[0].iter().zip(room.data.chunks_mut(room.stride)) {
                    to[..room.frames].copy_from_slice(&plane[at..at + room.frames]);
                }
            },
            |output, frames| dry.extend_from_slice(if output == 1 { &frames.data[..frames.frames] } else { &[] }),
        );
        at += BLOCK;
        let firings = |report: &Report| if let Report::Late { firings, .. } = report { *firings } else { 0 };
        late += engine.reports().iter().map(firings).sum::<u64>();
    }
    assert!(dry == input[0][0], "what does not go through the lane is not touched");
    assert!(late >= 40, "{late} late firings");
    assert_eq!(renderer.missed(0), late);
    // Not before it has come so far; a lane that is told to end does so behind its block.
    wait(|| workers::HANGS.load(std::sync::atomic::Ordering::Relaxed));
    let stopped = engine.stop();
    let why = stopped[0].as_ref().err().expect("a lane that hangs");
    assert_eq!(why, "the lane `slow` hangs in a worker, and is left there");
    workers::RELEASED.store(true, std::sync::atomic::Ordering::Relaxed);
}

/// What happens on a lane is told from there.
#[test]
fn events_of_a_node_on_a_lane_are_heard_as_inline() {
    let text = format!(
        "[graph]\nrate = {RATE}\n[input.mic]\n[node.tick]\nworker = \"tick\"\nin = \"mic\"\nhop = {BLOCK}\n\
         run = {{ lane = \"l\" }}\n[output.heard]\nfrom = \"tick\"\nto = \"stdout\"\n\
         [output.o]\nfrom = \"mic\"\n"
    );
    let made = || compiled(&text, &blocks_of(BLOCK), &workers::all()).unwrap();
    let mut clicks = vec![0.0; 40 * BLOCK];
    [100, 777, 2000].iter().for_each(|&at| clicks[at] = 1.0);
    let input = vec![vec![clicks]];
    let times = |reports: &[Report]| -> Vec<u64> {
        reports
            .iter()
            .filter_map(|report| if let Report::Event { event, .. } = report { Some(event.time) } else { None })
            .collect()
    };
    let inline = times(&play(made(), &input, false).reports);
    assert_eq!(inline, [100, 777, 2000]);
    let (engine, renderer, _) = Engine::start_on_threads(made(), false, false).unwrap();
    let played = play_on(engine, renderer, &input, |_, _, renderer| wait(|| renderer.behind(0) == 0));
    assert_eq!(times(&played.reports), inline);
}

/// Two nodes on a lane: what the first makes is not there in time either, so what it takes is passed by.
#[test]
fn a_chain_on_a_lane_is_passed_by_as_a_whole() {
    let text = format!(
        "[graph]\nrate = {RATE}\n[input.mic]\nchannels = 2\n\
         [node.a]\nworker = \"late\"\nin = \"mic\"\nhop = 64\nlatency = 16\nrun = {{ lane = \"l\", delay = 2 }}\n\
         [node.b]\nworker = \"late\"\nin = \"a\"\nhop = 64\nrun = {{ lane = \"l\", delay = 2, late = \"pass\" }}\n\
         [output.o]\nfrom = \"b\"\n"
    );
    let made = compiled(&text, &blocks_of(BLOCK), &workers::all()).unwrap();
    let input = tones(60);
    let (played, reports) = stalled(made, &input, |block| (30..36).contains(&block));
    assert!(!missed(&reports).is_empty());
    assert_eq!(block_of(&played.outputs, 1, 34), &input[0][1][34 * BLOCK - 16 - 2 * BLOCK..][..BLOCK]);
}

/// A model that takes three seconds at once has three seconds for its answer, and is not given up before.
#[test]
fn a_lane_has_as_long_as_its_delay_says() {
    let made = || graph("worker = \"late\"\nhop = 24000", "zero");
    let input = tones(1900);
    let inline = play(made(), &input, false);
    // Asleep for two seconds after each of the first firings.
    let asleep = |block: usize| (374..624).contains(&block) || (749..999).contains(&block);
    let (played, reports) = stalled(made(), &input, asleep);
    assert_eq!(missed(&reports), []);
    assert!(played.outputs == inline.outputs);
}

/// However often a slider is moved while a lane is busy, it ends where it was left, and the lane loses nothing by it.
#[test]
fn the_last_value_of_a_live_parameter_is_the_one_that_stays() {
    let made = graph("worker = \"offset\"", "hold");
    let (mut renderer, mut remote) = Renderer::new(Program::new(made), false);
    let mut lanes = renderer.part(&remote);
    let (mut heard, key) = (vec![], renderer.program().key(0));
    for block in 0..80u32 {
        if (20..40).contains(&block) {
            for turn in 0..200 {
                remote.send(ToRender::Set { key, param: 0, value: f64::from(block * 200 + turn) }).unwrap();
            }
        }
        renderer.render(
            |_, room| room.data.fill(0.0),
            |output, frames| heard.extend_from_slice(if output == 0 { &frames.data[..frames.frames] } else { &[] }),
        );
        if !(20..45).contains(&block) {
            lanes.iter_mut().for_each(|lane| lane.seat.work(&RUN));
        }
    }
    assert_eq!(renderer.lost(), 0);
    assert_eq!(heard[60 * BLOCK..], vec![(39 * 200 + 199) as f32; 20 * BLOCK], "the last of {} values", 20 * 200);
}

/// A value is for the block in which it was set, also where the lane comes to that block later.
#[test]
fn a_live_parameter_waits_for_its_block() {
    let made = || graph("worker = \"offset\"", "zero");
    let play = |asleep: bool| {
        let (mut renderer, mut remote) = Renderer::new(Program::new(made()), false);
        let mut lanes = renderer.part(&remote);
        let (mut heard, key) = (vec![], renderer.program().key(0));
        for block in 0..20 {
            if block == 10 {
                remote.send(ToRender::Set { key, param: 0, value: 1.0 }).unwrap();
            }
            renderer.render(
                |_, room| room.data.fill(0.0),
                |output, frames| heard.extend_from_slice(if output == 0 { &frames.data[..frames.frames] } else { &[] }),
            );
            if !(asleep && block == 9) {
                lanes.iter_mut().for_each(|lane| lane.seat.work(&RUN));
            }
        }
        heard
    };
    let heard = play(false);
    assert_eq!(heard.iter().position(|x| *x == 1.0), Some(12 * BLOCK), "two blocks later, as all that the lane makes");
    assert_eq!(play(true), heard);
}

/// A miss is one, however many outputs the node has and in however many pieces they are read.
#[test]
fn a_late_firing_is_one_miss() {
    let text = format!(
        "[graph]\nrate = {RATE}\n[input.mic]\n[node.slow]\nworker = \"fail\"\nhow = \"never\"\nin = \"mic\"\n\
         run = {{ lane = \"l\", delay = 2 }}\n[node.parts]\nworker = \"late\"\nin = \"slow.out\"\nhop = 16\n\
         [output.o]\nfrom = \"parts\"\n[output.side]\nfrom = \"slow.side\"\n"
    );
    let made = compiled(&text, &blocks_of(BLOCK), &workers::all()).unwrap();
    let (_, reports) = stalled(made, &vec![noise(5, 1, 60 * BLOCK)], |block| (30..35).contains(&block));
    assert_eq!(missed(&reports), [32, 33, 34, 35].map(|block| (block, 1)));
}
