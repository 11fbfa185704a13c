//! `aw test`.
use super::many::{self, Bar, ENDED, INTERRUPTED};
use super::{FAILED, USAGE, WorkersFrom, fail, json, print};
use aw_host::graph::Diags;
use aw_host::replay::Progress;
use aw_host::trial::{Blessed, Case, Papers, REPORT, Suite, Trial, Verdict, bless, find, run, summary, table};
use clap::Args;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::RwLock;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

/// Bytes of sound that are kept for players of tests that passed.
const MOST_SOUND: i64 = 64 << 20;

#[derive(Args)]
pub struct Command {
    /// Graph files with `[[test]]` tables, files of tests that name their graph, or folders that are searched for both
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Only the test of exactly this name, or else those whose name, FILE::NAME, has this in it, in any case; of
    /// several all
    #[arg(short = 'k', value_name = "TEXT", allow_hyphen_values = true)]
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

/// What a case gives: its verdict, what the compiler said, and the goldens that were made anew, or why not.
struct Ran {
    verdict: Verdict,
    diags: Diags,
    blessed: Option<Result<Vec<Blessed>, String>>,
}

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        let (suites, errors) = find(&self.paths);
        errors.iter().for_each(|why| say!("error: {why}"));
        let all: Vec<Case> = suites.iter().enumerate().flat_map(|(at, suite)| Case::of(at, suite)).collect();
        let cases = self.chosen(&all)?;
        if self.list {
            let list: String = cases.iter().map(|case| format!("{}\n", case.id())).collect();
            print(&list)?;
            return Ok(if errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) });
        }
        let workers = self.workers.find()?;
        hush_pesq();
        let stop = many::on_ctrl_c()?;
        let bar = Bar::new(seconds(&cases), Some(cases.len()), self.quiet);
        let played = |seconds: f64| bar.played(seconds);
        let trial = Trial {
            workers: &workers,
            progress: Progress { stop, played: &played },
            times: self.repeat,
            keep: self.report.is_some(),
            room: AtomicI64::new(MOST_SOUND),
            alone: RwLock::new(()),
        };
        let jobs = self.jobs.map_or_else(many::cores, usize::from);
        let keep = if self.bless { Kept::of(&all, &suites) } else { Kept::default() };
        let ran = many::each(&cases, jobs, |_, case| {
            let ran = self.one(case, &suites[case.suite], &trial, &keep);
            bar.file_done();
            ran
        });
        let elapsed = bar.finish();
        let mut ran: Vec<Option<Ran>> = ran;
        if self.bless {
            self.again(&mut ran, &cases, &suites, &trial);
        }
        self.say_mistakes(&suites, &cases, &ran);
        let (mut verdicts, mut blessed) = (vec![], vec![]);
        for Ran { verdict, blessed: own, .. } in ran.into_iter().flatten() {
            blessed.extend(own.map(|own| (verdict.id(), own)));
            verdicts.push(verdict);
        }
        let told = self.tell(&verdicts, elapsed, jobs, &blessed);
        if stop.load(Relaxed) {
            say!("{ENDED}; {} of {} tests ran", verdicts.len(), cases.len());
            return Err(ExitCode::from(INTERRUPTED));
        }
        told?;
        let passed = errors.is_empty() && verdicts.iter().all(Verdict::passed);
        Ok(if passed { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
    }

    /// The cases that are asked for: those of exactly this name if there are, else those that have it in theirs.
    fn chosen(&self, all: &[Case]) -> Result<Vec<Case>, ExitCode> {
        let exactly = |case: &&Case| self.asked.iter().any(|asked| *asked == case.name || *asked == case.id());
        let mut cases: Vec<Case> = all.iter().filter(exactly).cloned().collect();
        if cases.is_empty() {
            cases = all.iter().filter(|case| case.is_asked_for(&self.asked)).cloned().collect();
        }
        if !cases.is_empty() {
            return Ok(cases);
        }
        match all.len() {
            0 => say!("error: there are no tests: a graph file has them as `[[test]]`"),
            all => {
                let asked = self.asked.join(" ");
                say!("error: none of {all} tests has {asked:?} in its name; `aw test --list` lists them");
            }
        }
        Err(ExitCode::from(if all.is_empty() { FAILED } else { USAGE }))
    }

    /// Plays a case; if goldens are to be made anew, again with those.
    fn one(&self, case: &Case, suite: &Suite, trial: &Trial, keep: &Kept) -> Option<Ran> {
        if trial.progress.stop.load(Relaxed) {
            return None;
        }
        let (verdict, diags) = run(case, suite, trial).ok()?;
        if !self.bless || verdict.passed() {
            return Some(Ran { verdict, diags, blessed: None });
        }
        let blessed = bless(&verdict, &keep.from(case));
        let verdict = if blessed.is_ok() { run(case, suite, trial).ok()?.0 } else { verdict };
        Some(Ran { verdict, diags, blessed: Some(blessed) })
    }

    /// Plays those again that were not blessed: the golden that they share with another test may be there by now.
    fn again(&self, ran: &mut [Option<Ran>], cases: &[Case], suites: &[Suite], trial: &Trial) {
        for (ran, case) in ran.iter_mut().zip(cases) {
            if let Some(Ran { blessed: Some(Err(_)), .. }) = ran
                && let Ok((verdict, diags)) = run(case, &suites[case.suite], trial)
                && verdict.passed()
            {
                *ran = Some(Ran { verdict, diags, blessed: None });
            }
        }
    }

    /// What is wrong with files, on the author's lines, once each.
    fn say_mistakes(&self, suites: &[Suite], cases: &[Case], ran: &[Option<Ran>]) {
        let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        for (at, suite) in suites.iter().enumerate() {
            let own = cases.iter().zip(ran).filter(|(case, _)| case.suite == at);
            let mut graph = Diags::default();
            own.filter_map(|(_, ran)| ran.as_ref()).for_each(|ran| graph.extend(ran.diags.clone()));
            graph.sort();
            let mut text = suite.diags.render(&suite.path, &suite.text, colour);
            if !self.quiet || graph.errors() > 0 {
                text += &graph.render(&suite.graph.path, &suite.graph.text, colour);
            }
            if !text.is_empty() {
                say!("{}", text.trim_end());
            }
        }
    }

    fn tell(&self, verdicts: &[Verdict], elapsed: Duration, jobs: usize, blessed: &[Made]) -> Result<(), ExitCode> {
        let to_stdout = |path: &Option<PathBuf>| path.as_ref().is_some_and(|path| path.as_os_str() == "-");
        let papers = Papers { verdicts, elapsed, jobs };
        if let Some(path) = &self.junit {
            write(path, &papers.junit())?;
        }
        if let Some(path) = &self.json {
            write(path, &json(&papers.json()))?;
        }
        let report = self.report(&papers, blessed);
        if !to_stdout(&self.junit) && !to_stdout(&self.json) {
            let shown = verdicts.iter().filter(|one| !self.quiet || !one.passed());
            let mut text = table(shown, self.verbose);
            blessed.iter().for_each(|(id, blessed)| text += &told(id, blessed));
            if let Ok(Some(folder)) = &report {
                text += &format!("report: {}\n", folder.join("report.html").display());
            }
            print(&(text + &summary(verdicts, elapsed, jobs)))?;
        }
        report.map(|_| ()).map_err(fail)
    }

    /// Writes the report, if there is one, and answers where it is.
    fn report(&self, papers: &Papers, blessed: &[Made]) -> Result<Option<PathBuf>, String> {
        let failed = papers.verdicts.iter().any(|verdict| !verdict.passed());
        let changed = |one: &Blessed| one.picture.is_some();
        let changed = blessed.iter().any(|(_, all)| all.as_deref().unwrap_or_default().iter().any(changed));
        let wanted = (failed || changed) && !self.no_report;
        let Some(folder) = self.report.clone().or_else(|| wanted.then(|| REPORT.into())) else { return Ok(None) };
        papers.write(&folder)?;
        for (id, all) in blessed {
            papers.write_blessed(&folder, id, all.as_deref().unwrap_or_default())?;
        }
        Ok(Some(folder))
    }
}

