//! A user keeps what the sliders say, and comes back to it.
use crate::workers::nodes;
use aw_host::graph::LiveValue;
use aw_host::live::{Act, Param, PresetError, Where, preset_acts, read_preset, write_preset};
use std::fs;

fn param(node: &str, param: &str, value: f64) -> Param {
    Param { at: Where { node: node.into(), param: param.into() }, value, ..Param::default() }
}

#[test]
fn what_is_saved_comes_back_and_reads_well() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("warm.toml");
    let params = [
        param("out-gain", "gain_db", -6.5),
        param("gain", "gain_db", 0.1),
        param("gain", "invert", 1.0),
        param("gain", "steps", 8.0),
        param("gain", "tilt.db", -2.0),
        param("gain", "size", 512.0),
        param("gone", "gain_db", 1.0),
    ];
    write_preset(&file, &params, &nodes()).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let body = text.split_once("\n\n").unwrap().1;
    assert_eq!(
        body,
        "[gain]\ngain_db = 0.1 # dB\ninvert = true\nsteps = 8\ntilt.db = -2.0\n\n[out-gain]\ngain_db = -6.5 # dB\n"
    );

    let values = read_preset(&file, &nodes()).unwrap();
    let value = |node: &str, param: &str, value: &str| LiveValue {
        node: node.into(),
        param: param.into(),
        value: value.into(),
    };
    assert_eq!(
        values,
        [
            value("gain", "gain_db", "0.1"),
            value("gain", "invert", "true"),
            value("gain", "steps", "8"),
            value("gain", "tilt.db", "-2.0"),
            value("out-gain", "gain_db", "-6.5"),
        ]
    );
    let set = Act::Set { node: "gain".into(), param: "gain_db".into(), value: "0.1".into(), ramp_ms: 50.0 };
    assert_eq!(preset_acts(&values, 50.0)[0], set);

    write_preset(&file, &params[..1], &nodes()).unwrap();
    assert_eq!(read_preset(&file, &nodes()).unwrap().len(), 1, "a preset may be replaced by another");
}

/// What is said of a preset that sets nothing.
fn said(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.toml");
    fs::write(&file, text).unwrap();
    match read_preset(&file, &nodes()) {
        Err(wrong @ PresetError::Wrong { .. }) => wrong.to_string(),
        other => panic!("{text}\n{other:?}"),
    }
}

#[test]
fn all_mistakes_are_said_at_once_with_their_lines() {
    let said = said("[gain]\ngain_db = 40\nstep = 3\nsize = 256\ninvert = 1\n\n[outgain]\ngain_db = -3\n");
    for (line, words) in [
        (2, &["`gain_db` cannot be 40 dB", "-60 to 12 dB are allowed"][..]),
        (3, &["has no parameter `step`", "did you mean `steps`?"]),
        (4, &["`size` cannot change while the graph plays", "in the graph file it stands in `[node.gain]`"]),
        (5, &["`invert` takes true or false"]),
        (7, &["no node is called `outgain`", "did you mean `out-gain`?"]),
    ] {
        assert!(said.contains(&format!("p.toml:{line}:")), "line {line}: {said}");
        words.iter().for_each(|words| assert!(said.contains(words), "{words}: {said}"));
    }
}

#[test]
fn other_mistakes_have_their_ways_out() {
    for (text, words) in [
        ("gain_db = -6", "write the name of its node in brackets above it"),
        ("gain = -6", "write `[gain]`, and below it"),
        ("[gain]\ngain_db = \"-6 dB\"", "write the number alone, such as -6: its unit is dB"),
        ("[gain]\nsteps = 4.0", "write 4"),
        ("[gain]\ntilt = 3", "`tilt` is a group of parameters"),
        ("[gain]\ntilt.bd = 3", "did you mean `tilt.db`?"),
        ("[gain]\ngain_db = nan", "cannot be nan"),
        ("[gain]\ngain_db =", "a value is missing"),
        ("[gain]\ngain_db = -6\ngain_db = -7", "is set twice"),
        ("[graph]\nrate = 16000\n[node.gain]\nworker = \"gain\"", "this is a graph file"),
    ] {
        assert!(said(text).contains(words), "{words}: {}", said(text));
    }
    assert!(said("[gain]\ngain_db = -6\nsteps = 99").starts_with("nothing is set"), "the right half is not set either");
}

#[test]
fn what_is_no_preset_is_not_replaced_and_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let params = [param("gain", "gain_db", 1.0)];
    for (name, text) in [
        ("graph.toml", "[graph]\nrate = 16000\n[node.g]\nworker = \"gain\"\n"),
        ("Cargo.toml", "[package]\nname = \"x\"\n"),
        ("voice.wav", "RIFF\0\0\0\0WAVE"),
    ] {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        let refused = write_preset(&file, &params, &nodes()).unwrap_err();
        assert!(matches!(refused, PresetError::Other(_)), "{refused}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    assert!(write_preset(folder.path(), &params, &nodes()).is_err(), "a folder");
    let nowhere = write_preset(&folder.path().join("no/such.toml"), &params, &nodes()).unwrap_err().to_string();
    assert!(nowhere.contains("mkdir -p"), "{nowhere}");
    let missing = read_preset(&folder.path().join("missing.toml"), &nodes()).unwrap_err().to_string();
    assert!(missing.starts_with("cannot read the preset") && missing.contains("missing.toml"), "{missing}");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 3, "no temporary files stay: {left:?}");
}
