//! `aw test`.
use super::many::{self, Bar, ENDED, INTERRUPTED};
use super::{FAILED, USAGE, WorkersFrom, fail, json, print};
use aw_host::graph::Diags;
use aw_host::replay::Progress;
use aw_host::trial::{Blessed, Case, Papers, Status, Suite, Trial, Verdict, bless, find, run, summary, table};
use clap::Args;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

/// Where a report goes if something failed and nobody said where.
const REPORT: &str = "aw-test-report";

#[derive(Args)]
pub struct Command {
    /// Graph files with `[[test]]` tables, files of tests that name their graph, or folders that are searched for both
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Only tests whose name, FILE::NAME[PLAYED], has this in it, in any case; of several all
    #[arg(short = 'k', value_name = "TEXT")]
    asked: Vec<String>,
    /// How many run at a time; as many as there are cores by default
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Play each test so often, and fail where it is not the same every time, bit for bit
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeat: u32,
    /// Make goldens anew where they do not match, and nothing else is wrong
    #[arg(long)]
    bless: bool,
    /// Write a report into a folder: report.html, junit.xml, report.json, and of each golden that does not match what came
    /// instead and a picture. Without it, only where something failed, into aw-test-report
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Write no report, also where something failed
    #[arg(long, conflicts_with = "report")]
    no_report: bool,
    /// Write JUnit XML; - is standard output
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write JSON; - is standard output, where the table is left out then
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// List the tests, run none
    #[arg(long)]
    list: bool,
    /// Say only what failed, and the counts
    #[arg(long, short)]
    quiet: bool,
    /// Say every measure, and how it is defined
    #[arg(long, short, conflicts_with = "quiet")]
    verbose: bool,
    #[command(flatten)]
    workers: WorkersFrom,
}

