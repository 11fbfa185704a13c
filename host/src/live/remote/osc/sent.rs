//! What is told to those who subscribed.
use super::super::super::scene::{Level, Meter, Port, Scene};
use super::super::news::News;
use super::address_of;
use rosc::{OscMessage, OscType};

/// What is sent for −∞ dB: not every receiver knows an infinity.
const SILENCE: f32 = -200.0;

/// `/aw/event OUTPUT LABEL VALUE SECONDS`, `/aw/xrun SECONDS`, `/aw/note WORDS`; and a parameter by its own address.
pub fn news(news: &News) -> OscMessage {
    let text = |text: &str| OscType::String(text.replace('\0', ""));
    let (addr, args) = match news {
        News::Event(event) => {
            let (value, time) = (OscType::Float(event.value as f32), OscType::Double(event.time));
            ("/aw/event".into(), vec![text(&event.output), text(&event.label), value, time])
        }
        News::Xrun(gap) => ("/aw/xrun".into(), vec![OscType::Double(gap.time)]),
        News::Note(note) => ("/aw/note".into(), vec![text(&note.text)]),
        News::Param(at, value) => (address_of(at), vec![OscType::Float(*value as f32)]),
    };
    OscMessage { addr, args }
}

/// `/aw/meter PORT CHANNEL RMS PEAK HOLD`, for each channel of each input and output; channels count from 1.
pub fn levels(scene: &Scene) -> Vec<OscMessage> {
    let level = |db: Level| OscType::Float((db as f32).max(SILENCE));
    let of = |port: &Port| -> Vec<OscMessage> {
        let meters = port.meters.iter().zip(1..);
        let message = |(meter, channel): (&Meter, i32)| OscMessage {
            addr: "/aw/meter".into(),
            args: vec![
                OscType::String(port.name.clone()),
                OscType::Int(channel),
                level(meter.rms),
                level(meter.peak),
                level(meter.hold),
            ],
        };
        meters.map(message).collect()
    };
    scene.inputs.iter().chain(&scene.outputs).flat_map(of).collect()
}
