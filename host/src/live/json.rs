//! `--json`: a scene as JSON, one object a line. What is new comes at once; the whole scene, `strain` and `clip` ten times a
//! second at most. In a blind test, nothing is in it that tells which graph is heard.
//!
//! Each object has a `type`; the others of its keys are those of the type of this library that is named here, with −∞ and
//! NaN as `null`. Keys may come to be more.
//!
//! | `type` | keys |
//! |---|---|
//! | `scene` | [`Scene`] without its spectrum |
//! | `event` | [`Happening`](super::Happening): `time` (seconds played), `output`, `label`, `value` |
//! | `note` | [`Note`](super::Note): `time`, `text`, `warns` |
//! | `xrun` | [`Xrun`](super::Xrun): `time`, `whose`: `{"node": NAME}`, `"machine"` or `"system"` |
//! | `xruns` | `time`, `more`: gaps of which no more is known |
//! | `strain` | `time`, `node`, and since the last: `missed`, `allocations`, `faults`, `sleeps` |
//! | `failed` | `time`, `node`, `why` |
//! | `device` | `time`, `port`, `device`, `waits`: why it is silent, or `null` when it is there again |
//! | `clip` | `time`, `port`, `channel` (from 1), `samples` more at or beyond full scale |
//! | `hearing` | `time`, and [`Hearing`](super::Hearing): `deck`, `decks`, `matched_db`, `bypassed`, `muted`, `blind` |
//! | `param` | `time`, `node`, `param`, `value`: a number, or the name of a choice |
//! | `round_trip` | `time`, `ms` |
//! | `file` | `time`, `wrong`: what `aw check` says of the file that was saved last, or `null` when it is right again |
use super::Scene;
use super::news::{Differ, News};
use serde::Serialize;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// From one scene to the next.
const EVERY: Duration = Duration::from_millis(100);

/// JSON from scenes.
#[derive(Clone, Debug, Default)]
pub struct Json {
    differ: Differ,
    shown: Option<Instant>,
}

impl Json {
    /// Nothing was told yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The lines that a scene is worth, without line ends.
    pub fn lines(&mut self, scene: &Scene, now: Instant) -> Vec<String> {
        let due = self.shown.is_none_or(|shown| now.saturating_duration_since(shown) >= EVERY);
        // What goes up while nobody is to see it is told together, later.
        let blind = scene.hearing.blind.is_some();
        let news = self.differ.news(scene, due && !blind);
        let told = |news: &News| match news {
            News::Xrun(gap) if blind => object("xrun", None, gap.blindfolded()),
            news => told(scene.time, news),
        };
        let mut lines: Vec<_> = news.iter().map(|news| told(news).to_string()).collect();
        if due {
            self.shown = Some(now);
            lines.push(object("scene", None, &*scene.blindfolded()).to_string());
        }
        lines
    }
}

/// An object with its type, the time if it has none of its own, and the keys of a struct.
pub fn object(kind: &str, time: Option<f64>, keys: impl Serialize) -> Value {
    let mut object = serde_json::Map::new();
    object.insert("type".into(), kind.into());
    object.extend(time.map(|time| ("time".into(), json!(time))));
    // Only strings are keys here, and a number that JSON does not have is null: it cannot fail.
    if let Ok(Value::Object(keys)) = serde_json::to_value(keys) {
        object.extend(keys);
    }
    Value::Object(object)
}

fn told(time: f64, news: &News) -> Value {
    let at = Some(time);
    match news {
        News::Event(event) => object("event", None, event),
        News::Note(note) => object("note", None, note),
        News::Xrun(gap) => object("xrun", None, gap),
        News::Xruns(count) => object("xruns", at, json!({ "more": count })),
        News::Strain(strain) => {
            let keys = json!({
                "node": strain.load.node, "missed": strain.missed, "allocations": strain.allocations,
                "faults": strain.faults, "sleeps": strain.sleeps,
            });
            object("strain", at, keys)
        }
        News::Failed(load) => object("failed", at, json!({ "node": load.node, "why": load.failed })),
        News::Waits(port) => {
            object("device", at, json!({ "port": port.name, "device": port.device, "waits": port.waits }))
        }
        News::Clipped { port, channel, more } => {
            object("clip", at, json!({ "port": port.name, "channel": channel, "samples": more }))
        }
        News::Hearing(hearing) => object("hearing", at, hearing),
        News::Param(param) => {
            let name = param.choices.get(param.value.max(0.0).round() as usize);
            let value = name.map_or(json!(param.value), |name| json!(name));
            object("param", at, json!({ "node": param.at.node, "param": param.at.param, "value": value }))
        }
        News::RoundTrip(ms) => object("round_trip", at, json!({ "ms": ms })),
        News::File(wrong) => object("file", at, json!({ "wrong": wrong })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::{Happening, Meter, Port, Spectrum, Whose, Xrun};

    #[test]
    fn a_program_reads_events_at_once_and_scenes_ten_times_a_second() {
        let start = Instant::now();
        let mut json = Json::new();
        let mut scene = Scene {
            inputs: vec![Port { name: "mic".into(), meters: vec![Meter::default()], ..Port::default() }],
            spectrum: Spectrum { columns: vec![vec![0.0; 1000]; 100], ..Spectrum::default() },
            ..Scene::default()
        };
        let first = json.lines(&scene, start);
        assert_eq!(first.len(), 1);
        let read: Value = serde_json::from_str(&first[0]).unwrap();
        assert_eq!(read["type"], "scene");
        // Silence is −∞ dB, which JSON does not have.
        assert_eq!(read["inputs"][0]["meters"][0]["rms"], Value::Null);
        assert_eq!(read["hearing"]["deck"], "A");
        assert!(read.get("spectrum").is_none() && first[0].len() < 2000);
        scene.events.push(Happening { time: 0.5, output: "speech".into(), label: "on".into(), value: f64::NAN });
        scene.gaps.push(Xrun { time: 0.6, whose: Whose::Node("mask".into()) });
        scene.xruns = 1;
        assert_eq!(
            json.lines(&scene, start + Duration::from_millis(50)),
            [
                r#"{"type":"event","time":0.5,"output":"speech","label":"on","value":null}"#,
                r#"{"type":"xrun","time":0.6,"whose":{"node":"mask"}}"#,
            ]
        );
        let later = json.lines(&scene, start + Duration::from_millis(100));
        assert!(later.len() == 1 && later[0].starts_with(r#"{"type":"scene","#));
        // A program shows no more to who listens blind than the screen does.
        scene.hearing.blind = Some(Default::default());
        scene.loads.push(super::super::Load { node: "secret".into(), allocations: 1, ..Default::default() });
        scene.gaps.push(Xrun { time: 0.7, whose: Whose::Node("secret".into()) });
        scene.outputs =
            vec![Port { meters: vec![Meter { rms: -20.5, clipped: 2, ..Meter::default() }], ..Port::default() }];
        let blind = json.lines(&scene, start + Duration::from_millis(250)).join("\n");
        assert!(!blind.contains("secret") && !blind.contains("20.5") && !blind.contains("clip\","), "{blind}");
        assert!(blind.contains(r#""time":0.7"#) && blind.contains(r#""type":"hearing""#), "{blind}");
    }
}
