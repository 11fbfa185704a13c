//! A little of everything, small enough for Miri: it watches every pointer that crosses into workers and back.
use crate::play::{blocks_of, compiled, noise, play, play_and};
use crate::workers;
use aw_host::control::Engine;

const GRAPH: &str = "[graph]\nrate = 480\n[input.mic]\nchannels = 2\n\
     [node.hop]\nworker = \"late\"\nin = \"mic\"\nhop = 3\nlatency = 4\n\
     [node.frames]\nworker = \"framer\"\nin = \"hop\"\nsize = 4\ncomplex = true\n\
     [node.bad]\nworker = \"fail\"\nin = \"frames\"\nat = 6\nlatency = 1\n\
     [node.samples]\nworker = \"unframer\"\nin = \"bad\"\n\
     [node.echo]\nworker = \"back\"\nin = { in = \"mic\", again = { from = \"echo\", feedback = 5 } }\n\
     [node.both]\nworker = \"sum\"\nin = { a = \"samples\", b = { from = \"mic\", delay = 2 } }\nhop = 2\n\
     [node.up]\nworker = \"resample\"\nin = \"both\"\nrate = 960\n\
     [node.down]\nworker = \"resample\"\nin = \"up\"\nrate = 480\n\
     [node.tick]\nworker = \"tick\"\nin = \"down\"\n\
     [node.touch]\nworker = \"fail\"\nhow = \"touch\"\nin = \"echo\"\n\
     [output.o]\nfrom = \"down\"\n[output.e]\nfrom = \"touch\"\n[output.heard]\nfrom = \"tick\"\nto = \"stdout\"\n";

#[test]
fn a_little_of_everything() {
    let workers = workers::all();
    let input = vec![noise(1, 2, 45)];
    for block in [5, 8] {
        let compiled = compiled(GRAPH, &blocks_of(block), &workers).unwrap();
        let played = play_and(compiled, &input, false, |at, engine| {
            if at == 2 {
                engine.set("touch", "touch", "1").unwrap();
            }
        });
        assert_eq!(played.failures().len(), 2, "{:?}", played.failures());
        let plane = &input[0][1];
        let echo = played.heard(1)[1];
        for i in 0..echo.len().min(plane.len()) {
            let again = if i < 5 { 0.0 } else { echo[i - 5] };
            assert_eq!(echo[i], plane[i] - again);
            if i >= 2 && i < played.heard(0)[1].len() {
                assert_eq!(played.heard(0)[1][i], plane[i] + plane[i - 2]);
            }
        }
    }
}

#[test]
fn what_is_refused_leaves_nothing_behind() {
    let workers = workers::all();
    let text = "[graph]\nrate = 480\n[input.mic]\n[node.a]\nworker = \"framer\"\nin = \"mic\"\nsize = 4\n\
         [node.b]\nworker = \"sum\"\nin = { a = \"mic\", b = \"a\" }\n[output.o]\nfrom = \"b\"\n";
    assert!(compiled(text, &blocks_of(4), &workers).is_err());
    let text = "[graph]\nrate = 480\n[input.mic]\n[output.o]\nfrom = \"mic\"\n";
    let input = vec![noise(1, 1, 40)];
    assert_eq!(play(compiled(text, &blocks_of(4), &workers).unwrap(), &input, true).outputs, input);
}

/// Over to another graph and back, once with fades and once without: instances move from program to program, and frames
/// in flight with them.
#[test]
fn a_little_of_every_change() {
    let workers = workers::all();
    let graph = |nodes: &str| {
        let text = format!("[graph]\nrate = 480\n[input.mic]\n{nodes}[output.o]\nfrom = \"end\"\n");
        compiled(&text, &blocks_of(8), &workers).unwrap_or_else(|why| panic!("{why:?} in\n{text}"))
    };
    let hop = "[node.hop]\nworker = \"late\"\nin = \"mic\"\nhop = 4\nlatency = 2\n";
    let fail = |touch: u8| format!("[node.end]\nworker = \"fail\"\nhow = \"never\"\nin = \"hop\"\ntouch = {touch}\n");
    let (engine, renderer) = Engine::start(graph(&format!("{hop}{}", fail(0))), false);
    let (mut engine, mut renderer, mut heard) = (engine, renderer, vec![]);
    let framed =
        "[node.f]\nworker = \"framer\"\nin = \"hop\"\nsize = 4\n[node.end]\nworker = \"unframer\"\nin = \"f\"\n";
    for nodes in [fail(1), framed.into(), fail(1)] {
        engine.change(graph(&format!("{hop}{nodes}"))).unwrap();
        let mut blocks = 0;
        while engine.is_changing() {
            renderer.render(
                |_, room| room.data[..room.frames].fill(0.5),
                |_, frames| heard.extend_from_slice(&frames.data[..frames.frames]),
            );
            assert_eq!(engine.reports(), []);
            blocks += 1;
            assert!(blocks < 500, "a change that does not come through");
        }
    }
    renderer.rewind(1);
    let begun = heard.iter().position(|x| *x != 0.0).unwrap();
    assert!(begun < 16, "{begun}");
    // A fade between equals is heard by nobody.
    let wrong = heard[begun..].iter().find(|x| (**x - 0.5).abs() > 1e-6);
    assert_eq!(wrong, None, "{heard:?}");
}
