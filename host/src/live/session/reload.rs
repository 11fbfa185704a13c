//! Files that change while they are heard: read anew, compiled, and gone over to; or, where a graph cannot be changed as
//! it plays, another begins beside it and is gone over to.
use super::super::graph::Compiling;
use super::*;
use crate::control::ChangeError;
use crate::live::Watch;
use std::collections::BTreeSet;

/// How long a change may take before something must hang.
const PATIENCE: Duration = Duration::from_secs(6);
/// How long a graph that begins anew is played before it is heard, beside what it needs to settle.
const WARM: Duration = Duration::from_millis(200);

/// What is watched, and what has changed and was not dealt with.
pub struct Reload {
    watch: Watch,
    pending: BTreeSet<PathBuf>,
    everything: bool,
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

impl Reload {
    pub fn new(made: &[Made], workers: &Workers) -> Result<Self, LiveError> {
        let files = made.iter().flat_map(|made| watched(&made.file, workers));
        let watch = Watch::new(files.collect::<BTreeSet<_>>())?;
        Ok(Self { watch, pending: BTreeSet::new(), everything: false, since: None })
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
        self.tend_coming(now);
        if self.graphs.iter().flatten().any(Graph::is_changing) {
            let since = *self.reload.since.get_or_insert(now);
            if now.duration_since(since) > PATIENCE && self.coming.is_empty() && self.stage.is_none() {
                self.reload.since = None;
                self.give_up();
            }
            return;
        }
        self.reload.since = None;
        if self.coming.is_empty() && (self.reload.everything || !self.reload.pending.is_empty()) {
            let pending = std::mem::take(&mut self.reload.pending);
            let everything = std::mem::take(&mut self.reload.everything);
            self.read_anew(&pending, everything);
        }
    }

    fn read_anew(&mut self, changed: &BTreeSet<PathBuf>, everything: bool) {
        let mut replaced = BTreeSet::new();
        let libraries = self.workers.libraries().iter().any(|library| changed.contains(&library.path));
        let (mut wrong, mut went_over) = (vec![], false);
        if libraries || everything {
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
            match self.read_one(deck, &path, changed, &replaced) {
                Ok(went) => went_over |= went,
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
        if went_over {
            self.note("read anew, and gone over to", false);
        } else if everything && wrong.is_empty() {
            self.note("read anew: nothing has changed", false);
        }
        self.wrong = (!wrong.is_empty()).then(|| wrong.concat());
    }

    /// Reads one graph anew; answers whether it is another than before.
    fn read_one(
        &mut self,
        deck: usize,
        path: &std::path::Path,
        changed: &BTreeSet<PathBuf>,
        replaced: &BTreeSet<String>,
    ) -> Result<bool, Mistakes> {
        let (file, diags) = Made::read(path)?;
        let made = Made::compile(Compiling { path, workers: &self.workers, rate: Some(self.rate) }, file, diags)?;
        let Some(slot) = self.slots[deck] else { return Ok(false) };
        let Some(graph) = &mut self.graphs[slot] else { return Ok(false) };
        let anew = made.anew(changed, replaced);
        if anew.is_empty() && made.file.text == graph.file.text {
            return Ok(false);
        }
        if build::shape(graph.plan()) != build::shape(&made.compiled.plan) {
            let text = "inputs or outputs have other names or channels than before: the graph before plays on; \
                        end `aw live` and start it again to hear this one\n";
            return Err(Mistakes(format!("error: {}: {text}", path.display())));
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
        Ok(true)
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
