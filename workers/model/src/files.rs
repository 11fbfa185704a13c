//! Files whose damage can be named, and libraries that are no ONNX Runtime: what the worker says of them.
use crate::at_hand::{Engine, model, on_every_engine, runtime, table};
use crate::onnx::Onnx;
use crate::onnx_file::OnnxFile;
use crate::tests::{audio, features};
use aw_sdk::{Format, Given, Rig};
use prost::Message;
use std::path::{Path, PathBuf};
use std::process::Command;
use tract_onnx::pb::tensor_proto::DataLocation;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension::Value};
use tract_onnx::pb::{GraphProto, StringStringEntryProto, TensorProto, ValueInfoProto, type_proto};

/// A folder of its own, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("aw-model-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

fn given(path: &Path) -> Given {
    path.to_str().unwrap().into()
}

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

/// The worker on a library that is called ONNX Runtime.
fn with_runtime(runtime: &Path, engine: &str) -> Result<Rig, String> {
    let params = [("model", model("mask")), ("engine", engine.into()), ("runtime", given(runtime))];
    Rig::new::<Onnx>(&params, &[("in", features(5))], &["out"]).map_err(|e| e.0)
}

#[test]
fn a_library_that_is_not_onnx_runtime_is_refused_with_the_way_out() {
    if elsewhere("files::a_library_that_is_not_onnx_runtime_is_refused_with_the_way_out", None) {
        return;
    }
    let folder = Folder::new("library");
    let refused = |path: &Path| {
        // What the author names is not passed over, whatever `engine` says.
        let said = with_runtime(path, "auto").err().expect("a refusal");
        assert_eq!(with_runtime(path, "onnxruntime").err().as_ref(), Some(&said));
        let said = said.strip_suffix("; `aw install onnxruntime` brings one that fits").expect(&said).to_string();
        said.replace(path.canonicalize().as_deref().unwrap_or(path).to_str().unwrap(), "IT")
    };
    let said = refused(&folder.0.join("nowhere.so"));
    assert!(said.starts_with("cannot read the ONNX Runtime IT: "), "{said}");
    let said = refused(&folder.file("text.so", b"a shopping list"));
    assert!(said.starts_with("IT cannot be loaded: "), "{said}");
    if cfg!(target_os = "linux") {
        let mut foreign = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0".to_vec();
        foreign.extend([if cfg!(target_arch = "s390x") { 62 } else { 22 }, 0]);
        foreign.resize(4096, 0);
        let said = refused(&folder.file("foreign.so", &foreign));
        assert_eq!(said, format!("IT is built for s390x, and this machine is {}", std::env::consts::ARCH));
    }
    let c = "const char *version(void) { return \"1.17.3\"; }
        const void *api(unsigned v) { return 0; }
        static const void *base[2] = {(void *)api, (void *)version};";
    let built = |name: &str, code: &str| {
        let (source, library) = (folder.file("old.c", code.as_bytes()), folder.0.join(name));
        let done = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status();
        assert!(done.unwrap().success());
        library
    };
    let other = built("other.so", c);
    assert_eq!(refused(&other), "IT is a library, but not that of ONNX Runtime");
    let old = built("old.so", &format!("{c} const void *OrtGetApiBase(void) {{ return base; }}"));
    assert_eq!(refused(&old), "IT is ONNX Runtime 1.17.3, and 1.24 or newer is needed");
    let empty = built("empty.so", "const void *OrtGetApiBase(void) { return 0; }");
    assert_eq!(refused(&empty), "IT is an ONNX Runtime that gives no API");
}

#[test]
fn a_process_has_one_onnx_runtime() {
    let Some(library) = runtime() else { return };
    let folder = Folder::new("second");
    with_runtime(&library, "auto").unwrap();
    let second = folder.0.join("libsecond.so");
    std::fs::copy(&library, &second).unwrap();
    let said = with_runtime(&second, "auto").err().unwrap();
    assert!(said.contains("cannot be loaded beside ONNX Runtime 1."), "{said}");
    assert!(said.ends_with("; give all nodes the same `runtime`, or start the program anew"), "{said}");
    with_runtime(&library, "onnxruntime").unwrap();
}

#[test]
fn a_provider_that_the_library_lacks_is_answered_with_those_it_has() {
    let Some(library) = runtime() else { return };
    let refusal = |provider: &str| {
        let given = [("model", model("mask")), ("runtime", given(&library)), ("provider", provider.into())];
        Rig::new::<Onnx>(&given, &[("in", features(5))], &["out"]).err().map(|e| e.0)
    };
    assert_eq!(refusal("CPU"), None);
    let said = refusal("warp").unwrap();
    assert!(said.contains("has no provider `warp`; this library has ") && said.contains("cpu"), "{said}");
}

