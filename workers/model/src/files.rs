//! Files whose damage can be named: what the worker says of them.
use crate::at_hand::{Engine, Folder, given, model, on_every_engine, table};
use crate::onnx_file::OnnxFile;
use crate::tests::{audio, features};
use aw_sdk::Given;
use prost::Message;
use std::path::PathBuf;
use tract_onnx::pb::tensor_proto::DataLocation;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension::Value};
use tract_onnx::pb::{GraphProto, StringStringEntryProto, TensorProto, ValueInfoProto, type_proto};

/// A model of the tests, changed.
fn changed(folder: &Folder, name: &str, change: impl FnOnce(&mut GraphProto)) -> PathBuf {
    let Given::Text(path) = model(name) else { panic!("a path") };
    let mut proto = OnnxFile::open(&path).unwrap().proto;
    change(proto.graph.as_mut().unwrap());
    folder.file(&format!("{name}.onnx"), &proto.encode_to_vec())
}

/// What the worker says to the model `words`, whose weights are changed.
fn to_words(engine: &Engine, change: impl FnOnce(&mut TensorProto)) -> String {
    let folder = Folder::new("weights");
    let path = changed(&folder, "words", |graph| {
        change(graph.initializer.iter_mut().find(|tensor| tensor.name == "dense").unwrap());
    });
    let params = [("model", given(&path)), ("stack", table(&[("features", "6")]))];
    let said = engine.rig(&params, &[("in", features(4))], &["out"]).err().expect("a refusal").0;
    said.strip_prefix(path.to_str().unwrap()).expect("the file is named").trim_start().to_string()
}

fn dims(info: &mut ValueInfoProto) -> &mut Vec<Dimension> {
    let Some(type_proto::Value::TensorType(tensor)) = &mut info.r#type.as_mut().unwrap().value else {
        panic!("a tensor")
    };
    &mut tensor.shape.as_mut().unwrap().dim
}

#[test]
fn weights_that_are_no_numbers_are_refused_with_their_place() {
    on_every_engine(|engine| {
        let said = to_words(engine, |dense| dense.raw_data[4 * 7..4 * 8].copy_from_slice(&f32::NAN.to_le_bytes()));
        let way = "its training went wrong, or it is damaged";
        assert_eq!(said, format!("has a weight that is no number, NaN: value 7 of `dense` (24×3): {way}"));
        // The other way to store them.
        let said = to_words(engine, |dense| {
            dense.raw_data.clear();
            dense.float_data = vec![0.5; 72];
            dense.float_data[70] = f32::NAN;
        });
        assert_eq!(said, format!("has a weight that is no number, NaN: value 70 of `dense` (24×3): {way}"));
    });
}

#[test]
fn weights_that_are_not_there_are_refused_before_memory_is_asked_for() {
    on_every_engine(|engine| {
        let said = to_words(engine, |dense| dense.dims = vec![65536, 8192]);
        assert_eq!(said, "is damaged: the weights `dense` are 65536×8192, but hold 72 of 536870912 values");
        let said = to_words(engine, |dense| dense.dims = vec![-1, 3]);
        assert_eq!(said, "is damaged: the weights `dense` have impossible extents [-1, 3]");
        let said = to_words(engine, |dense| dense.dims = vec![i64::MAX, i64::MAX]);
        assert!(said.starts_with("is damaged: the weights `dense` have impossible extents"), "{said}");
        let said = to_words(engine, |dense| dense.raw_data.clear());
        assert_eq!(said, "is damaged: the weights `dense` are 24×3, but hold 0 of 72 values");
        let said = to_words(engine, |dense| dense.name = "sparse".into());
        assert_eq!(said, "is damaged: nothing in it makes `dense`");
    });
}

#[test]
fn tensors_of_gigabytes_are_refused() {
    on_every_engine(|engine| {
        let folder = Folder::new("huge");
        let huge = |n| Dimension { value: Some(Value::DimValue(n)), ..Dimension::default() };
        let path = changed(&folder, "mask", |graph| dims(&mut graph.output[0])[2] = huge(1 << 30));
        let params = [("model", given(&path))];
        let said = engine.rig(&params, &[("in", features(5))], &["out"]).err().unwrap().0;
        assert!(said.ends_with("declares y (1×1×1073741824), more than 268435456 values"), "{said}");
        let path = changed(&folder, "accumulate", |graph| dims(&mut graph.input[1])[1] = huge(1 << 31));
        let params = [("model", given(&path)), ("state", table(&[("h", "h_next"), ("n", "n_next")]))];
        let said = engine.rig(&params, &[("in", features(1))], &["y"]).err().unwrap().0;
        assert!(said.ends_with("declares h (1×2147483648), more than 268435456 values"), "{said}");
    });
}

#[test]
fn weights_may_lie_in_a_file_beside_the_model() {
    on_every_engine(|engine| {
        let folder = Folder::new("outside");
        let mut weights = vec![0; 16];
        let path = changed(&folder, "words", |graph| {
            let dense = graph.initializer.iter_mut().find(|tensor| tensor.name == "dense").unwrap();
            weights.append(&mut dense.raw_data);
            dense.data_location = Some(DataLocation::External as i32);
            let entry = |key: &str, value: &str| StringStringEntryProto { key: key.into(), value: value.into() };
            dense.external_data = vec![entry("location", "dense.bin"), entry("offset", "16"), entry("length", "288")];
        });
        let outside = folder.file("dense.bin", &weights);
        let params = |path| [("model", path), ("stack", table(&[("features", "6")]))];
        let rig = |path| engine.rig(&params(path), &[("in", features(4))], &["out"]);
        let frames = vec![0.25; 80];
        let want = rig(model("words")).unwrap().run(&[&[&frames]]);
        assert_eq!(rig(given(&path)).unwrap().run(&[&[&frames]]), want);

        std::fs::write(&outside, &weights[..100]).unwrap();
        let said = rig(given(&path)).err().unwrap().0;
        assert!(said.ends_with("is damaged: the weights `dense` are 24×3, but hold 21 of 72 values"), "{said}");
        std::fs::remove_file(&outside).unwrap();
        let said = rig(given(&path)).err().unwrap().0;
        assert!(said.contains("keeps the weights `dense` in dense.bin beside it, which cannot be read: "), "{said}");
    });
}

#[test]
fn audio_of_any_type_of_number_goes_in_and_comes_out() {
    on_every_engine(|engine| {
        let state = table(&[("count", "count_next"), ("decay", "decay_next"), ("seen", "seen_next")]);
        let params = [("model", model("types")), ("state", state), ("frames", table(&[("x", "4")]))];
        let outputs = ["half", "short", "bytes", "count_next", "decay_next", "seen_next"];
        let mut rig = engine.rig(&params, &[("x", audio())], &outputs).unwrap();
        for _ in 0..2 {
            let out = rig.run(&[&[&[0.0, 0.25, -0.5, 3.0, 1.0, 2.0, -4.0, 0.0]]]);
            assert_eq!(out[0][0], [0.0, 0.5, -1.0, 6.0, 2.0, 4.0, -8.0, 0.0], "f16");
            assert_eq!(out[1][0], [0.0, 0.0, 0.0, 3.0, 1.0, 2.0, -4.0, 0.0], "i16");
            assert_eq!(out[2][0], [1.0, 2.0], "u8");
            assert_eq!(out[3][0], [1.0, 2.0], "i32");
            assert_eq!(out[4][0], [0.0, 0.25, -0.5, 3.0, 1.0, 2.125, -4.25, 1.5], "f64");
            assert_eq!(out[5][0], [1.0, 1.0], "bool");
            rig.reset();
        }
    });
}
