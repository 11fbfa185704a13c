//! What cycle counters said of single nodes.
use super::CalibrateError;
use super::sheet::Sheet;
use std::path::Path;

const COLUMNS: [&str; 5] = ["node", "cycles", "cycles_mean", "cycles_max", "calls"];

/// A node of a graph, measured on a board. Cycles are those of one call.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Its name in the graph.
    pub node: String,
    /// The mean of all calls.
    pub mean: f64,
    /// The longest call.
    pub max: f64,
    /// How many calls were measured, where the file says it.
    pub calls: Option<u64>,
    /// The line that names it first, from 1.
    pub line: usize,
}

impl Measured {
    /// Reads a CSV file with the columns `node,cycles`, a row for each call or one for each node, or with
    /// `node,cycles_mean,cycles_max` and, if known, `calls`, a row for each node. Lines that begin with # are passed by.
    ///
    /// # Errors
    /// The first line that is wrong, or what the file lacks.
    pub fn read(file: &Path) -> Result<Vec<Self>, CalibrateError> {
        let sheet = Sheet::read(file, &COLUMNS)?;
        sheet.need("node", "which node of the graph was measured")?;
        match sheet.only(&["cycles", "cycles_mean"], "how long a call took")? {
            "cycles" => {
                for column in ["cycles_max", "calls"] {
                    let why =
                        "beside `cycles`, which says each call; write `node,cycles_mean,cycles_max,calls` for sums";
                    sheet.refuse(column, why)?;
                }
                calls(&sheet)
            }
            _ => {
                sheet.need("cycles_max", "deadlines are missed by the longest call, not by the mean")?;
                sums(&sheet)
            }
        }
    }
}

/// Rows that are calls; the nodes in the order in which they are met first.
fn calls(sheet: &Sheet) -> Result<Vec<Measured>, CalibrateError> {
    let mut nodes: Vec<(Measured, u64)> = vec![];
    for row in &sheet.rows {
        let (node, cycles) = (sheet.name(row, "node")?, sheet.needed(row, "cycles")?);
        match nodes.iter_mut().find(|(before, _)| before.node == node) {
            Some((before, count)) => {
                *count += 1;
                before.mean += (cycles - before.mean) / *count as f64;
                before.max = before.max.max(cycles);
            }
            None => nodes.push((Measured { node, mean: cycles, max: cycles, calls: None, line: row.line }, 1)),
        }
    }
    Ok(nodes.into_iter().map(|(node, count)| Measured { calls: Some(count), ..node }).collect())
}

/// Rows that are nodes.
fn sums(sheet: &Sheet) -> Result<Vec<Measured>, CalibrateError> {
    let mut nodes: Vec<Measured> = vec![];
    for row in &sheet.rows {
        let node = sheet.name(row, "node")?;
        let (mean, max) = (sheet.needed(row, "cycles_mean")?, sheet.needed(row, "cycles_max")?);
        if nodes.iter().any(|before| before.node == node) {
            let why =
                format!("`{node}` was there before; keep one of the two, or write a row `node,cycles` for each call");
            return Err(sheet.wrong(row.line, why));
        }
        if max < mean {
            return Err(sheet.wrong(row.line, format!("`cycles_max` is {max}, below the mean of {mean}; swap the two")));
        }
        let calls = sheet.number(row, "calls")?;
        if let Some(calls) = calls.filter(|calls| calls.fract() != 0.0) {
            return Err(sheet.wrong(row.line, format!("`calls` is {calls}: it takes a whole number")));
        }
        let calls = calls.map(|calls| calls as u64);
        nodes.push(Measured { node, mean, max, calls, line: row.line });
    }
    Ok(nodes)
}
