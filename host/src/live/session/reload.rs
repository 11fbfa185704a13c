//! Files that change while they are heard: read anew, compiled, and gone over to; or, where a graph cannot be changed as
//! it plays, another begins beside it and is gone over to.
use super::super::graph::Compiling;
use super::*;
use crate::control::ChangeError;
use crate::live::Watch;
use std::collections::BTreeSet;

/// How long a change may take before something must hang.
const PATIENCE: Duration = Duration::from_secs(6);
/// From one look for libraries to the next, while a worker is missing.
const LOOKS: Duration = Duration::from_secs(1);
/// How long a graph that begins anew is played before it is heard, beside what it needs to settle.
const WARM: Duration = Duration::from_millis(200);

/// What is watched, and what has changed and was not dealt with.
pub struct Reload {
    watch: Watch,
    pending: BTreeSet<PathBuf>,
    everything: bool,
    /// A graph names a worker that nobody knows: when libraries were last looked for, and whether there are more by now.
    lacks: Option<Instant>,
    again: bool,
    /// When the change that is under way was asked for.
    since: Option<Instant>,
}

/// A graph that takes the place of another, which plays on until it does.
pub struct Coming {
    /// Which of the two.
    deck: usize,
    slot: usize,
    before: Option<usize>,
    heard_at: Instant,
    gone_at: Option<Instant>,
    removed: bool,
}

impl Coming {
    /// The slot from which it will be heard, if it takes the place on this deck and does not yet.
    pub fn slot_of(&self, deck: usize) -> Option<usize> {
        (self.deck == deck && self.gone_at.is_none()).then_some(self.slot)
    }
}

/// What has become of a graph that was read anew.
enum Went {
    /// It is what plays.
    Nowhere,
    /// It is gone over to.
    Over,
    /// It will be, once devices are opened.
    Soon,
}

impl Reload {
    pub fn new(made: &[Made], workers: &Workers) -> Result<Self, LiveError> {
        let files = made.iter().flat_map(|made| watched(&made.file, workers));
        let watch = Watch::new(files.collect::<BTreeSet<_>>())?;
        Ok(Self { watch, pending: BTreeSet::new(), everything: false, lacks: None, again: false, since: None })
    }

    /// Everything is to be read anew.
    pub fn all(&mut self) {
        self.everything = true;
    }
}

fn watched(file: &GraphFile, workers: &Workers) -> BTreeSet<PathBuf> {
    let mut files = file.files(workers);
    files.extend(file.libraries(workers));
    files
}

impl Session {
    /// Deals with files that have changed, and sees changes through.
    pub(super) fn tend_files(&mut self, now: Instant) {
        let changed = self.reload.watch.changed();
        self.reload.pending.extend(changed);
        self.tell_missing();
        self.tend_missing_workers(now);
        self.tend_coming(now);
        if self.other.is_some() || self.away.is_some() {
            return;
        }
        if self.graphs.iter().flatten().any(Graph::is_changing) {
            let since = *self.reload.since.get_or_insert(now);
            if now.duration_since(since) > PATIENCE && self.coming.is_empty() && self.stage.is_none() {
                self.reload.since = None;
                self.give_up();
            }
            return;
        }
        self.reload.since = None;
        let due = self.reload.everything || self.reload.again || !self.reload.pending.is_empty();
        if self.coming.is_empty() && due {
            self.reload.again = false;
            let pending = std::mem::take(&mut self.reload.pending);
            let everything = std::mem::take(&mut self.reload.everything);
            self.read_anew(&pending, everything);
        }
    }

    /// A graph file that is deleted plays on, as does one that comes back as it was.
    fn tell_missing(&mut self) {
        for (path, there) in self.reload.watch.there() {
            let is_it = |graph: &Graph| std::path::absolute(&graph.path).is_ok_and(|own| own == path);
            if self.graphs.iter().flatten().any(is_it) {
                let (path, says) =
                    (path.display(), if there { "is there again" } else { "is gone; the graph plays on" });
                self.note(format!("{path} {says}"), !there);
            }
        }
    }

