//! What all model workers do: bind ports to tensors, keep the newest frames, run the session, hand out what it gives.
use crate::binding::{Binding, Feed};
use crate::engine::{Model, Session};
use crate::outputs::Output;
use aw_sdk::{Block, Error, Format, Kind, Port, Result, Setup, Values};
use std::time::{Duration, Instant};

/// The ports of a model worker.
pub const PORTS: &[Port] = &[
    Port::input(c"in", Kind::ANY).many().doc(c"Named by a tensor; `in` is the only input left by state and const"),
    Port::output(c"out", Kind::ANY).many().doc(c"See `out`; `out` is the only output that is no state"),
];

/// The parameters of a model worker: its own, then those that bind tensors, which are the same for all; see
/// [`crate::binding`] for what they mean together.
macro_rules! params {
    ($($own:expr),* $(,)?) => {
        &[
            $($own,)*
            aw_sdk::Param::table(c"out")
                .names_outputs()
                .doc(c"Our port = output tensor; without it a port is named by a tensor"),
            aw_sdk::Param::table(c"state")
                .doc(c"Input tensor = the output tensor it gets back in the next run; zeros at first"),
            aw_sdk::Param::table(c"frames")
                .doc(c"Tensor = frames, or samples of audio, that are new in a run; of an output: it gives"),
            aw_sdk::Param::table(c"context").doc(c"Tensor = frames of the last run that go in front of the new ones"),
            aw_sdk::Param::table(c"stack").doc(c"Tensor = the newest frames it holds, sliding"),
            aw_sdk::Param::int(c"every", 1)
                .range(1.0, 1e6)
                .unit(c"frames")
                .doc(c"New frames a run of inputs without `frames`"),
            aw_sdk::Param::table(c"const").doc(c"Input tensor = a number or a list of numbers it always has"),
            aw_sdk::Param::table(c"shape")
                .doc(c"Input tensor = its extents, where the model leaves them open: [1, 576]"),
            aw_sdk::Param::table(c"kind")
                .doc(c"Output tensor = audio, spectrum, features or tensor, where it is not features"),
        ]
    };
}
pub(crate) use params;

/// What a worker that has a `runner` does from `prepare` on, which is the same for all.
macro_rules! forward {
    () => {
        fn process(&mut self, block: &mut aw_sdk::Block) {
            self.runner.process(block);
        }

        fn reset(&mut self) {
            self.runner.reset();
        }

        fn save(&self, out: &mut Vec<u8>) {
            self.runner.save(out);
        }

        fn load(&mut self, data: &[u8]) -> aw_sdk::Result {
            self.runner.load(data)
        }
    };
}
pub(crate) use forward;

/// A model on an engine, bound to what the graph says.
pub struct Runner {
    model: Box<dyn Model + Send>,
    binding: Binding,
    running: Option<Running>,
}

/// All that `process` needs, made by `prepare`.
struct Running {
    session: Box<dyn Session>,
    windows: Vec<Window>,
    outputs: Vec<Output>,
    channels: usize,
}

/// The newest frames of a port, for every channel.
struct Window {
    feed: Feed,
    tensor: usize,
    frames: Vec<Vec<f32>>,
}

/// Runs before the first frame: at least these, until they are as fast as they get, at most those and so long.
const WARM_UP: (usize, usize, Duration) = (3, 50, Duration::from_millis(200));

impl Runner {
    /// Checks what the graph says against the tensors of the model.
    ///
    /// # Errors
    /// See [`Binding::new`].
    pub fn new(values: &Values, model: Box<dyn Model + Send>) -> Result<Self> {
        let binding = Binding::new(values, model.inputs().to_vec(), model.outputs().to_vec())?;
        Ok(Self { model, binding, running: None })
    }

