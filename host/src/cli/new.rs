//! `aw new`: the beginning of a worker that builds, passes its own test and runs in a graph.
use super::{USAGE, WorkersFrom, fail, print};
use aw_host::plugin::{SearchPath, Workers};
use clap::{Args, Subcommand, ValueEnum};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Args)]
pub struct Command {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// A worker library: the worker, its test, and a graph that plays through it
    Worker(Worker),
}

#[derive(Args)]
struct Worker {
    /// Its id in graph files: small letters, digits and `_`
    name: String,
    /// What it is written in
    #[arg(long, value_enum, default_value = "rust")]
    lang: Lang,
    /// Where its folder is made
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Rust: the folder of the crate `aw-sdk`, where this program cannot know it
    #[arg(long, value_name = "DIR")]
    sdk: Option<PathBuf>,
    #[command(flatten)]
    workers: WorkersFrom,
}

#[derive(Clone, Copy, ValueEnum)]
enum Lang {
    Rust,
    C,
}

/// A file to be written, by its path in the folder.
type File = (String, String);

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        let What::Worker(worker) = &self.what;
        worker.run()
    }
}

impl Worker {
    fn run(&self) -> Result<ExitCode, ExitCode> {
        let usage = |why: String| {
            say!("error: {why}");
            ExitCode::from(USAGE)
        };
        check_name(&self.name).map_err(usage)?;
        // What other libraries are worth does not matter here: only that no id is taken twice.
        let (workers, _) = Workers::find(&SearchPath::new(&self.workers.folders));
        if let Some(found) = workers.get(&self.name) {
            let library = found.library.path.display();
            return Err(usage(format!("there is a worker `{}` already, in {library}: take another name", self.name)));
        }
        let folder = self.dir.join(&self.name);
        if folder.symlink_metadata().is_ok() {
            return Err(usage(format!("{} is there already: take another name or another --dir", folder.display())));
        }
        let plan = Plan::new(&self.name, &folder);
        let files = match self.lang {
            Lang::Rust => plan.rust(&self.sdk()?, in_a_package(&self.dir)),
            Lang::C => plan.c(),
        };
        for (path, text) in &files {
            write(&folder.join(path), text).map_err(|why| fail(format!("cannot write {path}: {why}")))?;
        }
        let made: Vec<String> = files.iter().map(|(path, _)| folder.join(path).display().to_string()).collect();
        let next = match self.lang {
            Lang::Rust => plan.rust_commands(),
            Lang::C => plan.c_commands(),
        };
        print(&format!("made {}\nnext:\n  {}\n", made.join(", "), next.join("\n  ")))?;
        Ok(ExitCode::SUCCESS)
    }

    /// Where the SDK is: as told, or beside the source that this program was built from.
    fn sdk(&self) -> Result<PathBuf, ExitCode> {
        let known = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../workers/sdk"));
        let folder = self.sdk.as_deref().unwrap_or(known);
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        if !manifest.contains("name = \"aw-sdk\"") {
            return Err(match &self.sdk {
                Some(given) => fail(format!("--sdk {}: the crate `aw-sdk` is not there", given.display())),
                None => fail(format!(
                    "the source that this program was built from has gone from {}: get it again, and say \
                     --sdk DIR, where DIR is its folder workers/sdk; or write the worker in C: --lang c",
                    known.display()
                )),
            });
        }
        folder.canonicalize().map_err(fail)
    }
}

/// The names, paths and commands of one new worker.
struct Plan<'a> {
    name: &'a str,
    folder: String,
}

impl<'a> Plan<'a> {
    fn new(name: &'a str, folder: &Path) -> Self {
        Self { name, folder: folder.strip_prefix(".").unwrap_or(folder).display().to_string() }
    }

    fn fill(&self, template: &str, more: &[(&str, &str)]) -> String {
        let all = more.iter().copied().chain([("name", self.name)]);
        all.fold(template.to_string(), |text, (key, value)| text.replace(&format!("{{{{{key}}}}}"), value))
    }

    fn library(&self) -> String {
        use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
        format!("target/debug/{DLL_PREFIX}{}{DLL_SUFFIX}", self.name)
    }

    /// The library that a C compiler makes.
    fn object(&self) -> String {
        format!("{}{}", self.name, std::env::consts::DLL_SUFFIX)
    }

    fn build(&self) -> String {
        format!("cc -std=c11 -O2 -Wall -Wextra -shared -fPIC {}.c -o {}", self.name, self.object())
    }

    fn replay(&self, libraries: &str) -> String {
        format!("aw replay --workers {libraries} {}.toml --in speech.wav --out out.wav", self.name)
    }

    /// What to type in the folder of the worker.
    fn rust_steps(&self) -> [String; 3] {
        let check = format!("cargo build && aw check {}", self.library());
        ["cargo test".into(), check, self.replay("target/debug")]
    }

    fn c_steps(&self) -> [String; 3] {
        [self.build(), format!("aw check {}", self.object()), self.replay(".")]
    }

    fn typed_here(&self, [first, second, third]: [String; 3]) -> [String; 3] {
        [format!("cd {} && {first}", shell(&self.folder)), second, third]
    }

    fn rust_commands(&self) -> [String; 3] {
        self.typed_here(self.rust_steps())
    }

