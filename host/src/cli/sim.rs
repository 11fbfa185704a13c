//! `aw sim`.
mod calibrate;
mod count;

use clap::{Args, Subcommand};
use std::process::ExitCode;

#[derive(Args)]
pub struct Command {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Counts the instructions of each node of a graph on the instruction set of a device
    Count(Box<count::Command>),
    #[command(hide = true)]
    Counted(count::Inside),
    /// Reads what a board measured, fits the cost of a device to it, and says how far off that is
    Calibrate(calibrate::Command),
}

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        match &self.what {
            What::Count(command) => command.run(),
            What::Counted(command) => command.run(),
            What::Calibrate(command) => command.run(),
        }
    }
}
