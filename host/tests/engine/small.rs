//! A little of everything, small enough for Miri: it watches every pointer that crosses into workers and back.
use crate::play::{blocks_of, compiled, noise, play, play_and};
use crate::workers;

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
