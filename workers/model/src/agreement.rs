//! All engines give the same, step by step.
use crate::at_hand::{Engine, Tables, engines, home, table};
use crate::tests::{audio, features};
use aw_sdk::{Format, Given};
use std::io::Write;

/// A model, how it is bound, and what comes out of it.
struct Model {
    path: String,
    tables: Tables<'static>,
    input: (&'static str, Format),
    outputs: &'static [&'static str],
}

/// Runs of every model.
const STEPS: usize = 1000;

fn models() -> Vec<Model> {
    let own = |name: &str, tables, input, outputs| {
        let path = format!("{}/tests/models/{name}.onnx", env!("CARGO_MANIFEST_DIR"));
        Model { path, tables, input, outputs }
    };
    let spectrum = Format::audio(1, 100).carrying(aw_sdk::Kind::SPECTRUM, 5);
    let (x, bands): (_, Tables) = (("x", features(4)), &[("stack", &[("features", "6")])]);
    let mut models = vec![
        own("mask", &[], ("x", features(5)), &["y"]),
        own(
            "accumulate",
            &[("state", &[("h", "h_next"), ("n", "n_next")])],
            ("x", features(1)),
            &["y", "h_next", "n_next"],
        ),
        own("fir", &[("frames", &[("x", "16")]), ("context", &[("x", "4")])], ("x", audio()), &["y"]),
        own("gru", &[("state", &[("h", "h_next")])], x, &["y", "h_next"]),
        own("lstm", &[("state", &[("h", "h_next"), ("c", "c_next")])], x, &["y", "h_next", "c_next"]),
        own("gru_fresh", &[("frames", &[("x", "5")])], x, &["y"]),
        own("parts_last", &[], ("mix", spectrum), &["enh"]),
        own("parts_first", &[], ("mix", spectrum), &["enh"]),
        own("words", bands, ("features", features(4)), &["scores"]),
        own("words_turned", bands, ("features", features(4)), &["scores"]),
        own(
            "vad",
            &[
                ("state", &[("state", "stateN")]),
                ("const", &[("sr", "8000")]),
                ("frames", &[("input", "16")]),
                ("context", &[("input", "4")]),
            ],
            ("input", audio()),
            &["output", "stateN"],
        ),
    ];
    let mut installed = |file: &str, tables, input, outputs| {
        let path = home().map(|home| home.join("models").join(file)).filter(|path| path.exists());
        match path {
            Some(path) => models.push(Model { path: path.to_str().unwrap().into(), tables, input, outputs }),
            // Past the harness, which keeps back what tests that succeed print.
            None => writeln!(std::io::stderr(), "NOT TESTED: the model {file}, which is not installed").unwrap(),
        }
    };
    let state: Tables = &[("state", &[("input_3", "tf_op_layer_stack_2")])];
    installed("dtln/model_1.onnx", state, ("input_2", features(257)), &["activation_2", "tf_op_layer_stack_2"]);
    let state: Tables = &[("state", &[("input_5", "tf_op_layer_stack_5")])];
    installed("dtln/model_2.onnx", state, ("input_4", features(512)), &["conv1d_3", "tf_op_layer_stack_5"]);
    let words: Tables =
        &[("state", &[("state", "stateN")]), ("frames", &[("input", "512")]), ("context", &[("input", "64")])];
    installed("silero-vad/silero_vad_openvino_16k.onnx", words, ("input", audio()), &["output", "stateN"]);
    models
}

/// What all runs of a model give on an engine, output by output.
fn played(engine: &Engine, model: &Model) -> Vec<Vec<f32>> {
    let mut params: Vec<(&str, Given)> = vec![("model", model.path.as_str().into())];
    params.extend(model.tables.iter().map(|(name, pairs)| (*name, table(pairs))));
    let mut rig = engine.rig(&params, &[model.input], model.outputs).unwrap_or_else(|e| panic!("{}: {e}", model.path));
    let mut noise = 1_u32;
    let mut next = |at: usize| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let swell = (at as f32 * 2e-4).sin(); // loud and quiet parts, so that states rise and decay
        swell * ((noise >> 8) as f32 / 8_388_608.0 - 1.0)
    };
    let frames: Vec<f32> = (0..STEPS * rig.input(0).frames * model.input.1.width()).map(&mut next).collect();
    rig.run(&[&[&frames]]).into_iter().map(|planes| planes.into_iter().flatten().collect()).collect()
}

#[test]
fn all_engines_give_the_same_over_a_thousand_runs_with_state() {
    let engines = engines();
    for model in models() {
        let all: Vec<Vec<Vec<f32>>> = engines.iter().map(|engine| played(engine, &model)).collect();
        for (engine, outputs) in engines.iter().zip(&all).skip(1) {
            for ((name, got), want) in model.outputs.iter().zip(outputs).zip(&all[0]) {
                assert_eq!(got.len(), want.len());
                assert!(got.iter().any(|value| *value != got[0]), "{}: `{name}` never changes", model.path);
                // A state is no output: the cells of an LSTM add up for seconds what engines round differently.
                let is_state = model
                    .tables
                    .iter()
                    .any(|(word, pairs)| *word == "state" && pairs.iter().any(|(_, output)| output == name));
                let most = if is_state { 1e-3 } else { 1e-4 };
                let apart = |(a, b): (&f32, &f32)| (a - b).abs() / b.abs().max(1.0);
                let worst = got.iter().zip(want).map(apart).fold(0.0, f32::max);
                println!("{} {name}: {worst:.1e} between {} and {}", model.path, engine.title, engines[0].title);
                assert!(worst < most, "{} `{name}` on {}: {worst}", model.path, engine.title);
            }
        }
    }
}
