//! Which engine runs, and what the worker says of libraries that are no ONNX Runtime.
use crate::at_hand::{Folder, elsewhere, given, home, model, runtime};
use crate::onnx::Onnx;
use crate::ort::library_in;
use crate::tests::features;
use crate::tract::VERSION;
use aw_sdk::{Format, Given, Rig};
use std::path::Path;
use std::process::Command;

/// The worker on a library that is called ONNX Runtime.
fn with_runtime(runtime: &Path, engine: &str) -> Result<Rig, String> {
    let params = [("model", model("mask")), ("engine", engine.into()), ("runtime", given(runtime))];
    Rig::new::<Onnx>(&params, &[("in", features(5))], &["out"]).map_err(|e| e.0)
}

#[test]
fn a_library_that_is_not_onnx_runtime_is_refused_with_the_way_out() {
    if elsewhere("libraries::a_library_that_is_not_onnx_runtime_is_refused_with_the_way_out", None) {
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

/// What the worker says of itself.
fn says(params: &[(&str, Given)], input: (&str, Format)) -> String {
    Rig::new::<Onnx>(params, &[input], &["out"]).unwrap().said().join("\n")
}

#[test]
fn without_onnx_runtime_tract_runs_and_says_so() {
    if elsewhere("libraries::without_onnx_runtime_tract_runs_and_says_so", None) {
        return;
    }
    let said = says(&[("model", model("mask"))], ("in", features(5)));
    let why = "no ONNX Runtime is installed (`aw install onnxruntime`)";
    assert_eq!(said, format!("runs on tract {}, embedded: {why}", VERSION));
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
    let library = library_in(&folder.0);
    std::fs::create_dir_all(library.parent().unwrap()).unwrap();
    std::fs::write(&library, "half a download").unwrap();
    if elsewhere("libraries::a_broken_onnx_runtime_leaves_tract", Some(&folder.0)) {
        return;
    }
    let said = says(&[("model", model("mask"))], ("in", features(5)));
    assert!(said.starts_with(&format!("runs on tract {}, embedded: ", VERSION)), "{said}");
    assert!(said.contains(" cannot be loaded: "), "{said}");
}

#[test]
fn an_installed_onnx_runtime_is_preferred() {
    let Some(home) = home().filter(|_| runtime().is_some()) else { return };
    if elsewhere("libraries::an_installed_onnx_runtime_is_preferred", Some(&home)) {
        return;
    }
    let said = says(&[("model", model("mask"))], ("in", features(5)));
    assert!(said.starts_with("runs on ONNX Runtime 1.") && said.contains(" (cpu, 1 thread), installed in "), "{said}");
    let words = [("model", model("mask")), ("threads", 2.0.into())];
    assert!(says(&words, ("in", features(5))).contains(" (cpu, 2 threads), "));
    let said = says(&[("model", model("mask")), ("engine", "tract".into())], ("in", features(5)));
    assert_eq!(said, format!("runs on tract {}, embedded: `engine` says so", VERSION));
}

#[test]
fn the_version_of_tract_is_that_of_the_manifest() {
    let manifest = include_str!("../Cargo.toml");
    let wanted = format!("tract-onnx = {{ version = \"{}\"", VERSION);
    assert!(manifest.contains(&wanted), "{wanted}");
}
