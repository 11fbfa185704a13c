//! The commands; the only place that prints.

/// Writes a line to standard error. Unlike `eprintln`, which panics, it is silent where nobody can hear it: on a full
/// disk, or once the reader of a pipe has gone.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        drop(writeln!(std::io::stderr(), $($words)*));
    }};
}

mod bench;
mod bisect;
mod check;
mod devices;
mod doctor;
mod ends;
mod explain;
mod features;
mod fit;
mod graph;
mod install;
mod live;
mod many;
mod model;
mod new;
mod parity;
mod plan;
mod replay;
mod sim;
mod spectrogram;
mod test;
mod workers;

use aw_host::plugin::{SearchPath, Workers};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Exit codes: all is well; something is wrong with what was given; the call itself was wrong.
const FAILED: u8 = 1;
const USAGE: u8 = 2;

/// aw, the audio-worker host: runs graphs of audio workers on live sound and on files.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Aw {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Lists the workers that were found: ports, parameters, units, ranges
    Workers(workers::Command),
    /// Reports everything that is wrong with a graph, or with a worker library
    Check(check::Command),
    #[command(hide = true)]
    Conform(check::Child),
    /// Shows how a graph will run: steps, streams, rates, shapes, latency
    Plan(plan::Command),
    /// Plays files through a graph and writes what comes out
    Replay(Box<replay::Command>),
    /// Runs the tests of graphs: plays files, compares, measures, and says what is not as expected
    Test(Box<test::Command>),
    /// Names the first node, port, frame and value where two graphs, models or builds of workers part
    Bisect(bisect::Command),
    /// Plays a graph on microphones and loudspeakers, shows how it does, and changes it while it plays
    Live(Box<live::Command>),
    /// Measures what a graph costs where it will run: paced by a clock, caches cold, lanes on their threads
    Bench(bench::Command),
    /// Says before anything runs whether a graph fits a device: its deadlines and its memories
    Fit(fit::Command),
    /// Plays files through a graph on a device that is not there: its clock, its memory, its deadlines, its faults
    Sim(Box<sim::Command>),
    /// Draws the spectrogram of an audio file as a PNG picture
    Spectrogram(spectrogram::Command),
    /// Describes a model file: tensors, state, operators, cost, which engines run it, and a node to paste
    Model(model::Command),
    #[command(hide = true)]
    AskWorker(model::Child),
    /// Compares a port's frames with what a model was trained with, and names the key that is wrong
    Parity(Box<parity::Command>),
    /// Computes what a model is fed, of many files, as NumPy arrays
    Features(Box<features::Command>),
    /// Tells the long story of a diagnostic code
    Explain(explain::Explain),
    /// Makes the beginning of a worker: builds, passes its own test, runs in a graph
    New(new::Command),
    /// Installs engines and models from published packages: pinned, checked, in one place
    Install(install::Install),
    /// Removes what `aw install` has put there, and nothing else
    Uninstall(install::Uninstall),
    /// Lists the sound cards: rates, channels, blocks, and which are the system's own choice
    Devices(devices::Command),
    /// Says what is found on this machine, and what to do about each lack
    Doctor(doctor::Command),
    #[command(hide = true)]
    Open(doctor::Child),
    /// Prints a JSON Schema of the graph language, made from the workers found, for editors
    Schema(explain::Schema),
}

/// Where workers are.
#[derive(Args)]
struct WorkersFrom {
    /// Folder of worker libraries; may be given several times. $AW_WORKERS names more
    #[arg(long = "workers", value_name = "DIR")]
    folders: Vec<PathBuf>,
}

impl WorkersFrom {
    /// All workers; what could not be used is said on standard error.
    fn find(&self) -> Result<Workers, ExitCode> {
        let (workers, errors) = Workers::find(&SearchPath::new(&self.folders));
        for error in &errors {
            say!("error: {error}");
        }
        if errors.is_empty() { Ok(workers) } else { Err(ExitCode::from(FAILED)) }
    }
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let result = match Aw::parse().command {
        Command::Workers(command) => command.run(),
        Command::Check(command) => command.run(),
        Command::Conform(command) => command.run(),
        Command::Plan(command) => command.run(),
        Command::Replay(command) => command.run(),
        Command::Test(command) => command.run(),
        Command::Bisect(command) => command.run(),
        Command::Live(command) => command.run(),
        Command::Bench(command) => command.run(),
        Command::Fit(command) => command.run(),
        Command::Sim(command) => command.run(),
        Command::Spectrogram(command) => command.run(),
        Command::Model(command) => command.run(),
        Command::AskWorker(command) => command.run(),
        Command::Parity(command) => command.run(),
        Command::Features(command) => command.run(),
        Command::Explain(command) => command.run(),
        Command::New(command) => command.run(),
        Command::Install(command) => command.run(),
        Command::Uninstall(command) => command.run(),
        Command::Devices(command) => command.run(),
        Command::Doctor(command) => command.run(),
        Command::Open(command) => command.run(),
        Command::Schema(command) => command.run(),
    };
    result.unwrap_or_else(|code| code)
}

/// Writes to standard output; a reader that has gone away ends the program quietly.
fn print(text: &str) -> Result<(), ExitCode> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(why) if why.kind() == std::io::ErrorKind::BrokenPipe => Err(ExitCode::SUCCESS),
        Err(why) => Err(fail(format!("cannot write to standard output: {why}"))),
    }
}

/// Says what went wrong.
fn fail(why: impl std::fmt::Display) -> ExitCode {
    say!("error: {why}");
    ExitCode::from(FAILED)
}

/// As indented JSON.
fn json(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}
