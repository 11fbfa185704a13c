//! One run of a test. A test that plays a folder of files is a run for each of them.
use super::Suite;
use crate::features::sounds;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where a report goes if nobody says where.
pub const REPORT: &str = "aw-test-report";
/// Stands for the name of the file that is played, in paths of a test.
const FILE: &str = "{file}";

/// One run of a test.
#[derive(Clone, Debug)]
pub struct Case {
    /// The file that it stands in, by its place in the list.
    pub suite: usize,
    /// The test, by its place in the file.
    pub test: usize,
    /// Of a test that plays several files: the name of this one.
    pub file: Option<String>,
    /// What each input plays.
    pub inputs: BTreeMap<String, PathBuf>,
    /// Why it cannot be played.
    pub trouble: Option<String>,
    /// The file that it stands in.
    pub path: String,
    /// What it is called, the same in every run: its name, with the file that is played in brackets if there are several.
    pub name: String,
}

impl Case {
    /// All runs of the tests of a file.
    pub fn of(at: usize, suite: &Suite) -> Vec<Self> {
        (0..suite.tests.len()).flat_map(|test| Self::of_test(at, suite, test)).collect()
    }

    fn of_test(suite_at: usize, suite: &Suite, test_at: usize) -> Vec<Self> {
        let test = &suite.tests[test_at];
        let (path, name) = (suite.path.display().to_string(), test.name.value.clone());
        let case = |file: Option<&str>, inputs, trouble: Option<String>| Self {
            suite: suite_at,
            test: test_at,
            file: file.map(Into::into),
            inputs,
            trouble,
            path: path.clone(),
            name: file.map_or(name.clone(), |file| format!("{name}[{file}]")),
        };
        let broken = |why: String| vec![case(None, BTreeMap::new(), Some(why))];
        let mut many: Option<(&str, Vec<(String, PathBuf)>)> = None;
        let mut single = vec![];
        for play in &test.play {
            let input = play.input.value.as_str();
            let paths: Vec<PathBuf> = play.files.iter().map(|file| file.value.clone()).collect();
            match paths.as_slice() {
                [path] if !path.is_dir() => single.push((input, path.clone())),
                _ if many.is_some() => {
                    let help = format!("name them after the other's with {FILE}: \"noise/{FILE}.wav\"");
                    return broken(format!("two inputs play several files; {help}"));
                }
                paths => match sounds(paths) {
                    Ok(found) => {
                        let found = found.into_iter().filter(|sound| !is_of_a_report(&sound.path));
                        many = Some((input, found.map(|sound| (sound.key(), sound.path)).collect()));
                    }
                    Err(why) => return broken(format!("of `{input}`: {why}")),
                },
            }
        }
        let inputs = |file: Option<&str>| {
            let one =
                |(input, path): &(&str, PathBuf)| (input.to_string(), file.map_or(path.clone(), |f| named(path, f)));
            single.iter().map(one).collect::<BTreeMap<_, _>>()
        };
        match many {
            None => vec![case(None, inputs(None), None)],
            Some((input, files)) => files
                .into_iter()
                .map(|(file, path)| {
                    let mut all = inputs(Some(&file));
                    all.insert(input.into(), path);
                    case(Some(&file), all, None)
                })
                .collect(),
        }
    }

    /// A path of the test, with the name of the file that is played in it.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.file.as_ref().map_or(path.into(), |file| named(path, file))
    }

    /// FILE::NAME.
    pub fn id(&self) -> String {
        format!("{}::{}", self.path, self.name)
    }

    /// Whether it is one of those that are asked for: its id has all of these words in it, in any case.
    pub fn is_asked_for(&self, words: &[String]) -> bool {
        let id = self.id().to_lowercase();
        words.iter().all(|word| id.contains(&word.to_lowercase()))
    }
}

/// What a report has left behind is not played.
fn is_of_a_report(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == REPORT)
}

fn named(path: &Path, file: &str) -> PathBuf {
    match path.to_str() {
        Some(text) => text.replace(FILE, file).into(),
        None => path.into(),
    }
}