    /// See [`aw_sdk::Worker::prepare`].
    ///
    /// # Errors
    /// Ports that do not fit the model, and what the engine says.
    pub fn prepare(&mut self, setup: &mut Setup) -> Result {
        self.running = None;
        let ports: Vec<(String, Format)> = setup.inputs().map(|(name, format)| (name.into(), format)).collect();
        let names: Vec<String> = setup.outputs().map(String::from).collect();
        let inputs = self.binding.inputs(&ports)?;
        let channels = ports.first().map_or(1, |(_, format)| format.channels as usize);
        let mut session = self.model.session(&inputs, channels)?;
        let outputs = self.binding.outputs(&names, &inputs, &session.shapes())?;
        for output in &outputs {
            session.output(output.tensor)?;
        }
        let feeds = inputs.iter().enumerate().filter_map(|(tensor, input)| Some((tensor, input.feed()?.clone())));
        let window = |(tensor, feed): (usize, Feed)| {
            let frames = vec![vec![0.0; feed.layout.len()]; channels];
            Window { feed, tensor, frames }
        };
        let windows: Vec<Window> = feeds.map(window).collect();
        let mut tail = 0; // runs that still see the last frame
        for Window { feed, .. } in &windows {
            setup.moves(&ports[feed.port].0, feed.take);
            tail = tail.max(feed.hold.saturating_sub(1) / feed.take);
        }
        for (name, output) in names.iter().zip(&outputs) {
            setup.output(name, output.format);
            setup.moves(name, output.frames);
            setup.tail(name, (tail * output.frames) as u32);
        }
        warm_up(&mut *session)?;
        self.running = Some(Running { session, windows, outputs, channels });
        Ok(())
    }

    /// Prepares with the same model on another engine, and keeps it if that succeeds.
    ///
    /// # Errors
    /// See [`Runner::prepare`].
    pub fn try_on(&mut self, model: Box<dyn Model + Send>, setup: &mut Setup) -> Result {
        let before = std::mem::replace(&mut self.model, model);
        let prepared = self.prepare(setup);
        if prepared.is_err() {
            self.model = before;
        }
        prepared
    }

    /// See [`aw_sdk::Worker::process`].
    pub fn process(&mut self, block: &mut Block) {
        let Some(running) = &mut self.running else { return };
        for channel in 0..running.channels {
            if let Err(Error(why)) = running.run(block, channel) {
                panic!("{why}"); // the only way to say so here: it ends this instance, and the host goes on
            }
        }
    }

    /// See [`aw_sdk::Worker::reset`].
    pub fn reset(&mut self) {
        let Some(running) = &mut self.running else { return };
        running.session.reset();
        running.windows.iter_mut().flat_map(|window| &mut window.frames).for_each(|frames| frames.fill(0.0));
    }

    /// Whether [`Runner::save`] gives anything, from `prepare` on.
    pub fn saves(&self) -> bool {
        self.running.as_ref().is_none_or(|running| running.session.saves())
    }

    /// See [`aw_sdk::Worker::save`]. Half a past would be a wrong one: it is nothing if the engine cannot give all.
    pub fn save(&self, out: &mut Vec<u8>) {
        if let Some(running) = self.running.as_ref().filter(|running| running.session.saves()) {
            running.save(out);
        }
    }

    /// See [`aw_sdk::Worker::load`].
    ///
    /// # Errors
    /// The state is another model's; then it begins anew.
    pub fn load(&mut self, data: &[u8]) -> Result {
        let Some(running) = &mut self.running else { return Ok(()) };
        if data.is_empty() {
            self.reset(); // of an engine that could not give it
            return Ok(());
        }
        let loaded = running.load(data);
        if loaded.is_none() {
            self.reset();
        }
        loaded.ok_or_else(|| "the saved state is of another model, or of other formats".into())
    }
}

/// The first runs are slow: an engine still allocates, and nothing is in the caches.
fn warm_up(session: &mut dyn Session) -> Result {
    let (least, most, room) = WARM_UP;
    let (begin, mut best, mut steady) = (Instant::now(), Duration::MAX, 0);
    for run in 0..most {
        if run >= least && (steady >= least || begin.elapsed() > room) {
            break;
        }
        let start = Instant::now();
        session.run(0)?;
        let took = start.elapsed();
        steady = if took <= best.saturating_mul(5) / 4 && run > 0 { steady + 1 } else { 0 };
        best = best.min(took);
    }
    session.reset();
    Ok(())
}

