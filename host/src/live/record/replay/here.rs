//! What is here of what was recorded: builds of workers, files, the machine.
use super::super::copy::sum_of;
use super::super::journal::{Build, Copied, Start};
use super::{Bundle, RecordedError, Replay};
use crate::install::hash;
use crate::live::graph::{Compiling, Made};
use std::collections::BTreeMap;
use std::path::PathBuf;

impl Replay<'_> {
    /// A build of a worker that is not here, or another.
    pub(super) fn check_builds(&self, copied: &Copied, notes: &mut Vec<String>) -> Result<(), RecordedError> {
        for Build { library, crc, workers, .. } in &copied.libraries {
            let recorded = crc.clone().unwrap_or_else(|| "unknown".into());
            for worker in workers {
                let Some(found) = self.workers.get(worker) else {
                    let (library, worker) = (library.clone(), worker.clone());
                    return Err(RecordedError::Worker { library, worker, crc: recorded });
                };
                let now = found.library.crc().map_or("unknown".into(), |crc| format!("{crc:08x}"));
                if now == recorded {
                    continue;
                }
                let path = found.library.path.clone();
                let error =
                    RecordedError::Build { library: library.clone(), recorded: recorded.clone(), found: now, path };
                if !self.anyway {
                    return Err(error);
                }
                let note = error.to_string();
                let note = note.split(", which may").next().unwrap_or(&note).to_string();
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
        Ok(())
    }

    pub(super) fn note_machine(&self, bundle: &Bundle, notes: &mut Vec<String>) {
        let Start { machine, cpu, .. } = &bundle.start;
        let (here, has) = (crate::install::machine(), crate::doctor::cpu_features());
        if *machine != here || *cpu != has {
            notes.push(format!(
                "recorded on {machine} with {}, played on {here} with {}: last bits may differ",
                cpu.join(" "),
                has.join(" ")
            ));
        }
    }

    pub(super) fn compile(
        &self,
        bundle: &Bundle,
        copied: &Copied,
        notes: &mut Vec<String>,
    ) -> Result<Made, RecordedError> {
        let path = bundle.folder.join(&copied.file);
        let (mut file, diags) = Made::read(&path).map_err(RecordedError::Graph)?;
        let mut places = BTreeMap::new();
        for named in &copied.named {
            let wrong = |why| {
                let (from, written, sha256) = (named.from.clone(), named.written.clone(), named.sha256.clone());
                RecordedError::File { from, written, why, sha256 }
            };
            let here = named.file.as_ref().map_or(PathBuf::from(&named.from), |file| bundle.folder.join(file));
            match hash::of_file(&here) {
                Ok(sum) if sum == named.sha256 => drop(places.insert(named.written.clone(), absolute(here))),
                Ok(_) => return Err(wrong("is another file here")),
                Err(_) if named.file.is_some() => return Err(wrong("is missing in the recording")),
                Err(_) => return Err(wrong("is not there, and was not recorded: it was too large, or is a library")),
            }
        }
        file.rename(self.workers, &places);
        let by = Compiling { path: &path, workers: self.workers, rate: copied.rate };
        let made = Made::compile(by, file, diags).map_err(RecordedError::Graph)?;
        if sum_of(&made.compiled.plan) != copied.plan {
            notes.push(format!("{} is planned otherwise than when it was recorded", copied.file));
        }
        Ok(made)
    }
}

fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}
