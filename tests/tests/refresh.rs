//! The author of a worker builds it anew while it plays.
#![allow(clippy::unwrap_used)] // a test that finds nothing to unwrap has failed
mod cc;

use aw_host::plugin::{
    Format, Frames, FramesMut, Instance, LoadError, Moment, OutBuffer, SearchPath, Workers, WorkersError,
};
use std::fs;
use std::path::Path;

fn found(folder: &Path) -> Workers {
    let (workers, errors) = Workers::find_live(&SearchPath { given: vec![folder.into()], own: vec![] });
    assert!(errors.is_empty(), "{errors:?}");
    workers
}

fn made(workers: &Workers) -> Instance {
    let worker = &workers.get("louder").unwrap().worker;
    let values: Vec<_> = worker.params.iter().map(|param| param.default.clone()).collect();
    let mut instance = Instance::create(worker, &values).unwrap();
    instance.prepare(16000, 4, &[("in", Format::audio(1, 16000))], &["out"]).unwrap();
    instance
}

/// What becomes of a sample of 1.
fn gain(instance: &mut Instance) -> f32 {
    let (x, mut y) = ([1.0f32; 4], [0.0f32; 4]);
    let input = Frames { data: &x, stride: 4, frames: 4 };
    let output = FramesMut { data: &mut y, stride: 4, frames: 4 };
    instance.process(Moment::at(0), &[input], &mut [OutBuffer::Frames(output)]).unwrap();
    y[0]
}

#[test]
fn both_versions_play_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let file = cc::louder(folder.path(), 2.0);
    let before = found(folder.path());
    let mut old = made(&before);
    assert_eq!(gain(&mut old), 2.0);

    let same = before.refreshed();
    assert!(same.changed.is_empty() && same.replaced.is_empty() && same.problems.is_empty(), "{:?}", same.problems);
    let unchanged = |workers: &Workers| workers.get("louder").unwrap().library.clone();
    assert!(std::sync::Arc::ptr_eq(&unchanged(&before), &unchanged(&same.workers)), "opened again without a reason");

    cc::louder(folder.path(), 3.0);
    let after = before.refreshed();
    assert!(after.problems.is_empty(), "{:?}", after.problems);
    assert_eq!(after.changed, [file.canonicalize().unwrap()]);
    assert_eq!(after.replaced.iter().collect::<Vec<_>>(), ["louder"]);
    let mut new = made(&after.workers);
    assert_eq!((gain(&mut old), gain(&mut new)), (2.0, 3.0));
    assert_eq!(unchanged(&after.workers).path, unchanged(&before).path, "a copy is called by the name of its file");

    cc::louder(folder.path(), 4.0);
    let mut newest = made(&after.workers.refreshed().workers);
    assert_eq!((gain(&mut old), gain(&mut new), gain(&mut newest)), (2.0, 3.0, 4.0));
}

#[test]
fn a_build_that_writes_in_place_does_not_tear_what_plays() {
    let folder = tempfile::tempdir().unwrap();
    let file = cc::louder(folder.path(), 2.0);
    let workers = found(folder.path());
    let mut old = made(&workers);
    // As `cp` does: the same file, emptied and filled. What were mapped would be gone.
    fs::write(&file, "").unwrap();
    assert_eq!(gain(&mut old), 2.0);
}

#[test]
fn a_broken_build_is_told_and_the_one_before_stays() {
    let folder = tempfile::tempdir().unwrap();
    let file = cc::louder(folder.path(), 2.0);
    let workers = found(folder.path());
    let whole = fs::read(&file).unwrap();

    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let after = workers.refreshed();
    if cfg!(target_os = "linux") {
        assert!(matches!(after.problems[..], [WorkersError::Load(LoadError::Torn(_))]), "{:?}", after.problems);
    }
    assert_eq!(gain(&mut made(&after.workers)), 2.0);

    cc::spoilt(folder.path(), "louder", "answer = NULL;");
    let after = workers.refreshed();
    assert!(matches!(after.problems[..], [WorkersError::Load(LoadError::Refused(_))]), "{:?}", after.problems);
    assert!(after.problems[0].to_string().contains(&file.display().to_string()), "{}", after.problems[0]);
    assert_eq!(gain(&mut made(&after.workers)), 2.0);

    fs::remove_file(&file).unwrap();
    let after = workers.refreshed();
    assert!(after.problems.is_empty() && after.changed.is_empty(), "a build may remove it for a while");
    assert_eq!(gain(&mut made(&after.workers)), 2.0);

    cc::louder(folder.path(), 3.0);
    assert_eq!(gain(&mut made(&after.workers.refreshed().workers)), 3.0);
}

#[test]
fn a_library_that_comes_later_is_found_and_one_that_renames_its_worker_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let workers = found(folder.path());
    assert!(workers.get("louder").is_none());
    cc::louder(folder.path(), 2.0);
    let there = workers.refreshed();
    assert_eq!(gain(&mut made(&there.workers)), 2.0);

    cc::spoilt(folder.path(), "louder", "worker.id = \"quieter\";");
    let renamed = there.workers.refreshed();
    assert!(renamed.workers.get("louder").is_none() && renamed.workers.get("quieter").is_some());
    assert_eq!(renamed.replaced.iter().collect::<Vec<_>>(), ["louder", "quieter"]);
}