    /// A worker that a graph names and nobody knows may be in a library that is being built.
    fn tend_missing_workers(&mut self, now: Instant) {
        let Some(looked) = self.reload.lacks else { return };
        if now.duration_since(looked) >= LOOKS {
            self.reload.lacks = Some(now);
            self.reload.again |= self.workers.has_more();
        }
    }

    /// Whether a graph names a worker that nobody knows.
    fn lacks_workers(&self) -> bool {
        let unknown = |node: &crate::graph::NodeTable| {
            node.worker.as_ref().is_some_and(|worker| self.workers.get(&worker.value).is_none())
        };
        let lacks = |path: &PathBuf| Made::read(path).is_ok_and(|(file, _)| file.nodes.iter().any(unknown));
        self.setup.graphs.iter().any(lacks)
    }

    fn read_anew(&mut self, changed: &BTreeSet<PathBuf>, everything: bool) {
        let mut replaced = BTreeSet::new();
        let libraries = self.workers.libraries().iter().any(|library| changed.contains(&library.path));
        let (mut wrong, mut went_over, mut goes) = (vec![], false, false);
        if libraries || everything || self.lacks_workers() {
            let refreshed = self.workers.refreshed();
            wrong.extend(refreshed.problems.iter().map(|problem| format!("error: {problem}\n")));
            (self.workers, replaced) = (refreshed.workers, refreshed.replaced);
        }
        let mut files = BTreeSet::new();
        for deck in 0..self.slots.len() {
            let Some(path) =
                self.slots[deck].and_then(|slot| self.graphs[slot].as_ref()).map(|graph| graph.path.clone())
            else {
                continue;
            };
            let went = match goes {
                true => Ok(Went::Soon), // all are read then
                false => self.read_one(deck, &path, changed, &replaced, everything),
            };
            match went {
                Ok(Went::Nowhere) => {}
                Ok(Went::Over) => went_over = true,
                Ok(Went::Soon) => goes = true,
                Err(Mistakes(text)) => wrong.push(text),
            }
            if let Some(graph) = self.slots[deck].and_then(|slot| self.graphs[slot].as_ref()) {
                files.extend(watched(&graph.file, &self.workers));
            }
            // What a broken file names is watched, too: it may be what is wrong with it.
            if let Ok((file, _)) = Made::read(&path) {
                files.extend(watched(&file, &self.workers));
            }
        }
        self.reload.watch.set(files);
        self.reload.lacks = self.lacks_workers().then_some(self.now);
        if went_over {
            self.note("read anew, and gone over to", false);
        } else if everything && wrong.is_empty() && !goes {
            self.note("read anew: nothing has changed", false);
        }
        self.wrong = (!wrong.is_empty()).then(|| wrong.concat());
    }

    /// Reads one graph anew; answers what has become of it.
    fn read_one(
        &mut self,
        deck: usize,
        path: &std::path::Path,
        changed: &BTreeSet<PathBuf>,
        replaced: &BTreeSet<String>,
        everything: bool,
    ) -> Result<Went, Mistakes> {
        let (file, diags) = Made::read(path)?;
        let made = Made::compile(Compiling { path, workers: &self.workers, rate: Some(self.rate) }, file, diags)?;
        let Some(slot) = self.slots[deck] else { return Ok(Went::Nowhere) };
        let Some(graph) = &mut self.graphs[slot] else { return Ok(Went::Nowhere) };
        let is_same = made.file.text == graph.file.text;
        let mut anew = made.anew(changed, replaced);
        if everything || !is_same {
            // What is left out is tried again.
            anew.extend(graph.left_out().cloned());
        }
        if is_same && anew.is_empty() {
            return Ok(Went::Nowhere);
        }
        let needs = |file: &GraphFile, plan: &Plan| places::needs(&self.setup, file, plan);
        let others = deck == 0 && needs(&made.file, &made.compiled.plan) != needs(&graph.file, graph.plan());
        if others || build::shape(graph.plan()) != build::shape(&made.compiled.plan) {
            return self.go_to_others(changed, replaced).map(|()| Went::Soon);
        }
        let warnings = made.warnings.clone();
        let copied = self.recorder.copy(&made, &self.workers);
        match graph.change(made, &anew) {
            Ok(()) => {
                self.recorder.changed(graph.deck, copied, anew.into_iter().collect());
                self.hear();
            }
            Err((ChangeError::Busy, _)) => self.reload.everything = true,
            Err((_, Some(made))) => self.begin_beside(deck, *made),
            Err((why, None)) => self.note(why.to_string(), true),
        }
        if let Some(warnings) = warnings {
            self.note(warnings.trim_end(), true);
        }
        Ok(Went::Over)
    }

