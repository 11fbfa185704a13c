//! The page of `aw sim --report`, as somebody finds it in a pull request.
#![allow(clippy::unwrap_used)] // helpers of tests, too
use aw_tests::{aw, file, stderr, stdout};
use roxmltree::{Document, Node, ParsingOptions};
use std::path::PathBuf;
use std::process::Output;

/// A microcontroller of 1 000 000 cycles a block whose nodes take what the test says.
const DEVICE: &str = "[device]\nclock_hz = 100_000_000\ncalibrated = true\nsource = \"a test\"\n\
     [audio]\nrates = [16000]\nblock = 160\nformat = \"s16\"\n[interrupt]\ncycles = 1000\nswitch_cycles = 500\n\
     [[heap]]\nname = \"sram\"\nkib = 256\nholds = [\"streams\", \"state\"]\n\
     [[measured]]\nnode = \"own\"\ncycles = { mean = 100_000 }\n[[measured]]\nnode = \"slow\"\ncycles = { mean = ";

/// The sound as it is, and beside it the same through a lane whose answers are due two blocks later.
const LANE: &str = "[graph]\nrate = 16000\nblock = 160\n[input.mic]\n\
     [node.own]\nworker = \"gain\"\nin = \"mic\"\n\
     [node.slow]\nworker = \"gain\"\nin = \"mic\"\nrun = { lane = \"nn\", delay = 2, late = \"zero\" }\n\
     [output.out]\nfrom = \"own\"\n[output.lane]\nfrom = \"slow\"\n";

/// A folder with a graph and a device whose lane takes so many cycles; commands run in it.
struct Room(tempfile::TempDir);

