//! Checks of memory and of what is said: heap, leak, state, quiet.
use super::bench::Bench;
use super::report::{Seen, fail, skip, warn};
use super::subject::Subject;
use crate::plugin::{Heap, Value};

fn count(subject: &Subject) -> Seen<Heap> {
    match subject.library.heap() {
        Some(heap) => Ok(heap),
        None => skip("the library does not count its memory: see `aw_heap`; the SDK does it"),
    }
}

/// No memory is taken or given back while it plays.
pub fn heap(subject: &Subject) -> Seen {
    let cases = subject.some_cases()?;
    count(subject)?;
    if subject.worker.may_block {
        return skip("it may block, so it may allocate too");
    }
    for case in &cases {
        let mut bench = Bench::new(subject, case)?;
        let sound = bench.noise();
        let mut so_far = count(subject)?.in_render;
        let mut none = |what: &str, bench: &Bench| {
            let now = count(subject)?.in_render;
            let more = now - std::mem::replace(&mut so_far, now);
            match more {
                0 => Ok(()),
                n => fail(
                    format!("memory was taken or given back {n} times in {what} (with {})", bench.words()),
                    "take all memory in `prepare`; look for `Vec`, `String`, `Box`, `format!` and `collect`",
                ),
            }
        };
        bench.play(&sound, &[256, 1, 100])?;
        none("`process`", &bench)?;
        for (i, param) in subject.worker.params.iter().enumerate().filter(|(_, param)| param.live) {
            for value in [param.min, param.max].into_iter().filter(|x| x.is_finite()) {
                bench.instance.set_param(i as u32, value);
            }
            if let Value::Num(value) = &subject.values[i] {
                bench.instance.set_param(i as u32, *value);
            }
        }
        none("`set_param`", &bench)?;
        bench.instance.reset();
        none("`reset`", &bench)?;
        bench.play(&sound, &[256])?;
        none("`process` after `reset`", &bench)?;
    }
    Ok(format!("no memory is taken or given back in `process`, `set_param` and `reset`, in {} formats", cases.len()))
}

/// What an instance took is given back with it.
pub fn leak(subject: &Subject) -> Seen {
    let cases = subject.some_cases()?;
    count(subject)?;
    let cycle = || -> Seen<u64> {
        let mut bench = Bench::new(subject, cases[0])?;
        bench.play(&bench.noise(), &[256])?;
        bench.prepare(cases[cases.len() - 1])?;
        bench.play(&bench.noise(), &[256])?;
        drop(bench);
        Ok(count(subject)?.bytes)
    };
    // The first lives may fill tables that stay.
    let (_, before) = (cycle()?, cycle()?);
    let mut after = before;
    for _ in 0..6 {
        after = cycle()?;
    }
    match after.saturating_sub(before) {
        0 => Ok("as much memory is held after 8 lives of an instance as after 2".into()),
        more => fail(
            format!(
                "{more} bytes more are held after 6 more lives of an instance: create, prepare, play, prepare, play, destroy"
            ),
            "free in `destroy` and in a second `prepare` what was taken before",
        ),
    }
}

/// An instance goes on where another was saved.
pub fn state(subject: &Subject) -> Seen {
    let cases = subject.some_cases()?;
    let mut bytes = 0;
    for case in &cases {
        let (mut old, mut new) = (Bench::new(subject, case)?, Bench::new(subject, case)?);
        let sound = old.noise();
        old.play(&sound, &[256])?;
        let with = old.words();
        subject.diary.step(format!("`save` with {with}"));
        let saved = match old.instance.save() {
            Ok(Some(saved)) => saved,
            Ok(None) => return skip("it has no `save`: after some changes of the graph it begins anew"),
            Err(why) => {
                return fail(
                    format!("{} (with {with})", why.0),
                    "`save` writes the same state each time it is asked, and says how long it is",
                );
            }
        };
        subject.diary.step(format!("`load` of {} bytes that `save` gave, with {with}", saved.len()));
        if let Err(why) = new.instance.load(&saved) {
            return fail(
                format!("`load` refuses what `save` gave: {} (with {with})", why.0),
                "`load` takes what `save` of the same worker, values and formats wrote",
            );
        }
        new.catch_up(&old);
        let (a, b) = (old.play(&sound, &[256])?, new.play(&sound, &[256])?);
        match a.differs(&b, &old) {
            Some(_) if saved.is_empty() => {
                return skip("it saves nothing: after some changes of the graph it begins anew");
            }
            Some(place) => {
                let help = "`save` writes everything that `process` changes, `load` puts it all back";
                return fail(format!("an instance that was loaded goes on otherwise at {place} (with {with})"), help);
            }
            None => bytes = bytes.max(saved.len()),
        }
    }
    Ok(format!("goes on bit by bit after `save` and `load` of at most {bytes} bytes, in {} formats", cases.len()))
}

/// It does not talk while it plays.
pub fn quiet(subject: &Subject) -> Seen {
    for case in subject.some_cases()? {
        let mut bench = Bench::new(subject, case)?;
        while bench.instance.log().next().is_some() {}
        let take = bench.play(&bench.noise(), &[64])?;
        let log = bench.instance.log();
        let said = std::iter::from_fn(|| log.next()).count() as u64 + log.lost();
        if said as usize >= take.calls {
            let help = "say it once, when it begins: the log has room for 8 messages, and formatting costs time";
            return warn(
                format!("{said} messages in {} calls of `process` (with {})", take.calls, bench.words()),
                help,
            );
        }
    }
    Ok("it does not talk all the time while it plays".into())
}