    /// Starts a graph that takes the place of the one on this deck when it has settled.
    fn begin_beside(&mut self, deck: usize, made: Made) {
        let Some(slot) = (0..DECKS).find(|slot| self.graphs[*slot].is_none()) else {
            self.reload.everything = true;
            return;
        };
        let plan = &made.compiled.plan;
        let settles = plan.settled as f64 * f64::from(plan.block) / f64::from(plan.rate.max(1));
        let other = self.slots[1 - deck].map_or(0, |_| self.graph_latency());
        let later = other.saturating_sub(build::latency(plan, self.piece));
        match self.insert(slot, made, later, self.slots[1].is_some()) {
            Ok(()) => {
                let heard_at = self.now + WARM + Duration::from_secs_f64(settles.min(10.0));
                let before = self.slots[deck];
                self.coming.push(Coming { deck, slot, before, heard_at, gone_at: None, removed: false });
            }
            Err(why) => self.note(format!("the system gives no thread: {why}"), true),
        }
    }

    fn tend_coming(&mut self, now: Instant) {
        let over = Duration::from_millis(u64::from(OVER_MS) + 100);
        let mut came_home = self.orders.home().is_some();
        for mut coming in std::mem::take(&mut self.coming) {
            match coming.gone_at {
                None if now >= coming.heard_at => {
                    self.slots[coming.deck] = Some(coming.slot);
                    self.hear();
                    coming.gone_at = Some(now + over);
                }
                Some(at) if now >= at && !coming.removed => {
                    if let Some(before) = coming.before {
                        self.give(Order::Remove(before));
                    }
                    coming.removed = true;
                }
                Some(_) if coming.removed && std::mem::take(&mut came_home) => {
                    let mut gone = coming.before.and_then(|before| self.graphs[before].take());
                    let hung = gone.as_mut().map(Graph::stop).unwrap_or_default();
                    hung.into_iter().for_each(|why| self.note(why, true));
                    continue;
                }
                _ => {}
            }
            self.coming.push(coming);
        }
    }

    /// A change that never comes: a lane hangs, and cannot be asked for its part.
    fn give_up(&mut self) {
        for deck in 0..self.slots.len() {
            let Some(graph) = self.slots[deck].and_then(|slot| self.graphs[slot].as_ref()) else { continue };
            if !graph.is_changing() {
                continue;
            }
            match Made::of(&graph.path.clone(), &self.workers, Some(self.rate)) {
                Ok(made) => {
                    self.note(
                        "a lane gives nothing back, so the graph begins anew beside it: what it has learned is lost",
                        true,
                    );
                    self.begin_beside(deck, made);
                }
                Err(Mistakes(text)) => self.wrong = Some(text),
            }
        }
    }

    /// All live parameters as a preset has them.
    pub(super) fn load(&mut self, path: &std::path::Path) -> Result<(), String> {
        let nodes = self.heard().map(|graph| crate::graph::live_nodes(graph.plan(), &self.workers)).unwrap_or_default();
        let values = crate::live::read_preset(path, &nodes).map_err(|why| why.to_string())?;
        for act in crate::live::preset_acts(&values, f64::from(OVER_MS)) {
            self.act(act)?;
        }
        self.note(format!("{} live parameters are as in {}", values.len(), path.display()), false);
        Ok(())
    }

    /// All live parameters to a preset.
    pub(super) fn save(&mut self, path: &std::path::Path) -> Result<(), String> {
        let Some(graph) = self.heard() else { return Err("nothing plays".into()) };
        let nodes = crate::graph::live_nodes(graph.plan(), &self.workers);
        crate::live::write_preset(path, &graph.params(), &nodes).map_err(|why| why.to_string())?;
        self.note(format!("the live parameters are saved in {}", path.display()), false);
        Ok(())
    }
}
