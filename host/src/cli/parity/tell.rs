//! What came of a comparison: for people and as JSON.
use super::Verdict;
use crate::cli::{json, print};
use aw_host::parity::{Cell, Change, Try};
use serde_json::{Value, json as object};
use std::process::ExitCode;

impl Verdict<'_> {
    pub fn tell(&self, as_json: bool) -> Result<(), ExitCode> {
        match as_json {
            true => print(&json(&self.to_json())),
            false => print(&self.text()),
        }
    }

    fn text(&self) -> String {
        let found = &self.difference;
        let mut lines = vec![];
        let (port, reference) = (self.port, self.reference.display());
        let shape = format!("{} frames of {}", found.frames.0, found.width.0);
        match found.fits() {
            true => lines.push(format!("`{port}` fits {reference}: {shape}, largest difference {}", number(found.max))),
            false => lines.push(format!("`{port}` does not fit {reference}")),
        }
        lines.extend(self.notes.clone());
        if !found.fits() {
            lines.extend(self.sizes());
            lines.extend(self.numbers());
            lines.extend(self.patterns.clone());
            lines.extend(self.culprits());
        }
        lines.join("\n") + "\n"
    }

    fn sizes(&self) -> Vec<String> {
        let found = &self.difference;
        let mut lines = vec![];
        if found.width.0 != found.width.1 {
            let (graph, reference) = found.width;
            lines.push(format!("width: the graph gives {graph} values a frame, the reference has {reference}"));
        }
        if found.frames.0 != found.frames.1 {
            let (graph, reference) = found.frames;
            lines.push(format!("frames: the graph gives {graph}, the reference has {reference}"));
        }
        lines
    }

    fn numbers(&self) -> Vec<String> {
        let found = &self.difference;
        let Some(first) = found.first else {
            return if found.cells > 0 {
                vec![format!("all {} values that both have agree", found.cells)]
            } else {
                vec![]
            };
        };
        let place = |cell: Cell| format!("frame {}, bin {}", cell.frame, cell.bin);
        let mut lines = vec![
            format!("{} of {} values differ by more than {}", found.differ, found.cells, self.tolerance()),
            format!("first at {}: {}, reference {}", place(first), number(first.graph), number(first.reference)),
        ];
        let worst = found.worst.map_or(String::new(), |cell| {
            let times = number(found.ratio);
            format!("; furthest off at {}, {times} times what is allowed", place(cell))
        });
        lines.push(format!("largest difference {}, mean {}{worst}", number(found.max), number(found.mean)));
        lines
    }

    fn tolerance(&self) -> String {
        let rule = &self.rule;
        let mut parts = vec![];
        parts.extend((rule.atol > 0.0).then(|| number(rule.atol)));
        parts.extend((rule.rtol > 0.0).then(|| format!("{} of the frame's loudest", number(rule.rtol))));
        parts.extend(rule.unit.map(|_| "the noise of float32 in quiet bands".to_string()));
        if parts.is_empty() { "0".into() } else { parts.join(" + ") }
    }

    fn culprits(&self) -> Vec<String> {
        let Some(found) = &self.found else { return vec![] };
        let mut lines = vec![String::new()];
        let some = |lines: &mut Vec<String>, tries: &[Try]| {
            for one in tries {
                lines.extend(one.changes.iter().map(|change| format!("  {}", self.line(change))));
            }
        };
        match (found.fits.as_slice(), found.nearest.as_slice()) {
            ([best, others @ ..], _) => {
                let what = if best.changes.len() > 1 { "These keys together make" } else { "This key makes" };
                lines.push(format!("{what} it fit:"));
                some(&mut lines, std::slice::from_ref(best));
                let others: Vec<Try> = others.iter().filter(|one| one.changes.len() == 1).take(3).cloned().collect();
                if !others.is_empty() {
                    lines.push("So would any one of these, on this recording:".into());
                    some(&mut lines, &others);
                }
            }
            ([], [best, ..]) => {
                lines.push("No change of one or two keys makes it fit. This one comes nearest:".into());
                some(&mut lines, std::slice::from_ref(best));
                let (left, all) = (best.difference.differ, best.difference.cells);
                lines.push(format!(
                    "  then {left} of {all} values differ, on average by {}",
                    number(best.difference.mean)
                ));
            }
            ([], []) => lines.push("No change of one or two keys of the node brings it nearer.".into()),
        }
        for preset in found.presets.iter().filter_map(|one| one.preset.as_ref()) {
            lines.push(format!("The preset fits as it is: preset = \"{preset}\""));
        }
        let seconds = found.elapsed.as_secs_f64();
        lines.push(format!("{} changes tried in {seconds:.1} s, {} refused by the worker", found.tried, found.refused));
        lines
    }

    /// `graph.toml:12: mel.norm = "slaney"  # now "none"`
    fn line(&self, change: &Change) -> String {
        let (file, path) = (&self.graph.file, self.graph.file.path.display());
        let written = format!("{} = {}", change.key, change.to);
        if let Some(line) = file.line_of(self.node, &change.key) {
            return format!("{path}:{line}: {written}  # now {}", change.now);
        }
        let line = file.line_of_node(self.node).unwrap_or(1);
        let whence = if file.line_of(self.node, "preset").is_some() { "preset or default" } else { "default" };
        format!("{path}:{line}: {written}  # to be added to [node.{}]; now {}, by {whence}", self.node, change.now)
    }

    fn to_json(&self) -> Value {
        let found = &self.difference;
        let cell = |cell: Cell| object!({"frame": cell.frame, "bin": cell.bin, "graph": cell.graph, "reference": cell.reference});
        let pair = |(graph, reference): (usize, usize)| object!({"graph": graph, "reference": reference});
        let mut value = object!({
            "fits": found.fits(), "port": self.port, "frames": pair(found.frames), "width": pair(found.width),
            "values": found.cells, "differ": found.differ, "first": found.first.map(cell),
            "worst": found.worst.map(cell), "max": found.max, "mean": found.mean,
            "atol": self.rule.atol, "rtol": self.rule.rtol, "notes": self.notes, "patterns": self.patterns,
        });
        if let Some(found) = &self.found {
            let all = |tries: &[Try]| tries.iter().map(|one| self.try_json(one)).collect::<Vec<_>>();
            value["search"] = object!({
                "fits": all(&found.fits), "nearest": all(&found.nearest),
                "presets": found.presets.iter().filter_map(|one| one.preset.clone()).collect::<Vec<_>>(),
                "tried": found.tried, "refused": found.refused, "seconds": found.elapsed.as_secs_f64(),
            });
        }
        value
    }

    fn try_json(&self, one: &Try) -> Value {
        let file = &self.graph.file;
        let change = |change: &Change| {
            object!({
                "key": change.key, "now": change.now, "write": change.to, "file": file.path.display().to_string(),
                "line": file.line_of(self.node, &change.key),
            })
        };
        let changes: Vec<Value> = one.changes.iter().map(change).collect();
        object!({"changes": changes, "differ": one.difference.differ, "mean": one.difference.mean})
    }
}

/// A number with five digits that count.
fn number(x: f64) -> String {
    match x.abs() {
        0.0 => "0".into(),
        size if !(1e-4..1e6).contains(&size) => format!("{x:.4e}"),
        size => format!("{x:.*}", (4 - size.log10().floor() as i32).clamp(0, 8) as usize),
    }
}
