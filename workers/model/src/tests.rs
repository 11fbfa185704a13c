//! The worker against ONNX Runtime: `tests/make_models.py` made the models and the goldens.
use crate::at_hand::{model, on_every_engine, table};
use crate::onnx::Onnx;
use aw_sdk::{Format, Given, Kind};
use std::collections::HashMap;
use std::sync::LazyLock;

type Goldens = HashMap<String, HashMap<String, Vec<f32>>>;

static GOLDENS: LazyLock<Goldens> =
    LazyLock::new(|| serde_json::from_str(include_str!("../tests/goldens.json")).unwrap());

fn golden(name: &str, stream: &str) -> &'static [f32] {
    &GOLDENS[name][stream]
}

pub fn audio() -> Format {
    Format::audio(1, 16000)
}

pub fn features(cells: u32) -> Format {
    Format::audio(1, 100).carrying(Kind::FEATURES, cells)
}

#[track_caller]
fn assert_close(got: &[f32], want: &[f32]) {
    assert_eq!(got.len(), want.len());
    let worst = got.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-5, "worst difference {worst}: {got:?} should be {want:?}");
}

fn accumulate() -> Vec<(&'static str, Given)> {
    vec![("model", model("accumulate")), ("state", table(&[("h", "h_next"), ("n", "n_next")]))]
}

#[test]
fn a_mask_model_gives_a_mask_for_every_frame() {
    on_every_engine(|engine| {
        let mut rig = engine.rig(&[("model", model("mask"))], &[("in", features(5))], &["out"]).unwrap();
        assert_eq!((rig.input(0).frames, rig.output(0).frames, rig.output(0).latency), (1, 1, 0));
        assert_eq!(rig.output(0).format, features(5));
        let out = rig.run(&[&[golden("mask", "x")]]);
        assert_close(&out[0][0], golden("mask", "y"));
    });
}

#[test]
fn a_port_of_the_graphs_own_name_stands_for_a_tensor() {
    on_every_engine(|engine| {
        let params = [("model", model("mask")), ("out", table(&[("mask", "y")]))];
        let mut rig = engine.rig(&params, &[("x", features(5))], &["mask"]).unwrap();
        assert_close(&rig.run(&[&[golden("mask", "x")]])[0][0], golden("mask", "y"));
    });
}

#[test]
fn state_goes_back_into_the_model_until_reset() {
    on_every_engine(|engine| {
        let mut rig = engine.rig(&accumulate(), &[("in", features(1))], &["out", "h_next", "n_next"]).unwrap();
        for _ in 0..2 {
            let out = rig.run(&[&[golden("accumulate", "x")]]);
            assert_close(&out[0][0], golden("accumulate", "y"));
            assert_eq!(out[2][0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], "whole numbers are counted as such");
            rig.reset();
        }
        assert_eq!(rig.output(1).format, features(3));
    });
}

#[test]
fn recurrent_layers_carry_what_the_graph_carries() {
    on_every_engine(|engine| {
        let states: [&[(&str, &str)]; 2] = [&[("h", "h_next")], &[("h", "h_next"), ("c", "c_next")]];
        for (name, state) in ["gru", "lstm"].into_iter().zip(states) {
            let params = [("model", model(name)), ("state", table(state)), ("out", table(&[("y", "y")]))];
            let mut rig = engine.rig(&params, &[("x", features(4))], &["y"]).unwrap();
            assert_close(&rig.run(&[&[golden(name, "x")]])[0][0], golden(name, "y"));
        }
    });
}

#[test]
fn two_ports_may_feed_one_model() {
    on_every_engine(|engine| {
        let params = [("model", model("gru")), ("out", table(&[("y", "y"), ("next", "h_next")]))];
        let ports = [("h", features(3)), ("x", features(4))];
        let mut rig = engine.rig(&params, &ports, &["next", "y"]).unwrap();
        let (x, mut h) = (golden("gru", "x"), vec![0.0; 3]);
        for (x, y) in x.chunks(4).zip(golden("gru", "y").chunks(3)) {
            let out = rig.run(&[&[&h], &[x]]);
            assert_close(&out[1][0], y);
            h = out[0][0].clone();
        }
    });
}

#[test]
fn recurrent_layers_carry_nothing_else() {
    on_every_engine(|engine| {
        let params = [("model", model("gru_fresh")), ("frames", table(&[("x", "5")]))];
        let mut rig = engine.rig(&params, &[("in", features(4))], &["out"]).unwrap();
        assert_eq!((rig.input(0).frames, rig.output(0).frames), (5, 1));
        assert_eq!(rig.output(0).format.rate(), 20.0);
        assert_close(&rig.run(&[&[golden("gru_fresh", "x")]])[0][0], golden("gru_fresh", "y"));
    });
}