#[test]
fn what_only_onnx_runtime_can_do_is_not_silently_left_out() {
    let refusal = |words: &[(&str, Given)]| {
        let params = [&[("model", model("mask"))], words].concat();
        Rig::new::<Onnx>(&params, &[("in", features(5))], &["out"]).err().map(|e| e.0)
    };
    let way = "leave it out, or say `engine = \"onnxruntime\"`";
    for (word, value) in [("runtime", "/lib/any.so".into()), ("provider", "cuda".into()), ("threads", 2.0.into())] {
        let said = refusal(&[("engine", "tract".into()), (word, value)]);
        assert_eq!(said, Some(format!("`{word}` is for ONNX Runtime, but `engine` says tract; {way}")));
    }
}

/// A test that plays again in a process of its own, where `AW_HOME` is another one.
fn elsewhere(test: &str, home: Option<&Path>) -> bool {
    if std::env::var_os("AW_ELSEWHERE").is_some() {
        return false;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env("AW_ELSEWHERE", "1").env_remove("AW_HOME");
    home.map(|home| command.env("AW_HOME", home));
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    true
}

/// What the worker says of itself.
fn says(params: &[(&str, Given)], input: (&str, Format)) -> String {
    Rig::new::<Onnx>(params, &[input], &["out"]).unwrap().said().join("\n")
}

#[test]
fn without_onnx_runtime_tract_runs_and_says_so() {
    if elsewhere("files::without_onnx_runtime_tract_runs_and_says_so", None) {
        return;
    }
    let said = says(&[("model", model("mask"))], ("in", features(5)));
    let why = "no ONNX Runtime is installed (`aw install onnxruntime`)";
    assert_eq!(said, format!("runs on tract {}, embedded: {why}", crate::tract::VERSION));
    let refusal = |word: &str, value: &str| {
        let params = [("model", model("mask")), (word, value.into())];
        Rig::new::<Onnx>(&params, &[("in", features(5))], &["out"]).err().unwrap().0
    };
    let way = "`aw install onnxruntime` brings one that fits";
    assert_eq!(
        refusal("engine", "onnxruntime"),
        format!("`engine` says onnxruntime, but no ONNX Runtime is installed; {way}, and `runtime` names another one")
    );
    assert_eq!(refusal("provider", "cuda"), format!("`provider` is for ONNX Runtime, and none is installed; {way}"));
}

#[test]
fn a_broken_onnx_runtime_leaves_tract() {
    let folder = Folder::new("broken-home");
    let library = crate::ort::library_in(&folder.0);
    std::fs::create_dir_all(library.parent().unwrap()).unwrap();
    std::fs::write(&library, "half a download").unwrap();
    if elsewhere("files::a_broken_onnx_runtime_leaves_tract", Some(&folder.0)) {
        return;
    }
    let said = says(&[("model", model("mask"))], ("in", features(5)));
    assert!(said.starts_with(&format!("runs on tract {}, embedded: ", crate::tract::VERSION)), "{said}");
    assert!(said.contains(" cannot be loaded: "), "{said}");
}

#[test]
fn an_installed_onnx_runtime_is_preferred() {
    let Some(home) = crate::at_hand::home().filter(|_| runtime().is_some()) else { return };
    if elsewhere("files::an_installed_onnx_runtime_is_preferred", Some(&home)) {
        return;
    }
    let said = says(&[("model", model("mask"))], ("in", features(5)));
    assert!(said.starts_with("runs on ONNX Runtime 1.") && said.contains(" (cpu, 1 thread), installed in "), "{said}");
    let words = [("model", model("mask")), ("threads", 2.0.into())];
    assert!(says(&words, ("in", features(5))).contains(" (cpu, 2 threads), "));
    let said = says(&[("model", model("mask")), ("engine", "tract".into())], ("in", features(5)));
    assert_eq!(said, format!("runs on tract {}, embedded: `engine` says so", crate::tract::VERSION));
}

#[test]
fn the_version_of_tract_is_that_of_the_manifest() {
    let manifest = include_str!("../Cargo.toml");
    let wanted = format!("tract-onnx = {{ version = \"{}\"", crate::tract::VERSION);
    assert!(manifest.contains(&wanted), "{wanted}");
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
