//! What `aw replay` says of its runs.
use super::Command;
use crate::cli::FAILED;
use crate::cli::many::{ENDED, INTERRUPTED};
use aw_host::control::Report;
use aw_host::replay::{Job, NodeLoad, Outcome, OutputFile, ReplayError};
use std::path::Path;
use std::process::ExitCode;

impl Command {
    /// Says what came of it.
    pub fn tell(&self, jobs: &[Job], results: &[Result<Outcome, ReplayError>]) -> Result<ExitCode, ExitCode> {
        let (mut failed, mut interrupted, mut seconds, mut busy) = (0, false, 0.0, 0.0);
        for (job, result) in jobs.iter().zip(results) {
            let input = job.inputs.values().next().map_or(String::new(), |path| format!("{}: ", path.display()));
            let input = if jobs.len() > 1 { input } else { String::new() };
            match result {
                Ok(outcome) => {
                    failed += usize::from(self.tell_one(&input, outcome));
                    (seconds, busy) = (seconds + outcome.seconds, busy + outcome.elapsed.as_secs_f64());
                }
                Err(ReplayError::Interrupted) => interrupted = true,
                Err(ReplayError::Graph) => failed += 1,
                Err(why) => {
                    say!("error: {input}{why}");
                    failed += 1;
                }
            }
        }
        if interrupted {
            say!("{ENDED}");
            return Err(ExitCode::from(INTERRUPTED));
        }
        if jobs.len() > 1 && !self.quiet {
            let speed = seconds / busy.max(1e-9);
            say!(
                "{} of {} files, {seconds:.1} s of sound, {speed:.0}× real time a core",
                jobs.len() - failed,
                jobs.len()
            );
        }
        if failed > 0 { Err(ExitCode::from(FAILED)) } else { Ok(ExitCode::SUCCESS) }
    }

    /// Answers whether a worker failed.
    fn tell_one(&self, input: &str, outcome: &Outcome) -> bool {
        let mut failed = false;
        for report in &outcome.reports {
            match report {
                Report::Failed { node, why, instead } => {
                    say!("error: {input}`{node}` {why}; {instead}");
                    failed = true;
                }
                Report::Says { node, text } if !self.quiet => say!("{input}`{node}` says: {text}"),
                _ => {}
            }
        }
        for warning in &outcome.warnings {
            say!("warning: {input}{warning}");
        }
        if self.quiet {
            return failed;
        }
        for output in &outcome.outputs {
            say!("{input}{}", self.output_line(output));
        }
        if let Some((before, after)) = outcome.si_sdr {
            say!("{input}SI-SDR against the reference: {}", si_sdr(before, after));
        }
        let speed = outcome.seconds / outcome.elapsed.as_secs_f64().max(1e-9);
        say!(
            "{input}{:.2} s of sound in {:.3} s: {speed:.0}× real time",
            outcome.seconds,
            outcome.elapsed.as_secs_f64()
        );
        if !outcome.load.is_empty() {
            say!("{}", load_table(&outcome.load).trim_end());
        }
        failed
    }

    fn output_line(&self, output: &OutputFile) -> String {
        let peak = if output.peak > 0.0 { format!("{:.1} dBFS", 20.0 * output.peak.log10()) } else { "silent".into() };
        let seconds = output.frames as f64 / f64::from(output.rate);
        let channels = if output.channels == 1 { "mono".into() } else { format!("{} channels", output.channels) };
        let place = match &output.path {
            Some(path) if path.as_path() == Path::new("-") => format!("{} → standard output", output.name),
            Some(path) => format!("{} → {}", output.name, path.display()),
            None => format!("{} (not written; name a file with --out)", output.name),
        };
        let lag = match (output.lag > 0.0, self.align) {
            (false, _) => String::new(),
            (true, true) => format!("; {:.3} ms of latency taken off", output.lag * 1000.0),
            (true, false) => format!("; {:.3} ms late, which --align takes off", output.lag * 1000.0),
        };
        let clipped = if output.clipped > 0 { format!("; {} samples clipped", output.clipped) } else { String::new() };
        format!("{place}: {seconds:.3} s, {} Hz, {channels}, peak {peak}{lag}{clipped}", output.rate)
    }
}

fn si_sdr(before: f64, after: f64) -> String {
    if before.is_nan() || after.is_nan() {
        return "cannot be measured where the reference, the input or the output is silent".into();
    }
    let gain = after - before;
    let gain = if gain.is_nan() { String::new() } else { format!(": {gain:+.2} dB") };
    format!("{before:.2} dB before, {after:.2} dB after{gain}")
}

fn load_table(loads: &[NodeLoad]) -> String {
    let us = |ns: f64| format!("{:.2}", ns / 1000.0);
    let mut text = format!("{:24} {:>10} {:>10} {:>10} {:>9}\n", "node", "mean µs", "p99 µs", "max µs", "deadline");
    for load in loads {
        let node = if load.node.is_empty() { "whole block" } else { &load.node };
        let share = 100.0 * load.p99 as f64 / load.deadline;
        text += &format!(
            "{node:24} {:>10} {:>10} {:>10} {share:>7.2} %\n",
            us(load.mean),
            us(load.p99 as f64),
            us(load.max as f64)
        );
    }
    text
}
