//! The change that makes a graph fit: single keys, presets as they are, then pairs of keys, nearest first.
use super::candidates::{Change, candidates};
use super::{Difference, Frames, Matrix, Rule, Scene, Subject};
use crate::graph::{Diags, GraphFile};
use crate::plugin::{Descriptor, Value};
use crate::replay::ReplayError;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How many of the nearest single changes are tried together with all others.
const PAIRED: usize = 6;
/// How many of those that fit the beginning, or come nearest, are played whole.
const VERIFIED: usize = 12;
/// Frames this near to a cut, in seconds, may hear it.
const MARGIN: f64 = 0.25;
/// A change that leaves more than this of the distance is no step towards the reference.
const NEARER: f64 = 0.98;

/// Something to try: other values of some keys, or a preset with nothing beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Try {
    /// The preset.
    pub preset: Option<String>,
    /// The keys.
    pub changes: Vec<Change>,
    /// What came of it.
    pub difference: Difference,
    /// Not a bit has changed.
    pub is_mute: bool,
}

/// What a search found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Changes that make the graph fit, the best first.
    pub fits: Vec<Try>,
    /// If none does: those that come nearest.
    pub nearest: Vec<Try>,
    /// The presets that fit as they are.
    pub presets: Vec<Try>,
    /// How many graphs were played.
    pub tried: usize,
    /// How many of them were refused.
    pub refused: usize,
    /// How long it took.
    pub elapsed: Duration,
}

/// A search for what is wrong.
pub struct Search<'a> {
    /// What is judged.
    pub subject: &'a Subject<'a>,
    /// The worker of the node.
    pub worker: &'a Descriptor,
    /// The whole recording, or as much of it as is compared.
    pub whole: &'a Scene,
    /// Its beginning, which tells bad candidates apart quickly.
    pub short: Option<&'a Scene>,
    /// What it should be.
    pub reference: &'a Matrix,
    /// How far apart is still the same.
    pub rule: Rule,
    /// What the graph gives as it is.
    pub base: &'a Difference,
    /// Search pairs of keys no longer than this.
    pub patience: Duration,
    /// Told how many of how many were tried.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
}

/// A graph to try.
struct Draft {
    preset: Option<String>,
    changes: Vec<Change>,
    file: GraphFile,
}

/// What a search has learnt so far, and what it measures with.
struct Course<'a> {
    quick: &'a Yardstick<'a>,
    whole: &'a Yardstick<'a>,
    /// What the graph gives as it is, by the quick yardstick.
    base: &'a Frames,
    found: Found,
    start: Instant,
}

/// A reference as far as a scene goes.
struct Yardstick<'a> {
    scene: &'a Scene,
    reference: Matrix,
    tolerances: Vec<f64>,
}

