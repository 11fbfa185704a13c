//! `--plain`: a scene as lines for people and for logs. What is new is told at once, how it stands once a
//! second, and so is what goes up all the time, such as allocations.
use super::news::{Differ, News, Strain};
use super::screen::{faults, numbers, whose};
use super::{Deck, Hearing, Load, Param, Port, Scene};
use std::time::{Duration, Instant};

/// From one line of how it stands to the next.
const EVERY: Duration = Duration::from_secs(1);

/// Lines from scenes.
#[derive(Clone, Debug, Default)]
pub struct Plain {
    differ: Differ,
    stood: Option<Instant>,
    /// When counters were told last: one that goes up all the time must not fill a log.
    counted: Option<Instant>,
}

impl Plain {
    /// Nothing was told yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The lines that a scene is worth, without line ends.
    pub fn lines(&mut self, scene: &Scene, now: Instant) -> Vec<String> {
        let due = |last: Option<Instant>| last.is_none_or(|last| now.saturating_duration_since(last) >= EVERY);
        // What goes up while nobody is to see it is told together, later.
        let blind = scene.hearing.blind.is_some();
        let news = self.differ.news(scene, !blind && due(self.counted));
        if news.iter().any(|news| matches!(news, News::Strain(_) | News::Clipped { .. })) {
            self.counted = Some(now);
        }
        let mut lines: Vec<_> = news.iter().map(|news| told(scene, news)).collect();
        if due(self.stood) {
            self.stood = Some(now);
            lines.push(format!("{}  {}", numbers::moment(scene.time), standing(&scene.blindfolded())));
        }
        lines
    }
}

/// One piece of news in a line; with its own time, or the scene's.
fn told(scene: &Scene, news: &News) -> String {
    let (time, what, text) = match news {
        News::Event(event) => {
            let text = format!("{} {} {}", event.output, event.label, numbers::plain(event.value));
            (event.time, "event", text)
        }
        News::Note(note) => (note.time, if note.warns { "warning" } else { "note" }, note.text.clone()),
        News::Xrun(gap) if scene.hearing.blind.is_some() => (gap.time, "xrun", whose(&gap.blindfolded().whose)),
        News::Xrun(gap) => (gap.time, "xrun", whose(&gap.whose)),
        News::Xruns(count) => (scene.time, "xrun", format!("and {count} more")),
        News::Strain(strain) => (scene.time, "warning", strained(strain)),
        News::Failed(load) => {
            let why = load.failed.as_deref().unwrap_or_default();
            (scene.time, "warning", format!("`{}` is left out: {why}", load.node))
        }
        News::Waits(port) => match &port.waits {
            Some(why) => (scene.time, "warning", format!("{} is silent: {why}", port.name)),
            None => (scene.time, "note", format!("{} has its device: {}", port.name, port.device)),
        },
        News::Clipped { port, channel, more } => {
            let samples = if *more == 1 { "sample" } else { "samples" };
            (scene.time, "clip", format!("{} channel {channel}: {more} {samples} at full scale", port.name))
        }
        News::Hearing(hearing) => (scene.time, "hear", heard(hearing)),
        News::Param(param) => (scene.time, "set", value(param)),
        News::RoundTrip(ms) => (scene.time, "note", format!("the round trip takes {ms:.1} ms")),
        News::File(Some(text)) => {
            // The one text of several lines: it shows where in the file.
            let head = "the file as saved is not right; the graph before it plays on:";
            return format!("{}  warning  {head}\n{}", numbers::moment(scene.time), clean(text).trim_end());
        }
        News::File(None) => (scene.time, "note", "the file is right again, and it is what plays".into()),
    };
    format!("{}  {what:<7}  {}", numbers::moment(time), numbers::one_line(&text))
}

/// Without control characters other than line ends.
fn clean(text: &str) -> String {
    text.lines().map(|line| numbers::one_line(line) + "\n").collect()
}

fn strained(strain: &Strain) -> String {
    let since =
        Load { allocations: strain.allocations, faults: strain.faults, sleeps: strain.sleeps, ..strain.load.clone() };
    let late = (strain.missed > 0).then(|| match strain.missed {
        1 => format!("`{}` was late once", strain.load.node),
        count => format!("`{}` was late {count} times", strain.load.node),
    });
    late.into_iter().chain(faults(&since)).collect::<Vec<_>>().join("; ")
}

fn heard(hearing: &Hearing) -> String {
    let mut text = match (&hearing.decks, hearing.deck) {
        (Some([file, _]), Deck::A) => format!("A, {file}"),
        (Some([_, file]), Deck::B) => format!("B, {file}, {:+.1} dB", hearing.matched_db),
        (Some(_), Deck::X) => "X".into(),
        (None, _) => "the graph".into(),
    };
    if hearing.bypassed {
        text = "the input as it is (bypass)".into();
    }
    if hearing.muted {
        text = "nothing (muted)".into();
    }
    match &hearing.blind {
        Some(score) => format!("{text}; blind test: {} of {} right, p = {:.3}", score.right, score.of, score.p),
        None => text,
    }
}