/// What a case gives.
type Ran = Option<(Verdict, Diags)>;

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        let (suites, errors) = find(&self.paths);
        errors.iter().for_each(|why| say!("error: {why}"));
        let cases: Vec<Case> = suites.iter().enumerate().flat_map(|(at, suite)| Case::of(at, suite)).collect();
        let all = cases.len();
        let cases: Vec<Case> = cases.into_iter().filter(|case| case.is_asked_for(&self.asked)).collect();
        if cases.is_empty() {
            if all > 0 {
                say!(
                    "error: none of {all} tests has {:?} in its name; `aw test --list` lists them",
                    self.asked.join(" ")
                );
            }
            return Err(ExitCode::from(if all > 0 { USAGE } else { FAILED }));
        }
        if self.list {
            let list: String = cases.iter().map(|case| format!("{}\n", case.id)).collect();
            print(&list)?;
            return Ok(if errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) });
        }
        let workers = self.workers.find()?;
        hush_pesq();
        let stop = many::on_ctrl_c()?;
        let bar = Bar::new(seconds(&cases), Some(cases.len()), self.quiet);
        let played = |seconds: f64| bar.played(seconds);
        let keep = self.report.is_some();
        let progress = Progress { stop, played: &played };
        let trial = Trial { workers: &workers, progress, times: self.repeat, keep, alone: RwLock::new(()) };
        let jobs = self.jobs.map_or_else(many::cores, usize::from);
        let blessed = Mutex::new(vec![]);
        let ran: Vec<Ran> = many::each(&cases, jobs, |_, case| {
            if stop.load(Relaxed) {
                return None;
            }
            let (mut verdict, diags) = run(case, &suites[case.suite], &trial).ok()?;
            if self.bless && !verdict.passed() {
                let said = blessed_now(&mut verdict);
                blessed.lock().unwrap_or_else(PoisonError::into_inner).push((case.id.clone(), said));
            }
            bar.file_done();
            Some((verdict, diags))
        });
        let elapsed = bar.finish();
        self.say_mistakes(&suites, &cases, &ran);
        let done: Vec<Verdict> = ran.into_iter().flatten().map(|(verdict, _)| verdict).collect();
        let mut blessed = blessed.into_inner().unwrap_or_else(PoisonError::into_inner);
        blessed.sort_by(|a, b| a.0.cmp(&b.0));
        self.tell(&done, elapsed, jobs, &blessed)?;
        if stop.load(Relaxed) {
            say!("{ENDED}; {} of {} tests ran", done.len(), cases.len());
            return Err(ExitCode::from(INTERRUPTED));
        }
        let passed = errors.is_empty() && done.iter().all(Verdict::passed);
        Ok(if passed { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
    }

    /// What is wrong with files, on the author's lines, once each.
    fn say_mistakes(&self, suites: &[Suite], cases: &[Case], ran: &[Ran]) {
        let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        for (at, suite) in suites.iter().enumerate() {
            let own = cases.iter().zip(ran).filter(|(case, _)| case.suite == at);
            let mut graph = Diags::default();
            own.filter_map(|(_, ran)| ran.as_ref()).for_each(|(_, diags)| graph.extend(diags.clone()));
            graph.sort();
            let tests = suite.diags.render(&suite.path, &suite.text, colour);
            let graph = match self.quiet && graph.errors() == 0 {
                true => String::new(),
                false => graph.render(&suite.graph.path, &suite.graph.text, colour),
            };
            if !(tests + &graph).is_empty() {
                say!("{}", (suite.diags.render(&suite.path, &suite.text, colour) + &graph).trim_end());
            }
        }
    }

    fn tell(
        &self,
        verdicts: &[Verdict],
        elapsed: Duration,
        jobs: usize,
        blessed: &[(String, Result<Vec<Blessed>, String>)],
    ) -> Result<(), ExitCode> {
        let to_stdout = |path: &Option<PathBuf>| path.as_ref().is_some_and(|path| path.as_os_str() == "-");
        let papers = Papers { verdicts, elapsed, jobs };
        let failed = verdicts.iter().any(|verdict| !verdict.passed());
        let mut said = String::new();
        let changed = |one: &Blessed| one.picture.is_some();
        let changed = blessed.iter().any(|(_, all)| all.as_deref().unwrap_or_default().iter().any(changed));
        let folder = self.report.clone().or_else(|| ((failed || changed) && !self.no_report).then(|| REPORT.into()));
        if let Some(folder) = &folder {
            papers.write(folder).map_err(fail)?;
            for (id, pictures) in blessed {
                papers.write_blessed(folder, id, pictures.as_deref().unwrap_or_default()).map_err(fail)?;
            }
            said = format!("report: {}\n", folder.join("report.html").display());
        }
        if let Some(path) = &self.junit {
            write(path, &papers.junit())?;
        }
        if let Some(path) = &self.json {
            write(path, &json(&papers.json()))?;
        }
        if to_stdout(&self.junit) || to_stdout(&self.json) {
            return Ok(());
        }
        let shown = verdicts.iter().filter(|one| !self.quiet || !one.passed());
        let mut text = table(shown, self.verbose);
        for (id, blessed) in blessed {
            text += &told(id, blessed);
        }
        print(&(text + &said + &summary(verdicts, elapsed, jobs)))
    }
}

/// PESQ panics on some of what is no speech; that is caught, and told as what it is.
fn hush_pesq() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic.location().is_some_and(|place| place.file().contains("pesq")) {
            before(panic);
        }
    }));
}

/// Makes goldens of a case anew; then it passes.
fn blessed_now(verdict: &mut Verdict) -> Result<Vec<Blessed>, String> {
    let blessed = bless(verdict)?;
    verdict.status = Status::Passed;
    verdict.checks.iter_mut().filter(|check| check.golden.is_some()).for_each(|check| check.passed = true);
    Ok(blessed)
}

fn told(id: &str, blessed: &Result<Vec<Blessed>, String>) -> String {
    match blessed {
        Err(why) => format!("not blessed: {id}: {why}\n"),
        Ok(all) => {
            all.iter().map(|one| format!("blessed: {}: {}\n", one.path.display(), one.changed.join("; "))).collect()
        }
    }
}

/// Of all files that are played, if that is known.
fn seconds(cases: &[Case]) -> Option<f64> {
    cases.iter().map(|case| case.inputs.values().next().map_or(Some(0.0), |path| many::seconds(path))).sum()
}

fn write(path: &std::path::Path, text: &str) -> Result<(), ExitCode> {
    if path.as_os_str() == "-" {
        return print(text);
    }
    std::fs::write(path, text).map_err(|why| fail(format!("cannot write {}: {why}", path.display())))
}
