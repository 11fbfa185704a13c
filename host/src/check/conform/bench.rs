//! A prepared instance, and sound played through it between guards.
use super::cases::Case;
use super::guard::{Guarded, same};
use super::report::{Seen, fail};
use super::signal::Signal;
use super::subject::Subject;
use super::values;
use crate::plugin::{Agreed, AgreedPort, Event, Failure, Format, Frames, Instance, Kind, Moment, OutBuffer, Value};

/// Floats that are played by default, at most, but for two calls.
const MOST_FLOATS: usize = 1 << 20;
/// Events that one call may give, as in the renderer.
const ROOM: usize = 64;
/// When playing begins: events before it are about nothing.
pub const BEGIN: u64 = 1 << 32;

/// Values of each channel of each port.
pub type Planes = Vec<Vec<Vec<f32>>>;

/// A prepared instance.
pub struct Bench<'a> {
    pub subject: &'a Subject<'a>,
    pub instance: Instance,
    pub case: &'a Case,
    pub agreed: Agreed,
    values: Vec<Value>,
    /// Frames of the first port that were played.
    played: u64,
}

/// What came out.
#[derive(Default)]
pub struct Take {
    /// Frames, by output and channel.
    pub planes: Planes,
    /// Events, by output, each with the moment at which the call that gave it ended.
    pub events: Vec<Vec<(Event, u64)>>,
    /// Calls.
    pub calls: usize,
    /// Calls that filled all room for events.
    pub full: usize,
    /// A write outside the frames, or to an input.
    pub outside: Option<String>,
}

impl<'a> Bench<'a> {
    /// Creates and prepares.
    pub fn new(subject: &'a Subject<'a>, case: &'a Case) -> Seen<Self> {
        Self::with(subject, &subject.values, case, 256)
    }

    /// Creates with other values, prepares for other blocks.
    pub fn with(subject: &'a Subject<'a>, values: &[Value], case: &'a Case, max_frames: u32) -> Seen<Self> {
        let made = subject.create(values);
        let mut instance = made.or_else(|why| subject.fault("create", values, None, &why))?;
        let agreed = subject.prepare(&mut instance, case, max_frames);
        let agreed = agreed.or_else(|why| subject.fault("prepare", values, Some(case), &why))?;
        Ok(Self { subject, instance, case, agreed, values: values.to_vec(), played: 0 })
    }

    /// Prepares again, for another case.
    pub fn prepare(&mut self, case: &'a Case) -> Seen<()> {
        let agreed = self.subject.prepare(&mut self.instance, case, 256);
        self.agreed = agreed.or_else(|why| self.subject.fault("a second `prepare`", &self.values, Some(case), &why))?;
        (self.case, self.played) = (case, 0);
        Ok(())
    }

    /// Sets the clock back to the beginning.
    pub fn rewind(&mut self) {
        self.played = 0;
    }

    /// Sets the clock to that of another.
    pub fn catch_up(&mut self, other: &Self) {
        self.played = other.played;
    }

    /// What it is and what it is connected to.
    pub fn words(&self) -> String {
        format!("{}; {}", values::changed(&self.subject.worker, &self.values), self.case)
    }

    /// Whether it moves as many frames as there are.
    pub fn is_free(&self) -> bool {
        let mut ports = self.agreed.inputs.iter().chain(&self.agreed.outputs);
        ports.all(|port| port.frames == 0 || port.format.kind == Kind::EVENTS)
    }

    /// What is played by default: frames if it moves as many as there are, else calls. Fewer if frames are huge.
    pub fn usual(&self) -> usize {
        let ports = || self.agreed.inputs.iter().chain(&self.agreed.outputs);
        let first = ports().next();
        let usual = match first {
            _ if !self.is_free() => (4096 / first.map_or(1, |port| port.frames.max(1)) as usize).clamp(6, 48),
            Some(port) if port.format.kind == Kind::AUDIO => 2048,
            _ => 64,
        };
        let floats =
            |port: &AgreedPort| port.frames.max(1) as usize * port.format.width() * port.format.channels as usize;
        let turn: usize = ports().filter(|port| port.format.kind != Kind::EVENTS).map(floats).sum();
        usual.min((MOST_FLOATS / turn.max(1)).max(2))
    }

    /// A signal for every input.
    pub fn sound(&self, signal: Signal, turns: usize) -> Planes {
        let planes = |(i, port): (usize, &AgreedPort)| {
            let len = turns * port.frames.max(1) as usize * port.format.width();
            (0..port.format.channels).map(|c| signal.values(len, 1 + 100 * i as u32 + c)).collect()
        };
        self.agreed.inputs.iter().enumerate().map(planes).collect()
    }

    /// The usual signal for the usual time.
    pub fn noise(&self) -> Planes {
        self.sound(Signal::Noise, self.usual())
    }

    /// The moment of the next frame.
    fn time(&self) -> u64 {
        let first = self.agreed.inputs.first().or(self.agreed.outputs.first()).map(|port| port.format);
        let Format { rate_num, rate_den, .. } = first.unwrap_or(Format::audio(1, self.case.rate));
        let samples = u128::from(self.played) * u128::from(self.case.rate) * u128::from(rate_den);
        BEGIN + (samples / u128::from(rate_num)) as u64
    }

