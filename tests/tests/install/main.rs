//! `aw install`: a team's model from a folder and from an index that misbehaves, whole or not at all.
#![allow(clippy::unwrap_used)] // a test that finds nothing to unwrap has failed

#[path = "../cc/mod.rs"]
mod cc;
mod index;
mod wheel;

use aw_tests::{aw, file, stderr, stdout};
use index::{Answer, Index};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use wheel::{WHEEL, catalogue, files, sum, wheel};

/// A user without any settings, and with an empty home.
struct User(TempDir);

impl User {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn home(&self) -> PathBuf {
        self.0.path().join("home")
    }

    fn model(&self) -> PathBuf {
        self.home().join("models/our-model")
    }

    fn netrc(&self) -> PathBuf {
        self.0.path().join(".netrc")
    }

    fn part(&self) -> PathBuf {
        self.home().join("downloads").join(format!("{WHEEL}.part"))
    }

    /// A folder with the wheel.
    fn wheels(&self) -> PathBuf {
        let folder = self.0.path().join("wheels");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(WHEEL), wheel()).unwrap();
        folder
    }

    fn aw(&self) -> Command {
        let mut aw = aw();
        for (name, _) in std::env::vars_os() {
            let upper = name.to_string_lossy().to_uppercase();
            if upper.starts_with("PIP_") || upper.ends_with("_PROXY") {
                aw.env_remove(name);
            }
        }
        aw.env("AW_HOME", self.home()).env("NETRC", self.netrc()).env("PIP_CONFIG_FILE", "/dev/null");
        aw
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut aw = self.aw();
        aw.args(["install", "our-model", "--catalogue"]).arg(catalogue(self.0.path(), |text| text)).args(more);
        aw
    }

    fn install(&self, more: &[&str]) -> Output {
        self.command(more).output().unwrap()
    }

    /// What `aw install --list` says of the model.
    fn state(&self) -> String {
        let output = self
            .aw()
            .args(["install", "--list", "--json", "--catalogue"])
            .arg(catalogue(self.0.path(), |text| text))
            .output();
        let list: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
        let entries = list["entries"].as_array().unwrap();
        let ours = entries.iter().find(|entry| entry["name"] == "our-model").unwrap();
        ours["installed"].as_str().unwrap().into()
    }

    /// All is there to the bit, and nothing besides.
    fn assert_installed(&self) {
        for (_, name, bytes) in files() {
            assert_eq!(sum(&std::fs::read(self.model().join(name)).unwrap()), sum(&bytes), "{name}");
        }
        assert_eq!(names(&self.model()), ["LICENSE", "installed.json", "voice.onnx", "words.txt"]);
        assert_eq!(names(&self.home().join("models")), ["our-model"]);
        assert_eq!(self.state(), "yes");
    }

    /// There is nothing under its name, nor half-done beside it.
    fn assert_absent(&self) {
        assert_eq!(names(&self.home().join("models")), [""; 0]);
        assert_eq!(self.state(), "no");
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn assert_fails(output: &Output, words: &[&str]) -> String {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    words.iter().for_each(|word| assert!(said.contains(word), "{word:?} is not in: {said}"));
    said
}

/// A page with the wheel on it, in HTML, with a relative link.
fn page() -> Answer {
    Answer::Page("text/html", format!("<a href=\"../../files/{WHEEL}#sha256={}\" data-x>it</a>", sum(&wheel())))
}

/// An index that has the wheel, and answers for the file as told.
fn index(file: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Index {
    Index::new(move |asked, before| match asked.path.as_str() {
        "/simple/our-models/" => page(),
        path if path.ends_with(WHEEL) => file(before),
        _ => Answer::Status(404),
    })
}

#[test]
fn a_model_is_installed_named_in_a_graph_and_removed() {
    let user = User::new();
    let folder = user.wheels();
    let from = folder.display().to_string();
    let output = user.install(&["--from", &from]);
    let said = stdout(&output);
    assert!(output.status.success(), "{}", stderr(&output));
    let place = user.model().display().to_string();
    for word in [&place, "MIT", "voice.onnx (300.0 kB)", "\"@our-model/voice.onnx\"", "aw uninstall our-model"] {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
    user.assert_installed();

    let before = user.model().join("voice.onnx").metadata().unwrap().modified().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let again = user.install(&["--from", &from]);
    assert!(stdout(&again).contains("already installed"), "{}", stdout(&again));
    assert_eq!(user.model().join("voice.onnx").metadata().unwrap().modified().unwrap(), before);

    let workers = user.0.path().join("workers");
    std::fs::create_dir(&workers).unwrap();
    cc::library(&file("tests/broken/reader.c"), &workers, "reader");
    let graph = user.0.path().join("graph.toml");
    let text = "[graph]\nrate = 16000\n[input.mic]\n[node.n]\nworker = \"reader\"\nin = \"mic\"\n\
                model = \"@our-model/voice.onnx\"\n[output.o]\nfrom = \"n\"\n";
    std::fs::write(&graph, text).unwrap();
    let check = user.aw().arg("check").arg("--workers").arg(&workers).arg(&graph).output().unwrap();
    assert!(stdout(&check).ends_with("no mistakes\n"), "{}", stdout(&check));

    std::fs::write(user.model().join("notes.txt"), "mine").unwrap();
    let removed = user.aw().args(["uninstall", "our-model"]).output().unwrap();
    assert!(stdout(&removed).contains("notes.txt"), "{}", stdout(&removed));
    assert_eq!(names(&user.model()), ["notes.txt"]);
    let twice = user.aw().args(["uninstall", "our-model"]).output().unwrap();
    assert_eq!(twice.status.code(), Some(2), "{}", stderr(&twice));
}

#[test]
fn an_index_may_speak_html_or_json_and_send_elsewhere() {
    let json = format!(
        r#"{{"meta": {{}}, "files": [{{"filename": "{WHEEL}", "url": "/files/{WHEEL}", "hashes": {{"sha256": "{}"}}}}]}}"#,
        sum(&wheel())
    );
    for json in [None, Some(json)] {
        let server = Index::new(move |asked, _| match (asked.path.as_str(), &json) {
            ("/simple/our-models/", None) => page(),
            ("/simple/our-models/", Some(json)) => Answer::Page("application/vnd.pypi.simple.v1+json", json.clone()),
            (path, _) if path.starts_with("/files/") => Answer::Redirect(format!("/mirror/{WHEEL}")),
            (path, _) if path.starts_with("/mirror/") => Answer::File(wheel()),
            _ => Answer::Status(404),
        });
        let user = User::new();
        let output = user.install(&["--index", &server.address]);
        assert!(output.status.success(), "{}", stderr(&output));
        user.assert_installed();
        assert_eq!(names(&user.home()), ["lock", "models"], "what was fetched is gone");
    }
}

#[test]
fn a_download_goes_on_where_the_connection_broke() {
    let server = index(|before| if before == 0 { Answer::Cut(wheel(), 100_000) } else { Answer::File(wheel()) });
    let user = User::new();
    let output = user.install(&["--index", &server.address]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("trying again"), "{}", stderr(&output));
    user.assert_installed();
    let ranges: Vec<Option<String>> = server.asked(WHEEL).into_iter().map(|asked| asked.range).collect();
    assert_eq!(ranges, [None, Some("bytes=100000-".into())]);
}

#[test]
fn a_later_call_goes_on_too() {
    let server = index(|before| if before == 0 { Answer::Cut(wheel(), 100_000) } else { Answer::Status(404) });
    let user = User::new();
    assert_fails(&user.install(&["--index", &server.address]), &["404"]);
    user.assert_absent();
    assert_eq!(user.part().metadata().unwrap().len(), 100_000);
    let server = index(|_| Answer::File(wheel()));
    let output = user.install(&["--index", &server.address]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(server.asked(WHEEL)[0].range.as_deref(), Some("bytes=100000-"));
    user.assert_installed();
}

#[test]
fn a_server_without_ranges_is_asked_for_all_of_it() {
    let server = index(|before| if before == 0 { Answer::Cut(wheel(), 100_000) } else { Answer::Whole(wheel()) });
    let user = User::new();
    let output = user.install(&["--index", &server.address]);
    assert!(output.status.success(), "{}", stderr(&output));
    user.assert_installed();
}

#[test]
fn what_was_tampered_with_is_not_installed() {
    let mut tampered = wheel();
    tampered[100] ^= 1;
    let (expected, got) = (sum(&wheel()), sum(&tampered));

    let user = User::new();
    let bytes = tampered.clone();
    let server = index(move |_| Answer::File(bytes.clone()));
    assert_fails(&user.install(&["--index", &server.address]), &[&expected, &got, "deleted"]);
    user.assert_absent();
    assert!(!user.part().exists());

    // The index itself says that it is another.
    let server = Index::new(|asked, _| match asked.path.as_str() {
        "/simple/our-models/" => Answer::Page("text/html", format!("<a href=/{WHEEL}#sha256={}>", "0".repeat(64))),
        _ => Answer::File(wheel()),
    });
    assert_fails(&user.install(&["--index", &server.address]), &[&expected, &"0".repeat(64), "nothing was fetched"]);
    assert!(server.asked(WHEEL).is_empty());
    user.assert_absent();

    let folder = user.wheels();
    std::fs::write(folder.join(WHEEL), &tampered).unwrap();
    assert_fails(&user.install(&["--from", &folder.display().to_string()]), &[&expected, &got, WHEEL]);
    user.assert_absent();
}

#[test]
fn nothing_is_installed_if_one_file_of_an_archive_is_another() {
    let user = User::new();
    let words = sum(&files()[1].2);
    let team = catalogue(user.0.path(), |text| text.replace(&words, &"1".repeat(64)));
    let mut aw = user.aw();
    aw.args(["install", "our-model", "--catalogue"]).arg(team).arg("--from").arg(user.wheels());
    assert_fails(&aw.output().unwrap(), &["words.txt", &words, "nothing was installed"]);
    user.assert_absent();
}

#[test]
fn another_wheel_with_the_same_files_will_do() {
    let user = User::new();
    let folder = user.wheels();
    std::fs::rename(folder.join(WHEEL), folder.join("Our_Models-1.2.0-1-cp399-cp399-any.whl")).unwrap();
    let output = user.install(&["--from", &folder.display().to_string()]);
    assert!(output.status.success(), "{}", stderr(&output));
    user.assert_installed();
    let empty = tempfile::tempdir().unwrap();
    std::fs::remove_dir_all(user.model()).unwrap();
    let output = user.install(&["--from", &empty.path().display().to_string()]);
    assert_fails(&output, &[WHEEL, "pip download --no-deps -d FOLDER Our.Models==1.2.0"]);
}

#[test]
fn a_server_that_stumbles_is_asked_again_and_one_that_refuses_is_not() {
    let server = index(|before| if before < 2 { Answer::Status(503) } else { Answer::File(wheel()) });
    let user = User::new();
    let output = user.install(&["--index", &server.address]);
    assert!(output.status.success(), "{}", stderr(&output));
    user.assert_installed();

    let server = Index::new(|_, _| Answer::Status(404));
    let said = assert_fails(&User::new().install(&["--index", &server.address]), &["404", WHEEL, "--from FOLDER"]);
    assert!(said.contains("/simple/our-models/"), "{said}");
    assert_eq!(server.asked("").len(), 1);
}

#[test]
fn names_and_passwords_are_used_and_never_shown() {
    let guarded = || {
        // "ada:p@ss"
        let login = "Basic YWRhOnBAc3M=";
        Index::new(move |asked, _| match (asked.path.as_str(), asked.authorization.as_deref() == Some(login)) {
            (_, false) => Answer::Status(401),
            ("/simple/our-models/", true) => page(),
            _ => Answer::File(wheel()),
        })
    };
    let server = guarded();
    let user = User::new();
    assert_fails(&user.install(&["--index", &server.address]), &["401", "~/.netrc"]);
    let output = user.install(&["--index", &server.address.replace("://", "://ada:p%40ss@")]);
    assert!(output.status.success(), "{}", stderr(&output));
    let said = stdout(&output) + &stderr(&output);
    assert!(!said.contains("p%40ss") && !said.contains("p@ss"), "{said}");
    user.assert_installed();

    let user = User::new();
    std::fs::write(user.netrc(), "machine 127.0.0.1 login ada password p@ss\n").unwrap();
    let output = user.install(&["--index", &guarded().address]);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn what_is_damaged_is_repaired_and_what_is_not_ours_stays() {
    let user = User::new();
    let from = user.wheels().display().to_string();
    assert!(user.install(&["--from", &from]).status.success());
    std::fs::write(user.model().join("voice.onnx"), "gone").unwrap();
    std::fs::write(user.model().join("notes.txt"), "mine").unwrap();
    assert_eq!(user.state(), "damaged");
    let output = user.install(&["--from", &from]);
    assert!(stdout(&output).contains("repaired: voice.onnx has changed"), "{}", stdout(&output) + &stderr(&output));
    std::fs::remove_file(user.model().join("notes.txt")).unwrap();
    user.assert_installed();

    // A file of that name, which nobody here has put there.
    let user = User::new();
    std::fs::create_dir_all(user.model()).unwrap();
    std::fs::write(user.model().join("voice.onnx"), "mine").unwrap();
    assert_fails(&user.install(&["--from", &from]), &["voice.onnx", "move it away"]);
    assert_eq!(std::fs::read_to_string(user.model().join("voice.onnx")).unwrap(), "mine");
}

#[test]
fn two_at_once_do_not_harm_each_other() {
    let server = index(|_| Answer::File(wheel()));
    let user = User::new();
    let start =
        || user.command(&["--index", &server.address]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let children: Vec<Child> = (0..4).map(|_| start()).collect();
    let outputs: Vec<Output> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    outputs.iter().for_each(|output| assert!(output.status.success(), "{}", stderr(output)));
    let already = outputs.iter().filter(|output| stdout(output).contains("already installed")).count();
    assert_eq!((already, server.asked(WHEEL).len()), (3, 1), "one of them does the work");
    user.assert_installed();
}

#[cfg(unix)]
#[test]
fn whoever_ends_it_early_can_go_on_later() {
    let server = index(|before| match before {
        0 | 1 => Answer::Stall(wheel(), 100_000),
        _ => Answer::File(wheel()),
    });
    let user = User::new();
    for (signal, code) in [("-INT", Some(130)), ("-KILL", None)] {
        let mut aw = user.command(&["--index", &server.address]);
        let asked = server.asked(WHEEL).len();
        let child = aw.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        while server.asked(WHEEL).len() == asked || user.part().metadata().map_or(0, |about| about.len()) < 100_000 {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), code, "{}", stderr(&output));
        assert!(code.is_none() || stderr(&output).contains("interrupted"), "{}", stderr(&output));
        user.assert_absent();
    }
    // What a process that was killed while it unpacked would leave.
    std::fs::create_dir_all(user.home().join("models/.aw-killed/our-model")).unwrap();
    let output = user.install(&["--index", &server.address]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_ne!(server.asked(WHEEL).last().unwrap().range, None, "it begins where the last one was ended");
    user.assert_installed();
}

#[test]
fn mistakes_are_told_with_the_way_out() {
    let user = User::new();
    let run = |args: &[&str]| user.aw().args(args).output().unwrap();
    let output = run(&["install", "dtlm", "onnxruntime"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean `dtln`?"), "{}", stderr(&output));
    assert_eq!(run(&["install"]).status.code(), Some(2));
    assert_eq!(run(&["uninstall", "dtln"]).status.code(), Some(2));
    assert!(!user.home().exists(), "nothing was touched");

    let team = catalogue(user.0.path(), |text| text.replace("size = ", "seize = "));
    let output = user.aw().args(["install", "our-model", "--catalogue"]).arg(&team).output().unwrap();
    assert_fails(&output, &["team.toml", "seize"]);

    let output = user.command(&[]).env("PATH", user.0.path()).output().unwrap();
    assert_fails(&output, &["no Python with pip", "--index", "--from FOLDER"]);

    let from = user.wheels().display().to_string();
    let nowhere = user.0.path().join("team.toml/home");
    let output = user.command(&["--from", &from]).env("AW_HOME", &nowhere).output().unwrap();
    assert_fails(&output, &["cannot write", &nowhere.display().to_string()]);
}

#[test]
fn the_settings_of_pip_are_those_of_aw() {
    let pip = Command::new("python3").args(["-m", "pip", "--version"]).output();
    if !pip.is_ok_and(|output| output.status.success()) {
        println!("not tested: there is no python3 with pip here");
        return;
    }
    let server = index(|_| Answer::File(wheel()));
    let user = User::new();
    let config = user.0.path().join("pip.conf");
    std::fs::write(&config, format!("[global]\nindex-url = {}\n", server.address)).unwrap();
    let output = user.command(&[]).env("PIP_CONFIG_FILE", &config).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    user.assert_installed();

    let user = User::new();
    let output = user.command(&[]).env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", user.wheels()).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    user.assert_installed();

    // Of several indexes one that fails is told of, and the next one is asked.
    let mut tampered = wheel();
    tampered[100] ^= 1;
    let other = tampered.clone();
    let servers = [
        Index::new(|_, _| Answer::Status(404)),
        index(|_| Answer::Status(404)),
        index(move |before| if before == 0 { Answer::Cut(tampered.clone(), 100_000) } else { Answer::Status(404) }),
        Index::new(|_, _| Answer::Page("text/html", format!("<a href=/{WHEEL}#sha256={}>", "0".repeat(64)))),
        index(move |_| Answer::File(other.clone())),
    ];
    let addresses = servers.each_ref().map(|server| server.address.as_str());
    let user = User::new();
    let failing = format!("[global]\nindex-url = {}\nextra-index-url = {}\n", addresses[0], addresses[1..].join(" "));
    std::fs::write(&config, &failing).unwrap();
    let output = user.command(&[]).env("PIP_CONFIG_FILE", &config).output().unwrap();
    let said = assert_fails(&output, &["no package index gives ", "nothing was fetched", "deleted", &sum(&wheel())]);
    addresses
        .iter()
        .for_each(|address| assert!(said.contains(address.split("simple").next().unwrap()), "{address}: {said}"));
    user.assert_absent();
    let good = format!("{} {}\n", failing.trim_end(), server.address);
    std::fs::write(&config, good).unwrap();
    let output = user.command(&[]).env("PIP_CONFIG_FILE", &config).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    user.assert_installed();

    let user = User::new();
    std::fs::write(&config, "this is no configuration\n").unwrap();
    let output = user.command(&[]).env("PIP_CONFIG_FILE", &config).output().unwrap();
    assert_fails(&output, &["pip does not say", "pip.conf"]);
    assert_fails(&user.command(&[]).env("PIP_NO_INDEX", "1").output().unwrap(), &["no-index", "--from FOLDER"]);
}
