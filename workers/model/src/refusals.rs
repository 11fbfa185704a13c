//! What the worker says to a graph it cannot run.
use crate::at_hand::{model, on_every_engine, table};
use crate::tests::{audio, features};
use aw_sdk::{Format, Given, Kind};

#[test]
fn a_misspelt_tensor_is_answered_with_those_there_are() {
    on_every_engine(|engine| {
        let said = engine.refusal("accumulate", &[("out", &[("mask", "h_nxt")])], &[("in", features(1))], &["mask"]);
        assert_eq!(said, "model has no output `h_nxt`; it has y (1), h_next (1×3), n_next (1); did you mean `h_next`?");
        let said = engine.refusal("mask", &[], &[("level", features(5))], &["out"]);
        assert_eq!(said, "model has no input `level`; it has x (1×1×5)");
        let said = engine.refusal("mask", &[], &[("in", features(5))], &["mask"]);
        assert_eq!(said, "model has no output `mask`; it has y (1×1×5)");
        for word in ["state", "const", "context", "stack", "shape", "frames"] {
            let said = engine.refusal("gru", &[(word, &[("hh", "h_next")])], &[("x", features(4))], &["out"]);
            assert!(said.starts_with("model has no input `hh`; it has x (1×1×4), h (1×1×3)"), "{said}");
        }
    });
}

#[test]
fn an_input_that_nothing_fills_is_named_with_a_way_to_fill_it() {
    on_every_engine(|engine| {
        let said = engine.refusal("gru", &[], &[("x", features(4))], &["y"]);
        let way = "bind it with `in`, `state` or `const`, perhaps `state = { h = \"y\" }`";
        assert_eq!(said, format!("nothing fills h (1×1×3): {way}"));
        let said = engine.refusal("accumulate", &[("state", &[("n", "n_next")])], &[("x", features(1))], &["y"]);
        assert!(said.ends_with("perhaps `state = { h = \"h_next\" }`"), "{said}");
        let said = engine.refusal("gru", &[("state", &[("h", "h_next")])], &[], &["y"]);
        assert_eq!(said, "nothing fills x (1×1×4): bind it with `in`, `state` or `const`");
        let said = engine.refusal("gru", &[("state", &[("h", "h_next")]), ("const", &[("x", "0")])], &[], &["y"]);
        assert_eq!(said, "nothing is connected: no frames go into the model");
    });
}

#[test]
fn a_bare_in_or_out_must_leave_no_choice() {
    on_every_engine(|engine| {
        let said = engine.refusal("gru", &[], &[("in", features(4))], &["y"]);
        assert_eq!(said, "`in` could go into any of x (1×1×4), h (1×1×3): say which, as in `in = { x = \"..\" }`");
        let said = engine.refusal(
            "accumulate",
            &[("state", &[("h", "h_next"), ("n", "n_next")])],
            &[("in", features(1)), ("x", features(1))],
            &["y"],
        );
        assert_eq!(said, "`in` and `x` both go into the input `x`");
        let said = engine.refusal("gru", &[("const", &[("h", "0")])], &[("in", features(4))], &["out"]);
        assert_eq!(said, "`out` could be any of y (1×1×3), h_next (1×1×3): say which, as in `out = { y = \"y\" }`");
    });
}

#[test]
fn frames_that_do_not_fit_are_told_what_was_meant() {
    on_every_engine(|engine| {
        let said = engine.refusal("mask", &[], &[("x", features(3))], &["out"]);
        assert_eq!(said, "`x` is 1×1×5, but `x` brings 3 values: is `size = 8` meant?");
        let said = engine.refusal("mask", &[], &[("in", features(7))], &["out"]);
        assert_eq!(said, "`x` is 1×1×5, but `in` brings 7 values: they do not fit");
        let said = engine.refusal("mask", &[], &[("in", features(5).carrying(Kind::SPECTRUM, 5))], &["out"]);
        assert_eq!(said, "`x` is 1×1×5, but `in` brings 5 complex bins: put a `magnitude` node between them");
        let said = engine.refusal("words", &[], &[("in", features(4))], &["out"]);
        let way = "say `stack = { features = 6 }` for the newest 6 frames, or `frames` for 6 new ones a run";
        assert_eq!(said, format!("`features` is 1×6×4, but `in` brings 4 values: {way}"));
        let said = engine.refusal("words", &[], &[("in", features(12).carrying(Kind::SPECTRUM, 12))], &["out"]);
        assert!(
            said.contains("an axis of 2 must hold the real and the imaginary part, as in 1×12×2 or 1×2×12"),
            "{said}"
        );
        let said = engine.refusal("words", &[], &[("in", audio())], &["out"]);
        assert!(
            said.starts_with("features (1×6×4) has more than one extent, but audio is one line of samples"),
            "{said}"
        );
        let said = engine.refusal("mask", &[("context", &[("x", "5")])], &[("in", audio())], &["out"]);
        assert_eq!(said, "x (1×1×5) holds 5 samples, so `context.x = 5` leaves none new");
        let said = engine.refusal(
            "mask",
            &[("context", &[("x", "2")]), ("frames", &[("x", "4")])],
            &[("in", audio())],
            &["out"],
        );
        assert_eq!(said, "`x` is 1×1×5, but a run holds 6 samples, 2 of them `context`: change `frames` or `context`");
        let said = engine.refusal("mask", &[("shape", &[("x", "[1, 1, 9]")])], &[("in", features(9))], &["out"]);
        assert_eq!(said, "the model has x (1×1×5), and `shape.x = 1×1×9` does not agree");
        let said = engine.refusal("fir", &[], &[("in", audio())], &["out"]);
        assert_eq!(
            said,
            "x (?×1×?) takes any number of samples: say how many are new in a run, as in `frames = { x = 512 }`"
        );
    });
}

