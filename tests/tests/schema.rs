//! `aw schema`: what editors know of graph files must agree with what the host accepts.
#![allow(clippy::unwrap_used)] // helpers of tests, too

mod cc;

use aw_tests::{aw, file, run, stdout};
use jsonschema::Validator;
use serde_json::Value;

fn schema() -> Value {
    serde_json::from_str(&stdout(&run(["schema"]))).expect("JSON")
}

fn validator() -> Validator {
    jsonschema::draft7::new(&schema()).expect("a schema of draft-07")
}

fn graph(text: &str) -> Value {
    serde_json::to_value(text.parse::<toml::Table>().expect("TOML")).expect("JSON")
}

/// The good graphs by name.
fn graphs() -> Vec<(String, String)> {
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.expect("a file").path();
        (path.display().to_string(), std::fs::read_to_string(path).expect("text"))
    };
    std::fs::read_dir(file("tests/graphs")).expect("tests/graphs").map(read).collect()
}

#[test]
fn it_is_a_schema_that_editors_of_toml_read() {
    let schema = schema();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    assert!(jsonschema::draft7::meta::is_valid(&schema));
}

#[test]
fn good_graphs_conform() {
    let validator = validator();
    for (name, text) in graphs() {
        let errors: Vec<String> = validator.iter_errors(&graph(&text)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
}

#[test]
fn typos_do_not_conform() {
    let validator = validator();
    let typos = [
        ("mask", "rate  = 16000", "rat   = 16000"),
        ("mask", "rate  = 16000", "rate  = \"16000\""),
        ("mask", "block = 128", "block = 0"),
        ("mask", "channels = 1", "chanels = 1"),
        ("mask", "worker = \"stft\"", "worker = \"sftt\""),
        ("mask", "size   = 512", "siez   = 512"),
        ("mask", "size   = 512", "size   = 512.5"),
        ("mask", "size   = 512", "size   = 2"),
        ("mask", "window = \"sqrt_hann\"", "window = \"sqrt_han\""),
        ("mask", "floor  = 0.05", "floor  = 5"),
        ("mask", "mask = \"level\" }", "msk = \"level\" }"),
        ("mask", "from   = \"speech\"", "form   = \"speech\""),
        ("mask", "name = \"silence", "nam = \"silence"),
        ("lane", "late = \"zero\"", "late = \"zeros\""),
        ("lane", "run    = \"inline\"", "run    = \"inlien\""),
        ("lane", "delay = 2, late", "dealy = 2, late"),
        ("echo", "feedback = 64 }", "feedbak = 64 }"),
        ("echo", "gains_db = [0, -1.5]", "gains_db = [0, \"soft\"]"),
        ("claps", "to   = \"stdout\"", "to   = \"stdot\""),
        ("rates", "[node.low]", "[nod.low]"),
    ];
    for (name, right, wrong) in typos {
        let text = std::fs::read_to_string(file(&format!("tests/graphs/{name}.toml"))).expect("text");
        assert!(text.contains(right), "{name} has no {right}");
        assert!(!validator.is_valid(&graph(&text.replacen(right, wrong, 1))), "{name}: {wrong} conforms");
    }
}

/// A graph with a preset and a group of parameters, and the schema with the worker that has them.
const GROUPED: &str = "[graph]\nrate = 16000\n[input.mic]\n[node.loud]\nworker = \"normalize\"\nin = \"mic\"\n\
    preset = \"half\"\nlevel = { peak = 0.5, over = \"heard\" }\n[output.o]\nfrom = \"loud\"\n";

#[test]
fn presets_and_groups_of_parameters_are_known() {
    let folder = tempfile::tempdir().expect("a folder");
    cc::library(&file("tests/workers/normalize.c"), folder.path(), "normalize");
    // A victim whose `gain` must be given, in a group.
    let spoil = "params[0].name = \"level.gain\", params[0].flags |= aw_param_REQUIRED;";
    cc::spoilt(folder.path(), "needy", spoil);
    let output = aw().args(["schema", "--workers"]).arg(folder.path()).output().expect("aw starts");
    let schema: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert!(jsonschema::draft7::meta::is_valid(&schema));
    let validator = jsonschema::draft7::new(&schema).expect("a schema of draft-07");
    assert!(validator.is_valid(&graph(GROUPED)));
    assert!(validator.is_valid(&graph(&GROUPED.replace("level = { peak = 0.5, over = \"heard\" }", "level.peak = 1"))));
    for (right, wrong) in [
        ("\"half\"", "\"haff\""),
        ("preset =", "presset ="),
        ("preset = \"half\"", "preset = 3"),
        ("peak =", "paek ="),
        ("level =", "levle ="),
        ("level = { peak = 0.5, over = \"heard\" }", "level = 0.5"),
        ("peak = 0.5", "peak = 1.5"),
        ("\"heard\"", "\"herd\""),
    ] {
        assert!(GROUPED.contains(right), "{right}");
        assert!(!validator.is_valid(&graph(&GROUPED.replacen(right, wrong, 1))), "{wrong} conforms");
    }
    let victim = |keys: &str| {
        let text = format!(
            "[graph]\nrate = 1\n[input.mic]\n[node.v]\nworker = \"victim\"\nin = \"mic\"\n{keys}\n[output.o]\nfrom = \"v\"\n"
        );
        validator.is_valid(&graph(&text))
    };
    assert_eq!((victim("level.gain = 1"), victim("level = {}"), victim("")), (true, false, false));
}

#[test]
fn workers_and_parameters_are_explained_for_completion() {
    let schema = schema();
    let nodes = schema["properties"]["node"]["additionalProperties"]["oneOf"].as_array().expect("workers").clone();
    let stft = nodes.iter().find(|node| node["properties"]["worker"]["const"] == "stft").expect("stft");
    assert!(stft["properties"]["worker"]["description"].as_str().is_some_and(|text| text.contains("Fourier")));
    assert!(stft["properties"]["hop"]["description"].as_str().is_some_and(|text| text.contains("start of a frame")));
    assert_eq!(stft["properties"]["window"]["default"], "hann");
    assert_eq!(stft["required"], serde_json::json!(["worker", "size", "hop"]));
}

#[test]
fn help_tells_how_an_editor_finds_it() {
    assert!(stdout(&run(["schema", "--help"])).contains("#:schema aw.schema.json"));
}
