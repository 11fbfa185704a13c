//! `aw test`, as a test author meets it: goldens, measures, labels, broken input, reports.
#![allow(clippy::unwrap_used)] // helpers of tests, too
use aw_tests::{aw, file, run as run_aw, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::Output;

/// A gain behind which a golden stands.
const GAIN: &str = "[graph]\nrate = 16000\nblock = 128\n\n[input.mic]\n\n[node.gain]\nworker = \"gain\"\nin = \"mic\"\n\
     gain_db = -6\n\n[output.out]\nfrom = \"gain\"\n";

/// A folder with graphs and sounds; commands run in it.
struct Room(tempfile::TempDir);

impl Room {
    fn new(graph: &str) -> Self {
        let room = Self(tempfile::tempdir().unwrap());
        room.write("graph.toml", graph);
        std::fs::copy(file("tests/wav/noisy.wav"), room.path("in.wav")).unwrap();
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn change(&self, name: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{from:?} is not in {text}");
        self.write(name, &text.replace(from, to));
    }

    fn run(&self, args: &[&str]) -> Output {
        aw().current_dir(self.0.path()).args(args).output().unwrap()
    }

    /// `aw test` with these words: exit code and what it printed.
    fn test(&self, args: &[&str]) -> (i32, String) {
        let output = self.run(&[&["test"], args].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap() + &said)
    }
}

fn lines(text: &str, with: &str) -> usize {
    text.lines().filter(|line| line.contains(with)).count()
}

#[test]
fn a_golden_is_made_kept_broken_and_made_anew() {
    let room = Room::new(GAIN);
    let test = "graph = \"graph.toml\"\n[[test]]\nname = \"half as loud\"\nplay = { mic = \"in.wav\" }\nexpect = [\n  \
                { like = \"golden/half.wav\" },\n  { port = \"gain\", like = \"golden/half.npy\", bit_equal = true },\n  \
                { length_s = 10, peak_db = -10 },\n]\n";
    room.write("half.test.toml", test);
    let (code, said) = room.test(&[]);
    assert!(code == 1 && said.contains("there is no golden/half.wav: `aw test --bless` makes it"), "{said}");
    assert!(said.ends_with("0 passed, 1 failed\n"), "{said}");
    let (code, said) = room.test(&["--bless"]);
    assert!(code == 0 && lines(&said, "blessed: golden/half") == 2 && said.ends_with("1 passed, 0 failed\n"), "{said}");
    assert_eq!(room.test(&[]).0, 0);
    let golden = std::fs::read(room.path("golden/half.wav")).unwrap();

    // Somebody changes the graph: the first sample, the time and the size of the change are named.
    std::fs::remove_dir_all(room.path("aw-test-report")).unwrap();
    room.change("graph.toml", "gain_db = -6", "gain_db = -5.9");
    let (code, said) = room.test(&[]);
    assert!(code == 1 && said.contains("out.within_db: -") && said.contains("differs first in frame "), "{said}");
    assert!(said.contains("again: aw test half.test.toml -k 'half as loud'"), "{said}");
    let report = room.path("aw-test-report");
    let page = std::fs::read_to_string(report.join("report.html")).unwrap();
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    roxmltree::Document::parse_with_options(&page, options).unwrap_or_else(|why| panic!("{why}\n{page}"));
    assert!(page.contains("data:image/png;base64,") && page.contains("data:audio/wav;base64,"));
    assert!(!page.contains("http://") && !page.contains("https://"), "the page needs nothing from elsewhere");
    assert!(report.join("junit.xml").is_file() && report.join("report.json").is_file());
    let actual: Vec<String> = names(&report.join("actual"));
    for ending in [".actual.wav", ".actual.npy", ".wav.png", ".npy.png"] {
        assert!(actual.iter().any(|name| name.ends_with(ending)), "{actual:?}");
    }

    // What is wrong besides is mended first.
    room.change("half.test.toml", "peak_db = -10", "peak_db = -40");
    let (code, said) = room.test(&["--bless"]);
    assert!(code == 1 && said.contains("not blessed") && said.contains("peak_db"), "{said}");
    assert_eq!(std::fs::read(room.path("golden/half.wav")).unwrap(), golden);
    room.change("half.test.toml", "peak_db = -40", "peak_db = -9");
    let (code, said) = room.test(&["--bless"]);
    assert!(code == 0 && said.contains("blessed: golden/half.wav: differs first in frame"), "{said}");
    assert_eq!(room.test(&["--quiet"]).0, 0);
}

fn names(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_parameter_changes_at_its_sample_whatever_the_block() {
    let room = Room::new(GAIN);
    let test = |block: u32| {
        format!(
            "[[test]]\nname = \"block {block}\"\nplay = {{ mic = \"in.wav\" }}\nblock = {block}\nset = [\n  {{ param = \
             \"gain.gain_db\", value = -60, at_s = 1.23456 }},\n  {{ param = \"gain.gain_db\", value = 0, at_s = 2.5, ramp_ms \
             = 250 }},\n]\nexpect = [\n  {{ like = \"golden.wav\", bit_equal = true }},\n  {{ to_s = 1.2, peak_db = {{ min = \
             -40 }} }},\n  {{ from_s = 1.4, to_s = 2.4, peak_db = -40 }},\n  {{ from_s = 3, peak_db = {{ min = -20 }} }},\n]\n"
        )
    };
    let tests: String = [128, 32, 1000, 4096].map(test).concat();
    room.write("blocks.toml", &format!("graph = \"graph.toml\"\n{tests}"));
    let (code, said) = room.test(&["--bless", "-k", "block 128"]);
    assert_eq!(code, 0, "{said}");
    let (code, said) = room.test(&["--repeat", "2", "--no-report"]);
    assert!(code == 0 && said.ends_with("4 passed, 0 failed\n"), "{said}");
}

#[test]
fn a_folder_is_a_test_a_file_and_any_number_of_jobs_gives_the_same() {
    let room = Room::new(GAIN);
    for name in ["yes", "no", "okay_nabu"] {
        let from = file(&format!("tests/wav/speech/{name}.wav"));
        std::fs::create_dir_all(room.path("words")).unwrap();
        std::fs::copy(from, room.path(&format!("words/{name}.wav"))).unwrap();
    }
    let test = "graph = \"graph.toml\"\n[[test]]\nname = \"words\"\nplay = { mic = \"words\" }\nexpect = [\n  { like = \
                \"golden/{file}.wav\" },\n  { reference = \"words/{file}.wav\", si_sdr = 60 },\n]\n";
    room.write("words.toml", test);
    let (code, said) = room.test(&["--bless"]);
    assert!(code == 0 && said.contains("words[okay_nabu]") && said.ends_with("3 passed, 0 failed\n"), "{said}");
    assert_eq!(names(&room.path("golden")).len(), 3);
    let json = |jobs: &str| {
        let (code, said) = room.test(&["--jobs", jobs, "--json", "-"]);
        assert_eq!(code, 0, "{said}");
        let report: serde_json::Value = serde_json::from_str(&said).unwrap();
        let tests = report["tests"].as_array().unwrap().clone();
        tests.iter().map(|test| (test["id"].clone(), test["checks"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(json("1"), json("3"));
    // One of them, by its name.
    let (code, said) = room.test(&["-k", "words[no]", "--junit", "-"]);
    assert_eq!(code, 0);
    assert!(said.contains("<testsuites name=\"aw test\" tests=\"1\" failures=\"0\" errors=\"0\""), "{said}");
    assert!(said.contains("classname=\"words.toml\" name=\"words[no]\""), "{said}");
    let (code, said) = room.test(&["--list"]);
    assert!(code == 0 && said.lines().count() == 3, "{said}");
    let (code, said) = room.test(&["-k", "wrods"]);
    assert!(code == 2 && said.contains("none of 3 tests has \"wrods\" in its name"), "{said}");
}

/// Sound that peaks where somebody claps.
const CLAPS: &str = "[graph]\nrate = 16000\n[input.mic]\n[node.loud]\nworker = \"meter\"\nin = \"mic\"\n[node.claps]\nworker = \
     \"peaks\"\nin = \"loud.peak\"\nthreshold = 0.5\nhold_ms = 300\nlabels = \"clap\"\n[output.heard]\nfrom = \
     \"claps.events\"\nto = \"stdout\"\n[output.out]\nfrom = \"mic\"\n";

/// Claps at these times, in seconds.
fn claps(path: &Path, times: &[f64], seconds: f64) {
    let mut samples = vec![0i16; (seconds * 16000.0) as usize];
    for time in times {
        let at = (time * 16000.0) as usize;
        samples[at..at + 80].fill(26000);
    }
    wav(path, 16000, 1, &samples);
}

fn wav(path: &Path, rate: u32, channels: u16, samples: &[i16]) {
    let bytes = samples.len() as u32 * 2;
    let mut file = Vec::new();
    file.extend(b"RIFF");
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0");
    file.extend(channels.to_le_bytes());
    file.extend(rate.to_le_bytes());
    file.extend((rate * u32::from(channels) * 2).to_le_bytes());
    file.extend((channels * 2).to_le_bytes());
    file.extend(b"\x10\0data");
    file.extend(bytes.to_le_bytes());
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    std::fs::write(path, file).unwrap();
}

#[test]
fn events_are_scored_against_labels() {
    let room = Room::new(CLAPS);
    claps(&room.path("claps.wav"), &[0.5, 1.5, 2.5], 4.0);
    room.write("claps.txt", "0.50\t0.51\tclap\n1.52\t1.53\tclap\n3.0\t3.1\tclap\n");
    room.write("claps.csv", "label,time\nclap,0.5\nclap,1.5\nclap,2.5\n");
    let test = "graph = \"graph.toml\"\n[[test]]\nname = \"claps\"\nplay = { mic = \"claps.wav\" }\nexpect = [\n  { events = 3 \
                },\n  { labels = \"claps.csv\", tolerance_ms = 30, f1 = 1.0 },\n  { labels = \"claps.txt\", tolerance_ms = 50, \
                precision = 0.66, recall = 0.9 },\n]\n";
    room.write("claps.toml", test);
    let (code, said) = room.test(&[]);
    assert!(code == 1 && said.contains("heard.recall: 0.6666667, wanted at least 0.9"), "{said}");
    assert!(said.contains("2 right, 1 too many, 1 missed"), "{said}");
    assert_eq!(lines(&said, "wanted"), 1, "{said}");
}

#[test]
fn what_is_broken_is_told_one_by_one_and_the_rest_is_judged() {
    let room = Room::new(CLAPS);
    claps(&room.path("claps.wav"), &[0.5], 1.0);
    wav(&room.path("other_rate.wav"), 8000, 1, &[0; 8000]);
    wav(&room.path("stereo.wav"), 16000, 2, &[0; 32000]);
    wav(&room.path("short.wav"), 16000, 1, &[0; 8000]);
    let whole = std::fs::read(room.path("claps.wav")).unwrap();
    std::fs::write(room.path("cut.wav"), &whole[..whole.len() / 2]).unwrap();
    room.write("columns.csv", "time,label\n0.5,clap,loud,twice\n");
    room.write("nan.csv", "time,label\nnan,clap\n");
    let test = |name: &str, wav: &str, expect: &str| {
        format!("[[test]]\nname = \"{name}\"\nplay = {{ mic = \"{wav}\" }}\nexpect = [{{ {expect} }}]\n\n")
    };
    let tests = [
        test("well", "claps.wav", "events = 1"),
        test("no file", "clasp.wav", "events = 1"),
        test("columns", "claps.wav", "labels = \"columns.csv\", f1 = 1"),
        test("nan", "claps.wav", "labels = \"nan.csv\", f1 = 1"),
        test("rate", "claps.wav", "like = \"other_rate.wav\""),
        test("channels", "claps.wav", "like = \"stereo.wav\""),
        test("length", "claps.wav", "like = \"short.wav\""),
        test("cut golden", "claps.wav", "like = \"cut.wav\""),
        test("cut input", "cut.wav", "events = 1"),
        test("no reference", "claps.wav", "reference = \"clean.wav\", si_sdr = 3"),
        test("narrow band", "claps.wav", "reference = \"claps.wav\", pesq_nb = 3"),
        test("well too", "claps.wav", "length_s = 1, latency_ms = 20"),
    ];
    room.write("all.toml", &format!("graph = \"graph.toml\"\n{}", tests.concat()));
    let (code, said) = room.test(&["--no-report"]);
    assert_eq!(code, 1);
    let said = said.replace(&*room.0.path().to_string_lossy(), "ROOM");
    for (name, why) in [
        ("no file", "clasp.wav"),
        ("columns", "columns.csv:2"),
        ("nan", "nan.csv:2"),
        ("rate", "the golden has 8000 Hz, the output 16000 Hz"),
        ("channels", "the golden has 2 channels, the output 1"),
        ("length", "the golden has 8000 frames, the output 16000: +8000"),
        ("cut golden", "the golden is damaged"),
        ("cut input", "what is played is damaged: `cut.wav` is cut short"),
        ("no reference", "clean.wav"),
        ("narrow band", "pesq_nb is defined at 8 kHz"),
    ] {
        let from = said.find(&format!("  {name}  ")).unwrap_or_else(|| panic!("no {name} in {said}"));
        let end = said[from..].find("again:").unwrap();
        assert!(said[from..from + end].contains(why), "{name}: {why:?} is not in {}", &said[from..from + end]);
    }
    assert!(said.contains("ok      well ") && said.contains("ok      well too"), "{said}");
    assert!(said.ends_with("2 passed, 10 failed\n"), "{said}");
}

#[test]
fn the_graphs_that_ship_pass_their_tests() {
    let output = run_aw(["test", "graphs/denoise.toml", "--no-report"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).ends_with("1 passed, 0 failed\n"), "{}", stdout(&output));
}

#[test]
fn mistakes_of_a_test_file_are_told_on_their_lines() {
    let room = Room::new(GAIN);
    let test = "graph = \"graph.toml\"\n[[test]]\nname = \"typos\"\nplay = { mik = \"in.wav\" }\nset = [{ param = \"gian.gain_db\", \
                value = 3 }]\nexpect = [{ output = \"outt\", peek_db = -3 }, { rms_db = -20 }, { si_sdr = 3 }, { late = \"none\" \
                }]\n";
    room.write("typos.toml", test);
    let (code, said) = room.test(&["--no-report"]);
    assert_eq!(code, 1);
    for part in [
        "`peek_db`",
        "did you mean `peak_db`?",
        "write `rms_db = { min = -20 }`",
        "`si_sdr` needs `reference`",
        "`late` takes a number",
        "typos.toml:6:",
        "typos.toml has mistakes",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    room.write(
        "typos.toml",
        &test
            .replace("peek_db", "peak_db")
            .replace("rms_db = -20", "dc = 1")
            .replace("si_sdr", "click")
            .replace("\"none\"", "0"),
    );
    let (_, said) = room.test(&["--no-report"]);
    for part in
        ["`mik` is no input of this graph", "`outt` is no output of this graph", "`gian` is no node of this graph"]
    {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    room.write("empty.toml", "graph = \"graph.toml\"\n");
    let (code, said) = room.test(&["empty.toml"]);
    assert!(code == 1 && said.contains("empty.toml has no tests"), "{said}");
    room.write("lost.toml", "graph = \"grahp.toml\"\n[[test]]\nname = \"x\"\nexpect = [{ late = 0 }]\n");
    let (code, said) = room.test(&["lost.toml", "--no-report"]);
    assert!(code == 1 && said.contains("there is no graph grahp.toml"), "{said}");
}

/// What `aw test` must not do with the files of its user.
#[test]
fn blessing_replaces_nothing_but_the_golden_of_one_test() {
    let room = Room::new(GAIN);
    std::fs::copy(room.path("in.wav"), room.path("clean.wav")).unwrap();
    let clean = std::fs::read(room.path("clean.wav")).unwrap();
    let test = |name: &str, like: &str| {
        format!(
            "[[test]]\nname = \"{name}\"\nplay = {{ mic = \"in.wav\" }}\nexpect = [{{ like = \"{like}\" }}, {{ reference = \"clean.wav\", si_sdr = 3 }}]\n"
        )
    };
    let tests = ["in.wav", "clean.wav", "shared.wav", "shared.wav", "own.wav", "text.wav"];
    let tests: String = tests.iter().enumerate().map(|(at, like)| test(&format!("test {at}"), like)).collect();
    room.write("all.toml", &format!("graph = \"graph.toml\"\n{tests}"));
    room.write("text.wav", "the notes of a user");
    let (code, said) = room.test(&["--bless", "--no-report"]);
    assert_eq!(code, 1, "{said}");
    for name in ["in.wav", "clean.wav"] {
        assert!(said.contains(&format!("{name} is read by a test")), "{name} in {said}");
    }
    assert!(said.contains("text.wav is there, and is no golden"), "{said}");
    assert!(said.contains("blessed: own.wav: is new") && said.ends_with("3 passed, 3 failed\n"), "{said}");
    assert_eq!(std::fs::read(room.path("in.wav")).unwrap(), clean);
    assert_eq!(std::fs::read(room.path("clean.wav")).unwrap(), clean);
    assert_eq!(std::fs::read_to_string(room.path("text.wav")).unwrap(), "the notes of a user");
    assert_eq!(lines(&said, "blessed: shared.wav"), 1, "one of two makes it, and both are compared with it: {said}");
    // What was written is judged as it is: 16 bits are not all bits.
    let golden = "[[test]]\nname = \"16 bits\"\nplay = { mic = \"in.wav\" }\nexpect = [{ like = \"clean.wav\", bit_equal = true }]\n";
    room.write("all.toml", &format!("graph = \"graph.toml\"\n{golden}"));
    let (code, said) = room.test(&["--bless", "--no-report"]);
    assert!(code == 1 && said.contains("blessed: clean.wav") && said.contains("not equal"), "{said}");
}

#[test]
fn no_test_is_passed_by_in_silence() {
    let room = Room::new(GAIN);
    let test = |name: &str| {
        format!("[[test]]\nname = \"{name}\"\nplay = {{ mic = \"in.wav\" }}\nexpect = [{{ peak_db = 0 }}]\n")
    };
    room.write("good.toml", &format!("graph = \"graph.toml\"\n{}", test("good")));
    room.write("bracket.toml", &format!("graph = \"graph.toml\"\n{}", test("x").replace("[[test]]", "[[test]")));
    room.write("misspelt.toml", &format!("grph = \"graph.toml\"\n{}", test("y")));
    room.write("Cargo.toml", "[package]\nname = \"no graph\"\n[[test]]\nname = \"of Rust\"\npath = \"tests/x.rs\"\n");
    let one_bad = test("bad").replace("peak_db", "peek_db") + &test("beside it");
    room.write("one_bad.toml", &format!("graph = \"graph.toml\"\n{one_bad}"));
    room.write("twice.toml", &format!("graph = \"graph.toml\"\n{}{}", test("same"), test("same")));
    let (code, said) = room.test(&["--no-report"]);
    assert_eq!(code, 1, "{said}");
    for part in [
        "--> bracket.toml:2:",
        "--> misspelt.toml:1:1",
        "did you mean `graph`?",
        "two tests are called \"same\"",
        "ok      good",
        "ok      beside it",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    assert!(!said.contains("of Rust"), "{said}");
    // Exactly one of several whose names begin alike.
    room.write("good.toml", &format!("graph = \"graph.toml\"\n{}{}", test("-6 dB"), test("-6 dB, long")));
    let (code, said) = room.test(&["good.toml", "-k", "-6 dB", "--no-report"]);
    assert!(code == 0 && said.ends_with("1 passed, 0 failed\n"), "{said}");
}

#[test]
fn what_changes_nothing_and_what_is_too_short_is_told() {
    let room = Room::new(GAIN);
    let test = |name: &str, expect: &str| {
        format!("[[test]]\nname = \"{name}\"\nplay = {{ mic = \"in.wav\" }}\nexpect = [{{ {expect} }}]\n")
    };
    wav(&room.path("short.wav"), 16000, 1, &[1000; 8000]);
    let tests = [
        test("band", "band_hz = [40, 60], rms_db = { max = 0 }"),
        test("port", "port = \"gain\", like = \"x.npy\", peak_db = -1"),
        test("no reference", "like = \"y.wav\", si_sdr = 3"),
        test("no end", "like = \"z.wav\", within_db = { min = -200 }"),
        test("ending", "like = \"z.npy\""),
        test("short", "reference = \"short.wav\", si_sdr = 3"),
    ];
    room.write("all.toml", &format!("graph = \"graph.toml\"\n{}", tests.concat()));
    let (code, said) = room.test(&["--no-report"]);
    assert_eq!(code, 1);
    for part in [
        "`band_hz` changes nothing of rms_db",
        "`peak_db` is not measured of a port",
        "`si_sdr` needs `reference`",
        "`within_db` has no upper end",
        "sound is kept in a .wav file",
        "the reference has 0.500 s, and what is played 10.000 s",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
}

#[test]
fn a_turn_cuts_a_ramp_off_that_is_not_through() {
    let room = Room::new(GAIN);
    let test = "graph = \"graph.toml\"\n[[test]]\nname = \"down\"\nplay = { mic = \"in.wav\" }\nset = [\n  { param = \"gain.gain_db\", value \
                = 0, at_s = 1, ramp_ms = 5000 },\n  { param = \"gain.gain_db\", value = -90, at_s = 3 },\n  { param = \"gain.gain_db\", value = \
                0, at_s = 60 },\n]\nexpect = [{ from_s = 3.2, peak_db = -80 }]\n";
    room.write("down.toml", test);
    let (code, said) = room.test(&["--no-report"]);
    assert!(
        code == 0 && said.contains("note: `gain.gain_db` is set at 60 s, and what is played ends at 10.000 s"),
        "{said}"
    );
}

/// What the README shows is true.
#[test]
fn the_example_of_the_readme_passes() {
    let readme = std::fs::read_to_string(file("README.md")).unwrap();
    let from = readme.find("[[test]]\nname").unwrap();
    let example = &readme[from..from + readme[from..].find("```").unwrap()];
    let graph = std::fs::read_to_string(file("graphs/denoise.toml")).unwrap();
    let room = Room::new(GAIN);
    room.write("graphs/denoise.toml", &(graph[..graph.find("[[test]]").unwrap()].to_string() + example));
    std::fs::create_dir_all(room.path("tests/wav")).unwrap();
    for name in ["noisy.wav", "clean.wav"] {
        std::fs::copy(file(&format!("tests/wav/{name}")), room.path(&format!("tests/wav/{name}"))).unwrap();
    }
    let (code, said) = room.test(&["graphs", "--bless"]);
    assert!(code == 0 && said.ends_with("1 passed, 0 failed\n"), "{said}");
    assert_eq!(room.test(&["graphs"]).0, 0);
}
