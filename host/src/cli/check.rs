//! `aw check`: a graph file, or a worker library.
use super::graph::Graph;
use super::{FAILED, USAGE, WorkersFrom, fail, json, print};
use aw_host::check::conform::{Finding, Report, Suite, SuiteError, Task, Verdict, child};
use aw_host::graph::{Device, Home, TestFile, check_tests};
use aw_host::trial::{check_devices, find};
use clap::Args;
use serde_json::json;
use std::ffi::OsString;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

#[derive(Args)]
pub struct Command {
    /// A graph file, - for standard input; or a file of tests; or a worker library: then every promise of its workers is put to the test,
    /// each in a process of its own
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// For editors and scripts
    #[arg(long)]
    json: bool,
    /// Of a graph: refuse also what can only be replayed
    #[arg(long)]
    live: bool,
    /// Of a library: most seconds that one check may take
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, value_parser = seconds)]
    timeout: f64,
    /// Of a library: a value of a parameter, such as the file that a worker needs
    #[arg(long, value_name = "WORKER.PARAM=VALUE")]
    set: Vec<String>,
    /// Of a library: only this worker, or only this check
    #[arg(long, value_name = "WORKER[.CHECK]")]
    only: Option<String>,
    #[command(flatten)]
    workers: WorkersFrom,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.01..=86400.0).contains(&seconds) => Ok(seconds),
        _ => Err("seconds are wanted, from 0.01 to 86400".into()),
    }
}

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        if is_library(&self.path) {
            return self.library();
        }
        if std::fs::read_to_string(&self.path).is_ok_and(|text| TestFile::has_tests(&text) == Some(Home::Apart)) {
            return self.tests();
        }
        let graph = Graph::read(&self.path)?;
        let workers = self.workers.find()?;
        let (compiled, mut diags) = graph.compile(&workers, &Device { live: self.live, ..Device::default() }, &[]);
        check_tests(&graph.file.tests, &graph.file, &mut diags);
        check_devices(&graph.file.tests, &mut diags);
        diags.sort();
        graph.print(&diags, self.json)?;
        Ok(if compiled.is_some() && diags.errors() == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
    }

    /// A file of tests: their mistakes, and whether the graph is a graph.
    fn tests(&self) -> Result<ExitCode, ExitCode> {
        let (suites, errors) = find(std::slice::from_ref(&self.path));
        let Some(suite) = suites.first() else { return Err(fail(errors.join("; "))) };
        let own = match self.json {
            true => json(&suite.diags.to_json(&suite.path, &suite.text)),
            false => {
                let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
                suite.diags.render(&suite.path, &suite.text, colour)
            }
        };
        print(&own)?;
        let graph = Graph::read(&suite.graph.path).ok().filter(|_| suite.graph.path != suite.path);
        let mut errors = suite.diags.errors();
        if let (Some(graph), false) = (graph, self.json) {
            let (_, diags) = graph.compile(&self.workers.find()?, &Device::default(), &[]);
            graph.print(&diags, false)?;
            errors += diags.errors();
        }
        let tests = suite.tests.len();
        if !self.json {
            print(&format!("{}: {tests} tests, {errors} errors\n", suite.path.display()))?;
        }
        Ok(if errors == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
    }

    fn library(&self) -> Result<ExitCode, ExitCode> {
        let program = std::env::current_exe().map_err(fail)?;
        let start = |library: &Path, diary: &Path, args: &[OsString]| {
            let mut command = std::process::Command::new(&program);
            command.arg("conform").arg("--diary").arg(diary).args(args).arg("--").arg(library);
            command
        };
        let library = std::path::absolute(&self.path).map_err(fail)?;
        let (set, only) = (self.set.clone(), self.only.clone());
        let suite = Suite { library, timeout: Duration::from_secs_f64(self.timeout), set, only, start: &start };
        let mut printed = Ok(());
        let report = suite.run(|finding| {
            if !self.json && printed.is_ok() {
                printed = print(&format!("{finding}\n"));
            }
        });
        printed?;
        let report = report.map_err(|why| {
            let code = if matches!(why, SuiteError::Only(..)) { USAGE } else { FAILED };
            say!("error: {why}");
            ExitCode::from(code)
        })?;
        match self.json {
            true => print(&json(&to_json(&self.path, &report)))?,
            false => print(&summary(&self.path, &report))?,
        }
        Ok(if report.count(Verdict::Fail) == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
    }
}

/// How it went, with what failed once more, for it may have scrolled away.
fn summary(path: &Path, report: &Report) -> String {
    let failed: Vec<&Finding> = report.findings.iter().filter(|finding| finding.verdict == Verdict::Fail).collect();
    let mut text = format!(
        "{}: {} checks passed, {} failed, {} doubtful, {} not applicable\n",
        path.display(),
        report.count(Verdict::Pass),
        failed.len(),
        report.count(Verdict::Warn),
        report.count(Verdict::Skip)
    );
    if !failed.is_empty() && report.findings.len() > 30 {
        text += "failed:\n";
        failed
            .iter()
            .filter(|finding| !finding.saw.starts_with("the same as"))
            .for_each(|finding| text += &format!("{finding}\n"));
    }
    text
}

fn to_json(path: &Path, report: &Report) -> serde_json::Value {
    json!({
        "library": path,
        "passed": report.count(Verdict::Fail) == 0,
        "findings": report.findings,
    })
}

/// Whether a file is a library: by its name, or by its first bytes.
fn is_library(path: &Path) -> bool {
    if path.extension().is_some_and(|ext| ext == std::env::consts::DLL_EXTENSION) {
        return true;
    }
    let mut head = [0; 4];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    // ELF; Mach-O of 64 bits or of several machines; Windows.
    let known: [&[u8]; 4] = [b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"MZ"];
    path.is_file() && read.is_ok() && known.iter().any(|magic| head.starts_with(magic))
}

/// One task of the suite, in a process of its own. Not for users: `aw check` starts it.
#[derive(Args)]
pub struct Child {
    library: PathBuf,
    /// Where to write what happens
    #[arg(long)]
    diary: PathBuf,
    #[arg(long, requires = "check")]
    worker: Option<String>,
    #[arg(long)]
    check: Option<String>,
    #[arg(long)]
    set: Vec<String>,
}

impl Child {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        let diary = std::fs::OpenOptions::new().append(true).open(&self.diary).map_err(fail)?;
        let task = match (&self.worker, &self.check) {
            (Some(worker), Some(check)) => {
                Task::Check { worker: worker.clone(), check: check.clone(), set: self.set.clone() }
            }
            _ => Task::Open,
        };
        child(&self.library, &task, diary);
        Ok(ExitCode::SUCCESS)
    }
}
