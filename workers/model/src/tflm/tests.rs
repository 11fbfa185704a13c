//! The worker against the Python interpreter of LiteRT, and what it says about its arena.
use super::{RUNTIME, Tflm};
use crate::at_hand::table;
use crate::tests::features;
use crate::tflite::tests::{golden, path, worst};
use aw_sdk::{Format, Given, Result, Rig, abi};

/// Whether the engine is installed here.
fn installed() -> bool {
    let there = super::HERE && RUNTIME.installed().is_some();
    if !there {
        eprintln!("not tested: the engine tflm, which `aw install tflm` brings");
    }
    there
}

fn rig(model: &str, more: &[(&'static str, Given)], inputs: &[(&str, Format)], outputs: &[&str]) -> Result<Rig> {
    let mut params = vec![("model", path(model).as_str().into())];
    params.extend(more.iter().cloned());
    Rig::new::<Tflm>(&params, inputs, outputs)
}

#[test]
fn float_and_whole_numbers_are_those_of_the_reference_kernels() {
    if !installed() {
        return;
    }
    // Kernels for 16 bits round in another place than those of LiteRT: a step.
    for (name, most) in [("dense", 1e-6), ("dense_int8", 1e-6), ("dense_int16", 1.01 * 3.0 / 32767.0)] {
        let mut rig = rig(name, &[], &[("in", features(5))], &["out"]).unwrap();
        assert!(worst(&rig.run(&[&[golden(name, "x")]])[0][0], golden(name, "y")) < most, "{name}");
    }
}

#[test]
fn states_go_around_and_variables_stay_inside() {
    if !installed() {
        return;
    }
    let params = [("state", table(&[("h", "y")])), ("out", table(&[("y", "y")]))];
    let mut requantized = rig("requantized", &params, &[("x", features(4))], &["y"]).unwrap();
    let stereo = Format { channels: 2, ..features(3) };
    let mut variable = rig("variable", &[], &[("in", stereo)], &["out"]).unwrap();
    let x = golden("variable", "x");
    let silence = vec![0.0; x.len()];
    for _ in 0..2 {
        let out = requantized.run(&[&[golden("requantized", "x")]]);
        assert!(worst(&out[0][0], golden("requantized", "y")) < 1e-6);
        let out = variable.run(&[&[x, &silence]]);
        assert!(worst(&out[0][0], golden("variable", "y")) < 1e-5, "reset clears what the model keeps to itself");
        assert_eq!(out[0][1], silence, "channels keep it apart");
        requantized.reset();
        variable.reset();
    }
}

#[test]
fn a_reloaded_model_goes_on_with_its_variables() {
    if !installed() {
        return;
    }
    let stereo = Format { channels: 2, ..features(3) };
    let make = || rig("variable", &[], &[("in", stereo)], &["out"]).unwrap();
    let (mut old, mut new) = (make(), make());
    old.run(&[&[&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]]]);
    new.run(&[&[&[9.0; 3], &[9.0; 3]]]);
    new.load(&old.save().unwrap()).unwrap();
    let out = new.run(&[&[&[0.5; 3], &[0.5; 3]]]);
    assert_eq!((&out[0][0][..], &out[0][1][..]), (&[1.5, 2.5, 3.5][..], &[4.5, 5.5, 6.5][..]));
    // The past of another model, or of another size, leaves none.
    let mut other = rig(
        "requantized",
        &[("state", table(&[("h", "y")])), ("out", table(&[("y", "y")]))],
        &[("x", features(4))],
        &["y"],
    )
    .unwrap();
    assert!(new.load(&other.save().unwrap()).is_err());
    let roomy = [("arena_kib", 64.0.into())];
    assert!(new.load(&rig("variable", &roomy, &[("in", stereo)], &["out"]).unwrap().save().unwrap()).is_err());
    assert_eq!(new.run(&[&[&[0.5; 3], &[0.5; 3]]])[0][0], [0.5; 3]);
}

#[test]
fn a_reloaded_wake_word_goes_on_in_the_middle_of_a_word() {
    let file = crate::at_hand::home().map(|home| home.join("models/micro-wake-words/okay_nabu.tflite"));
    let Some(file) = file.filter(|file| installed() && file.is_file()) else { return };
    let params = [("frames", table(&[("input_audio", "3")]))];
    let given = [&[("model", crate::at_hand::given(&file))], &params[..]].concat();
    let make = || Rig::new::<Tflm>(&given, &[("in", features(40))], &["out"]).unwrap();
    let (mut old, mut new) = (make(), make());
    let mut seed = 1u32;
    let mut noise = |runs: usize| -> Vec<f32> {
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 24) as f32 * 26.0
        };
        (0..runs * 120).map(|_| next()).collect()
    };
    old.run(&[&[&noise(40)]]);
    new.load(&old.save().unwrap()).unwrap();
    let (rest, mut fresh) = (noise(5), make());
    let [on, same, another] = [&mut old, &mut new, &mut fresh].map(|rig| (rig.run(&[&[&rest]]), rig.save().unwrap()));
    assert_eq!(on, same);
    assert_ne!(on.1, another.1);
}