fn value(param: &Param) -> String {
    let value = match param.choices.get(param.value.max(0.0).round() as usize) {
        Some(name) => name.clone(),
        None => numbers::plain(param.value),
    };
    let unit = if param.unit.is_empty() { String::new() } else { format!(" {}", param.unit) };
    format!("{}.{} = {value}{unit}", param.at.node, param.at.param)
}

/// How it stands: the peaks, the load, the latency, the gaps.
fn standing(scene: &Scene) -> String {
    let mut parts: Vec<_> = scene.inputs.iter().map(|port| peaks("in", port)).collect();
    let seen = scene.hearing.blind.is_none();
    parts.extend(scene.outputs.iter().filter(|_| seen).map(|port| peaks("out", port)));
    if scene.whole.deadline_us > 0.0 {
        let part = |us: f64| numbers::percent(us / scene.whole.deadline_us);
        parts.push(format!("load {} % max {} %", part(scene.whole.mean_us), part(scene.whole.max_us)));
    }
    if !scene.latency.is_empty() {
        parts.push(format!("latency {:.1} ms", scene.latency.iter().map(|part| part.ms).sum::<f64>()));
    }
    let clocks = scene.clocks.iter().filter(|clock| clock.settled);
    parts.extend(clocks.map(|clock| format!("{} {:+.1} ppm", clock.device, clock.ppm)));
    parts.push(format!("xruns {}", scene.xruns));
    numbers::one_line(&parts.join("  "))
}

/// A port's peaks by channel.
fn peaks(what: &str, port: &Port) -> String {
    match port.waits {
        Some(_) => format!("{what} {} silent", port.name),
        None => {
            let peaks: String = port.meters.iter().map(|meter| numbers::decibels(meter.peak)).collect();
            format!("{what} {}{peaks} dB", port.name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::{Happening, Meter, Note, Where, Whose, Xrun};

    fn port(name: &str, peak: f64) -> Port {
        Port { name: name.into(), meters: vec![Meter { peak, ..Meter::default() }], ..Port::default() }
    }

    #[test]
    fn a_session_reads_like_a_log() {
        let start = Instant::now();
        let mut plain = Plain::new();
        let mut scene = Scene { time: 1.0, inputs: vec![port("mic", -12.34)], ..Scene::default() };
        scene.params = vec![Param {
            at: Where { node: "gain".into(), param: "gain".into() },
            unit: "dB".into(),
            ..Param::default()
        }];
        let mut told = plain.lines(&scene, start);
        scene.time = 1.4;
        scene.events.push(Happening { time: 1.25, output: "speech".into(), label: "on".into(), value: 0.93 });
        scene.gaps.push(Xrun { time: 1.3, whose: Whose::Machine });
        scene.xruns = 1;
        scene.notes.push(Note { time: 1.2, text: "a\nb".into(), warns: true });
        scene.inputs[0].meters[0].clipped = 1;
        scene.loads.push(Load { node: "mask".into(), missed: 2, allocations: 206, ..Load::default() });
        scene.params[0].value = -3.0;
        told.extend(plain.lines(&scene, start + Duration::from_millis(400)));
        scene.time = 2.0;
        scene.hearing.bypassed = true;
        scene.wrong = Some("error: no\n --> g.toml:1:1\n".into());
        scene.inputs[0].waits = Some("the device is not plugged in".into());
        scene.loads[0].allocations = 300;
        told.extend(plain.lines(&scene, start + Duration::from_secs(1)));
        scene.time = 2.5;
        scene.loads[0].allocations = 400;
        told.extend(plain.lines(&scene, start + Duration::from_millis(1500)));
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!("plain", told.join("\n"));
        });
    }

    #[test]
    fn a_listener_who_is_blind_reads_nothing_that_tells_the_graphs_apart() {
        let start = Instant::now();
        let mut plain = Plain::new();
        let mut scene = Scene { outputs: vec![port("speaker", -12.34)], ..Scene::default() };
        scene.whole = Load { mean_us: 100.0, max_us: 200.0, deadline_us: 1000.0, ..Load::default() };
        scene.loads.push(Load { node: "mask".into(), ..Load::default() });
        let seen = plain.lines(&scene, start).join("\n");
        assert!(seen.contains("-12.3") && seen.contains("load   10 %"), "{seen}");
        scene.hearing = Hearing { deck: Deck::X, blind: Some(Default::default()), ..Hearing::default() };
        scene.hearing.decks = Some(["a.toml".into(), "b.toml".into()]);
        scene.xruns = 1;
        scene.gaps.push(Xrun { time: 0.1, whose: Whose::Node("mask".into()) });
        scene.loads[0].allocations = 7;
        scene.outputs[0].meters[0].clipped = 3;
        let blind = plain.lines(&scene, start + Duration::from_secs(1)).join("\n");
        for told in ["mask", "12.3", "load", "a.toml", "b.toml", "clip"] {
            assert!(!blind.contains(told), "`{told}`: {blind}");
        }
        assert!(blind.contains("xrun") && blind.contains("X; blind test"), "{blind}");
        scene.hearing.blind = None;
        let after = plain.lines(&scene, start + Duration::from_secs(2)).join("\n");
        assert!(after.contains("mask"), "{after}");
        assert!(after.contains("3 samples at full scale") && after.contains("-12.3"), "{after}");
        assert_eq!(after.matches("xrun").count(), 1, "told twice: {after}");
    }
}