impl Room {
    fn with_lane(cycles: u64) -> Self {
        let room = Self(tempfile::tempdir().unwrap());
        std::fs::write(room.path("graph.toml"), LANE).unwrap();
        std::fs::write(room.path("device.toml"), format!("{DEVICE}{cycles} }}\n")).unwrap();
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `aw sim graph.toml --device device.toml` with more words.
    fn sim(&self, more: &[&str]) -> Output {
        let args = ["sim", "graph.toml", "--device", "device.toml"];
        aw().current_dir(self.0.path()).args(args).args(more).output().unwrap()
    }

    fn page(&self, more: &[&str]) -> String {
        let output = self.sim(&[&["--report", "sim.html"], more].concat());
        std::fs::read_to_string(self.path("sim.html")).unwrap_or_else(|why| panic!("{why}: {}", stderr(&output)))
    }

    fn names(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// The page, which is well-formed.
fn parsed(page: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(page, options).unwrap_or_else(|why| panic!("{why}\n{page}"))
}

/// All that is read in an element.
fn text(node: Node) -> String {
    node.descendants().filter(Node::is_text).filter_map(|text| text.text()).collect()
}

/// Elements of this name and class.
fn all<'a>(page: &'a Document, name: &str, class: &str) -> Vec<Node<'a, 'a>> {
    page.descendants().filter(|node| node.has_tag_name(name) && node.attribute("class") == Some(class)).collect()
}

#[test]
fn the_page_of_a_shipped_graph_has_the_answer_and_each_number_with_what_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sim.html");
    let args = ["sim", "graphs/denoise.toml", "--device", "cortex-m4-120", "--in", "tests/wav/noisy.wav"];
    let output = aw().args(args).args(["--json", "-q", "--report"]).arg(&path).output().unwrap();
    let json: serde_json::Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{why}: {}", stderr(&output)));
    let html = std::fs::read_to_string(&path).unwrap();
    let page = parsed(&html);
    let said = text(page.root_element());

    let answer = json["verdict"]["answer"].as_str().unwrap().replace('_', " ");
    assert_eq!(text(all(&page, "p", "answer")[0]), answer);
    for reason in json["verdict"]["reasons"].as_array().unwrap() {
        assert!(said.contains(&reason.as_str().unwrap().replace('`', "")), "{reason}");
    }
    let rows: Vec<Vec<String>> = page
        .descendants()
        .filter(|node| node.has_tag_name("tr"))
        .map(|row| row.children().filter(|cell| cell.has_tag_name("td")).map(text).collect())
        .collect();
    let nodes = json["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 4, "three nodes and the engine");
    for node in nodes {
        let tier = match node["tier"].as_str().unwrap() {
            "measured" => "measured",
            "counted" => "counted × CPI",
            "macs" => "MACs × k",
            _ => "unknown",
        };
        let row = rows.iter().find(|row| row.first().is_some_and(|name| *name == node["name"])).unwrap();
        assert_eq!((&row[1][..], &row[2][..], &row[3][..]), (node["worker"].as_str().unwrap(), "audio", tier));
    }
    let heaps = json["memory"]["heaps"].as_array().unwrap();
    assert!(
        !heaps.is_empty() && heaps.iter().all(|heap| said.contains(&format!("{}: ", heap["name"].as_str().unwrap())))
    );
    for words in [json["trace"].as_str().unwrap(), "aw sim graphs/denoise.toml --device cortex-m4-120 --in", "Seed 0"] {
        assert!(said.contains(words), "{words}");
    }
    assert_eq!(said.contains("NOT CALIBRATED"), json["device"]["calibrated"] == false);
    // One file that needs nothing else and does nothing.
    for foreign in ["<script", "http:", "https:", "src=", "@import", "url("] {
        assert!(!html.contains(foreign), "{foreign}");
    }
}

#[test]
fn the_picture_shows_a_lane_that_comes_too_late() {
    // One and a half blocks for each block: the second answer is late.
    let html = Room::with_lane(1_500_000).page(&["--seconds", "1"]);
    let page = parsed(&html);
    assert_eq!(text(all(&page, "p", "answer")[0]), "does not fit");
    let [picture] = &all(&page, "svg", "timeline")[..] else { panic!("it goes wrong at the start") };
    let titles = |class: &str| -> Vec<String> {
        picture.descendants().filter(|node| node.attribute("class") == Some(class)).map(text).collect()
    };
    // A block comes each 10 ms; the interrupt and its node take 0.1 of it.
    assert!(titles("runs").contains(&"audio, block 0: runs 10.000 to 11.010 ms, 1.010 ms".into()), "{html}");
    assert!(titles("runs").contains(&"nn, block 0: runs 11.010 to 20.000 ms, 8.990 ms".into()), "{html}");
    assert!(titles("waits").contains(&"nn, block 0: waits for a core 20.000 to 21.010 ms, 1.010 ms".into()), "{html}");
    assert!(!titles("late").is_empty() && !titles("wrong").is_empty(), "{html}");
}

#[test]
fn what_goes_wrong_after_minutes_has_a_picture_of_its_own() {
    let room = Room::with_lane(600_000);
    let html = room.page(&["--seconds", "70", "--fault", "burner,percent=60,every_ms=5,from_s=61.5"]);
    let page = parsed(&html);
    let titles: Vec<String> = page.descendants().filter(|node| node.has_tag_name("h3")).map(text).collect();
    assert_eq!(titles.len(), 2, "{titles:?}");
    assert!(titles[1].starts_with("Around what went wrong first, at 615"), "{titles:?}");
    let [start, wrong] = &all(&page, "svg", "timeline")[..] else { panic!("two pictures") };
    let count =
        |picture: &Node, class| picture.descendants().filter(|node| node.attribute("class") == Some(class)).count();
    assert_eq!((count(start, "late"), count(start, "other")), (0, 0));
    assert!(count(wrong, "late") > 0 && count(wrong, "other") > 1 && count(wrong, "first") == 1, "{html}");
}

#[test]
fn a_page_that_cannot_be_written_is_told_before_anything_runs() {
    let room = Room::with_lane(600_000);
    // A hundred days of the device would take hours here.
    let output = room.sim(&["--seconds", "1000000", "--report", "nowhere/sim.html"]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(1), String::new()));
    assert!(stderr(&output).contains("nowhere") && stderr(&output).lines().count() == 1, "{}", stderr(&output));
    std::fs::copy(file("tests/wav/noisy.wav"), room.path("in.wav")).unwrap();
    for (report, why) in
        [("in.wav", "a file to be read"), ("graph.toml", "a file to be read"), ("out.wav", "is written twice")]
    {
        let output = room.sim(&["--in", "in.wav", "--out", "out=out.wav", "--report", report]);
        assert_eq!((output.status.code(), stdout(&output)), (Some(2), String::new()));
        assert!(stderr(&output).contains(why) && stderr(&output).contains("--report"), "{}", stderr(&output));
    }
    assert_eq!(room.names(), ["device.toml", "graph.toml", "in.wav"]);
    assert_eq!(std::fs::read_to_string(room.path("graph.toml")).unwrap(), LANE);
}

#[test]
fn a_page_can_go_down_a_pipe_and_nothing_else_does() {
    let room = Room::with_lane(600_000);
    let output = room.sim(&["--seconds", "1", "--report", "-"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    parsed(stdout(&output).trim_start());
    assert!(stdout(&output).starts_with("<!DOCTYPE html>"));
    let output = room.sim(&["--seconds", "1", "--report", "-", "--json"]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(2), String::new()));
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_no_half_page() {
    let room = Room::with_lane(600_000);
    let mut sim = aw();
    sim.current_dir(room.0.path()).args(["sim", "graph.toml", "--device", "device.toml", "--seconds", "1000000"]);
    let child = sim.args(["--report", "sim.html"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let begun = std::time::Instant::now();
    while room.names().len() < 3 && begun.elapsed().as_secs() < 60 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(stderr(&output).contains("interrupted"), "{}", stderr(&output));
    assert_eq!(room.names(), ["device.toml", "graph.toml"]);
}