#[test]
fn a_small_arena_is_refused_with_the_size_that_works() {
    if !installed() {
        return;
    }
    let try_it = |kib: f64| rig("dense", &[("arena_kib", kib.into())], &[("in", features(5))], &["out"]);
    let said = try_it(1.0).err().expect("a refusal").0;
    let (_, way) = said.split_once("write `arena_kib = ").unwrap();
    let kib: f64 = way.split_once('`').unwrap().0.parse().unwrap();
    assert!(said.contains(&format!("dense.tflite needs {kib} KiB: ")), "{said}");
    assert!(try_it(kib - 1.0).is_err());
    let mut rig = try_it(kib).unwrap();
    assert!(worst(&rig.run(&[&[golden("dense", "x")]])[0][0], golden("dense", "y")) < 1e-6);
    let notes = rig.said();
    assert!(notes[0].starts_with("runs on TensorFlow Lite Micro 0.dev") && notes[0].contains("uses "), "{notes:?}");
    assert!(notes[0].ends_with(&format!(" of {kib} KiB")), "{notes:?}");
}

#[test]
fn an_operator_that_does_not_look_for_its_memory_gets_enough() {
    if !installed() {
        return;
    }
    // In an arena as large as what is in use in the end, the slice of this model crashes the library.
    let params = [("frames", table(&[("x", "1")])), ("out", table(&[("y", "y")]))];
    let mut rig = rig("sliced", &params, &[("x", features(6))], &["y"]).unwrap();
    let out = rig.run(&[&[&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]]]);
    assert_eq!(out[0][0], [1.0, 3.0, 5.0]);
}

#[test]
fn what_the_engine_lacks_is_named() {
    if !installed() {
        return;
    }
    let refusal = |name: &str| rig(name, &[], &[("x", features(4))], &["y"]).err().expect("a refusal").0;
    let said = refusal("custom_operator");
    assert_eq!(said, "the engine TensorFlow Lite Micro has no operator `Sorcery`, which this model uses");
    let said = rig("dense_dynamic", &[], &[("x", features(5))], &["y"]).err().expect("a refusal").0;
    assert!(
        said.starts_with("the engine TensorFlow Lite Micro cannot run ")
            && said.contains("filter type: INT8 not supported"),
        "{said}"
    );
    let said = rig("open", &[("frames", table(&[("x", "7")]))], &[("x", features(1))], &["y"]).err().unwrap().0;
    assert!(said.starts_with("`x` would be 1×7, but TensorFlow Lite Micro keeps the 1×1 of the file"), "{said}");
}

#[test]
fn another_library_than_the_known_one_is_not_opened() {
    if !installed() {
        return;
    }
    let other = path("dense");
    let said = rig("dense", &[("runtime", other.as_str().into())], &[("x", features(5))], &["y"]).err().unwrap().0;
    assert!(said.contains("is not the library that is known here, that of tflite-micro "), "{said}");
}

#[test]
fn a_run_does_not_touch_the_heap() {
    if !installed() {
        return;
    }
    let in_render = || {
        let mut heap = abi::Heap { bytes: 0, peak: 0, in_render: 0 };
        // SAFETY: `heap` is a place for the answer.
        unsafe { aw_sdk::heap::report(&mut heap) };
        heap.in_render
    };
    let mut rig = rig("variable", &[], &[("in", features(3))], &["out"]).unwrap();
    let before = in_render();
    rig.run(&[&[golden("variable", "x")]]);
    rig.reset();
    assert_eq!(in_render(), before);
}
