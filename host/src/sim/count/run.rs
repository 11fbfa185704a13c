//! One graph under the emulator.
use super::tally::Tally;
use super::{Built, CountError, Isa, Request, Told};
use crate::sim::overhead::{self, Writes};
use crate::sim::{Count, Counts};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use tempfile::TempDir;

/// Of a node's calls, those with a number of frames that is rarer than one in so many are not kept as a count.
const RARE: u64 = 50;

/// The counter, compiled for the emulator of an instruction set.
pub struct Counter {
    isa: &'static Isa,
    /// Of the emulator, such as `7.2.22`.
    pub version: String,
    folder: TempDir,
}

/// What was counted of a graph.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The graph.
    pub graph: PathBuf,
    /// Samples a block, if the graph did not say.
    pub block: Option<u32>,
    /// The program was built with optimisation.
    pub optimised: bool,
    /// Its nodes, in the order in which they run.
    pub nodes: Vec<Node>,
    /// What the engine itself takes for a block.
    pub engine: Count,
    /// The same by what there is to do in a block.
    pub efforts: Vec<overhead::Counted>,
    /// Instructions of the whole program, from its start to its end.
    pub total: u64,
}

/// What was counted of a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// What it is.
    pub signature: String,
    /// What calls are, by the frames that they take of the first input, or give where there is none.
    pub counts: Vec<(u64, Count)>,
}

impl Counter {
    /// Compiles it.
    ///
    /// # Errors
    /// It does not compile, or the emulator does not start.
    pub fn new(isa: &'static Isa) -> Result<Self, CountError> {
        let version = version(isa)?;
        // The interface of QEMU 9 and later refuses counters made for an older one, and the other way round.
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        let api = if major.is_some_and(|major| major >= 9) { 2 } else { 1 };
        let folder = tempfile::Builder::new().prefix("aw-count-").tempdir();
        let counter = Self { isa, version, folder: folder.map_err(CountError::system("cannot make a folder"))? };
        let source = counter.file("counter.c");
        fs::write(&source, include_str!("qemu.c")).map_err(CountError::system(format!("{}", source.display())))?;
        let mut cc = Command::new("cc");
        cc.args(["-std=c11", "-O2", "-shared", "-fPIC"]).arg(format!("-DAPI={api}"));
        cc.arg("-o").arg(counter.file("counter.so")).arg(&source).stdin(Stdio::null());
        let output = cc.output().map_err(CountError::system("cannot start cc"))?;
        match output.status.success() {
            true => Ok(counter),
            false => Err(CountError::Counter(String::from_utf8_lossy(&output.stderr).trim_end().into())),
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Plays a graph under the emulator. What the emulated program says goes to standard error; `stop` ends it.
    ///
    /// # Errors
    /// The program failed, or what the counter wrote is not whole.
    pub fn count(
        &self,
        built: &Built,
        graph: &Path,
        request: &Request,
        workers: &[PathBuf],
        stop: &AtomicBool,
    ) -> Result<Counted, CountError> {
        let (tally, told) = (self.file("tally"), self.file("told"));
        let to = fs::File::create(&told).map_err(CountError::system(format!("{}", told.display())))?;
        let mut qemu = self.emulated(built, &tally);
        qemu.args(["sim", "counted"]).arg(graph).args(["--blocks", &request.blocks.to_string()]);
        request.block.iter().for_each(|block| {
            qemu.args(["--block", &block.to_string()]);
        });
        request.input.iter().for_each(|input| {
            qemu.arg("--in").arg(input);
        });
        workers.iter().for_each(|folder| {
            qemu.arg("--workers").arg(folder);
        });
        let cannot = CountError::system(format!("cannot start {}", self.isa.emulator));
        let status = wait(qemu.stdin(Stdio::null()).stdout(to).spawn().map_err(cannot)?, stop)?;
        let (graph, emulator) = (graph.to_path_buf(), self.isa.emulator);
        if !status.success() {
            return Err(CountError::Emulated { graph, emulator, status });
        }
        let wrong = |why: String| CountError::Tally { graph: graph.clone(), why };
        let read = |path: &Path| fs::read_to_string(path).map_err(CountError::system(format!("{}", path.display())));
        let told: Told = serde_json::from_str(&read(&told)?).map_err(|why| wrong(why.to_string()))?;
        let tally = Tally::parse(&read(&tally)?).map_err(wrong)?;
        counted(&told, &tally, &graph, request.block).map_err(wrong)
    }

    /// `aw` under the emulator, with the counter in it.
    fn emulated(&self, built: &Built, tally: &Path) -> Command {
        let mut qemu = Command::new(self.isa.emulator);
        qemu.args(["-cpu", self.isa.cpu, "-seed", "1"]);
        if let Some(abroad) = self.isa.abroad() {
            qemu.args(["-L", abroad.libraries]);
        }
        qemu.arg("-plugin").arg(format!("{},out={}", self.file("counter.so").display(), tally.display()));
        // Libraries for this machine are none there; and what the linker puts off would count with the first call.
        qemu.arg(built.aw()).env_remove("AW_WORKERS").env("LD_BIND_NOW", "1");
        qemu
    }
}

fn version(isa: &Isa) -> Result<String, CountError> {
    let output = Command::new(isa.emulator).arg("--version").stdin(Stdio::null()).output();
    let output = output.map_err(CountError::system(format!("cannot start {}", isa.emulator)))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut words = said.split_whitespace().skip_while(|word| *word != "version");
    Ok(words.nth(1).unwrap_or("of unknown version").into())
}

fn wait(mut child: Child, stop: &AtomicBool) -> Result<ExitStatus, CountError> {
    loop {
        if let Some(status) = child.try_wait().map_err(CountError::system("cannot wait for the emulator"))? {
            return Ok(status);
        }
        if stop.load(Relaxed) {
            let _is_gone = child.kill();
            let _is_gone = child.wait();
            return Err(CountError::Interrupted);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn counted(told: &Told, tally: &Tally, graph: &Path, block: Option<u32>) -> Result<Counted, String> {
    let mut nodes = vec![];
    for (at, step) in told.steps.iter().enumerate() {
        let counts = tally.of_step(at)?;
        nodes.push(Node { name: step.name.clone(), signature: step.signature.clone(), counts });
    }
    let engine = tally.of_engine()?.ok_or("no block was played")?;
    let writes: Vec<Writes> = told.steps.iter().map(|step| step.writes).collect();
    let efforts = tally.of_efforts(&writes)?;
    let (graph, optimised, total) = (graph.to_path_buf(), told.optimised, tally.total);
    Ok(Counted { graph, block, optimised, nodes, engine, efforts, total })
}

impl Counted {
    /// Adds what was counted to a table, but for calls with a number of frames that is rare.
    pub fn add_to(&self, counts: &mut Counts) {
        let blocks: u64 = self.efforts.iter().map(|effort| effort.blocks).sum();
        self.efforts
            .iter()
            .filter(|effort| effort.blocks >= blocks.div_ceil(RARE))
            .for_each(|one| counts.add_engine(*one));
        for node in &self.nodes {
            let calls: u64 = node.counts.iter().map(|(_, count)| count.calls).sum();
            for (frames, count) in node.counts.iter().filter(|(_, count)| count.calls >= calls.div_ceil(RARE)) {
                counts.add(&node.signature, *frames, *count);
            }
        }
    }
}
