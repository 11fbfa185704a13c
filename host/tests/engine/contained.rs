//! Workers that fail: the node is silent or bypassed at equal latency, everything else plays on, bit for bit.
use crate::play::{Played, Sound, blocks_of, compiled, noise, play, play_and};
use crate::workers;
use aw_host::graph::Code;

/// Two ways through: one through `bad`, one beside it, and their sum.
fn graph(bad: &str) -> String {
    format!(
        "[graph]\nrate = 16000\n[input.mic]\nchannels = 2\n\
         [node.a]\nworker = \"late\"\nin = \"mic\"\nlatency = 20\n\
         [node.bad]\nin = \"a\"\n{bad}\n\
         [node.after]\nworker = \"late\"\nin = \"bad\"\nhop = 10\nlatency = 5\n\
         [node.beside]\nworker = \"late\"\nin = \"mic\"\nhop = 64\nlatency = 7\n\
         [node.both]\nworker = \"sum\"\nin = {{ x = \"after\", y = \"beside\" }}\n\
         [output.bad]\nfrom = \"after\"\n[output.good]\nfrom = \"beside\"\n[output.both]\nfrom = \"both\"\n"
    )
}

fn sound() -> Sound {
    vec![noise(1, 2, 4000)]
}

fn run(bad: &str, block: usize) -> Played {
    let compiled = compiled(&graph(bad), &blocks_of(block), &workers::all()).unwrap_or_else(|why| panic!("{why:?}"));
    play(compiled, &sound(), false)
}

const BYPASSED: &str = "its input is passed through instead";

#[test]
fn what_fails_is_passed_by_at_equal_latency_and_the_rest_plays_on() {
    let panic = |at: usize| format!("panicked: told to at frame {at}");
    for (how, why) in [
        ("panic", panic(1003)),
        ("nan", "wrote NaN or infinity to `out`".into()),
        ("inf", "wrote NaN or infinity to `out`".into()),
    ] {
        for (block, hop) in [(1, 0), (64, 0), (128, 37), (480, 100), (1021, 0)] {
            let fail = |how: &str| {
                format!("worker = \"fail\"\nhow = \"{how}\"\nat = 1003\nhop = {hop}\nlatency = 48\nchannel = 1")
            };
            let (well, ill) = (run(&fail("never"), block), run(&fail(how), block));
            assert_eq!(well.reports, []);
            assert_eq!(ill.failures(), [("bad", why.as_str(), BYPASSED)], "{how}, blocks of {block}");
            assert_eq!(ill.reports.len(), 1);
            // The dry input, as late as the worker would be, is what an all-pass worker gives anyhow.
            assert!(ill.outputs == well.outputs, "{how}, blocks of {block}, hops of {hop}");
            storms(&ill, how);
        }
    }
}

/// A panic allocates for its message, once; after that nothing does.
fn storms(played: &Played, how: &str) {
    let most = if how == "panic" || how == "touch" { 12 } else { 0 };
    assert!(played.allocated.iter().sum::<u64>() <= most, "{how}: {:?} allocations", played.allocated.iter().max());
    assert!(played.allocated.iter().filter(|n| **n > 0).count() <= 1, "{how}: again and again");
}

#[test]
fn a_call_that_returns_an_error_is_a_failure_too() {
    let (well, ill) = (run("worker = \"late\"", 128), run("worker = \"refuse\"", 128));
    assert_eq!(ill.failures(), [("bad", "failed and gave no reason", BYPASSED)]);
    assert!(ill.outputs == well.outputs);
    storms(&ill, "error");
}

/// The words of a panic are kept until the node is next heard of, blocks later.
#[test]
fn a_panic_while_a_parameter_is_set_is_told_with_its_words() {
    for hop in [0, 640] {
        let bad = format!("worker = \"fail\"\nhow = \"touch\"\nhop = {hop}\nlatency = 3");
        let compiled = compiled(&graph(&bad), &blocks_of(128), &workers::all()).unwrap();
        let played = play_and(compiled, &sound(), false, |block, engine| {
            if block == 6 {
                engine.set("bad", "touch", "0.5").unwrap();
            }
        });
        assert_eq!(played.failures(), [("bad", "panicked: told to by 0.5", BYPASSED)], "hops of {hop}");
        storms(&played, "touch");
        let expected = run(&format!("worker = \"late\"\nhop = {hop}\nlatency = 3"), 128);
        assert!(played.outputs == expected.outputs, "hops of {hop}");
    }
}

