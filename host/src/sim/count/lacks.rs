//! What counting needs and this machine has not, with the way to it.
use super::{CountError, Isa};
use std::path::Path;
use std::process::{Command, Stdio};

/// Whether a program starts and knows its version.
fn starts(program: &str) -> bool {
    let quiet =
        |command: &mut Command| command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet(Command::new(program).arg("--version")).is_ok_and(|status| status.success())
}

/// What is needed to run programs of an instruction set and count them.
///
/// # Errors
/// Everything that is not there, at once.
pub fn lacks_to_run(isa: &Isa) -> Result<(), CountError> {
    told(isa, to_run(isa))
}

/// What is needed to build the source tree in `source` for an instruction set, and to run it.
///
/// # Errors
/// Everything that is not there, at once.
pub fn lacks_to_build(isa: &Isa, source: &Path) -> Result<(), CountError> {
    let mut lacks = to_run(isa);
    if let Some(abroad) = isa.abroad().filter(|abroad| !starts(abroad.compiler)) {
        lacks.push((format!("{}, which links", abroad.compiler), format!("apt install {}", abroad.packages)));
    }
    match starts("cargo") {
        false => lacks.push(("cargo".into(), "https://rustup.rs".into())),
        true if !has_target(isa, source) => {
            lacks.push((format!("the Rust target {}", isa.triple), format!("rustup target add {}", isa.triple)));
        }
        true => {}
    }
    told(isa, lacks)
}

fn to_run(isa: &Isa) -> Vec<(String, String)> {
    let mut lacks = vec![];
    if !cfg!(target_os = "linux") {
        lacks.push(("Linux: QEMU emulates its programs there only".into(), "a Linux machine, virtual or not".into()));
    } else if !starts(isa.emulator) {
        lacks.push((format!("{}, the emulator", isa.emulator), "apt install qemu-user".into()));
    }
    if !starts("cc") {
        lacks.push(("cc, a C compiler, for the counter".into(), "apt install gcc libc6-dev".into()));
    }
    if let Some(abroad) = isa.abroad().filter(|abroad| !Path::new(abroad.libraries).is_dir()) {
        let packages = abroad.packages;
        lacks.push((format!("{}, its libraries", abroad.libraries), format!("apt install {packages}")));
    }
    lacks
}

/// Whether the toolchain of the source tree has the standard library for it.
fn has_target(isa: &Isa, source: &Path) -> bool {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", isa.triple]).current_dir(source).stdin(Stdio::null());
    let folder = rustc.output().ok().filter(|output| output.status.success()).map(|output| output.stdout);
    folder.is_some_and(|folder| Path::new(String::from_utf8_lossy(&folder).trim()).is_dir())
}

fn told(isa: &Isa, lacks: Vec<(String, String)>) -> Result<(), CountError> {
    if lacks.is_empty() {
        return Ok(());
    }
    let width = lacks.iter().map(|(what, _)| what.chars().count()).max().unwrap_or(0);
    let lines = lacks.iter().map(|(what, way)| format!("\n  {what:width$}  {way}"));
    let lines: String = lines.collect();
    Err(CountError::Lacks(format!("to count on `{}`, these are needed and not here:{lines}", isa.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_not_there_is_told_at_once_with_the_way_to_it() {
        let lacks = [("qemu-arm, the emulator", "apt install qemu-user"), ("cargo", "https://rustup.rs")];
        let lacks = lacks.map(|(what, way)| (what.into(), way.into())).to_vec();
        let said = told(Isa::of("thumb").unwrap(), lacks).unwrap_err().to_string();
        assert_eq!(
            said,
            "to count on `thumb`, these are needed and not here:\n  qemu-arm, the emulator  apt install qemu-user\n  \
             cargo                   https://rustup.rs"
        );
    }
}
