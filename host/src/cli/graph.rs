//! Reads a graph file for a command, and says what is wrong with it.
use super::{FAILED, fail, json, print};
use aw_host::graph::{Compiled, Device, Diags, GraphFile, Listener, compile, text_of};
use aw_host::plugin::Workers;
use std::io::{IsTerminal, Read};
use std::path::Path;
use std::process::ExitCode;

/// A graph file as read.
pub struct Graph {
    pub file: GraphFile,
    diags: Diags,
}

impl Graph {
    /// Reads a file, or standard input for `-`.
    pub fn read(path: &Path) -> Result<Self, ExitCode> {
        let cannot = |why: std::io::Error| fail(format!("cannot read {}: {}", path.display(), why));
        let mut bytes = Vec::new();
        match path.to_str() {
            Some("-") => std::io::stdin().read_to_end(&mut bytes).map(|_| ()).map_err(cannot)?,
            _ => bytes = std::fs::read(path).map_err(cannot)?,
        }
        let text = text_of(path, bytes).map_err(fail)?;
        let (file, diags) = GraphFile::parse(path, text);
        Ok(Self { file, diags })
    }

    /// Compiles it. Answers the diagnostics too.
    pub fn compile(&self, workers: &Workers, device: &Device, listeners: &[Listener]) -> (Option<Compiled>, Diags) {
        let mut diags = self.diags.clone();
        let compiled = compile(&self.file, workers, device, listeners, &mut diags);
        diags.sort();
        (compiled, diags)
    }

    /// Compiles it, or says on standard error why not; warnings are said too.
    pub fn compile_or_say(
        &self,
        workers: &Workers,
        device: &Device,
        listeners: &[Listener],
    ) -> Result<Compiled, ExitCode> {
        let (compiled, diags) = self.compile(workers, device, listeners);
        self.say(&diags, false);
        compiled.ok_or(ExitCode::from(FAILED))
    }

    /// What was found while reading.
    pub fn diags(&self) -> Diags {
        self.diags.clone()
    }

    /// Says on standard error what is wrong; `only_errors` keeps warnings back.
    pub fn say(&self, diags: &Diags, only_errors: bool) {
        if diags.errors() > 0 || !only_errors {
            let text = self.text(diags, std::io::stderr().is_terminal());
            if !text.is_empty() {
                say!("{}", text.trim_end_matches('\n'));
            }
        }
        if diags.errors() > 0 {
            say!("{}", self.count(diags));
        }
    }

    /// Prints what is wrong to standard output.
    pub fn print(&self, diags: &Diags, as_json: bool) -> Result<(), ExitCode> {
        match as_json {
            true => print(&json(&diags.to_json(&self.file.path, &self.file.text))),
            false => {
                let text = self.text(diags, std::io::stdout().is_terminal());
                print(&format!("{text}{}\n", self.count(diags)))
            }
        }
    }

    fn text(&self, diags: &Diags, colour: bool) -> String {
        diags.render(&self.file.path, &self.file.text, colour && std::env::var_os("NO_COLOR").is_none())
    }

    fn count(&self, diags: &Diags) -> String {
        let many = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let path = self.file.path.display();
        match (diags.errors(), diags.warnings()) {
            (0, 0) => format!("{path}: no mistakes"),
            (0, warnings) => format!("{path}: no mistakes, {}", many(warnings, "warning")),
            (errors, 0) => format!("{path}: {}", many(errors, "error")),
            (errors, warnings) => format!("{path}: {}, {}", many(errors, "error"), many(warnings, "warning")),
        }
    }
}
