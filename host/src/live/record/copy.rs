//! A graph as it is played, with all that it names, kept so that another machine can play it.
use super::journal::{Build, Copied, Named};
use crate::graph::{Plan, plan_text};
use crate::install::hash;
use crate::live::graph::Made;
use crate::plugin::{Value, Workers};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Weak};

/// What is larger is named by its sum and its place, and not kept, as are libraries: in bytes.
const LARGEST: u64 = 64 << 20;

/// Files that are kept in memory, by their sums: what stays the same from one graph to the next is kept once.
pub type Known = BTreeMap<String, Weak<[u8]>>;

/// A graph as it is played.
#[derive(Debug)]
pub struct Copy {
    /// What the journal says of it.
    pub said: Copied,
    /// Its text.
    pub text: String,
    /// Copies of the files that it names, by their names in the folder.
    pub kept: BTreeMap<String, Arc<[u8]>>,
    /// Frames of the first input that come block by block, and blocks until everything repeats.
    pub pace: Option<crate::graph::Pace>,
    /// Likewise.
    pub period: u64,
    /// Numbers that its file gives to parameters, by node and place.
    pub values: BTreeMap<(String, u32), f64>,
}

impl Copy {
    /// Of a graph that is about to be played. `known`: files that others have kept, by their sums.
    pub fn of(made: &Made, number: u32, workers: &Workers, known: &mut Known) -> Arc<Self> {
        let plan = &made.compiled.plan;
        let folder = format!("graphs/{number}");
        let name = made.path.file_name().map_or("graph.toml".into(), |name| name.to_string_lossy().into_owned());
        let mut kept = BTreeMap::new();
        let mut named: Vec<Named> = vec![];
        for (written, path) in made.file.named(workers) {
            if named.iter().all(|other| other.written != written) {
                let place = format!("{folder}/{}", named.len());
                named.push(name_file(written, &path, &place, &mut kept, known));
            }
        }
        let said = Copied {
            graph: number,
            file: format!("{folder}/{name}"),
            from: std::path::absolute(&made.path).unwrap_or(made.path.clone()).display().to_string(),
            rate: made.rate,
            plan: sum_of(plan),
            named,
            libraries: libraries(plan, workers),
            without: made.without.clone(),
        };
        let pace = plan.inputs.first().map(|input| plan.pace(&plan.streams[input.stream].format));
        let numbers = |step: &crate::graph::Step| {
            let name = step.name.clone();
            let number = |(at, value): (usize, &Value)| match value {
                Value::Num(number) => Some(((name.clone(), at as u32), *number)),
                _ => None,
            };
            step.values.iter().enumerate().filter_map(number).collect::<Vec<_>>()
        };
        let values = plan.steps.iter().flat_map(numbers).collect();
        Arc::new(Self { said, text: made.file.text.clone(), kept, pace, period: plan.period.max(1), values })
    }

    /// Writes it into the folder of a recording.
    ///
    /// # Errors
    /// As the system says.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        let path = folder.join(&self.said.file);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, &self.text)?;
        for (name, bytes) in &self.kept {
            let path = folder.join(name);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(path, bytes)?;
        }
        Ok(())
    }
}

/// SHA-256 of what `aw plan` says of a plan.
pub fn sum_of(plan: &Plan) -> String {
    hash::of_bytes(plan_text(plan).as_bytes())
}

fn name_file(
    written: String,
    path: &Path,
    place: &str,
    kept: &mut BTreeMap<String, Arc<[u8]>>,
    known: &mut Known,
) -> Named {
    let from = path.display().to_string();
    let size = path.metadata().map(|about| about.len()).unwrap_or(0);
    let bytes = if size <= LARGEST && !is_code(path) { std::fs::read(path).ok() } else { None };
    match bytes {
        Some(bytes) => {
            let name = path.file_name().map_or("file".into(), |name| name.to_string_lossy().into_owned());
            // In a folder of its own: workers may go by the end of the name.
            let file = format!("{place}/{name}");
            let (sha256, size) = (hash::of_bytes(&bytes), bytes.len() as u64);
            let bytes = known.get(&sha256).and_then(Weak::upgrade).unwrap_or_else(|| Arc::from(bytes));
            known.insert(sha256.clone(), Arc::downgrade(&bytes));
            kept.insert(file.clone(), bytes);
            Named { written, from, file: Some(file), bytes: size, sha256 }
        }
        None => Named { written, from, file: None, bytes: size, sha256: hash::of_file(path).unwrap_or_default() },
    }
}

/// A library that a worker loads. It is not kept: who plays the recording of somebody else must not run his code.
fn is_code(path: &Path) -> bool {
    let name = path.file_name().map_or(String::new(), |name| name.to_string_lossy().to_lowercase());
    name.contains(".so.") || [".so", ".dylib", ".dll"].iter().any(|end| name.ends_with(end))
}

/// The libraries of the workers of a plan, as they were opened.
pub fn libraries(plan: &Plan, workers: &Workers) -> Vec<Build> {
    let mut builds: Vec<Build> = vec![];
    for step in &plan.steps {
        let Some(found) = workers.get(&step.worker) else { continue };
        let library = found.library.path.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
        match builds.iter_mut().find(|build| build.library == library) {
            Some(build) if build.workers.contains(&step.worker) => {}
            Some(build) => build.workers.push(step.worker.clone()),
            None => builds.push(Build {
                library,
                abi: format!("{}.{}", found.library.version.0, found.library.version.1),
                crc: found.library.crc().map(|crc| format!("{crc:08x}")),
                workers: vec![step.worker.clone()],
            }),
        }
    }
    builds
}
