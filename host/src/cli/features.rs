//! `aw features`.
mod run; //  sound by sound
mod tell; // what came of it

use super::graph::Graph;
use super::{FAILED, USAGE, WorkersFrom, print};
use aw_host::features::{FeaturesError, Recipe, sounds, worker};
use aw_host::plugin::Workers;
use clap::{ArgGroup, Args};
use std::path::PathBuf;
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  aw features --list
  aw features speech/ --preset whisper80 --out mel/
  aw features a.wav b.flac --preset kaldi_fbank80 --set mel.bands=40 --npz bands.npz
  aw features speech/ --graph graphs/words.toml --node mel --out mel/

An array is [frames, values], f32; [frames, channels, values] of sounds of several channels. It is what the node gives in \
a graph, bit for bit. A second call goes on where the first was interrupted: arrays that are complete stay, \
unless another sound has come in place of theirs. DIR/features.json keeps how they were made, and of which sounds.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
#[command(group = ArgGroup::new("to").args(["out", "npz", "list"]).required(true))]
pub struct Command {
    /// WAV or FLAC files; of a folder, all in it and below
    #[arg(value_name = "FILE", required_unless_present = "list")]
    files: Vec<PathBuf>,
    /// What is computed: a preset of the worker `features`
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Another value than the preset has; without a preset, than the worker has by default
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Take a node of this graph instead, with all that is before it
    #[arg(long, value_name = "GRAPH", requires = "node", conflicts_with_all = ["preset", "set"])]
    graph: Option<PathBuf>,
    /// The node of the graph
    #[arg(long, value_name = "NODE[.PORT]", requires = "graph")]
    node: Option<String>,
    /// The folder for the arrays: FILE.npy for each; sub-folders are kept
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// One archive for all arrays instead, for numpy.load
    #[arg(long, value_name = "OUT.npz")]
    npz: Option<PathBuf>,
    /// Make all arrays anew, and replace what was made with other keys
    #[arg(long, conflicts_with = "npz")]
    force: bool,
    /// Files at once; as many as there are cores by default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Samples a block; the values are the same for all
    #[arg(long, value_name = "SAMPLES", value_parser = clap::value_parser!(u32).range(1..=65536))]
    block: Option<u32>,
    /// Draw each array as FILE.png beside it
    #[arg(long, requires = "out")]
    png: bool,
    /// Print the presets
    #[arg(long)]
    list: bool,
    /// Say nothing but errors, and what is odd about files or workers
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    workers: WorkersFrom,
}

/// A call that does not fit, or something that is wrong with what was given.
fn failed(why: FeaturesError) -> ExitCode {
    say!("error: {why}");
    ExitCode::from(if matches!(why, FeaturesError::Call { .. }) { USAGE } else { FAILED })
}

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        let workers = self.workers.find()?;
        if self.list {
            return list(&workers);
        }
        let recipe = self.recipe(&workers)?;
        let sounds = sounds(&self.files).map_err(failed)?;
        match (&self.out, &self.npz) {
            (Some(folder), _) => self.fill_folder(folder, &recipe, &sounds, &workers),
            (_, Some(npz)) => self.fill_archive(npz, &recipe, &sounds, &workers),
            (None, None) => Err(ExitCode::from(USAGE)), // the group of arguments wants one
        }
    }

    /// What is computed.
    fn recipe(&self, workers: &Workers) -> Result<Recipe, ExitCode> {
        if let (Some(path), Some(node)) = (&self.graph, &self.node) {
            let graph = Graph::read(path)?;
            if graph.diags().errors() > 0 {
                graph.say(&graph.diags(), true);
                return Err(ExitCode::from(FAILED));
            }
            let diags = graph.diags();
            return Recipe::of_graph(graph.file, diags, node).map_err(failed);
        }
        if self.preset.is_none() && self.set.is_empty() {
            say!("error: say what is computed: --preset NAME, --set KEY=VALUE, or --graph GRAPH --node NODE");
            say!("  `aw features --list` prints the presets");
            return Err(ExitCode::from(USAGE));
        }
        let mut set = vec![];
        for text in &self.set {
            let Some((key, value)) = text.split_once('=') else {
                say!("error: --set {text} is not KEY=VALUE");
                return Err(ExitCode::from(USAGE));
            };
            set.push((key.trim(), value.trim()));
        }
        Recipe::of_preset(workers, self.preset.as_deref(), &set).map_err(failed)
    }
}

/// `aw features --list`.
fn list(workers: &Workers) -> Result<ExitCode, ExitCode> {
    let presets = &worker(workers).map_err(failed)?.presets;
    let width = presets.iter().map(|preset| preset.name.len()).max().unwrap_or(0);
    let lines: Vec<String> = presets.iter().map(|preset| format!("{:width$}  {}\n", preset.name, preset.doc)).collect();
    print(&format!("{}\n`aw explain preset NAME` prints all values of one.\n", lines.concat()))?;
    Ok(ExitCode::SUCCESS)
}
