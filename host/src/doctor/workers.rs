//! Worker libraries: which are found, and which of them are of no use.
use super::{Area, Finding, Open, Opened};
use crate::plugin::SearchPath;
use std::collections::BTreeMap;

/// Every worker library on the path, each opened in a process of its own.
pub fn libraries(search: &SearchPath, open: Open) -> Vec<Finding> {
    let (mut findings, mut places) = (vec![], BTreeMap::new());
    for file in search.files() {
        let path = match file {
            Ok(path) => path,
            Err(why) => {
                let finding = Finding::broken(Area::Workers, "folder", why.to_string());
                findings.push(finding.remedy("take it out of --workers and $AW_WORKERS"));
                continue;
            }
        };
        let name = path.display().to_string();
        findings.push(match open(&path, Opened::Workers) {
            Ok(ids) => {
                let ids: Vec<&str> = ids.split_whitespace().collect();
                let twice =
                    ids.iter().find_map(|id| places.insert(id.to_string(), name.clone()).map(|first| (*id, first)));
                match twice {
                    Some((id, first)) => Finding::broken(Area::Workers, name, format!("`{id}` is also in {first}"))
                        .remedy("remove one of the two files"),
                    None => Finding::fine(Area::Workers, name, ids.join(" ")),
                }
            }
            Err(why) => {
                let remedy = format!("remove it, or ask its author: aw check {name}");
                Finding::broken(Area::Workers, name, why).remedy(remedy)
            }
        });
    }
    if findings.is_empty() {
        let folders: Vec<String> =
            search.given.iter().chain(&search.own).map(|dir| dir.display().to_string()).collect();
        let none = Finding::lack(Area::Workers, "libraries", format!("none in {}", folders.join(", ")));
        findings.push(none.remedy("cargo build --workspace, or name their folder: --workers DIR or $AW_WORKERS"));
    }
    findings
}
