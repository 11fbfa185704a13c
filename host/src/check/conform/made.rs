//! Checks of what happens before anything plays: create, prepare, range, preset, again.
use super::bench::Bench;
use super::report::{Seen, fail, skip};
use super::subject::Subject;
use super::values;
use crate::graph::preset_values;
use crate::plugin::{Preset, Refusal, Value};

/// `values` with one of them changed to each of its limits.
fn limits<'a>(subject: &'a Subject) -> impl Iterator<Item = Vec<Value>> + 'a {
    let params = subject.worker.params.iter().enumerate();
    let each = params.flat_map(|(i, param)| values::limits(param).into_iter().map(move |value| (i, value)));
    each.map(|(i, value)| {
        let mut all = subject.values.clone();
        all[i] = value;
        all
    })
}

/// It is made, or says why not, whatever its parameters are.
pub fn create(subject: &Subject) -> Seen {
    if let Some(fault) = &subject.create_fault {
        return Err(fault.clone());
    }
    let (mut made, mut refused) = (0, 0);
    for values in std::iter::once(subject.values.clone()).chain(limits(subject)) {
        match subject.create(&values) {
            Ok(instance) => {
                made += 1;
                let with = values::changed(&subject.worker, &values);
                subject.diary.step(format!("`destroy` of an instance that never was prepared, with {with}"));
                let log = instance.log().clone();
                drop(instance);
                if let Some(said) = log.take_error() {
                    let help = "`destroy` gives back what was taken and cannot fail";
                    return fail(format!("`destroy` fails: {said} (with {with})"), help);
                }
            }
            Err(why) if why.is_fault() => return subject.fault("create", &values, None, &why),
            Err(_) => refused += 1,
        }
    }
    let refused = if refused > 0 { format!(", refused with a reason {refused} times") } else { String::new() };
    let tried = values::changed(&subject.worker, &subject.values);
    Ok(format!("made {made} times, with {tried} and with every end and choice of a parameter{refused}"))
}

/// It accepts some formats, and says why it refuses others.
pub fn prepare(subject: &Subject) -> Seen {
    match (&subject.prepare_fault, &subject.create_fault) {
        (Some(fault), _) => return Err(fault.clone()),
        (_, Some(_)) => return skip("not tried: `create` fails"),
        _ => {}
    }
    let id = &subject.worker.id;
    let said = subject.refusal.as_ref();
    if subject.cases.is_empty() {
        let said = said.map_or_else(|| "its inputs would come at other paces".into(), Clone::clone);
        return skip(format!(
            "nothing that was tried suits it, so it was not played; it says: {said}. Give it values with --set {id}.PARAM=VALUE"
        ));
    }
    let said = said.map(|said| format!("; it refused others: {said}")).unwrap_or_default();
    let with = values::changed(&subject.worker, &subject.values);
    Ok(format!("{} of {} formats accepted with {with}{said}", subject.cases.len(), subject.tried))
}

/// With each parameter at its ends it plays, or says why not.
pub fn range(subject: &Subject) -> Seen {
    let cases = subject.some_cases()?;
    let (mut played, mut refused) = (0, 0);
    for values in limits(subject) {
        let Ok(mut instance) = subject.create(&values) else { continue }; // see `create`
        match subject.prepare(&mut instance, cases[0], 256) {
            Err(why) if why.is_fault() => return subject.fault("prepare", &values, Some(cases[0]), &why),
            Err(Refusal(_)) => {
                refused += 1;
                continue;
            }
            Ok(_) => drop(instance),
        }
        let mut bench = Bench::with(subject, &values, cases[0], 256)?;
        let sound = bench.sound(super::signal::Signal::Noise, bench.usual().min(512));
        let take = bench.play(&sound, &[256])?;
        if let Some((value, place)) = take.find(&bench, |x| !x.is_finite()) {
            let value = if super::guard::is_guard(&value) { "nothing was written".into() } else { format!("{value}") };
            return fail(
                format!("{value} at {place} (with {})", bench.words()),
                "narrow the range of the parameter, or refuse this value in `create` or `prepare`",
            );
        }
        played += 1;
    }
    if played + refused == 0 {
        return skip("no parameter has ends or choices");
    }
    Ok(format!("plays with {played} ends and choices of its parameters; {refused} refused in `prepare`, with a reason"))
}

/// Its presets have values that its parameters can have, and that it can be made with.
pub fn preset(subject: &Subject) -> Seen {
    let presets = &subject.worker.presets;
    if presets.is_empty() {
        return skip("it has no presets");
    }
    let wrong = |preset: &Preset| {
        let said = |why: String| format!("preset `{}`: {why}", preset.name);
        let given = preset_values(&subject.worker, preset).map_err(said)?;
        let all = subject.worker.params.iter().zip(&subject.values);
        let values = all.map(|(param, usual)| given.get(param.name.as_str()).unwrap_or(usual).clone());
        subject.create(&values.collect::<Vec<_>>()).map(drop).map_err(|why| said(why.0))
    };
    let wrong: Vec<String> = presets.iter().filter_map(|preset| wrong(preset).err()).collect();
    if !wrong.is_empty() {
        return fail(wrong.join("; "), "whoever writes `preset = …` in a graph has no part in this: mend the preset");
    }
    Ok(format!("made with each of {} presets", presets.len()))
}

/// A second `prepare`, for other formats, is as good as a first.
pub fn again(subject: &Subject) -> Seen {
    let cases = subject.some_cases()?;
    for (i, first) in cases.iter().enumerate() {
        let second = cases[(i + 1) % cases.len()];
        let (mut old, mut new) = (Bench::new(subject, first)?, Bench::new(subject, second)?);
        old.play(&old.noise(), &[256])?;
        old.prepare(second)?;
        let from = format!("prepared for {first}, then for {second}");
        if old.agreed != new.agreed {
            let help = "`prepare` answers from what it is told, not from what was before";
            return fail(format!("the answer differs from that of a fresh instance: {from}"), help);
        }
        old.instance.reset();
        let sound = new.noise();
        let (a, b) = (new.play(&sound, &[256])?, old.play(&sound, &[256])?);
        if let Some(place) = a.differs(&b, &new) {
            let help = "`prepare` followed by `reset` leaves nothing of the past: rebuild every buffer in `prepare`";
            return fail(format!("it sounds other than a fresh instance at {place} ({from})"), help);
        }
    }
    Ok(format!("prepared a second time it is as good as new, in {} orders of formats", cases.len()))
}