/// Frames that are no sound have no dry version: they are silent, and so is what is made of them.
#[test]
fn features_fall_silent() {
    let text = "[graph]\nrate = 16000\n[input.mic]\n\
         [node.f]\nworker = \"framer\"\nin = \"mic\"\nsize = 40\n\
         [node.bad]\nworker = \"fail\"\nin = \"f\"\nat = 10\n\
         [node.u]\nworker = \"unframer\"\nin = \"bad\"\n\
         [output.o]\nfrom = \"u\"\n[output.dry]\nfrom = \"mic\"\n";
    let compiled = compiled(text, &blocks_of(80), &workers::all()).unwrap();
    let input = vec![noise(5, 1, 1600)];
    let played = play(compiled, &input, false);
    let why = "panicked: told to at frame 10";
    assert_eq!(played.failures(), [("bad", why, "it is silent from now on")]);
    let heard = played.heard(0)[0];
    assert_eq!(heard[..400], input[0][0][..400]);
    assert!(heard[400..].iter().all(|x| *x == 0.0));
    assert_eq!(played.heard(1)[0], input[0][0]);
}

/// One output that holds no numbers takes the node out, not the graph: both outputs stand in.
#[test]
fn nan_at_one_of_two_outputs() {
    let text = |how: &str| {
        format!(
            "[graph]\nrate = 16000\n[input.mic]\nchannels = 2\n\
             [node.bad]\nworker = \"fail\"\nhow = \"{how}\"\nat = 999\nin = \"mic\"\nlatency = 9\n\
             [output.o]\nfrom = \"bad\"\n[output.side]\nfrom = \"bad.side\"\n"
        )
    };
    let run = |how| play(compiled(&text(how), &blocks_of(128), &workers::all()).unwrap(), &sound(), false);
    let (well, ill) = (run("never"), run("side"));
    assert_eq!(ill.failures(), [("bad", "wrote NaN or infinity to `side`", BYPASSED)]);
    assert!(ill.outputs == well.outputs);
}

/// Who hears itself has no dry input of its own: what comes in goes through, and the echo ends.
#[test]
fn a_worker_that_hears_itself_and_fails() {
    let text = |how: &str| {
        format!(
            "[graph]\nrate = 16000\n[input.mic]\n\
             [node.echo]\nworker = \"sum\"\nin = {{ a = \"mic\", b = {{ from = \"bad\", feedback = 50 }} }}\n\
             [node.bad]\nworker = \"fail\"\nhow = \"{how}\"\nat = 1000\nin = \"echo\"\nhop = 25\n\
             [node.beside]\nworker = \"late\"\nin = \"mic\"\n\
             [output.o]\nfrom = \"bad\"\n[output.beside]\nfrom = \"beside\"\n"
        )
    };
    let input = vec![noise(3, 1, 2000)];
    let run = |how, block| play(compiled(&text(how), &blocks_of(block), &workers::all()).unwrap(), &input, false);
    for block in [64, 480] {
        let (well, ill) = (run("never", block), run("panic", block));
        assert_eq!(ill.failures(), [("bad", "panicked: told to at frame 1000", BYPASSED)]);
        assert!(ill.outputs == well.outputs, "the way round goes on as before");
    }
}

/// A node whose only audible input is its own output: it has nothing that could stand in.
#[test]
fn a_node_that_hears_itself_first_and_fails_is_silent() {
    let text = |how: &str| {
        format!(
            "[graph]\nrate = 16000\n[input.mic]\n[input.other]\n\
             [node.bad]\nworker = \"fail\"\nat = 500\nhow = \"{how}\"\nin = \"sum\"\n\
             [node.sum]\nworker = \"refuse_sum\"\nin = {{ a = {{ from = \"sum\", feedback = 9 }}, b = \"mic\" }}\n\
             [output.me]\nfrom = \"bad\"\n[output.beside]\nfrom = \"other\"\n"
        )
    };
    let input = vec![noise(3, 1, 2048), noise(4, 1, 2048)];
    let played = play(compiled(&text("never"), &blocks_of(128), &workers::all()).unwrap(), &input, false);
    assert_eq!(played.failures().len(), 1);
    assert!(played.outputs[0][0].iter().all(|x| *x == 0.0), "its own past cannot stand in for it");
    assert!(played.outputs[1] == input[1]);
}

/// A loop that nothing drives has no clock: it is refused, and `compile` comes back to say so.
#[test]
fn a_loop_that_nothing_drives_is_refused() {
    for alone in [
        "[node.a]\nworker = \"late\"\nin = { from = \"a\", feedback = 30 }\n",
        "[node.a]\nworker = \"late\"\nhop = 3\nin = \"b\"\n\
         [node.b]\nworker = \"late\"\nin = { from = \"a\", feedback = 30 }\n",
    ] {
        let text = format!("[graph]\nrate = 16000\n[input.mic]\n{alone}[output.a]\nfrom = \"a\"\n");
        let refused = compiled(&text, &blocks_of(128), &workers::all()).err().unwrap();
        assert!(refused.iter().all(|code| *code == Code::Feedback), "{refused:?}");
    }
}
