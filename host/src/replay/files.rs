//! Which files runs read and write: that none is in the way of another.
use super::job::{Job, ReplayError};
use crate::graph::GraphFile;
use crate::io::place;
use std::collections::BTreeSet;

/// Looks at all runs of a graph before the first is played: a file gets its name at the end of a run, in place of what
/// stood there.
///
/// # Errors
/// A file that would be written twice, or written and read: as input, reference or graph.
pub fn check_files(jobs: &[Job], file: &GraphFile) -> Result<(), ReplayError> {
    let read = jobs.iter().flat_map(|job| job.read(file)).chain([&file.path]);
    let read: BTreeSet<_> = read.filter_map(place).collect();
    let mut written = BTreeSet::new();
    for path in jobs.iter().flat_map(|job| job.written(file)) {
        let Some(place) = place(&path) else { continue };
        if read.contains(&place) {
            return Err(ReplayError::Overwrite(path));
        }
        if !written.insert(place) {
            return Err(ReplayError::Twice(path));
        }
    }
    Ok(())
}
