//! Checks of what comes out: finite, written, cut, reset, twin, live, events.
use super::bench::{BEGIN, Bench, Take};
use super::guard::is_guard;
use super::report::{Seen, fail, skip, warn};
use super::signal::Signal;
use super::subject::Subject;
use super::values::words;
use crate::plugin::Value;

/// Whatever comes in, numbers come out.
pub fn finite(subject: &Subject) -> Seen {
    let cases = subject.some_cases()?;
    let mut tiny = None;
    for case in &cases {
        let mut bench = Bench::new(subject, case)?;
        for signal in Signal::ALL {
            let take = bench.play(&bench.sound(signal, bench.usual()), &[256])?;
            let with = format!("{}, {}", signal.name(), bench.words());
            if let Some((value, place)) = take.find(&bench, |x| !x.is_finite() && !is_guard(x)) {
                let help = "look for a division by 0, a logarithm of 0, or a feedback that grows";
                return fail(format!("{value} at {place} (with {with})"), help);
            }
            if signal != Signal::Denormals {
                tiny = tiny.or_else(|| {
                    take.find(&bench, |x| x.is_subnormal()).map(|(_, place)| format!("{place} (with {with})"))
                });
            }
        }
    }
    if let Some(place) = tiny {
        let help = "such numbers are a hundred times as slow for the nodes that follow: write 0 instead";
        return warn(format!("a number too small for full precision at {place}"), help);
    }
    let names: Vec<&str> = Signal::ALL.iter().map(|signal| signal.name()).collect();
    Ok(format!("only finite numbers leave, from {}, in {} formats", names.join(", "), cases.len()))
}

/// Every frame of every output is written, and nothing else.
pub fn written(subject: &Subject) -> Seen {
    let cases = subject.some_cases()?;
    for case in &cases {
        let mut bench = Bench::new(subject, case)?;
        for signal in [Signal::Noise, Signal::Silence] {
            let take = bench.play(&bench.sound(signal, bench.usual()), &[256, 1, 100])?;
            let with = bench.words();
            if let Some(outside) = take.outside {
                return fail(
                    format!("{outside} (with {with})"),
                    "plane c starts at `data + c * stride` and holds `frames` frames",
                );
            }
            if let Some((_, place)) = take.find(&bench, is_guard) {
                return fail(
                    format!("nothing was written at {place} (with {with})"),
                    "an output holds old frames: write all of them, zeros too",
                );
            }
        }
    }
    Ok(format!("every frame is written and nothing around it, in {} formats", cases.len()))
}

/// How a stream is cut into calls cannot be heard.
pub fn cut(subject: &Subject) -> Seen {
    let mut tried = 0;
    for case in subject.some_cases()?.into_iter().step_by(2) {
        let mut whole = Bench::new(subject, case)?;
        if !whole.is_free() {
            continue;
        }
        let sound = whole.sound(Signal::Noise, whole.usual().min(640));
        let expected = whole.play(&sound, &[256])?;
        for cuts in [&[1][..], &[7], &[64, 37, 1, 128, 251], &[255, 2]] {
            let mut bench = Bench::new(subject, case)?;
            let take = bench.play(&sound, cuts)?;
            if let Some(place) = expected.differs(&take, &bench) {
                return fail(
                    format!(
                        "in calls of 256 frames and in calls of {cuts:?} it differs at {place} (with {})",
                        bench.words()
                    ),
                    "keep what a frame needs of the past in the instance, or take a fixed number of frames with `moves`",
                );
            }
        }
        tried += 1;
    }
    match tried {
        0 => skip("it takes a fixed number of frames"),
        n => Ok(format!("the same bits in calls of 1, 7, 37, 64, 128, 255 and 256 frames, in {n} formats")),
    }
}

/// `reset` forgets the past.
pub fn reset(subject: &Subject) -> Seen {
    let cases = subject.some_cases()?;
    for case in &cases {
        let mut bench = Bench::new(subject, case)?;
        let sound = bench.noise();
        let first = bench.play(&sound, &[256])?;
        bench.instance.reset();
        bench.rewind();
        let second = bench.play(&sound, &[256])?;
        if let Some(place) = first.differs(&second, &bench) {
            let help = "`reset` puts everything back that `process` changes, but no parameter";
            return fail(
                format!("after `reset` it sounds other than at first at {place} (with {})", bench.words()),
                help,
            );
        }
    }
    Ok(format!("the same bits again after `reset`, in {} formats", cases.len()))
}

