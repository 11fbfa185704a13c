//! Ports as a worker sees them: planes of several channels, MANY ports, ports nobody connected, events, and the answers
//! of `prepare` as the host sees them.

mod bench;

use aw_sdk::abi::Status;
use aw_sdk::{Block, Event, Format, Kind, Param, Port, Result, Setup, Spec, Values, Worker};
use bench::{Bench, Plug};

/// Swaps left and right by two planes of one output at once, and answers with all that `prepare` can answer.
struct Swap;

impl Worker for Swap {
    const SPEC: Spec = Spec {
        id: c"swap",
        ports: &[Port::input(c"x", Kind::ANY), Port::output(c"x", Kind::ANY)],
        params: &[Param::bool(c"twice", false)],
        ..Spec::NEW
    };
    fn create(_: &Values) -> Result<Self> {
        Ok(Self)
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let format = setup.input("x")?;
        assert_eq!((setup.sample_rate(), setup.max_frames()), (16_000, 256));
        setup.output("x", format);
        setup.moves("x", 2);
        setup.latency("x", 5);
        setup.tail("x", 6);
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        assert_eq!((block.inputs.frames(0), block.outputs.frames(0), block.outputs.channels(0)), (2, 2, 2));
        let [left, right] = block.outputs.planes([(0, 0), (0, 1)]);
        left.copy_from_slice(block.inputs.plane(0, 1));
        right.copy_from_slice(block.inputs.plane(0, 0));
    }
}

#[test]
fn an_input_and_an_output_of_one_name_are_answered_for_apart() {
    let mut bench = Bench::new::<Swap>(&[0.0]);
    let spectrum = Format::audio(2, 125).carrying(Kind::SPECTRUM, 3);
    let (status, streams) = bench.prepare(&[(c"x", spectrum)], &[c"x"]);
    assert_eq!(status, Status::OK);
    let (input, output) = (streams[0], streams[1]);
    assert_eq!((input.frames, input.latency, input.tail), (2, 0, 0));
    assert_eq!((output.frames, output.latency, output.tail), (2, 5, 6));
    assert_eq!((input.format, output.format), (spectrum, spectrum));
}

#[test]
fn complex_frames_of_two_channels_keep_to_their_planes() {
    let mut bench = Bench::new::<Swap>(&[0.0]);
    bench.prepare(&[(c"x", Format::audio(2, 125).carrying(Kind::SPECTRUM, 3))], &[c"x"]);
    // Two frames of three complex bins: twelve floats a plane.
    let ramp = |from: u8| (from..from + 12).map(f32::from).collect::<Vec<f32>>();
    let (mut x, mut y) = ([ramp(0), ramp(100)], [vec![0.0; 12], vec![0.0; 12]]);
    assert_eq!(bench.process(0, &[Plug::Frames(&mut x, 2)], &mut [Plug::Frames(&mut y, 2)]), Status::OK);
    assert_eq!(y, [ramp(100), ramp(0)]);
}

/// Asks for what is not there, as its parameter says.
struct Greedy(i64);

impl Worker for Greedy {
    const SPEC: Spec = Spec {
        id: c"greedy",
        ports: &[
            Port::input(c"in", Kind::AUDIO),
            Port::output(c"out", Kind::AUDIO),
            Port::output(c"hits", Kind::EVENTS),
        ],
        params: &[Param::int(c"what", 0)],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self(values.int("what")))
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let audio = setup.input("in")?;
        setup.output("out", audio);
        // Neither an input nor events have a format of the worker's making: both are passed over.
        setup.output("in", audio.carrying(Kind::FEATURES, 1000));
        setup.output("hits", audio.carrying(Kind::FEATURES, 1000));
        match self.0 {
            9 => setup.latency("nowhere", 1),
            10 => drop(setup.input("out")?),
            _ => {}
        }
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        let hit = Event { time: 0, label: 0, value: 1.0 };
        match self.0 {
            0 => drop(block.outputs.planes([(0, 0), (0, 1), (0, 0)])),
            1 => drop(block.outputs.plane(0, 2)),
            2 => drop(block.outputs.plane(2, 0)),
            3 => drop(block.inputs.plane(0, 2)),
            4 => drop(block.inputs.plane(1, 0)),
            5 => drop(block.outputs.plane(1, 0)),
            6 => drop(block.outputs.events(0, &[hit])),
            7 => drop(block.outputs.frames(7)),
            _ => assert_eq!(block.inputs.plane(0, 1), [4.0, 5.0, 6.0]),
        }
    }
}

