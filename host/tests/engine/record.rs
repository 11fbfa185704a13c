//! What was played comes again, bit for bit: late answers, parameters, changes and lanes that began anew included.
use crate::guard;
use crate::play::{Sound, blocks_of, compiled, noise, play_on};
use crate::workers;
use aw_host::control::{Birth, Engine, Report, Sent};
use aw_host::graph::Compiled;
use aw_host::live::player::{Deck, Order, Piece, Planes, Player};
use aw_host::render::{Fact, Facts, Program, Renderer, Script, ToRender, What};
use ringbuf::traits::Consumer;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

static RUN: AtomicBool = AtomicBool::new(false);
const RATE: usize = 8000;
const BLOCK: usize = 64;

/// Two nodes that hear each other's past: one on a lane, one inline behind it.
fn graph(offset: f32, hop: usize, late: &str) -> Compiled {
    let text = format!(
        "[graph]\nrate = {RATE}\n[input.mic]\nchannels = 2\n\
         [node.up]\nworker = \"offset\"\nin = \"mic\"\nby = {offset}\n\
         [node.slow]\nworker = \"late\"\nin = \"up\"\nhop = {hop}\nlatency = 16\n\
         run = {{ lane = \"slow\", delay = 2, late = \"{late}\" }}\n\
         [node.shift]\nworker = \"offset\"\nin = \"slow\"\nrun = {{ lane = \"slow\", delay = 2, late = \"{late}\" }}\n\
         [output.o]\nfrom = \"shift\"\n[output.dry]\nfrom = \"up\"\n"
    );
    compiled(&text, &blocks_of(BLOCK), &workers::all()).unwrap_or_else(|why| panic!("{why:?} in\n{text}"))
}

fn told(mut facts: Facts) -> Vec<Fact> {
    assert_eq!(facts.lost.load(Relaxed), 0);
    std::iter::from_fn(|| facts.ring.try_pop()).collect()
}

/// What is asked of an engine.
enum Asked {
    Set(Sent),
    Change(Compiled),
}

/// Plays as it was told; answers what was heard, late answers, and what did not come about.
fn again(made: Compiled, facts: Vec<Fact>, asked: Vec<Asked>, input: &Sound) -> (Sound, u64, u64) {
    let astray = Arc::<AtomicU64>::default();
    let (engine, mut renderer, _) = Engine::start_on_threads(made, false, false).unwrap();
    renderer.follow(Script::new(facts, astray.clone()));
    let mut asked = VecDeque::from(asked);
    let played = play_on(engine, renderer, input, |_, engine, _| {
        while let Some(next) = asked.pop_front() {
            match next {
                Asked::Change(_) if engine.is_changing() => return asked.push_front(next),
                Asked::Change(made) => engine.change_anew(made, &BTreeSet::new()).map_err(|(why, _)| why).unwrap(),
                Asked::Set(sent) => {
                    if let Err(sent) = engine.send_again(sent) {
                        return asked.push_front(Asked::Set(sent));
                    }
                }
            }
        }
    });
    assert!(asked.is_empty(), "all was asked");
    (played.outputs, late(&played.reports), astray.load(Relaxed))
}

fn late(reports: &[Report]) -> u64 {
    reports.iter().map(|report| if let Report::Late { firings, .. } = report { *firings } else { 0 }).sum()
}

fn same(one: &Sound, other: &Sound) -> bool {
    let bits = |sound: &Sound| -> Vec<u32> { sound.iter().flatten().flatten().map(|x| x.to_bits()).collect() };
    bits(one) == bits(other)
}

