//! Checks of what belongs to recordings, which have an end and may come again: rewind, extent.
use super::bench::Bench;
use super::report::{Seen, fail, skip};
use super::subject::{Subject, moves_frames};

/// Lengths of recordings, in frames of the first input, each longer than the one before.
const LENGTHS: [u64; 16] = [0, 1, 2, 3, 127, 128, 129, 399, 400, 401, 1000, 1200, 16_000, 16_001, 1 << 20, 1 << 32];

/// `rewind` forgets the past of a worker that learns nothing of the whole.
pub fn rewind(subject: &Subject) -> Seen {
    let (cases, mut tried) = (subject.some_cases()?, 0);
    for case in &cases {
        let mut bench = Bench::new(subject, case)?;
        // What is learned of a run may well be heard in the next.
        if bench.agreed.rehearsals > 0 {
            continue;
        }
        let sound = bench.noise();
        let first = bench.play(&sound, &[256])?;
        subject.diary.step(format!("`rewind` with {}", bench.words()));
        bench.instance.rewind();
        bench.rewind();
        let second = bench.play(&sound, &[256])?;
        if let Some(place) = first.differs(&second, &bench) {
            let help = "`rewind` forgets the past as `reset` does, but for what `rehearsals` were asked for";
            return fail(
                format!("after `rewind` it sounds other than at first at {place} (with {})", bench.words()),
                help,
            );
        }
        tried += 1;
    }
    match tried {
        0 => skip("it learns of the whole, and may sound otherwise then"),
        n => Ok(format!("the same bits again after `rewind`, in {n} formats")),
    }
}

/// What it says of the number of its frames holds: the same each time, and no fewer of a longer input.
pub fn extent(subject: &Subject) -> Seen {
    let mut counts = false;
    for case in subject.some_cases()? {
        let mut bench = Bench::new(subject, case)?;
        for port in 0..bench.agreed.outputs.len() {
            if !moves_frames(&bench.agreed.outputs[port]) || bench.agreed.inputs.is_empty() {
                continue;
            }
            counts |= output(&mut bench, port)?;
        }
    }
    match counts {
        true => Ok(format!("it counts its frames, the same each time, of {} lengths", LENGTHS.len())),
        false => skip("it leaves the number of its frames to the rates"),
    }
}

/// One output; answers whether the worker counts its frames.
fn output(bench: &mut Bench, port: usize) -> Seen<bool> {
    let (name, with) = (bench.agreed.outputs[port].name.clone(), bench.words());
    let help = "`extent` answers from `prepare` alone: frames of the output that stand for so many of the first input";
    let mut before: Option<(u64, Option<u64>)> = None;
    for length in LENGTHS {
        bench.subject.diary.step(format!("`extent` of {length} frames, with {with}"));
        let (first, again) = (bench.instance.extent(port, length), bench.instance.extent(port, length));
        if let Some(said) = bench.instance.log().take_error() {
            return fail(format!("`extent` fails: {said} (of {length} frames, with {with})"), help);
        }
        let words = |frames: Option<u64>| frames.map_or("leaves it to the rates".into(), |n| format!("{n} frames"));
        if first != again {
            let saw = format!("`{name}` has {} of {length}, and then {} (with {with})", words(first), words(again));
            return fail(saw, help);
        }
        match (before, first) {
            (Some((_, None)), Some(_)) | (Some((_, Some(_))), None) => {
                let saw = format!("`{name}` is counted for some lengths and leaves it to the rates for others");
                return fail(format!("{saw}, of {length} frames (with {with})"), help);
            }
            (Some((less, Some(most))), Some(now)) if now < most => {
                let saw = format!("`{name}` has {most} frames of {less}, and {now} of {length} (with {with})");
                return fail(saw, help);
            }
            _ => {}
        }
        before = Some((length, first));
    }
    Ok(before.is_some_and(|(_, frames)| frames.is_some()))
}