#[test]
fn states_and_constants_must_fit_too() {
    on_every_engine(|engine| {
        let said =
            engine.refusal("accumulate", &[("state", &[("h", "y"), ("n", "n_next")])], &[("x", features(1))], &["y"]);
        assert!(said.starts_with("the state `h` is 1×3, but `y` that goes back into it is 1"), "{said}");
        let said = engine.refusal("gru", &[("const", &[("h", "[1, 2]")])], &[("x", features(4))], &["y"]);
        assert_eq!(said, "`h` is 1×1×3, but `const.h` has 2 values");
        let said = engine.refusal("gru", &[("const", &[("h", "many")])], &[("x", features(4))], &["y"]);
        assert_eq!(said, "`const.h` is `many`: a number or a list of numbers is wanted");
        let said = engine.refusal(
            "gru",
            &[("const", &[("h", "0")]), ("state", &[("h", "h_next")])],
            &[("x", features(4))],
            &["y"],
        );
        assert_eq!(said, "`h` is in `state` and in `const`: only one of them can fill it");
        let said = engine.refusal(
            "gru",
            &[("state", &[("h", "h_next")]), ("stack", &[("h", "2")])],
            &[("x", features(4))],
            &["y"],
        );
        assert_eq!(said, "`stack.h` counts frames, but `h` is in `state`: no frames go in");
        let said =
            engine.refusal("gru", &[("state", &[("h", "h_next")])], &[("x", features(4)), ("h", features(3))], &["y"]);
        assert_eq!(said, "`h` is in `in` and in `state`: only one of them can fill it");
    });
}

#[test]
fn ports_of_different_pace_or_channels_cannot_meet() {
    on_every_engine(|engine| {
        let slow = Format::audio(1, 50).carrying(Kind::FEATURES, 3);
        let said = engine.refusal("gru", &[], &[("x", features(4)), ("h", slow)], &["y"]);
        assert!(said.contains("`x` brings enough for 100 runs a second and `h` for 50"), "{said}");
        let stereo = Format { channels: 2, ..features(3) };
        let said = engine.refusal("gru", &[], &[("x", features(4)), ("h", stereo)], &["y"]);
        assert_eq!(
            said,
            "channels: 1 at `x`, 2 at `h`; the model runs once for each channel, so all inputs need as many"
        );
    });
}

#[test]
fn an_output_must_fit_what_it_is_said_to_carry() {
    on_every_engine(|engine| {
        let said = engine.refusal("mask", &[("kind", &[("y", "spectrum")])], &[("x", features(5))], &["out"]);
        assert!(
            said.starts_with("`y` is 1×1×5, which does not divide into 1 frames of a spectrum with an axis of 2"),
            "{said}"
        );
        let said = engine.refusal("mask", &[("frames", &[("y", "3")])], &[("x", features(5))], &["out"]);
        assert_eq!(said, "`y` is 1×1×5, which does not divide into 3 frames of features");
        let said = engine.refusal("mask", &[("kind", &[("y", "sound")])], &[("x", features(5))], &["out"]);
        assert_eq!(said, "`kind.y` is `sound`: an output carries audio, spectrum, features or tensor");
    });
}

#[test]
fn an_operator_that_the_engine_lacks_is_named() {
    on_every_engine(|engine| {
        let said = engine.refusal("unknown_operator", &[], &[("x", features(4))], &["y"]);
        assert_eq!(said, format!("the engine {} has no operator `Sorcery`, which this model uses", engine.title));
    });
}

#[test]
fn a_file_that_is_no_model_is_refused_whatever_is_in_it() {
    on_every_engine(|engine| {
        let said = engine.refusal("no_such_model", &[], &[("x", features(4))], &["y"]);
        assert!(said.starts_with("cannot read the model ") && said.contains("no_such_model.onnx"), "{said}");
        let folder = std::env::temp_dir().join(format!("aw-model-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("model.onnx");
        let open = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            let params = [("model", path.to_str().unwrap().into()), ("state", table(&[("h", "h_next")]))];
            engine.rig(&params, &[("x", features(4))], &["y"]).err().map(|e| e.0)
        };
        let said = |bytes: &[u8]| open(bytes).expect("a refusal");
        assert!(said(b"this is a shopping list, no model").ends_with("is no ONNX model (33 bytes)"));
        assert!(said(b"").ends_with("is no ONNX model (0 bytes)"));
        assert!(said(b"\x1c\0\0\0TFL3\0\0\0\0").ends_with("is a TensorFlow Lite model, not an ONNX one"));
        assert!(said(b"version https://git-lfs.github.com/spec/v1\noid sha256:1").contains("git lfs pull"));
        let Given::Text(gru) = model("gru") else { panic!("a path") };
        let whole = std::fs::read(gru).unwrap();
        assert_eq!(open(&whole), None);
        for cut in 0..whole.len() - 16 {
            let said = said(&whole[..cut]);
            assert!(!said.contains("panicked") || said.contains("the engine tract"), "{cut}: {said}");
        }
        assert!(
            said(&whole[..whole.len() / 2]).contains("is damaged or cut short (32"),
            "{}",
            said(&whole[..whole.len() / 2])
        );
        std::fs::remove_dir_all(&folder).unwrap();
    });
}
