//! What an instance is handed: no buffer, however wrong, reaches a worker that did not agree to it.
use crate::workers;
use aw_host::plugin::{Event, Failure, Format, Frames, FramesMut, Instance, Moment, OutBuffer, Value};

const BLOCK: usize = 16;

/// A prepared instance; `hop` 0 moves as many frames as there are.
fn prepared(id: &str, hop: usize, output: &str) -> Instance {
    let all = workers::all();
    let worker = &all.get(id).unwrap().worker;
    let set = |param: &aw_host::plugin::Param| match param.name.as_str() {
        "hop" => Value::Num(hop as f64),
        _ => param.default.clone(),
    };
    let mut instance = Instance::create(worker, &worker.params.iter().map(set).collect::<Vec<_>>()).unwrap();
    instance.prepare(16000, BLOCK as u32, &[("in", Format::audio(1, 16000))], &[output]).unwrap();
    instance
}

/// One firing that is handed `taken` frames and is to write `given`.
fn fire(instance: &mut Instance, taken: usize, given: usize) -> Result<(), Failure> {
    let (x, mut y) = ([1.0f32; 64], [0.0f32; 64]);
    let input = Frames { data: &x, stride: 64, frames: taken };
    let output = FramesMut { data: &mut y, stride: 64, frames: given };
    instance.process(Moment::at(0), &[input], &mut [OutBuffer::Frames(output)])
}

#[test]
fn a_worker_is_handed_the_frames_that_it_agreed_to() {
    let mut fixed = prepared("late", 8, "out");
    assert_eq!(fire(&mut fixed, 8, 8), Ok(()));
    for (taken, given) in [(4, 4), (8, 4), (4, 8), (16, 16), (0, 0), (usize::MAX, 8)] {
        assert_eq!(fire(&mut fixed, taken, given), Err(Failure::Shape), "{taken} and {given} of 8");
    }
    let mut free = prepared("late", 0, "out");
    assert_eq!(fire(&mut free, 5, 5), Ok(()));
    assert_eq!(fire(&mut free, BLOCK, BLOCK), Ok(()));
    for (taken, given) in [(5, 4), (4, 5), (BLOCK + 1, BLOCK + 1)] {
        assert_eq!(fire(&mut free, taken, given), Err(Failure::Shape), "{taken} and {given} of any, {BLOCK} at most");
    }
}

#[test]
fn events_need_room_for_events() {
    let mut tick = prepared("tick", 0, "events");
    assert_eq!(fire(&mut tick, 4, 4), Err(Failure::Shape), "an event is larger than a sample");
    let (x, mut count) = ([1.0f32; 4], 0);
    let mut room = [Event { time: 0, label: 0, value: 0.0 }; 8];
    let input = [Frames { data: &x, stride: 4, frames: 4 }];
    assert_eq!(tick.process(Moment::at(0), &input, &mut [OutBuffer::Events(&mut room, &mut count)]), Ok(()));
    assert_eq!(count, 4);
}

#[test]
fn nothing_is_called_before_it_agreed() {
    let all = workers::all();
    let worker = &all.get("late").unwrap().worker;
    let values: Vec<Value> = worker.params.iter().map(|param| param.default.clone()).collect();
    let mut instance = Instance::create(worker, &values).unwrap();
    assert_eq!(instance.process(Moment::at(0), &[], &mut []), Err(Failure::Shape));
    instance.prepare(16000, 16, &[], &["out"]).unwrap_err();
    assert_eq!(instance.process(Moment::at(0), &[], &mut []), Err(Failure::Shape));
    instance.prepare(16000, 16, &[("in", Format::audio(1, 16000))], &["out"]).unwrap();
    assert_eq!(fire(&mut instance, 4, 4), Ok(()), "what was called too early is not dead");
}
