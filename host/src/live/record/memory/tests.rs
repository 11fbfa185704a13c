//! Recordings that begin amid a session.
use super::super::journal::{Copied, FILE, Track};
use super::*;
use crate::graph::Pace;
use crate::live::player::Piece;
use crate::plugin::Format;

const RATE: u32 = 8000;
/// Frames of a piece, and of a block.
const PIECE: u32 = 10;
const BLOCK: u32 = 20;

fn copy(graph: u32, level: f64) -> Arc<Copy> {
    let said = Copied {
        without: vec![],
        graph,
        file: format!("graphs/{graph}/graph.toml"),
        from: String::new(),
        rate: None,
        plan: String::new(),
        named: vec![],
        libraries: vec![],
    };
    let pace = Some(Pace::new(&Format::audio(1, RATE), BLOCK, RATE));
    let values = BTreeMap::from([(("a".to_string(), 0), level), (("b".to_string(), 0), 0.0)]);
    Arc::new(Copy { said, text: String::new(), kept: BTreeMap::new(), pace, period: 3, values })
}

fn start() -> Start {
    Start {
        version: 1,
        made_by: String::new(),
        date: String::new(),
        because: None,
        rate: RATE,
        piece: Piece::Always(PIECE as usize),
        longest: 100,
        inputs: vec![Track { name: "mic".into(), channels: 1, file: "input-mic.wav".into() }],
        outputs: vec![],
        machine: String::new(),
        cpu: vec![],
        whole: true,
        from: 0.0,
    }
}

fn set(since: u32, node: &str, value: f64) -> Entry {
    Entry::Set { deck: 4, sent: Sent { of: Birth { since, node: node.into() }, param: 0, value } }
}

fn fact(block: u64, what: What) -> Entry {
    Entry::Fact { deck: 4, block, what }
}

fn play(memory: &mut Memory, pieces: u32, orders: u32) {
    for piece in 0..pieces {
        let orders = if piece == 0 { orders } else { 0 };
        memory.piece(Played { frames: PIECE, orders, is_lost: false }, &[0.5; PIECE as usize]);
    }
}

/// The lines of what is written.
fn written(memory: &Memory) -> Vec<Entry> {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("dump");
    memory.clone().write(&place, &start(), "a test").unwrap();
    let text = std::fs::read_to_string(place.join(FILE)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn hear(gain: f32, frames: u32) -> Entry {
    Entry::Hear { decks: [gain, 0.0, 0.0, 0.0], dry: 0.0, frames }
}

#[test]
fn what_is_shorter_than_the_memory_is_whole() {
    let mut memory = Memory::new(1000);
    memory.graph(copy(0, 1.0));
    let entries = [Entry::Insert { deck: 4, slot: 0, graph: 0, later: 0 }, hear(1.0, 30), set(0, "a", 2.0)];
    entries.iter().for_each(|entry| memory.entry(entry.clone()));
    memory.entry(fact(0, What::Obeyed(1)));
    play(&mut memory, 100, 2);
    let lines = written(&memory);
    let Entry::Start(said) = &lines[0] else { panic!("{lines:?}") };
    assert!(said.whole && said.from == 0.0 && said.because.as_deref() == Some("a test"));
    assert_eq!(lines[2..5], entries);
    assert_eq!(lines[5], fact(0, What::Obeyed(1)));
    assert_eq!(lines[6], Entry::Pieces { frames: PIECE, times: 100, orders: 2 });
}

/// What was before is there as it stood: the graph that was gone over to, what was set and still counts, who is heard.
/// Blocks are counted from the beginning, and what was under way is through.
#[test]
fn what_was_before_is_there_as_it_stood() {
    let mut memory = Memory::new(1000);
    memory.graph(copy(0, 1.0));
    memory.entry(Entry::Insert { deck: 4, slot: 0, graph: 0, later: 7 });
    memory.entry(hear(1.0, 30));
    play(&mut memory, 10, 2); // blocks 0 to 4
    memory.entry(set(0, "a", 2.0));
    memory.entry(set(0, "b", 3.0));
    memory.entry(fact(5, What::Obeyed(2)));
    memory.graph(copy(1, 9.0)); // its file has another value for `a`
    memory.entry(Entry::Change { deck: 4, graph: 1, anew: vec![] });
    memory.entry(fact(6, What::Changed));
    play(&mut memory, 2, 0); // blocks to 5
    memory.entry(hear(0.25, 30)); // obeyed later
    memory.entry(set(1, "b", 4.0)); // likewise
    play(&mut memory, 2, 0); // to 6, and this is forgotten
    play(&mut memory, 4, 1);
    memory.entry(fact(8, What::Changed));
    memory.entry(fact(9, What::Obeyed(1)));
    memory.entry(set(1, "b", 5.0));
    memory.entry(fact(20, What::Obeyed(1)));
    memory.entry(fact(20, What::Behind { lane: 0, left: 2 }));
    play(&mut memory, 20, 0);
    memory.entry(set(1, "b", 6.0));
    memory.entry(fact(30, What::Obeyed(1)));
    play(&mut memory, 76, 0);
    let lines = written(&memory);
    let Entry::Start(said) = &lines[0] else { panic!("{lines:?}") };
    // 140 frames are forgotten: 7 blocks. Everything begins anew every 3.
    assert!(!said.whole);
    assert_eq!(said.from, 180.0 / f64::from(RATE));
    let told: Vec<&Entry> = lines[1..].iter().filter(|line| !matches!(line, Entry::Graph(_))).collect();
    let expected = [
        &Entry::Insert { deck: 4, slot: 0, graph: 1, later: 7 },
        &set(0, "b", 5.0),
        &fact(0, What::Obeyed(1)),
        &hear(0.25, 0),
        &fact(11, What::Behind { lane: 0, left: 2 }),
        &Entry::Pieces { frames: PIECE, times: 20, orders: 2 },
        &set(0, "b", 6.0),
        &fact(21, What::Obeyed(1)),
        &Entry::Pieces { frames: PIECE, times: 76, orders: 0 },
        &Entry::End { frames: 960 },
    ];
    assert_eq!(told, expected);
    let graphs: Vec<u32> = lines
        .iter()
        .filter_map(|line| if let Entry::Graph(copied) = line { Some(copied.graph) } else { None })
        .collect();
    assert_eq!(graphs, [1], "the one before is not needed");
}
