//! The files of a report.
use super::{json, junit, page};
use crate::trial::Blessed;
use crate::trial::bless::write_heard;
use crate::trial::verdict::{Heard, Verdict};
use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

/// A whole run, to be reported.
#[derive(Clone, Copy, Debug)]
pub struct Papers<'a> {
    /// What came of each case, in order.
    pub verdicts: &'a [Verdict],
    /// How long it took.
    pub elapsed: Duration,
    /// How many ran at a time.
    pub jobs: usize,
}

impl Papers<'_> {
    /// JUnit XML.
    pub fn junit(&self) -> String {
        junit::junit(self.verdicts, self.elapsed)
    }

    /// For scripts.
    pub fn json(&self) -> serde_json::Value {
        json::to_json(self.verdicts, self.elapsed)
    }

    /// Writes everything into a folder, which is made: report.html, junit.xml, report.json; and in `actual/`, which is
    /// emptied, what came instead of each golden that does not match, and a picture.
    ///
    /// # Errors
    /// What cannot be written, and why.
    pub fn write(&self, folder: &Path) -> Result<(), String> {
        let make = |path: &Path| std::fs::create_dir_all(path).map_err(|why| cannot(path, why));
        make(folder)?;
        let put = |name: &str, bytes: &[u8]| {
            let path = folder.join(name);
            std::fs::write(&path, bytes).map_err(|why| cannot(&path, why))
        };
        put("junit.xml", self.junit().as_bytes())?;
        put("report.json", format!("{:#}\n", self.json()).as_bytes())?;
        put("report.html", page::page(self.verdicts, self.elapsed, self.jobs).as_bytes())?;
        let actual = folder.join("actual");
        if actual.is_dir() {
            // Of the run before.
            std::fs::remove_dir_all(&actual).map_err(|why| cannot(&actual, why))?;
        }
        let all = self
            .verdicts
            .iter()
            .enumerate()
            .flat_map(|(at, verdict)| verdict.exhibits.iter().map(move |one| (at, verdict, one)));
        for (at, verdict, exhibit) in all {
            make(&actual)?;
            let path = &exhibit.golden.path;
            let ending = match exhibit.golden.actual {
                Heard::Sound(_) => "wav",
                Heard::Frames { .. } => "npy",
            };
            let name = format!("{:03}-{}", at + 1, file_name(&verdict.name, path));
            let path = actual.join(format!("{name}.actual.{ending}"));
            write_heard(&path, &exhibit.golden.actual).map_err(|why| cannot(&path, why))?;
            if let Some(png) = &exhibit.png {
                put(&format!("actual/{name}.{ending}.png"), png)?;
            }
        }
        Ok(())
    }

    /// Pictures of goldens that were made anew: before, now, and the difference.
    ///
    /// # Errors
    /// What cannot be written, and why.
    pub fn write_blessed(&self, folder: &Path, id: &str, blessed: &[Blessed]) -> Result<(), String> {
        for one in blessed {
            if let Some(png) = &one.picture {
                let path = folder.join(format!("{}.blessed.png", file_name(id, &one.path)));
                std::fs::write(&path, png).map_err(|why| cannot(&path, why))?;
            }
        }
        Ok(())
    }
}

fn cannot(path: &Path, why: impl Display) -> String {
    format!("cannot write {}: {why}", path.display())
}

/// The case and the golden in letters that every disk takes.
fn file_name(id: &str, golden: &Path) -> String {
    const MOST: usize = 60;
    let stem = golden.file_stem().map_or("golden".into(), |stem| stem.to_string_lossy());
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let name: String = id.chars().chain("-".chars()).chain(stem.chars()).map(plain).collect();
    let name: Vec<&str> = name.split('-').filter(|word| !word.is_empty()).collect();
    name.join("-").chars().take(MOST).collect()
}