    fn c_commands(&self) -> [String; 3] {
        self.typed_here(self.c_steps())
    }

    fn rust(&self, sdk: &Path, in_a_package: bool) -> Vec<File> {
        // A JSON string is a TOML string too.
        let sdk = serde_json::Value::from(sdk.to_string_lossy().into_owned()).to_string();
        let workspace = match in_a_package {
            true => "\n[workspace] # apart from the Cargo.toml of the folders above",
            false => "",
        };
        let name = type_name(self.name);
        let fill = |text| self.fill(text, &[("sdk", &sdk), ("workspace", workspace), ("type", &name)]);
        let steps = self.rust_steps();
        let manifest = format!("{}\n", fill(include_str!("../../templates/rust/Cargo.toml")).trim_end());
        vec![
            ("Cargo.toml".into(), manifest),
            ("src/lib.rs".into(), fill(include_str!("../../templates/rust/lib.rs"))),
            (".gitignore".into(), "/target\n".into()),
            self.graph(&steps[2]),
            self.readme(&steps, "src/lib.rs"),
        ]
    }

    fn c(&self) -> Vec<File> {
        let steps = self.c_steps();
        let source = format!("{}.c", self.name);
        let text = self.fill(include_str!("../../templates/c/worker.c"), &[("build", &self.build())]);
        vec![
            (source.clone(), text),
            ("worker.h".into(), include_str!("../../../workers/abi/worker.h").into()),
            self.graph(&steps[2]),
            self.readme(&steps, &source),
        ]
    }

    fn graph(&self, replay: &str) -> File {
        let text = self.fill(include_str!("../../templates/graph.toml"), &[("replay", replay)]);
        (format!("{}.toml", self.name), text)
    }

    fn readme(&self, steps: &[String], source: &str) -> File {
        let more = [("commands", steps.join("\n")), ("source", source.to_string())];
        let more: Vec<(&str, &str)> = more.iter().map(|(key, value)| (*key, value.as_str())).collect();
        ("README.md".into(), self.fill(include_str!("../../templates/README.md"), &more))
    }
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}

/// A path as a shell wants it.
fn shell(path: &str) -> String {
    match path.chars().all(|c| c.is_alphanumeric() || "/._-+:\\".contains(c)) {
        true => path.into(),
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

/// Whether cargo would take a package in this folder for a part of something above it.
fn in_a_package(folder: &Path) -> bool {
    let folder = std::path::absolute(folder).unwrap_or_default();
    folder.ancestors().any(|above| above.join("Cargo.toml").is_file())
}

/// Names that a crate cannot have, or had better not.
const TAKEN: &[&str] = &["aw_abi", "aw_sdk", "alloc", "core", "proc_macro", "std", "test"];

const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

fn check_name(name: &str) -> Result<(), String> {
    let tidy: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    let tidy = tidy.trim_matches(|c: char| c == '_' || c.is_ascii_digit());
    if !name.starts_with(|c: char| c.is_ascii_lowercase())
        || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    {
        let hint = if tidy.is_empty() { String::new() } else { format!("; perhaps `{tidy}`?") };
        return Err(format!(
            "{name:?} cannot be the name of a worker: small letters, digits and `_`, a letter first{hint}"
        ));
    }
    if name.len() > 64 {
        return Err("the name of a worker has at most 64 letters".into());
    }
    if KEYWORDS.contains(&name) {
        return Err(format!("`{name}` is a word of the Rust language: take another name, such as `{name}_it`"));
    }
    if TAKEN.contains(&name) {
        return Err(format!("`{name}` is the name of a crate that every worker has: take another name"));
    }
    Ok(())
}

/// `my_worker` → `MyWorker`, and not a name that the template uses.
fn type_name(name: &str) -> String {
    let capital = |part: &str| part[..1].to_uppercase() + &part[1..];
    let camel: String = name.split('_').filter(|part| !part.is_empty()).map(capital).collect();
    let used = [
        "Answer", "Block", "Choices", "Err", "Error", "Event", "Format", "Given", "Inputs", "Kind", "None", "Ok",
        "Option", "Outputs", "Param", "Port", "Result", "Rig", "Self", "Setup", "Some", "Spec", "String", "Values",
        "Vec", "Worker",
    ];
    if used.contains(&camel.as_str()) { camel + "Worker" } else { camel }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cargo_rust_or_a_graph_would_refuse_are_refused_at_once() {
        for name in
            ["", "My", "a-b", "1st", "_x", "a b", "é", "a.b", "../x", "a/b", "loop", "self", "std", "test", "aw_sdk"]
        {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        for name in ["loudness", "low_pass_2", "x"] {
            assert_eq!(check_name(name), Ok(()), "{name:?}");
        }
        assert!(check_name("Low-Pass").unwrap_err().contains("perhaps `low_pass`?"));
        assert!(check_name(&"x".repeat(65)).is_err());
    }

    #[test]
    fn the_type_of_a_worker_hides_none_of_the_sdk() {
        assert_eq!(type_name("low_pass_2"), "LowPass2");
        assert_eq!(type_name("a__b_"), "AB");
        assert_eq!(type_name("block"), "BlockWorker");
    }
}
