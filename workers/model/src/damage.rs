//! Damaged models. Each engine gets them in a process of its own, so that a crash is one failed case and not the end of
//! the tests.
use crate::at_hand::{Engine, Tables, engines, table};
use crate::tests::{audio, features};
use aw_sdk::{Format, Given};
use std::io::{BufRead, BufReader, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// What a child is told: the number of its engine, and of the first case.
const TASK: &str = "AW_DAMAGED_MODELS_FROM";
/// No case takes so long on any machine; one that does hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// A model of the tests and how it is bound.
struct Whole {
    name: &'static str,
    tables: Tables<'static>,
    input: (&'static str, Format),
}

fn whole() -> [Whole; 5] {
    let audio = ("input", audio());
    [
        Whole { name: "mask", tables: &[], input: ("in", features(5)) },
        Whole { name: "gru", tables: &[("state", &[("h", "h_next")])], input: ("x", features(4)) },
        Whole {
            name: "accumulate",
            tables: &[("state", &[("h", "h_next"), ("n", "n_next")])],
            input: ("in", features(1)),
        },
        Whole { name: "words", tables: &[("stack", &[("features", "6")])], input: ("in", features(4)) },
        Whole {
            name: "vad",
            tables: &[("state", &[("state", "stateN")]), ("const", &[("sr", "8000")]), ("frames", &[("input", "20")])],
            input: audio,
        },
    ]
}

/// A damaged file: what was done to it, and what is left.
fn cases() -> Vec<(String, usize, Vec<u8>)> {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 11) as usize % below
    };
    let mut cases = vec![];
    for (number, whole) in whole().iter().enumerate() {
        let path = format!("{}/tests/models/{}.onnx", env!("CARGO_MANIFEST_DIR"), whole.name);
        let bytes = std::fs::read(path).unwrap();
        let mut case = |done: String, bytes: Vec<u8>| cases.push((format!("{} {done}", whole.name), number, bytes));
        for cut in (0..bytes.len()).step_by(5) {
            case(format!("cut at {cut}"), bytes[..cut].to_vec());
            case(format!("without its first {cut} bytes"), bytes[cut..].to_vec());
        }
        for _ in 0..400 {
            let mut other = bytes.clone();
            let flips: Vec<(usize, usize)> = (0..1 + next(3)).map(|_| (next(bytes.len()), next(8))).collect();
            flips.iter().for_each(|(at, bit)| other[*at] ^= 1 << bit);
            case(format!("with the bits {flips:?} turned"), other);
        }
        for _ in 0..50 {
            let (from, to, len) = (next(bytes.len()), next(bytes.len()), next(40));
            let mut other = bytes.clone();
            let piece = bytes[from..(from + len).min(bytes.len())].to_vec();
            other.splice(to..to, piece);
            case(format!("with {len} bytes of {from} once more at {to}"), other);
        }
    }
    cases
}

/// A child: plays cases one by one, and says of each that it begins.
#[test]
fn a_child_plays_damaged_models() {
    let Ok(task) = std::env::var(TASK) else { return };
    let (engine, from) = task.split_once(' ').unwrap();
    let engine = &engines()[engine.parse::<usize>().unwrap()];
    let folder = std::env::temp_dir().join(format!("aw-damaged-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut out = std::io::stdout();
    for (at, (done, number, bytes)) in cases().into_iter().enumerate().skip(from.parse().unwrap()) {
        writeln!(out, "\nBEGINS {at}").unwrap();
        let path = folder.join("model.onnx");
        std::fs::write(&path, bytes).unwrap();
        let played = catch_unwind(AssertUnwindSafe(|| play(engine, &whole()[number], &path)));
        match played {
            Ok(Err(why)) if why.is_empty() || why.contains('\n') || why.starts_with("panicked") => {
                writeln!(out, "BADLY {done}: {why:?}").unwrap();
            }
            _ => {}
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    writeln!(out, "\nALL DONE").unwrap();
}

/// Ten frames of a model, or why it refuses. What it gives does not matter: some damage changes only weights.
fn play(engine: &Engine, whole: &Whole, path: &std::path::Path) -> Result<(), String> {
    let mut params: Vec<(&str, Given)> = vec![("model", path.to_str().unwrap().into())];
    params.extend(whole.tables.iter().map(|(name, pairs)| (*name, table(pairs))));
    let mut rig = engine.rig(&params, &[whole.input], &["out"]).map_err(|e| e.0)?;
    let frames = rig.input(0).frames * whole.input.1.width() * 10;
    rig.run(&[&[&vec![0.25; frames]]]);
    Ok(())
}

#[test]
fn a_damaged_model_is_refused_or_runs_and_never_takes_the_program_down() {
    let (cases, mut wrong) = (cases(), vec![]);
    for (number, engine) in engines().iter().enumerate() {
        let mut from = 0;
        loop {
            let (last, badly, end) = child(number, from);
            wrong.extend(badly.into_iter().map(|badly| format!("{}: {badly}", engine.title)));
            let Some(how) = end else { break };
            wrong.push(format!("{}: {}: the process {how}", engine.title, cases[last].0));
            from = last + 1;
            if wrong.len() > 20 || from == cases.len() {
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// Runs a child; gives the case it began last, what it said was wrong, and how it came to a bad end.
fn child(engine: usize, from: usize) -> (usize, Vec<String>, Option<String>) {
    let program: PathBuf = std::env::current_exe().unwrap();
    let args = ["--exact", "damage::a_child_plays_damaged_models", "--nocapture", "--test-threads=1"];
    let command = Command::new(program)
        .args(args)
        .env(TASK, format!("{engine} {from}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut command = command.unwrap();
    let out = BufReader::new(command.stdout.take().unwrap());
    let (send, lines) = mpsc::channel();
    std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
    let (mut last, mut badly, mut done) = (from, vec![], false);
    loop {
        match lines.recv_timeout(PATIENCE) {
            Ok(line) if line.starts_with("BEGINS ") => last = line[7..].parse().unwrap(),
            Ok(line) if line.starts_with("BADLY ") => badly.push(line[6..].to_string()),
            Ok(line) => done |= line == "ALL DONE",
            Err(mpsc::RecvTimeoutError::Timeout) => {
                command.kill().unwrap();
                command.wait().unwrap();
                return (last, badly, Some("hung".into()));
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    let status = command.wait().unwrap();
    (last, badly, (!status.success() || !done).then(|| format!("ended with {status}")))
}
