//! What was fitted: as tables, as TOML to paste, and as JSON.
use aw_host::sim::calibrate::{Beside, Board, Fit, HeldOut};
use serde_json::{Value, json};

/// The two figures that a board can tell: the key of the profile, what one of it is, and the fit.
fn figures(board: &Board) -> Vec<(&'static str, &'static str, Fit)> {
    let cpi = board.cpi().map(|fit| ("cpi", "an instruction", fit));
    let mac = board.mac().map(|fit| ("mac", "a MAC", fit));
    cpi.into_iter().chain(mac).collect()
}

pub fn cost_text(board: &Board, device: &str) -> String {
    let figures = figures(board);
    let mut head = vec![String::new(), "cycles".into()];
    head.extend(figures.iter().flat_map(|(_, of, _)| [(*of).into(), "held out".into()]));
    let mut table = vec![head];
    for run in &board.runs {
        let mut row = vec![run.name.clone(), whole(run.cycles)];
        for (_, _, fit) in &figures {
            let found = fit.rows.iter().find(|row| row.name == run.name);
            row.extend(
                found.map_or([String::from("-"), String::from("-")], |row| {
                    [three(row.ratio, Round::Near), held_out(row)]
                }),
            );
        }
        table.push(row);
    }
    let many = if board.runs.len() == 1 { "run" } else { "runs" };
    let mut text = format!("{}: {} {many}\n\n{}\n", board.file.display(), board.runs.len(), aligned(&table));
    text += &errors_text(&figures.iter().map(|(_, of, fit)| (*of, fit)).collect::<Vec<_>>());
    text += "\n[cost]\n";
    for (key, of, fit) in &figures {
        let (low, typical, high) =
            (three(fit.low, Round::Down), three(fit.typical, Round::Near), three(fit.high, Round::Up));
        let source = text_of_toml(&source(board, device, fit));
        text += &format!(
            "# cycles {of}\n{key} = {{ low = {low}, typical = {typical}, high = {high}, source = {source} }}\n"
        );
    }
    text
}

pub fn cost_json(board: &Board, device: &str) -> Value {
    let runs = board.runs.iter().map(
        |run| json!({ "name": run.name, "cycles": run.cycles, "macs": run.macs, "instructions": run.instructions }),
    );
    let cost = |fit: Option<Fit>| {
        fit.map(|fit| {
            let mut value = fit_json(&fit);
            value["source"] = source(board, device, &fit).into();
            value
        })
    };
    json!({
        "device": device,
        "runs": runs.collect::<Vec<_>>(),
        "cost": { "cpi": cost(board.cpi()), "mac": cost(board.mac()) },
    })
}

pub fn beside_text(beside: &Beside, here: &Board, there: &Board) -> String {
    let head = ["", "cycles here", "cycles there", "here for one there", "held out"];
    let mut table = vec![head.map(String::from).to_vec()];
    for (pair, row) in beside.pairs.iter().zip(&beside.fit.rows) {
        table.push(vec![
            pair.name.clone(),
            whole(pair.here),
            whole(pair.there),
            three(row.ratio, Round::Near),
            held_out(row),
        ]);
    }
    let Fit { low, typical, high, .. } = &beside.fit;
    format!(
        "{} beside {}: {} runs of the same\n\n{}\n{}\na cycle there takes {} here, at least {} and at most {}\n",
        here.file.display(),
        there.file.display(),
        beside.pairs.len(),
        aligned(&table),
        errors_text(&[("here for one there", &beside.fit)]),
        three(*typical, Round::Near),
        three(*low, Round::Down),
        three(*high, Round::Up),
    )
}

pub fn beside_json(beside: &Beside, here: &Board, there: &Board) -> Value {
    json!({
        "here": here.file,
        "there": there.file,
        "ratio": fit_json(&beside.fit),
        "only_here": beside.alone[0],
        "only_there": beside.alone[1],
    })
}

/// How far off the figures are where they were not fitted, and how likely one more run like these lies in the band.
fn errors_text(fits: &[(&str, &Fit)]) -> String {
    let head =
        ["error, held out", "from one other: median", "max", "from all others: median", "max", "one more in the band"];
    let mut table = vec![head.map(String::from).to_vec()];
    for (of, fit) in fits {
        let (one, rest) = (fit.error_of_one(), fit.error_of_rest());
        let cells = [one.0, one.1, rest.0, rest.1, fit.chance_within()].map(percent);
        table.push([(*of).into()].into_iter().chain(cells).collect());
    }
    aligned(&table)
}

fn fit_json(fit: &Fit) -> Value {
    let spread = |(median, max): (f64, f64)| json!({ "median": median, "max": max });
    let rows = fit.rows.iter().map(|row| json!({ "name": row.name, "ratio": row.ratio, "error": row.by_the_rest }));
    json!({
        "low": fit.low,
        "typical": fit.typical,
        "high": fit.high,
        "chance_within": fit.chance_within(),
        "error_from_one_other": spread(fit.error_of_one()),
        "error_from_all_others": spread(fit.error_of_rest()),
        "rows": rows.collect::<Vec<_>>(),
    })
}

/// Where a figure is from, and what it is worth.
fn source(board: &Board, device: &str, fit: &Fit) -> String {
    let comments = if board.source.is_empty() { String::new() } else { format!("{}; ", board.source) };
    let (median, max) = fit.error_of_one();
    let (rows, median, max) = (fit.rows.len(), percent(median), percent(max));
    format!("{device}: {comments}{rows} models, held-out error median {median}, max {max}")
}

fn held_out(row: &HeldOut) -> String {
    let error = (row.by_the_rest * 100.0).round();
    if error == 0.0 { "0 %".into() } else { format!("{error:+} %") }
}

fn percent(part: f64) -> String {
    format!("{:.0} %", part * 100.0)
}

fn whole(number: f64) -> String {
    format!("{number:.0}")
}

/// A band is rounded outwards: it holds all that was measured.
enum Round {
    Down,
    Near,
    Up,
}

/// Three digits that count, as a float of TOML.
fn three(number: f64, round: Round) -> String {
    if !(1e-6..1e6).contains(&number) {
        return format!("{number:.2e}");
    }
    let digits = (2 - number.log10().floor() as i32).max(1);
    let scale = 10f64.powi(digits);
    // What is a round number already stays one: 1.13 × 100 is a little less than 113.
    let rounded = match round {
        Round::Down => (number * scale + 1e-9).floor(),
        Round::Near => (number * scale).round(),
        Round::Up => (number * scale - 1e-9).ceil(),
    };
    format!("{:.*}", digits as usize, rounded / scale)
}

/// A string of TOML.
pub fn text_of_toml(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}

/// Columns beside each other: the first begins at the left, the others end at the right.
fn aligned(table: &[Vec<String>]) -> String {
    let count = table.first().map_or(0, Vec::len);
    let width = |at: usize| table.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..count).map(|at| width(at).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in table {
        let cells = row.iter().zip(&widths).enumerate().map(|(at, (cell, width))| match at {
            0 => format!("{cell:width$}"),
            _ => format!("  {cell:>width$}"),
        });
        text += &cells.collect::<String>();
        text += "\n";
    }
    text
}