#[test]
fn a_convolution_in_pieces_is_the_convolution_of_the_whole() {
    on_every_engine(|engine| {
        for n in ["1", "2", "16", "64"] {
            let (frames, context) = (table(&[("x", n)]), table(&[("x", "4")]));
            let kind = table(&[("y", "audio")]);
            let params = [("model", model("fir")), ("frames", frames), ("context", context), ("kind", kind)];
            let mut rig = engine.rig(&params, &[("in", audio())], &["out"]).unwrap();
            assert_eq!(rig.output(0).format, audio());
            assert_eq!(rig.output(0).frames.to_string(), n);
            assert_close(&rig.run(&[&[golden("fir", "x")]])[0][0], golden("fir", "y"));
        }
    });
}

#[test]
fn what_as_many_samples_go_into_and_come_out_of_is_audio() {
    on_every_engine(|engine| {
        let whole = &golden("mask", "x")[..30];
        let mut rig = engine.rig(&[("model", model("mask"))], &[("in", audio())], &["out"]).unwrap();
        assert_eq!((rig.input(0).frames, rig.output(0).frames), (5, 5));
        assert_eq!(rig.output(0).format, audio());
        assert_close(&rig.run(&[&[whole]])[0][0], &golden("mask", "y")[..30]);
        // Sliding, the outputs of two runs overlap: frames of features, not samples.
        let params = [("model", model("mask")), ("stack", table(&[("x", "5")])), ("every", 2.0.into())];
        let rig = engine.rig(&params, &[("in", audio())], &["out"]).unwrap();
        assert_eq!((rig.input(0).frames, rig.output(0).frames), (2, 1));
        assert_eq!(rig.output(0).format, Format::audio(1, 8000).carrying(Kind::FEATURES, 5));
    });
}

#[test]
fn an_output_may_give_several_frames_a_run() {
    on_every_engine(|engine| {
        let (frames, past) = (("frames", table(&[("x", "8"), ("y", "4")])), ("context", table(&[("x", "4")])));
        let mut rig = engine.rig(&[("model", model("fir")), frames, past], &[("in", audio())], &["y"]).unwrap();
        assert_eq!(rig.output(0).frames, 4);
        assert_eq!(rig.output(0).format, Format::audio(1, 8000).carrying(Kind::FEATURES, 2));
        assert_close(&rig.run(&[&[golden("fir", "x")]])[0][0], golden("fir", "y"));
    });
}

#[test]
fn a_voice_detector_needs_its_context_its_state_and_its_rate() {
    on_every_engine(|engine| {
        let params = |take: (&'static str, Given)| {
            let state = ("state", table(&[("state", "stateN")]));
            [
                ("model", model("vad")),
                ("context", table(&[("input", "4")])),
                state,
                ("const", table(&[("sr", "8000")])),
                take,
            ]
        };
        for take in [("frames", table(&[("input", "16")])), ("shape", table(&[("input", "[1, 20]")]))] {
            let mut rig = engine.rig(&params(take), &[("input", audio())], &["out"]).unwrap();
            assert_eq!(rig.output(0).format, Format::audio(1, 1000).carrying(Kind::FEATURES, 1));
            for _ in 0..2 {
                assert_close(&rig.run(&[&[golden("vad", "input")]])[0][0], golden("vad", "output"));
                rig.reset();
            }
        }
    });
}

#[test]
fn one_number_fills_a_whole_constant() {
    on_every_engine(|engine| {
        let (fixed, frames) =
            (("const", table(&[("state", "0"), ("sr", "[8_000]")])), ("frames", table(&[("input", "20")])));
        let params = [("model", model("vad")), fixed, frames];
        let mut rig = engine.rig(&params, &[("in", audio())], &["output"]).unwrap();
        let first = [&[0.0; 4], &golden("vad", "input")[..16]].concat();
        assert_close(&rig.run(&[&[&first]])[0][0], &golden("vad", "output")[..1]);
    });
}

#[test]
fn a_spectrum_model_may_have_its_parts_last_or_first() {
    on_every_engine(|engine| {
        let spectrum = Format::audio(1, 100).carrying(Kind::SPECTRUM, 5);
        for name in ["parts_last", "parts_first"] {
            let mut rig = engine.rig(&[("model", model(name))], &[("mix", spectrum)], &["enh"]).unwrap();
            assert_eq!(
                rig.output(0).format,
                spectrum,
                "what has the shape of the input carries what the input carries"
            );
            assert_close(&rig.run(&[&[golden("parts", "mix")]])[0][0], golden("parts", "enh"));
            let params = [("model", model(name)), ("kind", table(&[("enh", "features")]))];
            let rig = engine.rig(&params, &[("mix", spectrum)], &["enh"]).unwrap();
            assert_eq!(rig.output(0).format, features(10));
        }
    });
}

