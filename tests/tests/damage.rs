//! Damaged graph files: whatever the bytes are, they are judged without a panic and before anybody gets impatient.
use aw_host::plugin::{SearchPath, Workers};
use aw_tests::{built, file, judge};
use std::collections::HashSet;
use std::path::PathBuf;

fn workers() -> Workers {
    let (workers, errors) = Workers::find(&SearchPath { given: vec![], own: vec![built()] });
    assert!(errors.is_empty(), "{errors:?}");
    workers
}

/// Good and broken graphs.
fn graphs() -> Vec<(PathBuf, Vec<u8>)> {
    let folders = ["tests/graphs", "tests/broken"].map(|folder| std::fs::read_dir(file(folder)).expect(folder));
    let paths = folders.into_iter().flatten().map(|entry| entry.expect("a file").path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|ext| ext == "toml")).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read(path).expect("bytes"))).collect()
}

#[test]
fn files_that_end_anywhere() {
    let (workers, mut seen) = (workers(), HashSet::new()); // many graphs begin alike
    for (path, bytes) in graphs() {
        for end in 0..bytes.len() {
            if let Some(text) = std::str::from_utf8(&bytes[..end]).ok().filter(|text| seen.insert(text.to_string())) {
                judge(&path, text, &workers);
            }
        }
    }
}

/// Numbers that look random and are the same every time (G. Marsaglia, "Xorshift RNGs", J. Stat. Software 8, 2003).
fn random(state: &mut u64, below: usize) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state % below as u64) as usize
}

#[test]
fn files_with_wrong_bytes() {
    let (workers, graphs, mut state) = (workers(), graphs(), 0x9e37_79b9_7f4a_7c15);
    let words: &[&str] = &[
        "[",
        "]",
        "{",
        "}",
        "\"",
        "'",
        "=",
        ",",
        ".",
        "\n",
        "-",
        "0",
        "9223372036854775807",
        "nan",
        "[[",
        "é",
        "\u{feff}",
        "\0",
        "\r",
    ];
    let mut judged = 0;
    while judged < 4000 {
        let (path, bytes) = &graphs[random(&mut state, graphs.len())];
        let mut bytes = bytes.clone();
        for _ in 0..=random(&mut state, 3) {
            let at = random(&mut state, bytes.len() + 1);
            match random(&mut state, 3) {
                0 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (state % 7)),
                1 => drop(bytes.splice(at..at, words[random(&mut state, words.len())].bytes())),
                _ => drop(bytes.drain(at..(at + random(&mut state, 12)).min(bytes.len()))),
            }
        }
        if let Ok(text) = std::str::from_utf8(&bytes) {
            judge(path, text, &workers);
            judged += 1;
        }
    }
}

/// A good graph with one number replaced by each of the worst.
#[test]
fn numbers_at_the_ends_of_their_types() {
    let workers = workers();
    let worst = [
        "0",
        "-1",
        "1",
        "65536",
        "1048576",
        "16777216",
        "4294967295",
        "4294967296",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551616",
        "0x7fffffffffffffff",
        "1e308",
        "-1e308",
        "5e-324",
        "nan",
        "-nan",
        "inf",
        "-inf",
        "0.1",
    ];
    for (path, bytes) in
        graphs().into_iter().filter(|(path, _)| path.parent().is_some_and(|dir| dir.ends_with("graphs")))
    {
        let text = String::from_utf8(bytes).expect("UTF-8");
        let starts = text.match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| at);
        let starts = starts.filter(|&at| matches!(text.as_bytes()[at - 1], b' ' | b'[' | b'-'));
        for start in starts {
            let end = text[start..].find(|c: char| c != '.' && !c.is_ascii_digit()).map_or(text.len(), |n| start + n);
            for number in worst {
                judge(&path, &format!("{}{number}{}", &text[..start], &text[end..]), &workers);
            }
        }
    }
}

#[test]
fn blocks_and_hops_that_hardly_meet() {
    let workers = workers();
    let path = file("tests/graphs/none.toml");
    for (rate, block, size, hop) in
        [(1, 65536, 4, 1), (768_000, 65536, 1 << 20, 1), (1, 1, 1 << 20, 1 << 20), (44100, 65521, 1 << 20, 65519)]
    {
        let text = format!(
            "[graph]\nrate = {rate}\nblock = {block}\n[input.mic]\n[node.stft]\nworker = \"stft\"\nin = \"mic\"\nsize = {size}\nhop = {hop}\n\
             [node.back]\nworker = \"istft\"\nin = \"stft\"\nnormalise = \"none\"\n[output.speaker]\nfrom = \"back\"\n"
        );
        judge(&path, &text, &workers);
    }
}

#[test]
fn tables_in_tables_in_tables() {
    let workers = workers();
    let path = file("tests/graphs/none.toml");
    for (open, close) in [("[", "]"), ("{a=", "}"), ("{a=[", "]}")] {
        for closed in [true, false] {
            let close = if closed { close.repeat(10_000) } else { String::new() };
            let text = format!(
                "[graph]\nrate = 16000\n[node.deep]\nworker = \"gain\"\nin = {}0{close}\n",
                open.repeat(10_000)
            );
            assert!(judge(&path, &text, &workers) > 0);
        }
    }
    let dots = vec!["a"; 10_000].join(".");
    assert!(judge(&path, &format!("[graph]\nrate = 16000\n[node.{dots}]\nx = 1\n"), &workers) > 0);
    assert!(judge(&path, &format!("[graph]\nrate = 16000\n{dots} = 1\n"), &workers) > 0);
}

#[test]
fn tens_of_thousands_of_nodes() {
    let workers = workers();
    let path = file("tests/graphs/none.toml");
    let node = |i: usize, worker: &str| format!("[node.n{i}]\nworker = \"{worker}\"\nin = \"n{}\"\n", i + 1);
    let chain = |worker: &str| (0..30_000).map(|i| node(i, worker)).collect::<String>();
    let ends = "[graph]\nrate = 16000\n[input.n30000]\n[output.speaker]\nfrom = \"n0\"\n";
    assert_eq!(judge(&path, &format!("{ends}{}", chain("gain")), &workers), 0);
    assert_eq!(judge(&path, &format!("{ends}{}", chain("gain")).replacen("gain", "gian", 1000), &workers), 1000);
    assert_eq!(judge(&path, &format!("{ends}{}x", chain("gain")), &workers), 1);
    let in_a_circle = format!("{}[node.n30000]\nworker = \"gain\"\nin = \"n0\"\n", chain("gain"));
    assert_eq!(
        judge(&path, &format!("[graph]\nrate = 16000\n[output.speaker]\nfrom = \"n0\"\n{in_a_circle}"), &workers),
        1
    );
}
