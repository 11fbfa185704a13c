//! The worker on both engines against the Python interpreter: `tests/make_tflite.py` made the models and the goldens.
//!
//! An engine that is not installed is not tested, which is said once for each test.
use super::file::File;
use super::{Tflite, classic, conformance, library, litert};
use crate::at_hand::{Folder, elsewhere, given, table};
use crate::tests::{audio, features};
use aw_sdk::{Format, Given, Kind, Result, Rig};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

type Goldens = HashMap<String, HashMap<String, Vec<f32>>>;

static GOLDENS: LazyLock<Goldens> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../tests/goldens_tflite.json")).unwrap());

pub fn golden(name: &str, stream: &str) -> &'static [f32] {
    &GOLDENS[name][stream]
}

pub fn path(name: &str) -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/NAME.tflite").replace("NAME", name)
}

/// An engine with and without XNNPACK.
pub type Setting = (&'static str, bool);

/// The engines that are installed here, with and without XNNPACK.
pub fn settings() -> Vec<Setting> {
    let mut settings = vec![];
    for (name, there) in [("tflite", classic::RUNTIME.installed()), ("litert", litert::RUNTIME.installed())] {
        match there {
            Some(_) => settings.extend([(name, true), (name, false)]),
            None => eprintln!("not tested: the engine {name}, which `aw install {name}` brings"),
        }
    }
    settings
}

/// The worker with a model.
pub fn rig(
    (engine, xnnpack): Setting,
    model: &str,
    more: &[(&'static str, Given)],
    inputs: &[(&str, Format)],
    outputs: &[&str],
) -> Result<Rig> {
    let model = if model.contains('/') { model.into() } else { path(model) };
    let mut params =
        vec![("model", model.as_str().into()), ("engine", engine.into()), ("xnnpack", Given::Num(f64::from(xnnpack)))];
    params.extend(more.iter().cloned());
    Rig::new::<Tflite>(&params, inputs, outputs)
}

/// The worst difference.
#[track_caller]
pub fn worst(got: &[f32], want: &[f32]) -> f32 {
    assert_eq!(got.len(), want.len());
    got.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[track_caller]
fn assert_close(setting: Setting, got: &[f32], want: &[f32], most: f32) {
    let worst = worst(got, want);
    assert!(worst <= most, "{setting:?}: worst difference {worst}: {got:?} should be {want:?}");
}

#[test]
fn a_mask_model_gives_a_mask_for_every_frame() {
    for setting in settings() {
        let mut rig = rig(setting, "dense", &[], &[("in", features(5))], &["out"]).unwrap();
        assert_eq!(rig.output(0).format, features(5));
        assert_close(setting, &rig.run(&[&[golden("dense", "x")]])[0][0], golden("dense", "y"), 1e-6);
    }
}

#[test]
fn whole_numbers_go_in_and_come_out_as_frames() {
    // XNNPACK multiplies with rounded factors, and so do the kernels for 16 bits that came after TensorFlow Lite 2.17: both
    // may be a step away.
    let (fine, coarse) = (3.0 / 32767.0, 3.0 / 127.0);
    for (name, step, exact) in
        [("dense_int8", coarse, true), ("dense_uint8", coarse, true), ("dense_int16", fine, false)]
    {
        for setting in settings() {
            let mut rig = rig(setting, name, &[], &[("in", features(5))], &["out"]).unwrap();
            let most = if exact && !setting.1 { 1e-6 } else { 1.01 * step };
            assert_close(setting, &rig.run(&[&[golden(name, "x")]])[0][0], golden(name, "y"), most);
        }
    }
}

#[test]
fn weights_of_8_bits_need_nothing_said() {
    for setting in settings() {
        let mut rig = rig(setting, "dense_dynamic", &[], &[("in", features(5))], &["out"]).unwrap();
        // What goes in is quantised by each engine in its own way.
        let most = if setting.1 { 0.02 } else { 1e-6 };
        assert_close(setting, &rig.run(&[&[golden("dense_dynamic", "x")]])[0][0], golden("dense_dynamic", "y"), most);
    }
}

fn accumulate() -> [(&'static str, Given); 1] {
    [("state", table(&[("h", "h_next"), ("n", "n_next")]))]
}

#[test]
fn state_goes_back_into_the_model_until_reset() {
    for setting in settings() {
        let outputs = ["y", "n_next"];
        let mut rig = rig(setting, "accumulate", &accumulate(), &[("in", features(1))], &outputs).unwrap();
        for _ in 0..2 {
            let out = rig.run(&[&[golden("accumulate", "x")]]);
            assert_close(setting, &out[0][0], golden("accumulate", "y"), 1e-5);
            assert_eq!(out[1][0][..3], [1.0, 2.0, 3.0], "whole numbers are counted as such");
            rig.reset();
        }
    }
}

#[test]
fn a_state_may_leave_with_another_scale_than_it_comes_in_with() {
    for setting in settings() {
        let params = [("state", table(&[("h", "y")])), ("out", table(&[("y", "y")]))];
        let mut rig = rig(setting, "requantized", &params, &[("x", features(4))], &["y"]).unwrap();
        let (x, want) = (golden("requantized", "x"), golden("requantized", "y"));
        let y = &rig.run(&[&[x]])[0][0];
        if !setting.1 {
            assert_close(setting, y, want, 1e-6);
        }
        // A step of XNNPACK's would stay in the sum: every run is looked at alone.
        for at in 4..y.len() {
            assert!((y[at] - x[at] - y[at - 4]).abs() < 0.06, "{setting:?}: {} at {at}", y[at]);
        }
    }
}

#[test]
fn a_reloaded_model_goes_on_where_it_was() {
    for setting in settings() {
        let make = || rig(setting, "accumulate", &accumulate(), &[("in", features(1))], &["y"]).unwrap();
        let (mut old, mut new) = (make(), make());
        old.run(&[&[&[0.5, -1.0]]]);
        new.load(&old.save().unwrap()).unwrap();
        assert_eq!(old.run(&[&[&[0.25]]]), new.run(&[&[&[0.25]]]));
        assert_ne!(old.run(&[&[&[0.25]]]), make().run(&[&[&[0.25]]]));
    }
}

#[test]
fn variables_that_an_engine_keeps_are_not_half_saved_and_the_plan_says_so() {
    for setting in settings() {
        let make = || rig(setting, "variable", &[], &[("in", features(3))], &["out"]).unwrap();
        let mut old = make();
        old.run(&[&[&[1.0, 2.0, 3.0]]]);
        let saved = old.save().unwrap();
        assert!(saved.is_empty(), "{setting:?}");
        let note = "keeps its past in variables that the engine does not hand out: a reload begins it anew";
        assert_eq!(old.said()[1..], [note], "behind what runs it");
        old.load(&saved).unwrap();
        assert_eq!(old.run(&[&[&[1.0, 0.0, 0.0]]])[0][0], [1.0, 0.0, 0.0], "{setting:?}");
    }
}

#[test]
fn variables_inside_a_model_are_cleared_by_reset_and_kept_apart_by_channels() {
    let x = golden("variable", "x");
    for setting in settings() {
        let stereo = Format { channels: 2, ..features(3) };
        let mut rig = rig(setting, "variable", &[], &[("in", stereo)], &["out"]).unwrap();
        let louder: Vec<f32> = x.iter().map(|x| 2.0 * x).collect();
        for _ in 0..2 {
            let out = rig.run(&[&[x, &louder]]);
            assert_close(setting, &out[0][0], golden("variable", "y"), 1e-5);
            let twice: Vec<f32> = golden("variable", "y").iter().map(|y| 2.0 * y).collect();
            assert_close(setting, &out[0][1], &twice, 1e-5);
            rig.reset();
        }
    }
}

#[test]
fn an_open_extent_follows_from_the_frames() {
    for setting in settings() {
        for n in ["1", "7"] {
            let params = [("frames", table(&[("x", n)])), ("kind", table(&[("y", "audio")]))];
            let mut rig = rig(setting, "open", &params, &[("in", audio())], &["out"]).unwrap();
            assert_eq!(rig.output(0).format, audio());
            let x: Vec<f32> = (0..14).map(|n| n as f32).collect();
            let want: Vec<f32> = x.iter().map(|x| 2.0 * x + 1.0).collect();
            assert_eq!(rig.run(&[&[&x]])[0][0], want, "{setting:?}");
        }
    }
}

#[test]
fn more_frames_than_there_is_memory_for_are_refused_by_name() {
    for setting in settings() {
        let params = [("frames", table(&[("x", "4000000000")]))];
        let said = rig(setting, "open", &params, &[("in", features(1 << 31))], &["out"]).err().expect("a refusal").0;
        assert_eq!(said, "`x` is 4000000000×2147483648, more than 268435456 values");
        let params = [("shape", table(&[("x", "[1, 999999999]")]))];
        let said = rig(setting, "open", &params, &[("in", audio())], &["out"]).err().expect("a refusal").0;
        assert_eq!(said, "`x` is 1×999999999, more than 268435456 values");
    }
}

#[test]
fn tensors_have_the_names_of_the_signature() {
    for setting in settings() {
        let outputs = ["difference", "sum"];
        let mut rig = rig(setting, "named", &[], &[("a", features(3)), ("b", features(3))], &outputs).unwrap();
        let out = rig.run(&[&[&[5.0, 6.0, 7.0]], &[&[1.0, 1.0, 2.0]]]);
        assert_eq!((&out[0][0][..], &out[1][0][..]), (&[4.0, 5.0, 5.0][..], &[6.0, 7.0, 9.0][..]), "{setting:?}");
    }
}

#[test]
fn every_type_of_values_crosses() {
    let names = ["i64", "i32", "i16", "u8", "bool", "f16"];
    for setting in settings() {
        let inputs = names.map(|name| (name, features(4)));
        let outputs = names.map(|name| format!("{name}_out"));
        let mut rig = rig(setting, "kinds", &[], &inputs, &outputs.each_ref().map(String::as_str)).unwrap();
        let x: [&[&[f32]]; 6] = [&[&[0.0, 1.0, -2.4, 300.0]]; 6];
        let out = rig.run(&x);
        for (at, want) in [[0.0, 1.0, -2.0, 300.0]; 3].into_iter().enumerate() {
            assert_eq!(out[at][0], want, "{setting:?} {}", names[at]);
        }
        assert_eq!(out[3][0], [0.0, 1.0, 0.0, 255.0], "{setting:?}");
        assert_eq!(out[4][0], [0.0, 1.0, 1.0, 1.0], "{setting:?}");
        assert_eq!(out[5][0], [0.0, 1.0, -2.4003906, 300.0], "{setting:?}");
    }
}

#[test]
fn constants_fill_inputs_as_the_model_holds_them() {
    for setting in settings() {
        let params = [("const", table(&[("h", "[0.5, -0.5, 0.1, 1.0]")]))];
        let mut rig = rig(setting, "requantized", &params, &[("x", features(4))], &["y"]).unwrap();
        let out = rig.run(&[&[&[0.0; 8]]]);
        assert_close(setting, &out[0][0][..4], &[0.48, -0.48, 0.12, 1.0], 0.041);
        assert_eq!(out[0][0][..4], out[0][0][4..]);
    }
}

#[test]
fn an_operator_that_the_engine_lacks_is_named() {
    for setting in settings() {
        let said = rig(setting, "custom_operator", &[], &[("x", features(4))], &["y"]).err().expect("a refusal").0;
        let engine = if setting.0 == "tflite" { "TensorFlow Lite" } else { "LiteRT" };
        assert!(said.starts_with(&format!("the engine {engine}")), "{said}");
        assert!(said.ends_with("has no operator `Sorcery`, which this model uses"), "{said}");
    }
}

#[test]
fn a_state_of_another_shape_is_refused() {
    for setting in settings() {
        let params = [("state", table(&[("h", "y")])), ("out", table(&[("y", "y")]))];
        let said = rig(setting, "uneven", &params, &[("x", features(2))], &["y"]).err().expect("a refusal").0;
        assert!(said.starts_with("the state `h` is 1×2, but `y` that goes back into it is 1×4"), "{said}");
    }
}

#[test]
fn a_state_whose_size_changes_while_it_runs_is_named() {
    let file = File::open(&path("swelling")).unwrap();
    let inputs = conformance::inputs(&file);
    for engine in ["tflite", "tflite-plain", "litert"] {
        let Some(session) = conformance::session(engine, &file, &inputs) else { continue };
        if engine == "litert" {
            let said = session.err().expect("a refusal").0;
            let way =
                "`y` may be of a shape that only a run tells, which LiteRT does not take: `engine = \"tflite\"` does";
            assert!(said.starts_with("the engine LiteRT failed: ") && said.ends_with(way), "{said}");
            continue;
        }
        let mut session = session.unwrap();
        session.run(0).unwrap();
        session.input(0).copy_from_slice(&[0.0, 1.0]);
        let said = session.run(0).expect_err("a refusal").0;
        let way = "was 1×1 in the first run and is 1×2 now: a state keeps its size";
        assert_eq!(said, format!("`y`, which goes back into `h`, {way}"));
        let said = session.output(1).expect_err("a refusal").0;
        assert_eq!(said, "`y` was 1×1 in the first run and is 1×2 now: frames are of one size");
    }
}

#[test]
fn what_a_model_remembers_may_come_out_in_a_shape_that_only_a_run_tells() {
    for setting in settings().into_iter().filter(|(engine, _)| *engine == "tflite") {
        let mut rig = rig(setting, "told_shape", &[], &[("in", features(3))], &["out"]).unwrap();
        for _ in 0..2 {
            let out = rig.run(&[&[golden("variable", "x")]]);
            assert_close(setting, &out[0][0], golden("variable", "y"), 1e-5);
            rig.reset();
        }
    }
}

#[test]
fn what_runs_is_said_once_and_why() {
    for (engine, start) in [("tflite", "runs on TensorFlow Lite 2."), ("litert", "runs on LiteRT with XNNPACK")] {
        if !settings().contains(&(engine, true)) {
            continue;
        }
        let rig = rig((engine, true), "dense", &[], &[("in", features(5))], &["out"]).unwrap();
        let notes = rig.said();
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].starts_with(start) && notes[0].contains("installed in "), "{notes:?}");
    }
}

#[test]
fn a_library_that_is_none_is_refused() {
    let refusal = |params: &[(&'static str, Given)]| {
        rig(("tflite", true), "dense", params, &[("in", features(5))], &["out"]).err().expect("a refusal").0
    };
    assert_eq!(refusal(&[("runtime", "/no/such/file.so".into())]), "`runtime`: there is no file /no/such/file.so");
    let said = refusal(&[("runtime", path("dense").as_str().into())]);
    assert!(said.contains("dense.tflite is no TensorFlow Lite that works here: "), "{said}");
    // Another library than the one that is wanted lacks the functions.
    if let Some(other) = litert::RUNTIME.installed() {
        let said = refusal(&[("runtime", other.to_str().unwrap().into())]);
        assert!(said.contains("is no TensorFlow Lite that works here: ") && said.contains("TfLiteVersion"), "{said}");
    }
}

/// A library that is the one installed, but for what this C code has of its own.
fn built(folder: &Folder, name: &str, code: &str, real: &Path) -> PathBuf {
    let (source, library) = (folder.file("own.c", code.as_bytes()), folder.0.join(name));
    let place = format!("-Wl,--no-as-needed,-rpath,{}", real.parent().unwrap().display());
    let command = ["-shared", "-fPIC", &place, "-o"];
    assert!(Command::new("cc").args(command).arg(&library).arg(&source).arg(real).status().unwrap().success());
    library
}

#[test]
#[cfg(unix)]
fn where_tensorflow_lite_does_not_load_litert_runs_and_says_why() {
    let Some(real) = litert::RUNTIME.installed() else { return };
    let folder = Folder::new("broken-tflite");
    let engine = |runtime: &library::Runtime| {
        let engine = folder.0.join("engines").join(runtime.name);
        std::fs::create_dir_all(&engine).unwrap();
        engine.join(runtime.file())
    };
    let broken = engine(&classic::RUNTIME);
    std::fs::write(&broken, "half a download").unwrap();
    std::os::unix::fs::symlink(&real, engine(&litert::RUNTIME)).unwrap();
    let name = "tflite::tests::where_tensorflow_lite_does_not_load_litert_runs_and_says_why";
    if elsewhere(name, Some(&folder.0)) {
        return;
    }
    let said = rig(("auto", true), "dense", &[], &[("in", features(5))], &["out"]).unwrap().said().join("\n");
    assert!(said.starts_with("runs on LiteRT with XNNPACK, installed in "), "{said}");
    assert!(said.contains("libtensorflowlite_c.so is no TensorFlow Lite that works here: "), "{said}");
}

#[test]
#[cfg(target_os = "linux")]
fn xnnpack_of_an_old_library_is_left_alone_and_said_so() {
    let Some(real) = classic::RUNTIME.installed() else { return };
    let folder = Folder::new("old-tflite");
    let code = "#include <stdlib.h>
        const char *TfLiteVersion(void) { return \"2.12.1\"; }
        void TfLiteXNNPackDelegateOptionsDefault(void) { abort(); }";
    let old = built(&folder, "libtensorflowlite_c.so", code, &real);
    let mut rig = rig(("auto", true), "dense", &[("runtime", given(&old))], &[("in", features(5))], &["out"]).unwrap();
    let said = rig.said().join("\n");
    let why = "runs on TensorFlow Lite 2.12.1 without XNNPACK, which is used from version 2.13 on, from ";
    assert!(said.starts_with(why), "{said}");
    assert!(worst(&rig.run(&[&[golden("dense", "x")]])[0][0], golden("dense", "y")) < 1e-6);
}

#[test]
fn shapes_that_do_not_fit_are_told_as_for_every_engine() {
    for setting in settings() {
        let said = rig(setting, "dense", &[], &[("x", features(3))], &["out"]).err().expect("a refusal").0;
        assert_eq!(said, "`x` is 1×1×5, but `x` brings 3 values: is `size = 8` meant?");
        let spectrum = Format::audio(1, 100).carrying(Kind::SPECTRUM, 5);
        let said = rig(setting, "dense", &[], &[("in", spectrum)], &["out"]).err().expect("a refusal").0;
        assert!(said.contains("put a `magnitude` node between them"), "{said}");
    }
}