#[test]
fn a_word_model_sees_the_newest_frames() {
    on_every_engine(|engine| {
        let want: Vec<&[f32]> = golden("words", "scores").chunks(3).collect();
        for name in ["words", "words_turned"] {
            for every in [1, 5] {
                let stack = ("stack", table(&[("features", "6")]));
                let params = [("model", model(name)), stack, ("every", f64::from(every).into())];
                let mut rig = engine.rig(&params, &[("in", features(4))], &["out"]).unwrap();
                let every = every as usize;
                assert_eq!((rig.input(0).frames, rig.output(0).latency), (every, 0));
                assert_eq!(rig.output(0).format.rate(), 100.0 / every as f64);
                let due: Vec<f32> = want.iter().skip(every - 1).step_by(every).copied().flatten().copied().collect();
                assert_close(&rig.run(&[&[golden("words", "features")]])[0][0], &due);
            }
        }
    });
}

#[test]
fn whole_pieces_of_frames_are_every_nth_of_the_sliding_ones() {
    on_every_engine(|engine| {
        let params = [("model", model("words")), ("frames", table(&[("features", "6")]))];
        let mut rig = engine.rig(&params, &[("in", features(4))], &["out"]).unwrap();
        let want: Vec<f32> = golden("words", "scores").chunks(3).skip(5).step_by(6).flatten().copied().collect();
        assert_close(&rig.run(&[&[golden("words", "features")]])[0][0], &want);
    });
}

#[test]
fn a_tensor_output_keeps_its_shape() {
    on_every_engine(|engine| {
        let state = ("state", table(&[("state", "stateN")]));
        let (frames, sr) = (("frames", table(&[("input", "20")])), ("const", table(&[("sr", "16000")])));
        let kind = ("kind", table(&[("stateN", "tensor")]));
        let rig = engine.rig(&[("model", model("vad")), kind, state, frames, sr], &[("in", audio())], &["stateN"]);
        let format = rig.unwrap().output(0).format;
        assert_eq!((format.kind, format.dims), (Kind::TENSOR, [2, 1, 3, 1]));
    });
}

#[test]
fn every_channel_has_a_state_and_a_past_of_its_own() {
    on_every_engine(|engine| {
        let x = golden("accumulate", "x");
        let louder: Vec<f32> = x.iter().map(|x| 3.0 * x).collect();
        let stereo = Format { channels: 2, ..features(1) };
        let mut both = engine.rig(&accumulate(), &[("in", stereo)], &["out"]).unwrap();
        let mut alone = engine.rig(&accumulate(), &[("in", features(1))], &["out"]).unwrap();
        let out = both.run(&[&[x, &louder]]);
        assert_close(&out[0][0], golden("accumulate", "y"));
        assert_close(&out[0][1], &alone.run(&[&[&louder]])[0][0]);

        let params = [("model", model("fir")), ("frames", table(&[("x", "8")])), ("context", table(&[("x", "4")]))];
        let mut both = engine.rig(&params, &[("in", Format::audio(2, 16000))], &["out"]).unwrap();
        let louder: Vec<f32> = golden("fir", "x").iter().map(|x| 3.0 * x).collect();
        let out = both.run(&[&[golden("fir", "x"), &louder]]);
        assert_close(&out[0][0], golden("fir", "y"));
        assert_close(&out[0][1], &golden("fir", "y").iter().map(|y| 3.0 * y).collect::<Vec<_>>());
    });
}

#[test]
fn a_saved_state_goes_on_on_any_engine() {
    let (x, y) = (golden("accumulate", "x"), golden("accumulate", "y"));
    let ports = [("in", Format { channels: 2, ..features(1) })];
    on_every_engine(|engine| {
        let mut rig = engine.rig(&accumulate(), &ports, &["out"]).unwrap();
        rig.run(&[&[&x[..3], &x[..3]]]);
        let saved = rig.save().unwrap();
        on_every_engine(|other| {
            let mut rig = other.rig(&accumulate(), &ports, &["out"]).unwrap();
            rig.run(&[&[&[0.5], &[-0.5]]]);
            rig.load(&saved).unwrap();
            assert_close(&rig.run(&[&[&x[3..], &x[3..]]])[0][1], &y[3..]);
            assert!(rig.load(&saved[1..]).is_err(), "the state of another model");
            assert_close(&rig.run(&[&[x, x]])[0][0], y);
        });
    });
}

#[test]
fn other_formats_may_come_later() {
    on_every_engine(|engine| {
        let params = [("model", model("fir")), ("frames", table(&[("x", "8")])), ("context", table(&[("x", "4")]))];
        let mut rig = engine.rig(&params, &[("in", audio())], &["out"]).unwrap();
        rig.run(&[&[golden("fir", "x")]]);
        rig.prepare::<Onnx>(&[("in", Format::audio(2, 48000))], &["out"]).unwrap();
        assert_eq!(rig.output(0).format, Format::audio(2, 6000).carrying(Kind::FEATURES, 8));
        assert_close(&rig.run(&[&[golden("fir", "x"), golden("fir", "x")]])[0][1], golden("fir", "y"));
    });
}