/// A lane that sleeps: for a block, for several, for so long that it begins anew; and is asked for more than its rings
/// hold meanwhile.
#[test]
fn a_lane_that_sleeps_is_late_again_where_it_was() {
    for policy in ["hold", "zero", "pass"] {
        let input = vec![noise(9, 2, 700 * BLOCK)];
        let asleep = |block: usize| {
            block == 10 || (20..23).contains(&block) || (50..250).contains(&block) || (block > 400 && block % 7 < 4)
        };
        let (mut renderer, mut remote) = Renderer::new(Program::new(graph(0.0, 64, policy)), true);
        let facts = renderer.recorded();
        let mut lanes = renderer.part(&remote);
        let keys = ["up", "shift"].map(|name| {
            let step = renderer.program().plan().steps.iter().position(|step| step.name == name).unwrap();
            (name, renderer.program().key(step))
        });
        let room = || (0..2).map(|_| Vec::with_capacity(1 << 16)).collect();
        let (mut sent, mut heard): (Vec<Asked>, Sound) = (vec![], (0..2).map(|_| room()).collect());
        for block in 0..700 {
            for &(node, key) in &keys {
                let value = block as f64 * 0.1;
                if block % 3 == 0 && remote.send(ToRender::Set { key, param: 0, value }).is_ok() {
                    let of = Birth { since: 0, node: node.into() };
                    sent.push(Asked::Set(Sent { of, param: 0, value }));
                }
            }
            let ((), count) = guard::count(|| {
                renderer.render(
                    |_, room| {
                        for (plane, to) in input[0].iter().zip(room.data.chunks_mut(room.stride)) {
                            to[..room.frames].copy_from_slice(&plane[block * BLOCK..][..room.frames]);
                        }
                    },
                    |output, frames| {
                        for (channel, to) in heard[output].iter_mut().enumerate() {
                            to.extend_from_slice(&frames.data[channel * frames.stride..][..frames.frames]);
                        }
                    },
                )
            });
            assert_eq!(count, 0, "telling allocates");
            if !asleep(block) {
                lanes.iter_mut().for_each(|lane| lane.seat.work(&RUN));
            }
        }
        let missed = std::iter::from_fn(|| remote.report()).count();
        assert!(missed > 100, "{missed}");
        let facts = told(facts);
        for wanted in [What::Unfed { lane: 0 }, What::Anew { lane: 0 }, What::Behind { lane: 0, left: 2 }] {
            assert!(facts.iter().any(|fact| fact.what == wanted), "{wanted:?} is not among what was told");
        }
        let (again, _, astray) = again(graph(0.0, 64, policy), facts, sent, &input);
        assert!(same(&again, &heard), "{policy}");
        assert_eq!(astray, 0);
    }
}

/// Played as fast as it goes, with lanes on threads that come when they can: nobody could say beforehand what is late.
#[test]
fn whatever_threads_did_is_done_again_with_changes_amid_it() {
    let input = vec![noise(3, 2, 4000 * BLOCK)];
    let versions = [(0.0, 64), (1.0, 64), (1.0, 96), (2.0, 96), (2.0, 40)];
    let (mut engine, mut renderer, _) = Engine::start_on_threads(graph(0.0, 64, "pass"), true, false).unwrap();
    engine.record();
    let facts = renderer.recorded();
    let (mut asked, mut next) = (vec![], 1);
    let played = play_on(engine, renderer, &input, |block, engine, renderer| {
        if block % 100 < 10 {
            // Now and then lanes catch up, so that changes come through.
            (0..2000).take_while(|_| !renderer.lanes_rest()).for_each(|_| std::thread::yield_now());
        }
        if block % 11 == 0 {
            // A node that is on its way keeps its values until it is there.
            engine.set(["up", "shift"][block % 2], "by", &format!("{}", block as f64 * 0.3)).unwrap();
        }
        asked.extend(engine.sent().into_iter().map(Asked::Set));
        if block % 700 == 500 && next < versions.len() && !engine.is_changing() {
            let (offset, hop) = versions[next];
            let made = || graph(offset, hop, "pass");
            engine.change_anew(made(), &BTreeSet::new()).map_err(|(why, _)| why).unwrap();
            asked.push(Asked::Change(made()));
            next += 1;
        }
    });
    let facts = told(facts);
    let changes = facts.iter().filter(|fact| fact.what == What::Changed).count();
    assert!(changes >= 2, "{changes} changes came through");
    let obeyed: u32 = facts.iter().map(|fact| if let What::Obeyed(count) = fact.what { count } else { 0 }).sum();
    let sent = asked.iter().filter(|asked| matches!(asked, Asked::Set(_))).count();
    assert!(obeyed > 100 && obeyed as usize <= sent, "{obeyed} of {sent}");
    let (again, late_again, astray) = again(graph(0.0, 64, "pass"), facts, asked, &input);
    assert!(same(&again, &played.outputs));
    assert_eq!((late_again, astray), (late(&played.reports), 0));
}

