//! The libraries in C that a host must survive, `tests/workers/hostile` (wrong descriptions) and `tests/workers/rogue`
//! (wrong behaviour): each compiles without a warning, loads, and says in its first line what is wrong with it.

#![allow(clippy::unwrap_used)]

mod cc;

use aw_abi::*;
use std::ffi::CStr;

/// The C files of a folder below `tests/workers`.
fn files(folder: &str) -> Vec<String> {
    let found = std::fs::read_dir(cc::repo("tests/workers").join(folder)).unwrap();
    let names = found.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> =
        names.filter(|name| name.ends_with(".c")).map(|name| format!("{folder}/{name}")).collect();
    names.sort();
    names
}

/// What `aw_entry` answers a host of this version.
fn answer(library: &libloading::Library) -> *const Library {
    // SAFETY: `aw_entry` of these files is as worker.h says, whatever its answer is worth.
    unsafe { library.get::<Entry>(b"aw_entry").unwrap()(ABI_MAJOR, ABI_MINOR) }
}

#[test]
fn every_fault_is_a_small_file_that_says_what_it_is_and_loads() {
    for file in files("hostile").into_iter().chain(files("rogue")) {
        let text = std::fs::read_to_string(cc::repo("tests/workers").join(&file)).unwrap();
        let first = text.lines().next().unwrap();
        assert!(first.starts_with("/* ") && first.ends_with(". */"), "{file} begins with: {first}");
        assert!(text.lines().count() <= 30, "{file} is longer than 30 lines");
        let library = cc::library(&file);
        // SAFETY: only looked up.
        let has_entry = unsafe { library.get::<Entry>(b"aw_entry") }.is_ok();
        assert_eq!(has_entry, file != "hostile/no_entry.c", "{file}");
    }
}

#[test]
fn the_control_is_faultless_so_a_fault_is_the_only_reason_to_refuse() {
    let opened = cc::library("control.c");
    // SAFETY: control.c is complete.
    let (library, worker) = unsafe {
        let library = &*answer(&opened);
        (library, &**library.workers)
    };
    assert_eq!((library.abi_major, library.abi_minor, library.worker_count), (ABI_MAJOR, ABI_MINOR, 1));
    assert_eq!((library.size as usize, worker.size as usize), (size_of::<Library>(), size_of::<Worker>()));
    assert!(
        worker.create.is_some() && worker.prepare.is_some() && worker.process.is_some() && worker.destroy.is_some()
    );
}

#[test]
fn a_library_of_a_later_minor_version_reads_like_one_of_today() {
    let later = cc::library("future.c");
    // SAFETY: future.c is complete, and longer at its ends.
    let (library, worker) = unsafe {
        let library = &*answer(&later);
        (library, &**library.workers)
    };
    assert_eq!((library.abi_major, library.abi_minor, library.worker_count), (ABI_MAJOR, ABI_MINOR + 9, 1));
    assert!(library.size as usize > size_of::<Library>() && worker.size as usize > size_of::<Worker>());
    // SAFETY: its texts and lists are static and complete.
    unsafe {
        assert_eq!(CStr::from_ptr(worker.id), c"victim");
        assert_eq!(CStr::from_ptr((*worker.ports.add(1)).name), c"out");
        assert_eq!(CStr::from_ptr((*worker.params).name), c"gain");
    }
    // The bytes past those an older reader knows are all ones: no null function would be null if fields had slipped.
    assert!(library.heap.is_none() && worker.save.is_none() && worker.load.is_none() && worker.destroy.is_some());
}
