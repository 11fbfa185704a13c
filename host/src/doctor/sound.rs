//! Sound systems: whether they run, and whether the libraries are here that talk to them. `aw devices` lists their cards.
use super::{Area, Finding, Open};

/// What there is for the ears of this machine.
pub fn systems(open: Open) -> Vec<Finding> {
    found(open)
}

#[cfg(not(target_os = "linux"))]
fn found(_: Open) -> Vec<Finding> {
    let name = if cfg!(windows) { "WASAPI" } else { "CoreAudio" };
    vec![Finding::fine(Area::Sound, name, "part of the system")]
}

#[cfg(target_os = "linux")]
fn found(open: Open) -> Vec<Finding> {
    use linux::with_library;
    vec![
        with_library(linux::alsa(), "libasound.so.2", "the package is called libasound2 or alsa-lib", open),
        linux::pipewire(),
        linux::pulse(),
        with_library(linux::jack(), "libjack.so.0", "the package is called libjack-jackd2-0 or pipewire-jack", open),
    ]
}

#[cfg(target_os = "linux")]
mod linux {
    use super::{Area, Finding, Open};
    use crate::doctor::{Opened, Verdict};
    use std::fs;
    use std::path::{Path, PathBuf};

    pub fn alsa() -> Finding {
        let names = |folder: &str| {
            let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
            entries.filter_map(|entry| entry.file_name().into_string().ok()).collect::<Vec<String>>()
        };
        let pcms: Vec<String> = names("/dev/snd").into_iter().filter(|name| name.starts_with("pcm")).collect();
        let cards = fs::read_to_string("/proc/asound/cards").unwrap_or_default();
        let cards: Vec<&str> =
            cards.lines().filter_map(|line| line.split_once("]: ")).map(|(_, card)| card.trim()).collect();
        if pcms.is_empty() {
            let finding = Finding::lack(Area::Sound, "ALSA", "no sound device in /dev/snd");
            return finding.remedy("in a container, hand the devices in: docker run --device /dev/snd …");
        }
        let ends = |c| pcms.iter().filter(|name| name.ends_with(c)).count();
        let cards = if cards.is_empty() { "devices".into() } else { cards.join(", ") };
        let found = format!("{cards}: {} for playing, {} for recording", ends('p'), ends('c'));
        let open = |name: &String| fs::File::options().read(true).write(true).open(Path::new("/dev/snd").join(name));
        let denied = |name: &String| open(name).is_err_and(|why| why.kind() == std::io::ErrorKind::PermissionDenied);
        match pcms.iter().all(denied) {
            true => Finding::lack(Area::Sound, "ALSA", format!("{found}; you may not open them"))
                .remedy("sudo usermod -aG audio $USER, and log in again"),
            false => Finding::fine(Area::Sound, "ALSA", found),
        }
    }

    /// What is found of a sound system that is talked to through a library: without it, that is the first lack.
    pub fn with_library(finding: Finding, library: &str, package: &str, open: Open) -> Finding {
        match open(Path::new(library), Opened::Library) {
            Ok(_) => finding,
            Err(_) if finding.verdict == Verdict::Fine => {
                Finding::lack(Area::Sound, finding.what, format!("{}; no {library} to reach it", finding.found))
                    .remedy(package)
            }
            Err(_) => Finding { found: format!("{}, and no {library}", finding.found), ..finding }.remedy(package),
        }
    }

    fn runtime() -> Option<PathBuf> {
        std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty()).map(PathBuf::from)
    }

    fn socket(name: &str, path: Option<PathBuf>, remedy: &str) -> Finding {
        match path {
            Some(path) if path.exists() => Finding::fine(Area::Sound, name, path.display().to_string()),
            Some(path) => {
                Finding::lack(Area::Sound, name, format!("not running: no {}", path.display())).remedy(remedy)
            }
            None => Finding::lack(Area::Sound, name, "not running: $XDG_RUNTIME_DIR is not set").remedy(remedy),
        }
    }

    pub fn pipewire() -> Finding {
        let own = std::env::var_os("PIPEWIRE_RUNTIME_DIR").map(PathBuf::from);
        let path = own.or_else(runtime).map(|folder| folder.join("pipewire-0"));
        let mut finding = socket("PipeWire", path, "on a desktop: systemctl --user start pipewire");
        if finding.verdict == Verdict::Fine {
            finding.found += ": reached through its pipewire-pulse (--host pulse), pipewire-jack or pipewire-alsa";
        }
        finding
    }

    pub fn pulse() -> Finding {
        match std::env::var("PULSE_SERVER") {
            Ok(server) if !server.is_empty() && !server.starts_with("unix:") => {
                Finding::fine(Area::Sound, "PulseAudio", format!("{server}, by $PULSE_SERVER"))
            }
            Ok(server) if !server.is_empty() => {
                let path = server.trim_start_matches("unix:").into();
                socket("PulseAudio", Some(path), "$PULSE_SERVER names it: unset it, or start that server")
            }
            _ => {
                let path = runtime().map(|folder| folder.join("pulse/native"));
                socket("PulseAudio", path, "on a desktop: systemctl --user start pipewire-pulse")
            }
        }
    }

    /// JACK leaves its files in shared memory: `jack_default_…` of version 1, `jack-UID` and `jack_sem…` of version 2.
    pub fn jack() -> Finding {
        let entries = fs::read_dir("/dev/shm").into_iter().flatten().filter_map(Result::ok);
        let mut names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        match names.find(|name| name.starts_with("jack")) {
            Some(name) => Finding::fine(Area::Sound, "JACK", format!("/dev/shm/{name}")),
            None => Finding::lack(Area::Sound, "JACK", "not running").remedy("only if you use it: jackd -d alsa"),
        }
    }
}