/// A script that is not the one of this sound is noticed.
#[test]
fn what_does_not_come_about_is_counted() {
    let input = vec![noise(3, 2, 40 * BLOCK)];
    let facts = vec![Fact { block: 7, what: What::Changed }, Fact { block: 9, what: What::Anew { lane: 0 } }];
    let (_, _, astray) = again(graph(0.0, 64, "hold"), facts, vec![], &input);
    assert_eq!(astray, 2);
}

/// A tape has what was heard and played, piece by piece; what finds no room is said to be lost, and nothing is taken for
/// something else.
#[test]
fn a_tape_has_all_that_found_room() {
    let made = graph(0.0, 64, "hold");
    let piece = Piece::UpTo(BLOCK);
    let plan = made.plan.clone();
    let (mut player, mut orders) = Player::new(&plan, RATE as u32, piece, RATE);
    let mut reel = player.recorded();
    let (_engine, renderer) = Engine::start(made, false);
    assert!(orders.give(Order::Insert(0, Box::new(Deck::new(renderer, &plan, piece, 0, None)))).is_ok());
    assert!(orders.give(Order::Hear { decks: [1.0, 0.0, 0.0, 0.0], dry: 0.0, frames: 10 }).is_ok());
    let input = noise(7, 2, 20 * RATE);
    let (mut at, mut turn, mut fetched, mut lost) = (0, 0, 0, 0);
    let mut heard: Vec<[Vec<f32>; 4]> = vec![];
    let mut said = vec![];
    while at + BLOCK <= input[0].len() {
        let frames = 1 + (turn * 37) % BLOCK;
        let mut piece: [Vec<f32>; 4] = std::array::from_fn(|_| Vec::with_capacity(frames));
        let ((), count) = guard::count(|| {
            player.play(
                frames,
                |_, planes: &mut Planes| {
                    (0..2).for_each(|c| planes.plane_mut(c, frames).copy_from_slice(&input[c][at..at + frames]));
                },
                |output, planes| (0..2).for_each(|c| piece[output * 2 + c].extend(planes.plane(c, frames))),
            );
        });
        assert_eq!(count, 0, "the tape allocates");
        heard.push(piece);
        (at, turn) = (at + frames, turn + 1);
        // Nobody fetches for a while that is too long.
        if !(3 * RATE..14 * RATE).contains(&at) {
            let mut sound = vec![];
            while let Some(piece) = reel.next(&mut sound) {
                said.push((piece, std::mem::take(&mut sound)));
            }
        }
    }
    assert_eq!(said.iter().map(|(piece, _)| piece.orders).sum::<u32>(), 2);
    let mut pieces = heard.iter();
    for (piece, sound) in said {
        let frames = piece.frames as usize;
        if piece.is_lost {
            // Several in one, if even that could not be said at once.
            let mut left = frames;
            while left > 0 {
                left -= pieces.next().unwrap()[0].len();
            }
            lost += frames;
        } else {
            let inputs = (0..2).flat_map(|c| &input[c][fetched..fetched + frames]);
            let all: Vec<f32> = inputs.chain(pieces.next().unwrap().iter().flatten()).copied().collect();
            assert_eq!(sound, all);
        }
        fetched += frames;
    }
    assert!(lost > RATE && lost < 11 * RATE, "{lost} frames lost");
    assert_eq!(fetched, at);
}
