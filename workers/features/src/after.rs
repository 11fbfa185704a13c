//! `deltas` and `cmvn`: slopes and normalisation of any features.
use crate::keys::{CmvnKeys, DeltaKeys};
use crate::params;
use crate::post::Post;
use aw_sdk::*;

/// Slopes of features over frames, appended to them.
pub struct DeltasWorker {
    keys: DeltaKeys,
    run: Vec<Post>,
}

/// Mean, and on request variance, taken out of features.
pub struct CmvnWorker {
    keys: CmvnKeys,
    run: Vec<Post>,
}

const IN: Port = Port::input(c"in", Kind::FEATURES).doc(c"Features, any number of channels");

impl Worker for DeltasWorker {
    const SPEC: Spec = Spec {
        id: c"deltas",
        summary: c"Appends slopes over frames, and slopes of slopes, to features, as HTK, torchaudio and Kaldi do",
        ports: &[IN, Port::output(c"out", Kind::FEATURES).doc(c"The features, then their slopes, order by order")],
        params: &[params::order(c"order", 2), params::delta_window(c"window"), params::style(c"style")],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self { keys: params::deltas(values, "")?, run: vec![] })
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        self.run = prepare(setup, &self.keys, &CmvnKeys::default())?;
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        process(&mut self.run, block);
    }
    fn extent(&self, _output: usize, frames: u64) -> Option<u64> {
        Some(frames)
    }
    fn rewind(&mut self) {
        self.run.iter_mut().for_each(Post::rewind);
    }
    fn reset(&mut self) {
        self.run.iter_mut().for_each(Post::reset);
    }
}

impl Worker for CmvnWorker {
    const SPEC: Spec = Spec {
        id: c"cmvn",
        summary: c"Takes the mean, and on request the variance, out of features: of a file, a sliding window or the utterance",
        ports: &[IN, Port::output(c"out", Kind::FEATURES).doc(c"As `in`")],
        params: &[
            params::mode(c"mode", c"utterance"),
            params::file(c"file"),
            params::cmvn_window(c"window"),
            params::min_window(c"min_window"),
            params::center(c"center"),
            params::norm_vars(c"norm_vars"),
        ],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self { keys: params::cmvn(values, "")?, run: vec![] })
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        self.run = prepare(setup, &DeltaKeys::default(), &self.keys)?;
        if self.run[0].needs_learning() {
            setup.rehearsals(
                1,
                "`mode` is \"utterance\", whose mean is known at its end; write \"sliding\" or \"file\"",
            );
        }
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        process(&mut self.run, block);
    }
    fn extent(&self, _output: usize, frames: u64) -> Option<u64> {
        Some(frames)
    }
    fn rewind(&mut self) {
        self.run.iter_mut().for_each(Post::rewind);
    }
    fn reset(&mut self) {
        self.run.iter_mut().for_each(Post::reset);
    }
}

fn prepare(setup: &mut Setup, deltas: &DeltaKeys, cmvn: &CmvnKeys) -> Result<Vec<Post>> {
    let features = setup.input("in")?;
    let width = features.cells();
    let run = (0..features.channels).map(|_| Ok(Post::new(deltas, cmvn, width)?)).collect::<Result<Vec<Post>>>()?;
    let post = &run[0];
    setup.output("out", features.carrying(Kind::FEATURES, post.width() as u32));
    setup.moves("in", 1);
    setup.moves("out", 1);
    setup.latency("out", post.lookahead());
    Ok(run)
}

fn process(run: &mut [Post], block: &mut Block) {
    let (number, count) = (block.position(), block.end());
    for (plane, post) in run.iter_mut().enumerate() {
        if number >= 0 && count.is_none_or(|count| (number as u64) < count) {
            post.next().copy_from_slice(block.inputs.plane(0, plane));
        }
        post.frame(number, count, block.outputs.plane(0, plane));
    }
}
