//! `bad_events`.

use aw_sdk::{Block, Event, Kind, Param, Port, Result, Setup, Spec, Values, Worker, choices};

/// What is wrong with the events.
#[derive(Clone, Copy)]
enum How {
    Nan,
    Inf,
    Past,
    Future,
    Label,
    Flood,
}

/// Sends an event a call, with something wrong about it.
pub struct BadEvents(How);

/// As many events at once as no host has room for.
const FLOOD: usize = 4096;

impl Worker for BadEvents {
    const SPEC: Spec = Spec {
        id: c"bad_events",
        summary: c"Sends events that make no sense, in every call",
        ports: &[Port::input(c"in", Kind::AUDIO), Port::output(c"hit", Kind::EVENTS)],
        params: &[Param::text(c"how", c"nan")
            .choices(choices![c"nan", c"inf", c"past", c"future", c"label", c"flood"])
            .doc(c"Values that are no numbers, moments long gone or far off, a label of nothing, or more than there is room")],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self(match values.text("how") {
            "inf" => How::Inf,
            "past" => How::Past,
            "future" => How::Future,
            "label" => How::Label,
            "flood" => How::Flood,
            _ => How::Nan,
        }))
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        setup.input("in").map(drop)
    }
    fn process(&mut self, block: &mut Block) {
        let mut event = Event { time: block.time(), label: 0, value: 1.0 };
        match self.0 {
            How::Nan => event.value = f32::NAN,
            How::Inf => event.value = f32::INFINITY,
            How::Past => event.time = 0,
            How::Future => event.time = u64::MAX,
            How::Label => event.label = u32::MAX,
            How::Flood => {
                block.outputs.events(0, &[event; FLOOD]);
                return;
            }
        }
        block.outputs.events(0, &[event]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aw_sdk::{Format, Rig};

    /// The events of the second of two calls.
    fn second(how: &str) -> Vec<Event> {
        let mut rig =
            Rig::new::<BadEvents>(&[("how", how.into())], &[("in", Format::audio(1, 8000))], &["hit"]).unwrap();
        rig.run(&[&[&[0.0; 8]]]);
        rig.events();
        rig.run(&[&[&[0.0; 8]]]);
        rig.events()
    }

    #[test]
    fn each_is_wrong_in_its_way() {
        assert!(second("nan")[0].value.is_nan());
        assert_eq!(second("inf")[0].value, f32::INFINITY);
        assert_eq!(second("past")[0].time, 0);
        assert_eq!(second("future")[0].time, u64::MAX);
        assert_eq!(second("label"), [Event { time: 8, label: u32::MAX, value: 1.0 }]);
        assert_eq!(second("flood").len(), 64, "all the room that the rig has");
    }
}
