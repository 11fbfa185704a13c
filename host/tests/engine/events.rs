//! What happened, and when: on the clock of the graph's input, whatever lies between.
use crate::play::{Played, blocks_of, compiled, play, play_and};
use crate::workers;
use aw_host::control::Report;

/// When, what number, what label.
fn heard(played: &Played) -> Vec<(u64, u32, Option<&str>)> {
    let event = |report| match report {
        &Report::Event { event, ref label, .. } => Some((event.time, event.label, label.as_deref())),
        _ => None,
    };
    played.reports.iter().filter_map(event).collect()
}

fn clicks(length: usize, at: &[(usize, f32)]) -> Vec<f32> {
    let mut plane = vec![0.0; length];
    at.iter().for_each(|(i, x)| plane[*i] = *x);
    plane
}

#[test]
fn times_are_those_of_the_input_behind_any_latency_at_any_block() {
    let at = [(0, 1.0), (1, 2.0), (700, 3.0), (1999, 1.0), (2000, 2.0), (3333, 5.0)];
    let names = ["yes", "no", "stop"];
    for (hop, before) in [(0, 0), (0, 333), (100, 50), (64, 7)] {
        let text = format!(
            "[graph]\nrate = 16000\n[input.mic]\n\
             [node.slow]\nworker = \"late\"\nin = \"mic\"\nhop = 37\nlatency = {before}\n\
             [node.tick]\nworker = \"tick\"\nin = \"slow\"\nhop = {hop}\nlabels = \"yes, no, stop\"\n\
             [output.heard]\nfrom = \"tick\"\nto = \"stdout\"\n"
        );
        for block in [1, 37, 128, 1021, 4096] {
            let compiled = compiled(&text, &blocks_of(block), &workers::all()).unwrap();
            let played = play(compiled, &vec![vec![clicks(9000, &at)]], false);
            let label = |x: f32| (x as u32 - 1, names.get(x as usize - 1).copied());
            let expected = at.map(|(i, x)| (i as u64, label(x).0, label(x).1));
            assert_eq!(heard(&played), expected, "hops of {hop}, {before} late, blocks of {block}");
            assert_eq!(played.lost, 0);
        }
    }
}

/// Events of a generator, whose frames come from the port behind.
#[test]
fn a_generator_of_events_and_fixed_hops_keeps_its_pace() {
    let text = "[graph]\nrate = 16000\n[input.mic]\n[node.n]\nworker = \"count\"\nhop = 100\n\
         [output.o]\nfrom = \"n\"\n[output.e]\nfrom = \"n.wraps\"\nto = \"stdout\"\n";
    let played = play(compiled(text, &blocks_of(128), &workers::all()).unwrap(), &vec![vec![vec![0.0; 6400]]], false);
    assert!(played.heard(0)[0].iter().enumerate().all(|(i, x)| *x == (i % 16) as f32));
    let times: Vec<u64> = heard(&played).iter().map(|(time, ..)| *time).collect();
    assert_eq!(times, (0..64).map(|i| i * 100).collect::<Vec<u64>>());
}

/// A firing has room for 64 events, and 1024 reports may wait; what finds no room there is counted.
#[test]
fn what_finds_no_room_is_counted() {
    let text = "[graph]\nrate = 16000\n[input.mic]\n[node.tick]\nworker = \"tick\"\nin = \"mic\"\nhop = 50\n\
         [output.heard]\nfrom = \"tick\"\nto = \"stdout\"\n";
    let graph = || compiled(text, &blocks_of(4000), &workers::all()).unwrap();
    let played = play(graph(), &vec![vec![vec![1.0; 4000]]], false);
    // 80 firings of 50 events each; nobody listens before the block has ended.
    assert_eq!((heard(&played).len(), played.lost), (1024, 4000 - 1024));
    let times: Vec<u64> = heard(&played).iter().map(|(time, ..)| *time).collect();
    assert_eq!(times, (0..1024).collect::<Vec<u64>>());
    assert!(played.allocated.iter().all(|n| *n == 0));
}

/// Failures are never lost, however much else is said.
#[test]
fn a_failure_is_told_though_events_fill_the_way() {
    let text = "[graph]\nrate = 16000\n[input.mic]\n\
         [node.tick]\nworker = \"tick\"\nin = \"mic\"\nhop = 50\n\
         [node.bad]\nworker = \"fail\"\nin = \"mic\"\n\
         [output.heard]\nfrom = \"tick\"\nto = \"stdout\"\n[output.o]\nfrom = \"bad\"\n";
    let compiled = compiled(text, &blocks_of(2000), &workers::all()).unwrap();
    let played = play_and(compiled, &vec![vec![vec![1.0; 8000]]], false, |_, _| {});
    assert_eq!(played.failures().len(), 1, "{} lost", played.lost);
}
