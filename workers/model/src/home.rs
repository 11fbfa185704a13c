//! Where `aw install` puts what it brings.
use std::path::PathBuf;

/// That folder, with `engines/NAME` and `models/NAME` below it: `AW_HOME`, which the host sets; without a host the folder
/// that it takes by default on Linux.
pub fn home() -> Option<PathBuf> {
    let folder = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = || folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local/share")));
    folder("AW_HOME").or_else(|| Some(data()?.join("aw")))
}
