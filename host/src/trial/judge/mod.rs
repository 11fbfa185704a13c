//! What is expected against what came.
mod device; //  whether it fits a device, and what faults do
mod events; //  labels against what was heard
mod golden; //  how it was when all was well
mod opinion; // a model that judges sound
mod quality; // against a clean reference
mod run; //     latency, lanes, load, memory
mod sound; //   levels, spectrum, length

use super::verdict::{Checked, Golden};
use super::{Case, Sound, Trial};
use crate::graph::{ExpectTable, Limit, Of, OutputKind, TestTable};
use crate::replay::{Outcome, OutputFile};
use std::borrow::Cow;
use std::sync::Arc;

/// What a case is judged by.
pub(super) struct Evidence<'a> {
    pub case: &'a Case,
    pub test: &'a TestTable,
    pub outcome: &'a Outcome,
    /// What the device of the test did.
    pub device: Option<&'a crate::sim::report::Report>,
    /// The same run on it without faults, where that is asked for.
    pub undisturbed: Option<&'a Outcome>,
    /// Workers that run models, and who watches.
    pub trial: &'a Trial<'a>,
}

/// What a measure gives: a number, or why there is none.
struct Found {
    value: Option<f64>,
    why: Vec<String>,
    definition: Option<Cow<'static, str>>,
    golden: Option<Arc<Golden>>,
    /// It fails whatever the number is.
    fails: bool,
    /// How far it may be off its limit.
    slack: f64,
}

impl Found {
    fn of(value: f64) -> Self {
        Self { value: Some(value), why: vec![], definition: None, golden: None, fails: false, slack: 0.0 }
    }

    fn nothing(why: impl ToString) -> Self {
        Self { value: None, why: vec![why.to_string()], definition: None, golden: None, fails: true, slack: 0.0 }
    }

    fn defined(mut self, definition: impl Into<Cow<'static, str>>) -> Self {
        self.definition = Some(definition.into());
        self
    }
}

/// All measures of a case, and the sounds that players want.
pub(super) fn judge(evidence: &Evidence) -> Vec<Checked> {
    let (mut checks, mut opened) = (vec![], Opened::default());
    for expect in &evidence.test.expect {
        // What a model said of a sound it would say again, and that takes time.
        opened = Opened { said: opened.said, ..Opened::default() };
        for limit in &expect.limits {
            let found = evidence.measure(expect, limit, &mut opened);
            checks.push(checked(evidence.subject(expect, limit), limit, found));
        }
    }
    // Sound takes room: what is as it was is not looked at.
    checks.iter_mut().filter(|check| check.passed).for_each(|check| check.golden = None);
    checks
}

/// Files that several measures of one table look at.
#[derive(Default)]
struct Opened {
    reference: Option<Result<Sound, String>>,
    golden: Option<golden::Compared>,
    score: Option<Result<crate::metrics::Score, String>>,
    said: Vec<opinion::Said>,
}

fn checked(subject: String, limit: &Limit, found: Found) -> Checked {
    // The last bits of a logarithm are no news.
    let exact = matches!(limit.measure.of, Of::Golden | Of::Events) || limit.measure.unit.is_empty();
    let slack = |end: f64| if exact { found.slack } else { found.slack + 1e-12 * end.abs() };
    let inside = |value: f64| {
        limit.min.is_none_or(|min| value >= min - slack(min)) && limit.max.is_none_or(|max| value <= max + slack(max))
    };
    let passed = !found.fails && found.value.is_some_and(inside);
    let Found { value, why, definition, golden, .. } = found;
    let definition = definition.or(Some(limit.measure.about.into()));
    Checked { subject, limit: limit.clone(), measured: value, passed, why, definition, golden }
}

