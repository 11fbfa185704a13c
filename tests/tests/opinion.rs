//! Models that judge sound, as a test author meets them: what they hear, which of their numbers is meant, and that DNSMOS says
//! what it says in the program of its authors.
#![allow(clippy::unwrap_used)] // helpers of tests, too

use aw_host::install::{Home, Kind, State};
use aw_host::io::{AudioWriter, Encoding};
use aw_tests::{aw, built, file};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A graph that changes nothing.
const GRAPH: &str =
    "[graph]\nrate = 16000\n[input.mic]\n[node.same]\nworker = \"gain\"\nin = \"mic\"\n[output.out]\nfrom = \"same\"\n";

/// A folder with the graph and the models that have opinions; commands run in it.
struct Room(TempDir);

impl Room {
    fn new() -> Self {
        let room = Self(tempfile::tempdir().unwrap());
        fs::write(room.path("graph.toml"), GRAPH).unwrap();
        for model in ["judge_samples.onnx", "judge_whole.onnx", "judge_frames.onnx", "ds_cnn.tflite"] {
            fs::copy(file("tests/models").join(model), room.path(model)).unwrap();
        }
        fs::copy(file("workers/model/tests/models/gru.onnx"), room.path("gru.onnx")).unwrap();
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file that is played.
    fn sound(&self, rate: u32, planes: &[&[f32]]) {
        let mut writer = AudioWriter::create(self.path("in.wav"), rate, planes.len(), Encoding::F32).unwrap();
        writer.write(planes).unwrap();
        writer.finish().unwrap();
    }

    /// What `aw test` says of these expectations, as JSON, and all that it printed.
    fn judged(&self, mut aw: Command, play: &Path, expect: &[&str]) -> (Value, String) {
        let expect = expect.join(" },\n  { ");
        let test = format!(
            "graph = \"graph.toml\"\n[[test]]\nname = \"judged\"\nplay = {{ mic = {play:?} }}\nexpect = [\n  {{ {expect} }},\n]\n"
        );
        fs::write(self.path("judged.test.toml"), test).unwrap();
        let output =
            aw.current_dir(self.0.path()).args(["test", "--no-report", "--json", "report.json"]).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        let report = fs::read_to_string(self.path("report.json")).unwrap_or_else(|why| panic!("{why}: {said}"));
        (serde_json::from_str(&report).unwrap(), said)
    }

    /// The opinions of models on a file, in order.
    fn opinions(&self, play: &Path, expect: &[&str]) -> Vec<f64> {
        let (report, said) = self.judged(aw(), play, expect);
        let checks = report["tests"][0]["checks"].as_array().unwrap_or_else(|| panic!("{said}"));
        checks.iter().map(|check| check["measured"].as_f64().unwrap_or_else(|| panic!("{said}"))).collect()
    }

    /// Why there is none.
    fn refusal(&self, expect: &str) -> String {
        self.judged(aw(), &self.path("in.wav"), &[expect]).1
    }
}

/// A tone that is louder in every second.
fn rising(seconds: f64, rate: f64) -> Vec<f32> {
    let sample = |n: usize| {
        let time = n as f64 / rate;
        (0.1 * (time.floor() + 1.0) * (std::f64::consts::TAU * 440.0 * time + 0.5).sin()) as f32
    };
    (0..(seconds * rate) as usize).map(sample).collect()
}

fn power(samples: &[f32]) -> f64 {
    samples.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / samples.len() as f64
}

fn near(all: &[f64], expected: &[f64], off: f64) {
    let close = all.len() == expected.len() && all.iter().zip(expected).all(|(a, b)| (a - b).abs() <= off);
    assert!(close, "{all:?} is not {expected:?}");
}

#[test]
fn a_model_of_samples_is_asked_of_windows_that_begin_a_second_apart() {
    let room = Room::new();
    let (wav, sound) = (room.path("in.wav"), rising(3.3, 16000.0));
    room.sound(16000, &[&sound]);
    let windows = [0, 16000, 32000].map(|at| &sound[at..at + 4000]);
    let mean = |of: &dyn Fn(&[f32]) -> f64| windows.map(of).iter().sum::<f64>() / 3.0;
    let peak = |window: &[f32]| f64::from(window.iter().fold(0.0f32, |most, x| most.max(x.abs())));
    let said = room.opinions(
        &wav,
        &[
            "model = \"judge_samples.onnx\", score = 1, mos = 0",
            "model = \"judge_samples.onnx\", score = 2, mos = 0",
            "model = \"judge_samples.onnx\", score = \"levels[2]\", mos = 0",
            "model = \"judge_samples.onnx\", score = \"first\", mos = 0",
            "model = \"judge_samples.onnx\", score = 2, polynomial = [0.5, -2, 10], mos = 0",
            "model = \"judge_whole.onnx\", score = 1, mos = 0",
            "model = \"judge_whole.onnx\", score = 1, from_s = 1, to_s = 1.7, mos = 0",
        ],
    );
    let expected = [
        mean(&power),
        mean(&peak),
        mean(&peak),
        mean(&|window| f64::from(window[0])),
        mean(&|window| 0.5 - 2.0 * peak(window) + 10.0 * peak(window).powi(2)),
        power(&sound),
        power(&sound[16000..27200]),
    ];
    near(&said, &expected, 1e-6);

    // What is too short for a window is repeated until it is not.
    room.sound(16000, &[&sound[..900]]);
    let twice = [&sound[..900], &sound[..900], &sound[..900], &sound[..900], &sound[..400]].concat();
    near(&room.opinions(&wav, &["model = \"judge_samples.onnx\", score = 1, mos = 0"]), &[power(&twice)], 1e-6);

    // Channels are judged one by one.
    let louder: Vec<f32> = sound.iter().map(|x| 2.0 * x).collect();
    room.sound(16000, &[&sound, &louder]);
    let said = room.opinions(
        &wav,
        &[
            "model = \"judge_whole.onnx\", score = 1, mos = 0",
            "model = \"judge_whole.onnx\", score = 1, channel = 2, mos = 0",
        ],
    );
    near(&said, &[2.5 * power(&sound), 4.0 * power(&sound)], 1e-5);

    // At another rate than that of the model, the sound is resampled for it: of two tones, one is too high for 8 kHz.
    let low = rising(3.0, 48000.0);
    let high = |n: usize| (0.2 * (std::f64::consts::TAU * 6000.0 * n as f64 / 48000.0).sin()) as f32;
    let both: Vec<f32> = low.iter().enumerate().map(|(n, x)| x + high(n)).collect();
    room.sound(48000, &[&both]);
    let ask = |hz: u32| format!("model = \"judge_whole.onnx\", score = 1, model_hz = {hz}, mos = 0");
    let said = room.opinions(&wav, &["model = \"judge_whole.onnx\", score = 1, mos = 0", &ask(8000), &ask(48000)]);
    near(&said, &[power(&low) + 0.02, power(&low), power(&both)], 5e-4);
}

/// Means over the 10 windows of `librosa.feature.melspectrogram(y=y[:8000], sr=16000, n_fft=321, hop_length=160, n_mels=40)`
/// and `(librosa.power_to_db(S, ref=np.max) + 40) / 40`, its first 50 frames: of all, and weighted by the numbers of frame
/// and band. librosa 0.11.0.
#[test]
fn a_model_of_frames_hears_those_of_librosa() {
    let room = Room::new();
    let model = |score: &str| format!("model = \"judge_frames.onnx\", score = \"{score}\", mos = -9");
    let said = room.opinions(&file("tests/wav/noisy.wav"), &[&model("mean"), &model("slope")]);
    near(&said, &[0.32916314, 0.0620067], 1e-5);
}

#[test]
fn what_is_wrong_is_told_with_the_way_out() {
    let room = Room::new();
    room.sound(16000, &[&rising(1.0, 16000.0)]);
    let cases = [
        ("model = \"judge_samples.onnx\", mos = 3", "gives 3 numbers, levels[1] to first: say which is meant"),
        (
            "model = \"judge_samples.onnx\", score = 4, mos = 3",
            "gives 3 numbers, levels[1] to first: there is no `score = 4`",
        ),
        ("model = \"judge_samples.onnx\", score = \"firts\", mos = 3", "did you mean `score = \"first\"`?"),
        (
            "model = \"missing.onnx\", mos = 3",
            "there is no model missing.onnx; paths are relative to the file of the test",
        ),
        ("model = \"@nobody/mos.onnx\", mos = 3", "`model` names the model `nobody`, and there is none of that name"),
        ("model = \"in.wav\", mos = 3", "is a RIFF file such as WAV, no model"),
        ("model = \"ds_cnn.tflite\", mos = 3", "is a TensorFlow Lite model, and `mos` asks ONNX models"),
        ("model = \"gru.onnx\", mos = 3", "a model that judges sound takes samples, [1, N], or log-mel frames"),
        ("mos = 3", "`mos` needs `model`"),
        ("score = 1, peak_db = 0", "`score` is for a `model`, and none is named"),
        (
            "model = \"judge_whole.onnx\", score = 0, mos = 3",
            "`score` cannot be 0: the first number that the model gives is 1",
        ),
        ("model = \"judge_whole.onnx\", polynomial = [1, \"x\"], mos = 3", "`polynomial` takes 1 to 16 numbers"),
    ];
    for (expect, told) in cases {
        let said = room.refusal(expect);
        assert!(said.contains(told) && said.contains("0 passed, 1 failed\n"), "{expect}: {said}");
    }
    let mut elsewhere = aw();
    elsewhere.env("AW_HOME", room.path("home"));
    let expect = "model = \"@dnsmos/sig_bak_ovr.onnx\", score = 3, mos = 3";
    let (_, said) = room.judged(elsewhere, &room.path("in.wav"), &[expect]);
    assert!(said.contains("which is not installed") && said.contains("`aw install dnsmos` brings it"), "{said}");

    // A place without the workers that run models.
    let (program, basics) = (format!("aw{}", std::env::consts::EXE_SUFFIX), aw_tests::library("aw_basics"));
    fs::copy(built().join(&program), room.path(&program)).unwrap();
    fs::copy(&basics, room.path(basics.file_name().unwrap().to_str().unwrap())).unwrap();
    let mut bare = Command::new(room.path(&program));
    bare.env_remove("AW_WORKERS").env("NO_COLOR", "1");
    let expect = "model = \"judge_whole.onnx\", score = 1, mos = 3";
    let (_, said) = room.judged(bare, &room.path("in.wav"), &[expect]);
    assert!(said.contains("the worker `onnx` is not found; `cargo build --release -p aw-model` builds it"), "{said}");
}

/// `speechmos.dnsmos.run` of speechmos 0.0.1.1 on onnxruntime 1.32.0 and librosa 0.11.0: SIG, BAK, OVRL, P.808, and OVRL of
/// personalised DNSMOS. The third sound is shorter than a window, so it is doubled twice, to 5 windows.
const FIGURES: [(&str, &str, [f64; 5]); 3] = [
    ("noisy", "", [3.411234088, 2.137152979, 2.117786720, 2.675889492, 2.511262201]),
    ("clean", "", [3.376062837, 4.041564901, 3.126679745, 3.946492672, 2.116066035]),
    ("noisy", ", from_s = 1, to_s = 4.5", [3.419322039, 2.352053855, 2.211530298, 2.325657845, 2.446034833]),
];

#[test]
fn dnsmos_says_what_it_says_in_the_program_of_its_authors() {
    // tract gives the same figures, in minutes a window.
    let home = Home::find().unwrap();
    for (kind, name) in [(Kind::Model, "dnsmos"), (Kind::Engine, "onnxruntime")] {
        if !matches!(State::of(&home, kind, name), State::Whole(_)) {
            println!("DNSMOS: not tested, for lack of {name}");
            return;
        }
    }
    let room = Room::new();
    for (name, span, figures) in FIGURES {
        let ask = |model: &str, more: &str| format!("model = \"@dnsmos/{model}.onnx\"{more}{span}, mos = 1");
        let all = [
            ask("sig_bak_ovr", ", score = 1, polynomial = [0.0052439, 1.22083953, -0.08397278]"),
            ask("sig_bak_ovr", ", score = 2, polynomial = [-0.39604546, 1.60915514, -0.13166888]"),
            ask("sig_bak_ovr", ", score = 3, polynomial = [0.04602535, 1.11546468, -0.06766283]"),
            ask("model_v8", ""),
            ask("personal_sig_bak_ovr", ", score = 3, polynomial = [-0.11236046, 1.18058466, 0.005101, -0.00533021]"),
        ];
        let wav = file("tests/wav").join(name).with_extension("wav");
        let said = room.opinions(&wav, &all.each_ref().map(String::as_str));
        println!("{name}{span}: {said:?} for {figures:?}");
        near(&said, &figures, 1e-3);
    }

    // What was asked is told to the version of the model, and what it said where that is not enough.
    let wav = file("tests/wav/noisy.wav");
    let expect = "model = \"@dnsmos/model_v8.onnx\", mos = 3.5";
    let (report, said) = room.judged(aw(), &wav, &[expect]);
    let definition = report["tests"][0]["checks"][0]["definition"].as_str().unwrap();
    assert!(
        definition.starts_with("@dnsmos/model_v8.onnx of speechmos 0.0.1.1, SHA-256 9246480c5856; 900 frames of 120")
    );
    assert!(definition.ends_with("the mean over windows of 9.01 s, a second apart; Identity:0"), "{definition}");
    assert!(
        said.contains("out.mos: 2.67588")
            && said.contains(" MOS, wanted at least 3.5 MOS")
            && said.contains("the model runs on"),
        "{said}"
    );
    // Its sibling for lost packets wants more than sound.
    let expect = "model = \"@dnsmos/plcmos_v2.onnx\", mos = 3";
    let said = room.judged(aw(), &wav, &[expect]).1;
    assert!(said.contains("takes 2 inputs, degraded_audio, rater_embed"), "{said}");
}
