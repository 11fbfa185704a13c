//! What is said of graphs that are refused: nothing that a graph asks for is called a mistake of the host.
use crate::play::{blocks_of, compiled, noise, play, rated};
use crate::workers;
use aw_host::graph::{Code, Device, GraphFile, compile};
use std::path::Path;
use std::time::{Duration, Instant};

/// All that is said of a graph.
fn said(text: &str, device: &Device) -> String {
    let (file, mut diags) = GraphFile::parse(Path::new("graph.toml"), text.into());
    compile(&file, &workers::all(), device, &[], &mut diags);
    diags.render(Path::new("graph.toml"), text, false)
}

#[test]
fn an_input_and_an_output_of_one_name_are_both_resampled() {
    let text = "[graph]\nrate = 480\n[input.voice]\n[node.a]\nworker = \"late\"\nin = \"voice\"\n\
         [output.voice]\nfrom = \"a\"\n";
    let device = rated(blocks_of(64), &[("voice", 960)], &[("voice", 960)]);
    let input = vec![noise(1, 1, 1920)];
    let played = play(compiled(text, &device, &workers::all()).unwrap(), &input, false);
    let heard = played.heard(0)[0];
    assert!(heard.len() > 1500);
    // The workers of these tests pick every second sample, and hold it.
    assert!(heard.iter().enumerate().all(|(i, x)| *x == input[0][0][i / 2 * 2]));
}

#[test]
fn a_spectrum_cannot_be_played_at_another_rate_either() {
    let text = "[graph]\nrate = 16000\n[input.mic]\n[node.s]\nworker = \"framer\"\nin = \"mic\"\ncomplex = true\n\
         [output.o]\nfrom = \"s\"\n";
    let device = rated(Device::default(), &[], &[("o", 48000)]);
    let said = said(text, &device);
    assert!(said.contains("error[kind]: outputs play audio, but `s` gives spectrum"), "{said}");
}

#[test]
fn a_port_is_connected_once_though_a_list_names_it() {
    let graph = |wires: &str| {
        format!(
            "[graph]\nrate = 16000\n[input.mic]\n[node.a]\nworker = \"sum\"\nin = {{ {wires} }}\n[output.o]\nfrom = \"a\"\n"
        )
    };
    let twice = said(&graph("in1 = \"mic\", in = [\"mic\", \"mic\"]"), &Device::default());
    assert!(twice.contains("error[port]: `a.in1` is connected twice"), "{twice}");
    let null = said(&graph("\"a\\u0000\" = \"mic\""), &Device::default());
    assert!(null.contains("error[value]: this key has a null byte in it"), "{null}");
    assert_eq!(said(&graph("in3 = \"mic\", in = [\"mic\", \"mic\"]"), &Device::default()), "");
}

#[test]
fn a_rate_is_what_it_is_however_it_is_written() {
    let text = "[graph]\nrate = 16000\n[input.mic]\n[node.a]\nworker = \"unreduced\"\nin = \"mic\"\n\
         [node.b]\nworker = \"sum\"\nin = { x = \"a\", y = \"mic\" }\n[output.o]\nfrom = \"a\"\n[output.p]\nfrom = \"b\"\n";
    assert_eq!(said(text, &Device::default()), "");
}

/// Rates without common factors: the time of a frame behind all of them is no fraction of 60 bits.
#[test]
fn latency_that_cannot_be_held_exactly_is_refused_where_it_arises() {
    let mut text = "[graph]\nrate = 16000\n[input.mic]\n".to_string();
    let mut from = "mic".to_string();
    for (i, rate) in [65521, 65519, 65497, 65479].iter().enumerate() {
        text += &format!("[node.r{i}]\nworker = \"resample\"\nin = \"{from}\"\nrate = {rate}\n");
        text += &format!("[node.l{i}]\nworker = \"late\"\nin = \"r{i}\"\nlatency = 1\n");
        from = format!("l{i}");
    }
    text += &format!("[node.end]\nworker = \"resample\"\nin = \"{from}\"\nrate = 16000\n[output.o]\nfrom = \"end\"\n");
    let said = said(&text, &Device::default());
    assert!(said.contains("error[align]: the latency up to `l3` cannot be held exactly"), "{said}");
    assert!(!said.contains("mistake in aw"), "{said}");
}

/// 16 million frames of 65536 floats are eight tebibytes.
#[test]
fn frames_that_no_memory_holds_are_refused() {
    let text = "[graph]\nrate = 16000\n[input.mic]\n\
         [node.s]\nworker = \"framer\"\nin = \"mic\"\nsize = 65536\n\
         [node.b]\nworker = \"back\"\nin = { in = \"s\", again = { from = \"b\", feedback = 16777216 } }\n\
         [node.u]\nworker = \"unframer\"\nin = \"b\"\n[output.o]\nfrom = \"u\"\n";
    let said = said(text, &Device::default());
    assert!(said.contains("error[size]: the frames of `b.out` take 8192.0 GiB"), "{said}");
    assert!(said.contains("16777216 frames wait"), "{said}");
}

/// One sample goes round a loop 65536 times a block, and blocks and hops meet once in 65521 blocks.
#[test]
fn what_would_be_planned_for_hours_is_refused_in_seconds() {
    let text = "[graph]\nrate = 16000\nblock = 65536\n[input.mic]\n\
         [node.l]\nworker = \"late\"\nin = \"mic\"\nhop = 65521\n\
         [node.b]\nworker = \"back\"\nin = { in = \"l\", again = { from = \"b\", feedback = 1 } }\n[output.o]\nfrom = \"b\"\n";
    let start = Instant::now();
    let refused = compiled(text, &Device::default(), &workers::all()).err();
    assert_eq!(refused, Some(vec![Code::Size]));
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

/// A thousand nodes beside a loop of one sample: those outside are not visited for every sample of it.
#[test]
fn a_small_loop_beside_many_nodes_is_planned_soon() {
    let mut text = "[graph]\nrate = 16000\nblock = 1024\n[input.mic]\n\
         [node.b]\nworker = \"back\"\nin = { in = \"mic\", again = { from = \"b\", feedback = 1 } }\n\
         [node.l]\nworker = \"late\"\nin = \"b\"\nhop = 441\n[output.o]\nfrom = \"l\"\n"
        .to_string();
    for i in 0..300 {
        let from = if i == 0 { "mic".into() } else { format!("n{}", i - 1) };
        text += &format!("[node.n{i}]\nworker = \"late\"\nin = \"{from}\"\n");
    }
    text += "[output.many]\nfrom = \"n299\"\n";
    let start = Instant::now();
    assert!(compiled(&text, &Device::default(), &workers::all()).is_ok());
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}
