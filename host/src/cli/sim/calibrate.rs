//! `aw sim calibrate`.
use clap::Args;
use std::process::ExitCode;

#[derive(Args)]
pub struct Command {}

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        Ok(ExitCode::SUCCESS)
    }
}
