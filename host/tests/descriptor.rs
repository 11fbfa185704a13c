//! Whatever numbers and texts a library describes itself with, the host answers with its workers or with a sentence.
//! Pointers are good here; libraries with bad ones are tried in a process of their own (`aw check`).
#![allow(unsafe_code, clippy::unwrap_used)]
use aw_abi as abi;
use described::{Described, OldWorker, ParamParts, PortParts, PresetParts, Text, described, plain};
use proptest::prelude::*;

mod described;

/// A text as C has it: null, or bytes that end in a null byte.
fn text() -> impl Strategy<Value = Text> {
    let words = vec!["in", "out", "gain", "a", "b", "a.b", "b.a", "a.b.a", "preset", "worker", "Ä", "two words", ""];
    let plain = proptest::sample::select(words).prop_map(|word| word.as_bytes().to_vec());
    let bytes = proptest::collection::vec(1..=u8::MAX, 0..80);
    let some = prop_oneof![8 => plain, 2 => bytes, 1 => Just(vec![b'x'; 5000])];
    proptest::option::weighted(0.9, some).prop_map(|text| {
        text.map(|mut bytes| {
            bytes.push(0);
            bytes
        })
    })
}

fn number() -> impl Strategy<Value = f64> {
    let odd = vec![0.0, -1.0, 1.0, 0.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300];
    prop_oneof![proptest::sample::select(odd), any::<f64>()]
}

fn port() -> impl Strategy<Value = PortParts> {
    (text(), text(), 0..4u32, 0..8u32, 0..8u32)
}

fn param() -> impl Strategy<Value = ParamParts> {
    let choices = proptest::option::of(proptest::collection::vec(text(), 0..4));
    ([text(), text(), text(), text()], 0..9u32, 0..16u32, [number(), number(), number()], choices)
}

fn preset() -> impl Strategy<Value = PresetParts> {
    let values = proptest::collection::vec((text(), text()), 0..4);
    // A count that is too great for what is there would be a bad pointer, unless it is refused for its size.
    let claims = proptest::option::weighted(0.05, 1025..=u32::MAX);
    (text(), text(), values, claims, proptest::bool::weighted(0.05))
}

fn size() -> impl Strategy<Value = Option<u32>> {
    proptest::option::weighted(0.1, any::<u32>())
}

fn cases() -> ProptestConfig {
    ProptestConfig {
        cases: if cfg!(miri) { 40 } else { 20_000 },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]
    #[test]
    fn no_description_harms_the_host(
        id in text(),
        ports in proptest::collection::vec(port(), 0..5),
        params in proptest::collection::vec(param(), 0..5),
        presets in proptest::collection::vec(preset(), 0..3),
        sizes in [size(), size()],
        missing in prop_oneof![4 => Just(0u32), 1 => 0..64u32],
    ) {
        Described { id, ports, params, presets, sizes, missing }.harmless();
    }
}

#[test]
fn a_worker_of_version_1_0_is_as_good_as_ever() {
    let full = plain(size_of::<OldWorker>());
    // SAFETY: both are plain memory, and the old table is the beginning of the new.
    let old = Box::new(unsafe { (&raw const full).cast::<OldWorker>().read() });
    let library = described((&raw const *old).cast()).unwrap();
    assert_eq!((library.workers[0].id.as_str(), library.workers[0].presets.len()), ("plain", 0));
}

/// What ends in the middle of the fields of version 1.1 has none of them: half a pointer is none.
#[test]
fn a_table_that_ends_anywhere_is_read_no_further() {
    let preset = abi::Preset { name: c"one".as_ptr(), doc: c"".as_ptr(), values: std::ptr::null(), value_count: 0 };
    let (least, most) = (size_of::<OldWorker>(), size_of::<abi::Worker>());
    for size in [0, 4, least - 1, least, least + 4, most - 8, most - 1, most, most + 64] {
        let worker = abi::Worker { presets: &preset, preset_count: 1, ..plain(size) };
        match described(&worker) {
            Err(why) => {
                assert!(size < least && why.contains(&format!("has {size} bytes; {least} are needed")), "{why}")
            }
            Ok(library) => {
                assert!(size >= least, "{size} bytes are enough");
                assert_eq!(library.workers[0].presets.len(), usize::from(size >= most), "{size} bytes");
            }
        }
    }
}
