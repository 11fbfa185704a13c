//! `aw install --list`.
use super::bytes;
use crate::cli::{json, print};
use aw_host::install::{Archive, Catalogue, Entry, Home, Kind, Record, State};
use serde_json::json;
use std::process::ExitCode;

/// A line of the list: an entry, or something installed that no catalogue has.
struct Row {
    kind: Kind,
    name: String,
    what: String,
    version: String,
    size: Option<u64>,
    licence: String,
    state: &'static str,
    note: String,
}

impl Row {
    fn of(entry: &Entry, home: &Home) -> Self {
        let here = entry.here();
        let (state, note) = match (State::of(home, entry.kind, &entry.name), &here) {
            (State::Whole(record), Ok(archive)) if !record.is_of(entry, archive) => {
                ("old", format!("{} is installed", record.version))
            }
            (State::Whole(_), _) => ("yes", String::new()),
            (State::Damaged(_, faults), _) => ("damaged", faults.join(", ")),
            (State::Absent, Ok(_)) => ("no", String::new()),
            (State::Absent, Err(why)) => ("not here", why.to_string()),
        };
        Self {
            kind: entry.kind,
            name: entry.name.clone(),
            what: entry.what.clone(),
            version: entry.version.clone(),
            size: here.ok().map(Archive::taken),
            licence: entry.licence.clone(),
            state,
            note,
        }
    }

    fn stranger(home: &Home, kind: Kind, name: String) -> Option<Self> {
        let (record, state, note) = match State::of(home, kind, &name) {
            State::Whole(record) => (record, "yes", String::new()),
            State::Damaged(Some(record), faults) => (record, "damaged", faults.join(", ")),
            _ => return None,
        };
        let what = format!("from a catalogue of your own, package {}", record.package);
        let size = Some(record.files.iter().map(|part| part.size).sum());
        let (version, licence) = (record.version, record.licence);
        Some(Self { kind, name, what, version, size, licence, state, note })
    }
}

pub fn list(catalogue: &Catalogue, home: &Home, as_json: bool) -> Result<ExitCode, ExitCode> {
    let mut rows: Vec<Row> = catalogue.iter().map(|entry| Row::of(entry, home)).collect();
    let others = Record::all(home).into_iter().filter(|(_, name)| catalogue.get(name).is_none());
    rows.extend(others.filter_map(|(kind, name)| Row::stranger(home, kind, name)));
    if as_json {
        let rows = rows.iter().map(|row| {
            json!({
                "name": row.name, "kind": row.kind, "what": row.what, "version": row.version, "bytes": row.size,
                "licence": row.licence, "installed": row.state, "note": row.note,
                "folder": home.place(row.kind, &row.name),
            })
        });
        print(&json(&json!({ "home": home.folder(), "entries": rows.collect::<Vec<_>>() })))?;
        return Ok(ExitCode::SUCCESS);
    }
    let cells = |row: &Row| {
        let size = row.size.map_or("–".into(), bytes);
        [row.name.clone(), row.state.into(), row.version.clone(), size, row.licence.clone(), row.what.clone()]
    };
    let head = ["name", "installed", "version", "size", "licence", "what"].map(String::from);
    let mut text = columns(&[vec![head], rows.iter().map(cells).collect()].concat());
    for row in rows.iter().filter(|row| !row.note.is_empty()) {
        text += &format!("{}: {}\n", row.name, row.note);
    }
    print(&format!("{text}\nin {}\n", home.folder().display()))?;
    Ok(ExitCode::SUCCESS)
}

/// Rows with their columns one below the other; the last one may be as long as it likes.
fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let wide = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(wide).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_string() + "\n"
    };
    rows.iter().map(line).collect()
}