/// The goldens of a case that were made anew, or why not.
type Made = (String, Result<Vec<Blessed>, String>);

/// What goldens may not replace.
#[derive(Default)]
struct Kept {
    /// All that tests and graphs read.
    read: Vec<PathBuf>,
    /// Goldens, and the first case that names each: it alone makes it.
    goldens: BTreeMap<PathBuf, String>,
}

impl Kept {
    fn of(cases: &[Case], suites: &[Suite]) -> Self {
        let mut kept = Self::default();
        for case in cases {
            let suite = &suites[case.suite];
            kept.read.extend([suite.path.clone(), suite.graph.path.clone()]);
            kept.read.extend(case.inputs.values().cloned());
            for expect in &suite.tests[case.test].expect {
                let files = [&expect.reference, &expect.labels].into_iter().flatten();
                kept.read.extend(files.map(|path| case.path(path)));
                kept.read.extend(expect.opinion.as_ref().map(|opinion| opinion.model.value.clone()));
                if let Some(like) = &expect.like {
                    kept.goldens.entry(case.path(like)).or_insert_with(|| case.id());
                }
            }
        }
        kept
    }

    /// What this case may not replace.
    fn from(&self, case: &Case) -> Vec<PathBuf> {
        let id = case.id();
        let others = self.goldens.iter().filter(|(_, first)| **first != id).map(|(path, _)| path);
        self.read.iter().chain(others).cloned().collect()
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