impl Running {
    fn run(&mut self, block: &mut Block, channel: usize) -> Result {
        for window in &mut self.windows {
            let frames = &mut window.frames[channel];
            slide(frames, block.inputs.plane(window.feed.port, channel));
            window.feed.layout.write(frames, self.session.input(window.tensor));
        }
        self.session.run(channel)?;
        for (port, output) in self.outputs.iter().enumerate() {
            output.layout.read(self.session.output(output.tensor)?, block.outputs.plane(port, channel));
        }
        Ok(())
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.session.save(out);
        for value in self.windows.iter().flat_map(|window| window.frames.iter().flatten()) {
            out.extend(value.to_le_bytes());
        }
    }

    fn load(&mut self, mut data: &[u8]) -> Option<()> {
        self.session.load(&mut data)?;
        for value in self.windows.iter_mut().flat_map(|window| window.frames.iter_mut().flatten()) {
            let (bytes, rest) = data.split_first_chunk()?;
            *value = f32::from_le_bytes(*bytes);
            data = rest;
        }
        data.is_empty().then_some(())
    }
}

/// Appends new values to a window and drops as many of the oldest.
fn slide(window: &mut [f32], new: &[f32]) {
    let newest = &new[new.len().saturating_sub(window.len())..];
    let kept = window.len() - newest.len();
    window.copy_within(newest.len().., 0);
    window[kept..].copy_from_slice(newest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binding::{Input, Source};
    use crate::layout::Layout;
    use crate::onnx_file::OnnxFile;
    use crate::tract::File;

    /// The GRU of the tests, `x` fed by a port.
    fn gru() -> Running {
        let file = OnnxFile::open(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/gru.onnx")).unwrap();
        let file = File::open(file).unwrap();
        let format = Format::audio(1, 100).carrying(Kind::FEATURES, 4);
        let layout = Layout::of(&[1, 1, 4], 1, 4, 1).unwrap();
        let feed = Feed { port: 0, format, take: 1, hold: 1, layout };
        let x = Input { shape: vec![1, 1, 4], source: Source::Port(feed.clone()) };
        let h = Input { shape: vec![1, 1, 3], source: Source::State(1) };
        let session = file.session(&[x, h], 1).unwrap();
        Running {
            session,
            windows: vec![Window { feed, tensor: 0, frames: vec![vec![0.0; 4]] }],
            outputs: vec![],
            channels: 1,
        }
    }

    fn next(running: &mut Running, x: f32) -> Vec<f32> {
        running.session.input(0).fill(x);
        running.session.run(0).unwrap();
        running.session.output(0).unwrap().to_vec()
    }

    #[test]
    fn a_reloaded_model_goes_on_where_it_was() {
        let (mut old, mut new) = (gru(), gru());
        next(&mut old, 0.5);
        old.windows[0].frames[0].fill(0.5);
        let mut saved = vec![];
        old.save(&mut saved);
        new.load(&saved).unwrap();
        assert_eq!(new.windows[0].frames, old.windows[0].frames);
        let fresh = next(&mut gru(), -1.0);
        let (on, same) = (next(&mut old, -1.0), next(&mut new, -1.0));
        assert_eq!(on, same);
        assert_ne!(on, fresh);
        assert_eq!(new.load(&saved[1..]), None, "the state of another model");
        assert_eq!(new.load(&[&saved[..], &[0]].concat()), None);
    }

    #[test]
    fn a_window_keeps_the_newest() {
        let mut window = [1.0, 2.0, 3.0];
        slide(&mut window, &[4.0]);
        assert_eq!(window, [2.0, 3.0, 4.0]);
        slide(&mut window, &[5.0, 6.0, 7.0, 8.0]);
        assert_eq!(window, [6.0, 7.0, 8.0]);
    }
}