impl Search<'_> {
    /// Searches.
    ///
    /// # Errors
    /// That it was told to stop, or that the graph as it is cannot be played.
    pub fn run(&self) -> Result<Found, ReplayError> {
        let start = Instant::now();
        let values = self.subject.values(self.whole)?;
        let whole = self.yardstick(self.whole);
        let short = self.short.map(|scene| self.yardstick(scene));
        // A fault that the beginning does not show cannot be searched for there.
        let played = |by: &Yardstick| self.subject.play(&self.subject.file, by.scene, &mut Diags::default());
        let (quick, frames) = match &short {
            Some(short) if !self.subject.must_hear_all(&self.subject.file, self.whole)? => {
                let frames = played(short)?;
                let shows = !short.judge(&frames).fits();
                if shows { (short, frames) } else { (&whole, played(&whole)?) }
            }
            _ => (&whole, played(&whole)?),
        };
        let mut course = Course { quick, whole: &whole, base: &frames, found: Found::default(), start };
        let singles = self.each(self.singles(&values), quick, &mut course)?;
        let presets = self.each(self.presets(), quick, &mut course)?;
        let presets = self.verify(presets, &mut course)?;
        let mut tries = self.verify(singles.clone(), &mut course)?;
        if !tries.iter().any(|single| single.difference.fits()) {
            tries.extend(self.pairs(&singles, &values, &mut course)?);
        }
        sort(&mut tries);
        let mut found = course.found;
        found.presets = presets.into_iter().filter(|preset| preset.difference.fits()).collect();
        (found.fits, tries) = tries.into_iter().partition(|one| one.difference.fits());
        tries.retain(|one| one.difference.distance < NEARER * self.base.distance);
        found.nearest = if found.fits.is_empty() { tries.into_iter().take(3).collect() } else { vec![] };
        found.elapsed = start.elapsed();
        Ok(found)
    }

    fn yardstick<'s>(&self, scene: &'s Scene) -> Yardstick<'s> {
        let mut reference = self.reference.clone();
        let is_shorter = !std::ptr::eq(scene, self.whole);
        if let (true, Some(cut), Some(all)) = (is_shorter, scene.seconds, self.whole.seconds) {
            reference = reference.first(frames_before(cut, all, self.reference.frames));
        }
        let tolerances = self.rule.tolerances(&reference);
        Yardstick { scene, reference, tolerances }
    }

    fn singles(&self, values: &[Value]) -> Vec<Draft> {
        let (file, node) = (&self.subject.file, &self.subject.node);
        let draft = |change: Change| {
            let file = file.with(node, &change.key, &change.to);
            Draft { preset: None, changes: vec![change], file }
        };
        candidates(self.worker, values).into_iter().map(draft).collect()
    }

    fn presets(&self) -> Vec<Draft> {
        let (file, node) = (&self.subject.file, &self.subject.node);
        let draft = |name: &String| {
            let file = file.with_preset(node, name);
            Draft { preset: Some(name.clone()), changes: vec![], file }
        };
        self.worker.presets.iter().map(|preset| draft(&preset.name)).collect()
    }

    /// The nearest single changes, each with every other change on top.
    fn pairs(&self, singles: &[Try], values: &[Value], course: &mut Course) -> Result<Vec<Try>, ReplayError> {
        let base = course.quick.judge(course.base).distance;
        let mut firsts: Vec<&Try> = singles.iter().filter(|one| one.difference.distance < NEARER * base).collect();
        firsts.dedup_by(|a, b| a.changes[0].key == b.changes[0].key);
        let mute = |key: &str| singles.iter().filter(|one| one.changes[0].key == key).all(|one| one.is_mute);
        let mut best = vec![];
        for first in firsts.into_iter().take(PAIRED).map(|first| &first.changes[0]) {
            if course.start.elapsed() > self.patience {
                break;
            }
            let mut changed = values.to_vec();
            if let Some(at) = self.worker.params.iter().position(|param| param.name == first.key) {
                changed[at] = first.value.clone();
            }
            let file = self.subject.file.with(&self.subject.node, &first.key, &first.to);
            let seconds = candidates(self.worker, &changed).into_iter();
            let seconds = seconds.filter(|second| second.key != first.key && (first.is_choice || !mute(&second.key)));
            let draft = |second: Change| {
                let file = file.with(&self.subject.node, &second.key, &second.to);
                Draft { preset: None, changes: vec![first.clone(), second], file }
            };
            let tried = self.each(seconds.map(draft).collect(), course.quick, course)?;
            best.extend(self.verify(tried, course)?);
            if best.iter().any(|pair: &Try| pair.difference.fits()) {
                break;
            }
        }
        Ok(best)
    }

    /// Plays the best of what was tried on the beginning as a whole.
    fn verify(&self, mut tried: Vec<Try>, course: &mut Course) -> Result<Vec<Try>, ReplayError> {
        sort(&mut tried);
        tried.truncate(VERIFIED);
        if std::ptr::eq(course.quick, course.whole) {
            return Ok(tried);
        }
        let draft = |one: Try| {
            let (file, node) = (&self.subject.file, &self.subject.node);
            let file = match &one.preset {
                Some(name) => file.with_preset(node, name),
                None => one.changes.iter().fold(file.clone(), |file, change| file.with(node, &change.key, &change.to)),
            };
            Draft { preset: one.preset, changes: one.changes, file }
        };
        self.each(tried.into_iter().map(draft).collect(), course.whole, course)
    }

    /// Tries all, in parallel; those that are refused are left out.
    fn each(&self, drafts: Vec<Draft>, by: &Yardstick, course: &mut Course) -> Result<Vec<Try>, ReplayError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let (next, done, before) = (AtomicUsize::new(0), AtomicUsize::new(0), course.found.tried);
        let tries: Mutex<Vec<(usize, Try)>> = Mutex::default();
        let (whole, base) = (course.whole, course.base);
        let work = || {
            while let Some((at, draft)) = Some(next.fetch_add(1, Relaxed)).and_then(|at| Some((at, drafts.get(at)?))) {
                let tried = self.one(draft, by, whole, base);
                (self.progress)(before + done.fetch_add(1, Relaxed) + 1, before + drafts.len());
                if let (Some(tried), Ok(mut tries)) = (tried, tries.lock()) {
                    tries.push((at, tried));
                }
            }
        };
        std::thread::scope(|scope| (0..cores.min(drafts.len())).for_each(|_| drop(scope.spawn(work))));
        if self.subject.stop.load(Relaxed) {
            return Err(ReplayError::Interrupted);
        }
        let mut tries = tries.into_inner().unwrap_or_default();
        course.found.tried += drafts.len();
        course.found.refused += drafts.len() - tries.len();
        tries.sort_by_key(|(at, _)| *at);
        let mut tries: Vec<Try> = tries.into_iter().map(|(_, tried)| tried).collect();
        sort(&mut tries);
        Ok(tries)
    }

    fn one(&self, draft: &Draft, quick: &Yardstick, whole: &Yardstick, base: &Frames) -> Option<Try> {
        if self.subject.stop.load(Relaxed) {
            return None;
        }
        let is_cut = quick.scene.is_cut && !std::ptr::eq(quick, whole);
        let by = match is_cut && self.subject.must_hear_all(&draft.file, quick.scene).ok()? {
            true => whole,
            false => quick,
        };
        let frames = self.subject.play(&draft.file, by.scene, &mut Diags::default()).ok()?;
        let (preset, changes) = (draft.preset.clone(), draft.changes.clone());
        Some(Try { preset, changes, difference: by.judge(&frames), is_mute: frames == *base })
    }
}

impl Yardstick<'_> {
    /// How frames differ from the reference; near a cut, frames are left out.
    fn judge(&self, frames: &Frames) -> Difference {
        match self.scene.is_cut && frames.count > self.reference.frames {
            true => Difference::of(&frames.clone().first(self.reference.frames), &self.reference, &self.tolerances),
            false => Difference::of(frames, &self.reference, &self.tolerances),
        }
    }
}

/// How many of all frames do not hear a cut; times are in seconds.
pub fn frames_before(cut: f64, all: f64, frames: usize) -> usize {
    (((cut - MARGIN) / all * frames as f64) as usize).clamp(1, frames)
}

/// The nearest first; of those that fit, what is least off.
fn sort(tries: &mut [Try]) {
    let key = |one: &Try| (!one.difference.fits(), one.difference.distance);
    tries.sort_by(|a, b| key(a).0.cmp(&key(b).0).then(key(a).1.total_cmp(&key(b).1)));
}