impl Evidence<'_> {
    fn measure(&self, expect: &ExpectTable, limit: &Limit, opened: &mut Opened) -> Found {
        let result = match limit.measure.of {
            Of::Run => self.of_run(expect, limit),
            Of::Sound | Of::Band => self.of_sound(expect, limit),
            Of::Golden => self.of_golden(expect, limit, opened),
            Of::Quality => self.of_quality(expect, limit, opened),
            Of::Opinion => self.of_opinion(expect, opened),
            Of::Device => self.of_device(),
            Of::Undisturbed => self.of_undisturbed(expect, limit),
            Of::Events | Of::Labels => self.of_events(expect, limit, opened),
        };
        result.unwrap_or_else(Found::nothing)
    }

    /// What a table is about, for people.
    fn subject(&self, expect: &ExpectTable, limit: &Limit) -> String {
        let named = expect.output.as_ref().or(expect.port.as_ref()).map(|name| name.value.clone());
        let named = named.or_else(|| match limit.measure.of {
            Of::Run | Of::Device => None,
            Of::Events | Of::Labels => self.events_output(expect).ok(),
            _ => self.audio_output(expect).ok().map(|output| output.name.clone()),
        });
        let channel = expect.channel.map_or(String::new(), |channel| format!("[{channel}]"));
        named.map_or(String::new(), |name| name + &channel)
    }

    /// The audio output that a table names, or the only one.
    fn audio_output(&self, expect: &ExpectTable) -> Result<&OutputFile, String> {
        let outputs = &self.outcome.outputs;
        match (&expect.output, outputs.as_slice()) {
            (Some(name), all) => {
                let found = all.iter().find(|output| output.name == name.value);
                found.ok_or_else(|| format!("`{}` is an output of events, not of sound", name.value))
            }
            (None, [output]) => Ok(output),
            (None, []) => Err("this graph has no audio output".into()),
            (None, all) => Err(format!("say which output: `output = \"{}\"`", names(all.iter().map(|o| &o.name)))),
        }
    }

    /// The output of events that a table names, or the only one.
    fn events_output(&self, expect: &ExpectTable) -> Result<String, String> {
        let all = self.outcome.plan.outputs.iter().filter(|output| matches!(output.kind, OutputKind::Events(..)));
        let all: Vec<&String> = all.map(|output| &output.name).collect();
        match (&expect.output, all.as_slice()) {
            (Some(name), all) if all.contains(&&name.value) => Ok(name.value.clone()),
            (Some(name), _) => Err(format!("`{}` is an output of sound, not of events", name.value)),
            (None, [name]) => Ok((*name).clone()),
            (None, []) => Err("this graph has no output of events: [output.heard] with `to = \"stdout\"`".into()),
            (None, all) => Err(format!("say which output: `output = \"{}\"`", names(all.iter().copied()))),
        }
    }

    /// All that an audio output gave, as `aw replay` would have written it.
    fn whole(&self, output: &OutputFile) -> Sound {
        let kept = self.outcome.kept.iter().find(|kept| kept.port == output.name);
        let blank = || Sound { rate: output.rate, planes: vec![vec![]; output.channels as usize], warnings: vec![] };
        kept.map_or_else(blank, |kept| Sound::of(kept, output.channels as usize, output.rate))
    }

    /// What a table looks at: its output, its channel, its span.
    fn heard(&self, expect: &ExpectTable) -> Result<Sound, String> {
        let sound = self.whole(self.audio_output(expect)?);
        narrowed(&sound, expect)
    }

    /// What was played and heard.
    pub fn sounds(&self) -> Vec<(String, Sound)> {
        let played = self.case.inputs.iter();
        let played = played.filter_map(|(input, path)| Some((format!("{input} (played)"), Sound::read(path).ok()?)));
        let heard = self.outcome.outputs.iter().map(|output| (output.name.clone(), self.whole(output)));
        played.chain(heard).collect()
    }
}

/// The channel and the span that a table wants.
fn narrowed(sound: &Sound, expect: &ExpectTable) -> Result<Sound, String> {
    let channels = sound.planes.len();
    let sound = match expect.channel {
        Some(channel) => sound.only(channel).ok_or_else(|| format!("there is no channel {channel} of {channels}"))?,
        None => sound.clone(),
    };
    let part = match (expect.from_s, expect.to_s) {
        (None, None) => sound,
        (from, to) => sound.span(from, to),
    };
    match part.frames() {
        0 if expect.from_s.is_some() => Err("nothing was heard there: it ends before `from_s`".into()),
        _ => Ok(part),
    }
}

fn names<'a>(all: impl Iterator<Item = &'a String>) -> String {
    all.map(String::as_str).collect::<Vec<_>>().join("\"`, `\"")
}