    /// Plays `sound` in calls of `cuts` frames, over and over, if it moves as many as there are.
    pub fn play(&mut self, sound: &Planes, cuts: &[usize]) -> Seen<Take> {
        self.subject.diary.step(format!("`process` with {}", self.words()));
        let turns = |port: &AgreedPort, planes: &Vec<Vec<f32>>| {
            planes.first().map_or(0, Vec::len) / port.format.width() / port.frames.max(1) as usize
        };
        let all = self.agreed.inputs.iter().zip(sound).map(|(port, planes)| turns(port, planes)).min();
        let (all, free) = (all.unwrap_or_else(|| self.usual()), self.is_free());
        let outputs = self.agreed.outputs.iter();
        let mut take = Take {
            planes: outputs.clone().map(|port| vec![vec![]; port.format.channels as usize]).collect(),
            events: outputs.map(|_| vec![]).collect(),
            ..Take::default()
        };
        let (mut done, mut cuts) = (0, cuts.iter().cycle());
        while done < all {
            let n = if free { (*cuts.next().unwrap_or(&256)).clamp(1, all - done) } else { 1 };
            self.call(sound, done, n, &mut take)?;
            done += n;
        }
        Ok(take)
    }

    /// One call: the `n` turns from `done` on.
    fn call(&mut self, sound: &Planes, done: usize, n: usize, take: &mut Take) -> Seen<()> {
        let inputs = self.agreed.inputs.iter().zip(sound);
        let inputs: Vec<Guarded> = inputs.map(|(port, planes)| Guarded::input(port, planes, done, n)).collect();
        let mut outputs: Vec<Guarded> = self.agreed.outputs.iter().map(|port| Guarded::output(port, n)).collect();
        let blank = Event { time: 0, label: 0, value: f32::NAN };
        let mut events: Vec<([Event; ROOM], usize)> = vec![([blank; ROOM], 0); outputs.len()];
        let ins: Vec<Frames> = inputs.iter().map(Guarded::frames).collect();
        let ports = outputs.iter_mut().zip(&mut events).zip(&self.agreed.outputs);
        let mut outs: Vec<OutBuffer> = ports
            .map(|((frames, (room, count)), port)| match port.format.kind {
                Kind::EVENTS => OutBuffer::Events(room, count),
                _ => OutBuffer::Frames(frames.frames_mut()),
            })
            .collect();
        let time = self.time();
        let result = self.instance.process(Moment::at(time), &ins, &mut outs);
        drop(outs);
        self.played += (n * self.agreed.inputs.first().map_or(1, |port| port.frames.max(1)) as usize) as u64;
        if let Err(failure) = result {
            return self.failed(failure);
        }
        let end = self.time();
        take.calls += 1;
        for (i, port) in self.agreed.outputs.iter().enumerate() {
            if port.format.kind == Kind::EVENTS {
                let (room, count) = &events[i];
                take.events[i].extend(room[..*count].iter().map(|event| (*event, end)));
                take.full += usize::from(*count == ROOM);
                continue;
            }
            for (to, plane) in take.planes[i].iter_mut().zip(outputs[i].planes()) {
                to.extend(plane);
            }
            if !outputs[i].guards_hold() {
                take.outside = Some(format!("it wrote outside the frames of `{}`", port.name));
            }
        }
        for ((port, planes), after) in self.agreed.inputs.iter().zip(sound).zip(&inputs) {
            if !same(&Guarded::input(port, planes, done, n).data, &after.data) {
                take.outside = Some(format!("it wrote to its input `{}`", port.name));
            }
        }
        Ok(())
    }

    fn failed<T>(&self, failure: Failure) -> Seen<T> {
        let said = self.instance.log().take_error().map(|said| format!(": {said}")).unwrap_or_default();
        let with = self.words();
        match failure {
            Failure::Panic => fail(
                format!("`process` (or a call before it) died{said} (with {with})"),
                "after a panic the node is silent for good: check lengths and values before they are used",
            ),
            Failure::Error => fail(
                format!("`process` returned an error{said} (with {with})"),
                "`process` cannot refuse: refuse in `prepare`, or write silence and log a warning",
            ),
            Failure::Shape => {
                fail(format!("the frames agreed cannot be passed (with {with})"), "report this: a mistake of the host")
            }
        }
    }
}

impl Take {
    /// The first value for which `wrong` holds, and where it is.
    pub fn find(&self, bench: &Bench, wrong: impl Fn(&f32) -> bool) -> Option<(f32, String)> {
        for (planes, port) in self.planes.iter().zip(&bench.agreed.outputs) {
            for (channel, plane) in planes.iter().enumerate() {
                if let Some(i) = plane.iter().position(&wrong) {
                    let frame = i / port.format.width();
                    return Some((plane[i], format!("`{}`, channel {channel}, frame {frame}", port.name)));
                }
            }
        }
        None
    }

    /// The first place where two takes differ in a bit; `other` is called so.
    pub fn differs(&self, other: &Self, bench: &Bench) -> Option<String> {
        let ports = self.planes.iter().zip(&other.planes).zip(&bench.agreed.outputs);
        for ((planes, others), port) in ports {
            for (channel, (a, b)) in planes.iter().zip(others).enumerate() {
                if let Some(i) =
                    (0..a.len().max(b.len())).find(|i| a.get(*i).map(|x| x.to_bits()) != b.get(*i).map(|x| x.to_bits()))
                {
                    let frame = i / port.format.width();
                    let value = |plane: &[f32]| plane.get(i).map_or("nothing".into(), |x| format!("{x:e}"));
                    let (a, b) = (value(a), value(b));
                    return Some(format!("`{}`, channel {channel}, frame {frame}: {a}, then {b}", port.name));
                }
            }
        }
        let moments = |events: &[(Event, u64)]| -> Vec<(u64, u32, u32)> {
            events.iter().map(|(event, _)| (event.time, event.label, event.value.to_bits())).collect()
        };
        let mut events = self.events.iter().zip(&other.events).zip(&bench.agreed.outputs);
        let differ = events.find(|((a, b), _)| moments(a) != moments(b));
        differ.map(|((a, b), port)| format!("`{}` gave {} events, then {} others", port.name, a.len(), b.len()))
    }
}
