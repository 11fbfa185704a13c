use super::super::{Blocks, Device, Latency, Missing, Node, Task, Timeline};
use super::*;
use crate::sim::cost::{Counted, Tier};
use crate::sim::memory::{Account, Heap, Item};
use crate::sim::profile::Holds;
use crate::sim::trace::{Event, What};
use crate::sim::twin::Snr;
use crate::sim::verdict::Verdict;

const MS: u64 = 1_000_000_000;

fn node(name: &str, task: &str, tier: Tier, mean: Band) -> Node {
    let known = tier != Tier::Unknown;
    Node {
        name: name.into(),
        worker: "stft".into(),
        task: task.into(),
        tier,
        source: if known { "2 `cycles` an instruction".into() } else { "nobody counted it".into() },
        of: (tier == Tier::Counted).then_some(Counted::Instructions(mean.typical / 2.0)),
        firings_per_s: 100.0,
        cycles: known.then_some([mean.typical, mean.typical, 1.5 * mean.typical]),
        mean: known.then_some(mean),
        percent: known.then_some(mean.map(|cycles| cycles / 1e4)),
        mhz: known.then_some(mean.map(|cycles| cycles / 1e4)),
        allocations: 0,
    }
}

fn task(name: &str, deadline_ms: Option<f64>, percent: f64, longest: f64) -> Task {
    Task {
        name: name.into(),
        deadline_ms,
        percent: Band { low: 0.8 * percent, typical: percent, high: 1.25 * percent },
        jobs: 4,
        response_ms: Some([longest / 2.0, longest, longest]),
        longest_ms: Some(Band { low: 0.8 * longest, typical: longest, high: 1.25 * longest }),
        missed: [0, u64::from(longest > deadline_ms.unwrap_or(longest)), 2],
    }
}

fn item(of: &str, what: Holds, bytes: Option<u64>) -> Item {
    Item { of: of.into(), step: Some(0), what, bytes, source: "from the plan" }
}

/// A board on which a lane is late once.
fn report() -> Report {
    let event = |&(ms, what, task, block): &(u64, What, u32, u64)| Event { at: ms * MS, what, task, block };
    let events = [
        (10, What::Released, 0, 0),
        (10, What::Runs, 0, 0),
        (13, What::Done, 0, 0),
        (13, What::Released, 1, 0),
        (13, What::Idle, 0, 0),
        (13, What::Runs, 1, 0),
        (20, What::Released, 0, 1),
        (20, What::Waits, 1, 0),
        (20, What::Runs, 0, 1),
        (20, What::Missed, 1, 0),
        (23, What::Done, 0, 1),
        (23, What::Idle, 0, 0),
        (23, What::Runs, 1, 0),
        (26, What::Late, 1, 0),
        (26, What::Idle, 1, 0),
    ];
    let events: Vec<Event> = events.iter().map(event).collect();
    let heap = |name: &str, bytes, held, items| Heap { name: name.into(), bytes, used: 12_288 + held, held, items };
    let sram = vec![item("stft", Holds::State, Some(8192)), item("mic", Holds::Streams, Some(4096))];
    Report {
        device: Device {
            name: "board".into(),
            title: "A <board>".into(),
            clock_hz: 100_000_000,
            cores: 1,
            calibrated: false,
            source: "its data sheet".into(),
        },
        blocks: Blocks { samples: 100, rate: 10_000, ms: 10.0, cycles: 1_000_000, buffers: 2, count: 4, seconds: 0.04 },
        seed: 7,
        faults: vec!["jitter,us=50".into()],
        trace: "0123456789abcdef".into(),
        events: 15,
        nodes: vec![
            node("R&D", "audio", Tier::Counted, Band { low: 240_000.0, typical: 300_000.0, high: 375_000.0 }),
            node("net", "slow", Tier::Measured, Band { low: 123_456.0, typical: 123_456.0, high: 200_000.0 }),
            node("odd", "slow", Tier::Unknown, Band::default()),
        ],
        tasks: vec![task("audio", Some(10.0), 30.0, 3.0), task("slow", Some(10.0), 25.0, 13.0)],
        missing: Missing { lost: 1, ..Missing::default() },
        memory: Account {
            heaps: vec![heap("sram", 65_536, 1024, sram)],
            homeless: vec![item("net", Holds::Weights, Some(1 << 20))],
            unknown: vec![item("odd", Holds::State, None)],
        },
        latency: vec![Latency { output: "speaker".into(), graph_samples: 100.0, device_samples: 200, ms: 30.0 }],
        snr: vec![Snr { output: "speaker".into(), db: Some(71.25) }],
        clipped: 3,
        verdict: Verdict {
            answer: Answer::DoesNotFit,
            reasons: vec!["`net`: 1.0 MiB of weights find no room".into(), "slow: 1 firing late & <more>".into()],
        },
        timeline: Timeline {
            tasks: vec!["audio".into(), "slow".into()],
            start: events.clone(),
            wrong: Some((20 * MS, events)),
            block: 10 * MS,
        },
    }
}

fn shown(report: &Report) -> String {
    page(report, "<graph>.toml", &["sim".into(), "<graph>.toml".into(), "--in".into(), "it's.wav".into()])
}

/// What stands in the body, without the style.
fn body(page: &str) -> &str {
    page.split_once("<body>").map_or("", |(_, body)| body)
}

#[test]
fn a_page_says_what_speaks_against_a_board_and_every_number_that_it_hangs_from() {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, { insta::assert_snapshot!("page", body(&shown(&report()))) });
}

#[test]
fn names_are_text_wherever_they_stand() {
    let mut report = report();
    let evil = "<script>'&\"";
    for node in &mut report.nodes {
        (node.name, node.worker, node.source) = (evil.into(), evil.into(), evil.into());
        node.allocations = 1;
    }
    report.tasks.iter_mut().for_each(|task| task.name = evil.into());
    report.memory.heaps[0].name = evil.into();
    report.memory.heaps[0].items[0].of = evil.into();
    report.memory.homeless[0].of = evil.into();
    report.memory.unknown[0].of = evil.into();
    report.latency[0].output = evil.into();
    report.snr[0].output = evil.into();
    report.faults = vec![evil.into()];
    (report.device.name, report.device.title, report.device.source) = (evil.into(), evil.into(), evil.into());
    report.verdict.reasons = vec![evil.into(), format!("`{evil}`")];
    let page = page(&report, evil, &[evil.into()]);
    assert!(!page.contains("<script") && !page.contains("'&\""), "{page}");
    assert!(page.matches("&lt;script&gt;").count() > 20, "{page}");
}

#[test]
fn a_report_of_nothing_is_a_page_with_no_picture_and_no_strange_numbers() {
    let mut report = report();
    (report.nodes, report.tasks, report.latency, report.snr, report.faults) = (vec![], vec![], vec![], vec![], vec![]);
    report.memory = Account { heaps: vec![], homeless: vec![], unknown: vec![] };
    report.timeline = Timeline::default();
    report.blocks.ms = 0.0;
    let page = shown(&report);
    let body = body(&page);
    assert!(!body.contains("NaN") && !body.contains("inf") && !body.contains("Who had a core when"), "{body}");
}

#[test]
fn words_between_backticks_are_code_and_one_backtick_is_a_backtick() {
    assert_eq!(prose("`a<b`: late"), "<code>a&lt;b</code>: late");
    assert_eq!(prose("a ` b"), "a ` b");
}