#[test]
fn asking_for_what_is_not_there_is_a_panic_and_never_someone_elses_memory() {
    let mistakes = [
        "panicked: a plane is asked for twice",
        "panicked: output 0 has 2 channels",
        "panicked: index out of bounds: the len is 2 but the index is 2",
        "panicked: input 0 has 2 channels",
        "panicked: index out of bounds: the len is 1 but the index is 1",
        "panicked: output 1 carries events, not frames",
        "panicked: output 0 carries frames, not events",
        "panicked: index out of bounds: the len is 2 but the index is 7",
    ];
    for what in 0..=mistakes.len() {
        let mut bench = Bench::new::<Greedy>(&[what as f64]);
        let (status, streams) = bench.prepare(&[(c"in", Format::audio(2, 16_000))], &[c"out", c"hits"]);
        assert_eq!((status, streams[0].format), (Status::OK, Format::audio(2, 16_000)));
        let (mut x, mut y) = ([vec![1.0, 2.0, 3.0], vec![4.0, 5.0, 6.0]], [vec![0.0; 3], vec![0.0; 3]]);
        let (mut room, mut count) = ([Event { time: 0, label: 0, value: 0.0 }; 2], 0);
        let mut outputs = [Plug::Frames(&mut y, 3), Plug::Events(&mut room, &mut count)];
        let status = bench.process(0, &[Plug::Frames(&mut x, 3)], &mut outputs);
        match mistakes.get(what) {
            Some(mistake) => assert_eq!((status, bench.said()), (Status::PANIC, vec![mistake.to_string()])),
            None => assert_eq!((status, bench.said()), (Status::OK, vec![]), "the control does no wrong"),
        }
    }
}

#[test]
fn speaking_of_ports_that_do_not_exist_says_which() {
    let prepare = |what: f64| {
        let mut bench = Bench::new::<Greedy>(&[what]);
        let status = bench.prepare(&[(c"in", Format::audio(1, 16_000))], &[c"out"]).0;
        (status, bench.said())
    };
    let unknown = "panicked: `prepare` speaks of the port `nowhere`, which SPEC does not declare";
    assert_eq!(prepare(9.0), (Status::PANIC, vec![unknown.to_string()]));
    assert_eq!(prepare(10.0), (Status::ERROR, vec!["nothing is connected to `out`".to_string()]));
}

/// Sums any number of inputs, scaled by `level` if that is connected, to any number of outputs.
struct Mixer;

impl Worker for Mixer {
    const SPEC: Spec = Spec {
        id: c"mixer",
        ports: &[
            Port::input(c"level", Kind::FEATURES).optional(),
            Port::input(c"in", Kind::AUDIO).many(),
            Port::output(c"peak", Kind::FEATURES),
            Port::output(c"out", Kind::AUDIO).many(),
        ],
        ..Spec::NEW
    };
    fn create(_: &Values) -> Result<Self> {
        Ok(Self)
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let names: Vec<String> = setup.inputs().map(|(name, _)| name.into()).collect();
        let audio = setup.input(names.last().map_or("in", String::as_str))?;
        setup.output("peak", audio.carrying(Kind::FEATURES, 1)); // passed over if nobody listens
        let outputs: Vec<String> = setup.outputs().filter(|name| *name != "peak").map(Into::into).collect();
        outputs.iter().for_each(|name| setup.output(name, audio));
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        for out in 0..block.outputs.len() {
            block.outputs.plane(out, 0).fill(0.0);
            for port in 0..block.inputs.len() {
                let x = block.inputs.plane(port, 0);
                block.outputs.plane(out, 0).iter_mut().zip(x).for_each(|(y, x)| *y += x);
            }
        }
    }
}

#[test]
fn a_many_port_is_as_many_ports_as_the_graph_names() {
    let audio = Format::audio(1, 16_000);
    for count in [1, 2, 3] {
        let mut bench = Bench::new::<Mixer>(&[]);
        let names = [c"voice", c"music", c"wind"];
        let inputs: Vec<_> = names[..count].iter().map(|name| (*name, audio)).collect();
        let (status, streams) = bench.prepare(&inputs, &[c"left", c"right"]);
        assert_eq!(status, Status::OK);
        assert!(streams[count..].iter().all(|s| s.format == audio && s.frames == 0));

        let mut x = [[vec![1.0]], [vec![10.0]], [vec![100.0]]];
        let plugs: Vec<Plug> = x[..count].iter_mut().map(|planes| Plug::Frames(planes, 1)).collect();
        let (mut left, mut right) = ([vec![0.0]], [vec![0.0]]);
        let mut outputs = [Plug::Frames(&mut left, 1), Plug::Frames(&mut right, 1)];
        assert_eq!(bench.process(0, &plugs, &mut outputs), Status::OK);
        let sum = [vec![[1.0, 11.0, 111.0][count - 1]]];
        assert_eq!((left, right), (sum.clone(), sum));
    }
}

