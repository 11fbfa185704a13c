//! Which frames go into an input: guessed from its shape, type and name, and from what the model does with it first.
use super::super::net::{Extents, Net, Node};
use super::{Feed, Word};
use crate::plugin::Kind;

/// Samples that a run takes of a model that takes any number.
const SOME_SAMPLES: u64 = 512;
/// Frames that a window holds of a model that takes any number.
const SOME_FRAMES: u64 = 100;

/// An input and what is known around it.
pub struct View<'a> {
    /// The model.
    pub net: &'a Net,
    /// The input.
    pub tensor: usize,
    /// The model keeps state.
    pub remembers: bool,
    /// It wants to know the sample rate.
    pub hears: bool,
    /// It is silero-vad, as it seems.
    pub silero: bool,
}

impl View<'_> {
    /// What goes into it, and its extents.
    pub fn feed(&self, given: Option<&[u64]>) -> (Feed, Vec<u64>) {
        let tensor = &self.net.tensors[self.tensor];
        let mut dims: Extents = match given {
            Some(given) => given.iter().map(|n| Some(*n)).collect(),
            None => tensor.dims.clone().unwrap_or_else(|| vec![None]),
        };
        for (axis, extent) in self.demands(dims.len()) {
            if let Some(open @ None) = dims.get_mut(axis) {
                *open = Some(extent);
            }
        }
        // The first open extent is the batch, unless it is the only one and not in front.
        let open = dims.iter().filter(|n| n.is_none()).count();
        if open > 1 || (dims.len() > 1 && dims[0].is_none()) {
            let batch = dims.iter_mut().find(|n| n.is_none());
            batch.into_iter().for_each(|n| *n = Some(1));
        }
        let free = dims.iter().position(Option::is_none);
        let extents: Vec<u64> = dims.iter().flatten().copied().filter(|n| *n != 1).collect();
        let (mut feed, free_extent) = self.frames(&extents, free.is_some());
        let word = feed.word;
        let unsaid = tensor
            .dims
            .as_ref()
            .is_none_or(|dims| dims.iter().skip(1).any(Option::is_none) || dims.len() == 1 && dims[0].is_none());
        if feed.kind == Kind::AUDIO && word == Word::None && (unsaid && given.is_none() || feed.context > 0) {
            feed.word = Word::Frames;
        }
        let mut once = Some(free_extent);
        let shape = dims.iter().map(|n| n.unwrap_or_else(|| once.take().unwrap_or(1))).collect();
        (feed, shape)
    }

    /// Frames that fill these extents other than 1, and how large the one is that may be anything.
    fn frames(&self, extents: &[u64], free: bool) -> (Feed, u64) {
        let input = self.tensor;
        let one = |kind, cells| Feed { input, kind, cells, context: 0, frames: 1, word: Word::None };
        if let Some(bins) = self.bins(extents) {
            let frames = if free { 1 } else { product(extents) / bins.saturating_mul(2).max(1) };
            let several = Feed { frames, word: self.windowed(), ..one(Kind::SPECTRUM, bins) };
            return (if frames > 1 { several } else { one(Kind::SPECTRUM, bins) }, 1);
        }
        match *extents {
            [] if free => {
                (self.audio(if self.silero { 576 } else { SOME_SAMPLES }), if self.silero { 576 } else { SOME_SAMPLES })
            }
            [n] if !free && self.is_audio(n) => (self.audio(n), 1),
            [] => (one(Kind::FEATURES, 1), 1),
            [n] if !free => match self.unfolded() {
                Some((frames, cells)) => (Feed { frames, word: self.windowed(), ..one(Kind::FEATURES, cells) }, 1),
                None => (one(Kind::FEATURES, n), 1),
            },
            [cells] if self.remembers => (one(Kind::FEATURES, cells), 1),
            [cells] => (Feed { frames: SOME_FRAMES, word: Word::Stack, ..one(Kind::FEATURES, cells) }, SOME_FRAMES),
            [a, b] if !free => {
                let (frames, cells) = if is_bands(a) && !is_bands(b) { (b, a) } else { (a, b) };
                (Feed { frames, word: self.windowed(), ..one(Kind::FEATURES, cells) }, 1)
            }
            _ => (one(Kind::FEATURES, product(extents)), 1),
        }
    }

    /// A model that remembers gets new frames only, another one a sliding window.
    fn windowed(&self) -> Word {
        if self.remembers { Word::Frames } else { Word::Stack }
    }

    fn audio(&self, hold: u64) -> Feed {
        let context = if self.silero && matches!(hold, 576 | 288) { hold / 9 } else { 0 };
        let frames = hold - context;
        let word = if context > 0 { Word::Frames } else { Word::None };
        Feed { input: self.tensor, kind: Kind::AUDIO, cells: 1, context, frames, word }
    }

    /// Whether n values are samples: by name, or if they are many, fine enough, and no magnitudes of an FFT.
    fn is_audio(&self, n: u64) -> bool {
        let tensor = &self.net.tensors[self.tensor];
        let name = format!("{} {}", tensor.name, tensor.symbols.join(" ")).to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
        if says(&["audio", "wav", "pcm", "samples", "sound"]) {
            return n > 1;
        }
        let coarse = tensor.quant.is_some() && tensor.ty.bits() == Some(8);
        n >= 128 && !is_bins(n) && !coarse && !says(&["mel", "mfcc", "feat", "spec", "mag"])
            || self.silero
            || self.hears
    }

    /// Bins, where one of the extents is 2: the real and the imaginary part.
    fn bins(&self, extents: &[u64]) -> Option<u64> {
        let name = self.net.tensors[self.tensor].name.to_lowercase();
        let says = ["spec", "stft", "complex", "mix"].iter().any(|word| name.contains(word));
        let pairs = extents.iter().filter(|n| **n == 2).count() == 1 && (2..=3).contains(&extents.len());
        let bins = extents.iter().copied().filter(|n| *n != 2).max()?;
        (pairs && (is_bins(bins) || says)).then_some(bins)
    }

    /// Operators that read it.
    fn readers(&self) -> impl Iterator<Item = &Node> {
        self.net.main().nodes.iter().filter(|node| node.input(0) == Some(self.tensor))
    }

    /// Frames and cells of a flat input that the model unfolds first.
    fn unfolded(&self) -> Option<(u64, u64)> {
        let node = self.readers().find(|node| ["Reshape", "RESHAPE"].contains(&node.op.as_str()))?;
        let made = &self.net.tensors[node.output(0)?];
        let said = node.input(1).and_then(|at| self.net.tensors[at].constant.as_ref()).and_then(|c| c.values.as_ref());
        let said = said.map(|values| values.iter().map(|n| u64::try_from(*n as i64).ok()).collect::<Extents>());
        let dims: Vec<u64> = made.ready.clone().or_else(|| said?.into_iter().collect())?;
        match dims.into_iter().filter(|n| *n > 1).collect::<Vec<_>>()[..] {
            [frames, cells] => Some((frames, cells)),
            _ => None,
        }
    }

    /// Extents that the weights of the first operators ask for: axis, extent.
    fn demands(&self, rank: usize) -> Vec<(usize, u64)> {
        let weights = |node: &Node, at: usize| {
            node.input(at).and_then(|at| self.net.tensors[at].dims.clone()).unwrap_or_default()
        };
        let demand = |node: &Node| {
            let w = weights(node, 1);
            let of = |at: usize| w.get(at).copied().flatten();
            let last = rank.checked_sub(1)?;
            match node.op.as_str() {
                "MatMul" => Some((last, of(w.len().checked_sub(2)?)?)),
                "Gemm" => Some((last, of(usize::from(node.int("transB") == Some(1)))?)),
                "Conv" => Some((1, of(1)?.checked_mul(u64::try_from(node.int("group").unwrap_or(1)).ok()?)?)),
                "LSTM" | "GRU" | "RNN" => Some((last, of(2)?)),
                _ => None,
            }
        };
        self.readers().filter_map(demand).collect()
    }
}

fn product(extents: &[u64]) -> u64 {
    extents.iter().fold(1, |all, n| all.saturating_mul(*n))
}

/// Whether an FFT of an even length that a speech model may use has this many bins.
fn is_bins(n: u64) -> bool {
    n >= 33 && n % 2 == 1
}

/// Usual numbers of bands and cepstra.
fn is_bands(n: u64) -> bool {
    matches!(n, 10 | 13 | 20 | 23 | 24 | 26 | 32 | 39 | 40 | 48 | 60 | 64 | 80 | 96 | 120 | 128 | 160)
        || (is_bins(n) && n > 64)
}