/// Two instances do the same and do not know of each other.
pub fn twin(subject: &Subject) -> Seen {
    let cases = subject.some_cases()?;
    for case in &cases {
        let (mut alone, mut a, mut b) =
            (Bench::new(subject, case)?, Bench::new(subject, case)?, Bench::new(subject, case)?);
        let sound = alone.noise();
        let other = alone.sound(Signal::FullScale, alone.usual());
        let expected = alone.play(&sound, &[256])?;
        b.play(&other, &[256])?;
        let take = a.play(&sound, &[256])?;
        if let Some(place) = expected.differs(&take, &a) {
            let help = "keep all state in the instance: no statics, no random numbers without a seed, no clock";
            return fail(format!("two instances differ at {place} (with {})", a.words()), help);
        }
    }
    Ok(format!("the same bits from a second instance beside a third, in {} formats", cases.len()))
}

/// Live parameters may go to their ends while it plays.
pub fn live(subject: &Subject) -> Seen {
    let params = subject.worker.params.iter().enumerate().filter(|(_, param)| param.live);
    let (mut names, cases) = (vec![], subject.some_cases()?);
    for (i, param) in params {
        let ends = [param.min, param.max].into_iter().filter(|x| x.is_finite());
        let back = subject.values[i].clone();
        let Value::Num(back) = back else { continue };
        for case in &cases[..cases.len().min(2)] {
            let mut bench = Bench::new(subject, case)?;
            let sound = bench.noise();
            bench.play(&sound, &[256])?;
            for value in ends.clone().chain([back]) {
                let set = words(param, &Value::Num(value));
                subject.diary.step(format!("`set_param` {set}, with {}", bench.words()));
                bench.instance.set_param(i as u32, value);
                let take = bench.play(&sound, &[256, 64])?;
                if let Some((value, place)) = take.find(&bench, |x| !x.is_finite()) {
                    let help = "narrow the range of the parameter, or glide to values that a jump would not bear";
                    return fail(format!("{value} at {place} after {set} while it played ({})", bench.words()), help);
                }
            }
        }
        names.push(format!("`{}`", param.name));
    }
    match names.is_empty() {
        true => skip("no parameter is live"),
        false => Ok(format!("only finite numbers leave while {} goes to its ends and back", names.join(", "))),
    }
}

/// Events are about something that was heard.
pub fn events(subject: &Subject) -> Seen {
    if !subject.worker.ports.iter().any(|port| port.is_output && port.kind == crate::plugin::Kind::EVENTS) {
        return skip("it gives no events");
    }
    let mut count = 0;
    for case in subject.some_cases()? {
        let mut bench = Bench::new(subject, case)?;
        for signal in [Signal::Noise, Signal::Impulses, Signal::Ones, Signal::Silence, Signal::FullScale] {
            let take = bench.play(&bench.sound(signal, bench.usual()), &[100])?;
            count += take.events.iter().map(Vec::len).sum::<usize>();
            sane(subject, &bench, &take, signal)?;
        }
    }
    Ok(match count {
        0 => "no event came, so none was wrong: give it values that make some, with --set".into(),
        n => format!("{n} events, each with a number, a label and a moment that can be"),
    })
}

fn sane(subject: &Subject, bench: &Bench, take: &Take, signal: Signal) -> Seen<()> {
    let with = format!("{}, {}", signal.name(), bench.words());
    let labels = subject.worker.params.iter().zip(&subject.values).find(|(param, _)| param.name == "labels");
    let labels = match labels {
        Some((_, Value::Text(text))) if !text.trim().is_empty() => text.split(',').count(),
        // Without names there can be a label for every value that comes in.
        _ => bench.agreed.inputs.iter().map(|p| p.format.width() * p.format.channels as usize).sum::<usize>().max(1024),
    };
    for (event, end) in take.events.iter().flatten() {
        if !event.value.is_finite() {
            return fail(format!("an event says {} (with {with})", event.value), "leave events out that mean nothing");
        }
        if event.label as usize >= labels {
            let help = "a label is its place in the parameter `labels`, counted from 0";
            return fail(format!("an event has label {}, but there are {labels} (with {with})", event.label), help);
        }
        if event.time < BEGIN || event.time > *end {
            let (when, by) = match event.time < BEGIN {
                true => ("before the first frame", BEGIN - event.time),
                false => ("after the last frame heard", event.time - end),
            };
            let help = "`time` counts on the clock of `block.time()`, in samples at the graph's rate";
            return fail(format!("an event is {by} samples {when} (with {with})"), help);
        }
    }
    if take.full > 0 && take.full == take.calls {
        let help = "there is room for 64 events a call: report changes, not states";
        return fail(format!("every call fills all the room for events (with {with})"), help);
    }
    Ok(())
}
