//! The rest of the machine: CPU, C library, disk.
use super::{Area, Finding};
use crate::install::{Catalogue, Home, Kind, machine};
use crate::plugin;
use std::path::Path;

/// Less room than that, and the largest engine may not fit.
const ROOM: u64 = 200_000_000;

/// CPU, C library, room on the disk, temporary files.
pub fn about(home: Option<&Home>, catalogue: &Catalogue) -> Vec<Finding> {
    let mut findings = vec![cpu()];
    findings.extend(plugin::glibc().map(|version| c_library(&version, catalogue)));
    findings.push(match home {
        Some(home) => place(home),
        None => {
            Finding::lack(Area::Machine, "AW_HOME", "no place to install to is known").remedy("export AW_HOME=FOLDER")
        }
    });
    findings.push(temporary(&std::env::temp_dir()));
    findings
}

fn cpu() -> Finding {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let found = format!("{}, {cores} cores, {}", machine(), features().join(" "));
    match cfg!(target_arch = "x86_64") && !features().contains(&"avx2") {
        true => Finding::lack(Area::Machine, "CPU", format!("{found}; without AVX2, models run several times slower"))
            .remedy("in a virtual machine, hand the host's CPU through: qemu -cpu host"),
        false => Finding::fine(Area::Machine, "CPU", found),
    }
}

/// What the engines make use of.
#[cfg(target_arch = "x86_64")]
pub fn features() -> Vec<&'static str> {
    use std::arch::is_x86_feature_detected as has;
    let all = [
        ("sse4.2", has!("sse4.2")),
        ("avx", has!("avx")),
        ("avx2", has!("avx2")),
        ("fma", has!("fma")),
        ("f16c", has!("f16c")),
        ("avx512f", has!("avx512f")),
        ("avx512vnni", has!("avx512vnni")),
    ];
    all.into_iter().filter(|(_, has)| *has).map(|(name, _)| name).collect()
}

/// What the engines make use of.
#[cfg(target_arch = "aarch64")]
pub fn features() -> Vec<&'static str> {
    use std::arch::is_aarch64_feature_detected as has;
    let all = [("neon", has!("neon")), ("dotprod", has!("dotprod")), ("fp16", has!("fp16")), ("i8mm", has!("i8mm"))];
    all.into_iter().filter(|(_, has)| *has).map(|(name, _)| name).collect()
}

/// Of this machine nothing is known.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub fn features() -> Vec<&'static str> {
    vec![]
}

fn c_library(version: &str, catalogue: &Catalogue) -> Finding {
    let engines = catalogue.iter().filter(|entry| entry.kind == Kind::Engine);
    let refused: Vec<String> =
        engines.filter_map(|entry| entry.too_new().map(|needed| format!("{} needs {needed}", entry.name))).collect();
    match refused.is_empty() {
        true => Finding::fine(Area::Machine, "glibc", format!("{version}, new enough for every engine")),
        false => Finding::lack(Area::Machine, "glibc", format!("{version}; {}", refused.join(", ")))
            .remedy("a newer system, or one in a container"),
    }
}

/// The nearest folder that is there.
fn existing(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|above| above.is_dir())
}

fn place(home: &Home) -> Finding {
    let name = home.folder().display();
    let Some(folder) = existing(home.folder()) else {
        return Finding::lack(Area::Machine, "AW_HOME", format!("{name} cannot be made"))
            .remedy("export AW_HOME=FOLDER");
    };
    if let Err(why) = tempfile::tempfile_in(folder) {
        let finding = Finding::lack(Area::Machine, "AW_HOME", format!("{name}: nothing can be written there: {why}"));
        return finding.remedy("export AW_HOME=FOLDER, with a folder of yours");
    }
    match free(folder) {
        Some(free) if free < ROOM => {
            let found = format!("{name}: {} MB free", free / 1_000_000);
            Finding::lack(Area::Machine, "AW_HOME", found).remedy("make room, or export AW_HOME=FOLDER on another disk")
        }
        Some(free) => Finding::fine(Area::Machine, "AW_HOME", format!("{name}: {:.1} GB free", free as f64 / 1e9)),
        None => Finding::fine(Area::Machine, "AW_HOME", name.to_string()),
    }
}

/// Bytes that a user may still write on the disk of a folder.
#[cfg(unix)]
fn free(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}

fn temporary(folder: &Path) -> Finding {
    match tempfile::tempfile_in(folder) {
        Ok(_) => Finding::fine(Area::Machine, "temporary files", folder.display().to_string()),
        Err(why) => {
            Finding::lack(Area::Machine, "temporary files", format!("none can be made in {}: {why}", folder.display()))
                .remedy("export TMPDIR=FOLDER, with a folder that you may write in")
        }
    }
}
