//! Which model judges sound, and which of its numbers is meant.
use super::super::codes::Code;
use super::super::diag::Diag;
use super::super::item::{Entry, Item, Spanned};
use super::super::table::Table;
use std::path::{Path, PathBuf};

/// A model that judges sound, and how it is asked.
#[derive(Clone, Debug)]
pub struct OpinionTable {
    /// Its file; `@NAME/FILE` is one that is installed.
    pub model: Spanned<PathBuf>,
    /// The rate that it is for, in Hz, instead of what its file says.
    pub model_hz: Option<u32>,
    /// Which of the numbers that it gives is meant; the only one, if it is not said.
    pub score: Option<Score>,
    /// What makes a score of that number x: p₀ + p₁ x + p₂ x² …; the number itself, if there are none.
    pub polynomial: Vec<f64>,
}

/// One of the numbers that a model gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Score {
    /// By its place, from 1, through all outputs in the order of the file.
    Place(usize),
    /// The output of this name, which has one number.
    Output(String),
}

/// Keys that mean something beside `model` only.
const BESIDE: [&str; 3] = ["model_hz", "score", "polynomial"];
/// Calibrations are cubic at most; more is a mistake.
const MOST_TERMS: usize = 16;

pub(super) fn read_opinion(folder: &Path, table: &mut Table) -> Option<OpinionTable> {
    let named = table.has("model");
    let model = table.text("model").map(|text| match text.value.starts_with('@') {
        true => Spanned::new(text.value.into(), text.span),
        false => Spanned::new(folder.join(text.value), text.span),
    });
    for key in BESIDE {
        if let Some(place) = table.place(key).filter(|_| !named) {
            let title = format!("`{key}` is for a `model`, and none is named");
            table.push(Diag::new(Code::Missing, place, title).help(EXAMPLE));
        }
    }
    let model_hz = table.int("model_hz", 1..=768_000).map(|n| n.value as u32);
    let (score, polynomial) = (read_score(table), read_polynomial(table));
    Some(OpinionTable { model: model?, model_hz, score, polynomial })
}

/// What helps where a model is missing.
pub(super) const EXAMPLE: &str = "name an ONNX model: `model = \"@dnsmos/sig_bak_ovr.onnx\"`";

fn read_score(table: &mut Table) -> Option<Score> {
    let Entry { item, .. } = table.take("score")?;
    match item.value {
        Item::Int(n) if (1..=100_000).contains(&n) => Some(Score::Place(n as usize)),
        Item::Int(n) => {
            let title = format!("`score` cannot be {n}: the first number that the model gives is 1");
            table.push(Diag::new(Code::Value, item.span, title));
            None
        }
        Item::Text(name) => Some(Score::Output(name)),
        other => {
            table.wrong_type("score", &other, item.span, "a place from 1, or the name of an output of the model");
            None
        }
    }
}

fn read_polynomial(table: &mut Table) -> Vec<f64> {
    let Some(place) = table.place("polynomial") else { return vec![] };
    let Some(list) = table.list("polynomial") else { return vec![] };
    let number = |item: &Spanned<Item>| match item.value {
        Item::Int(n) => Some(n as f64),
        Item::Float(x) => Some(x).filter(|x| x.is_finite()),
        _ => None,
    };
    match list.iter().map(number).collect::<Option<Vec<f64>>>() {
        Some(terms) if (1..=MOST_TERMS).contains(&terms.len()) => terms,
        _ => {
            let title = format!("`polynomial` takes 1 to {MOST_TERMS} numbers, that of the lowest power first");
            let help = "p0 + p1 x + p2 x² is `polynomial = [p0, p1, p2]`";
            table.push(Diag::new(Code::Value, place, title).help(help));
            vec![]
        }
    }
}