#[test]
fn ports_that_nobody_connected_are_left_out_of_the_numbering() {
    let audio = Format::audio(1, 16_000);
    let mut bench = Bench::new::<Mixer>(&[]);
    // With `level` and `peak`, then prepared again without.
    let with_level = [(c"level", audio.carrying(Kind::FEATURES, 1)), (c"voice", audio)];
    let (status, streams) = bench.prepare(&with_level, &[c"peak", c"out"]);
    assert_eq!((status, streams[2].format.kind, streams[3].format), (Status::OK, Kind::FEATURES, audio));
    assert_eq!(bench.prepare(&[(c"voice", audio)], &[c"out"]).0, Status::OK);
    assert_eq!(bench.audio(&[0.5, 0.25]), (Status::OK, vec![0.5, 0.25]));
    // And with nothing behind it at all.
    let mut x = [vec![0.5]];
    assert_eq!(bench.prepare(&[(c"voice", audio)], &[]).0, Status::OK);
    assert_eq!(bench.process(0, &[Plug::Frames(&mut x, 1)], &mut []), Status::OK);
}

/// An event for every sample above a threshold, at its moment.
struct Peaks {
    above: f32,
    label: u32,
}

impl Worker for Peaks {
    const SPEC: Spec = Spec {
        id: c"peaks",
        ports: &[Port::input(c"in", Kind::AUDIO), Port::output(c"hit", Kind::EVENTS).many()],
        params: &[Param::float(c"above", 0.5).live(), Param::int(c"label", 0).live()],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self { above: values.float("above") as f32, label: values.size("label") as u32 })
    }
    fn prepare(&mut self, _: &mut Setup) -> Result {
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        let mut found = [Event { time: 0, label: self.label, value: 0.0 }; 8];
        let mut count = 0;
        for (i, x) in block.inputs.plane(0, 0).iter().enumerate().filter(|(_, x)| **x > self.above) {
            (found[count].time, found[count].value) = (block.time() + i as u64, *x);
            count += 1;
        }
        assert_eq!(block.outputs.events(0, &found[..count]), count.min(2));
    }
    fn set_param(&mut self, name: &str, value: f64) {
        match name {
            "above" => self.above = value as f32,
            "label" => self.label = value as u32,
            _ => panic!("no parameter is called {name}"),
        }
    }
}

#[test]
fn events_carry_their_moment_and_fill_no_more_than_the_room() {
    let mut bench = Bench::new::<Peaks>(&[0.5, 0.0]);
    assert_eq!(bench.prepare(&[(c"in", Format::audio(1, 16_000))], &[c"loud"]).0, Status::OK);
    let fire = |bench: &mut Bench, x: &[f32]| {
        let (mut room, mut count) = ([Event { time: 0, label: 0, value: -1.0 }; 3], 99);
        let mut plug = [Plug::Events(&mut room[..2], &mut count)];
        assert_eq!(bench.process(1000, &[Plug::Frames(&mut [x.to_vec()], x.len())], &mut plug), Status::OK);
        assert_eq!(room[2].value, -1.0, "written past the room");
        room[..count].to_vec()
    };
    assert_eq!(fire(&mut bench, &[0.0, 0.9, 0.1]), [Event { time: 1001, label: 0, value: 0.9 }]);
    assert_eq!(fire(&mut bench, &[0.0; 4]), []);
    assert_eq!(fire(&mut bench, &[0.6, 0.7, 0.8, 0.9]).len(), 2);

    // Live parameters come by their place in SPEC and arrive by their name; a place beyond is passed over.
    bench.set_param(0, 0.05);
    bench.set_param(1, 7.0);
    bench.set_param(2, 1.0);
    assert_eq!(fire(&mut bench, &[0.0, 0.0, 0.1]), [Event { time: 1002, label: 7, value: 0.1 }]);
}
