//! Values of live parameters as a text of their own: a table for each node, a key for each parameter.
//!
//! ```toml
//! [gain]
//! gain_db = -6.0
//! ```
use super::codes::Code;
use super::diag::{Diag, Diags};
use super::item::{Entry, Item, Span};
use super::params::{convert, flat};
use super::plan::Plan;
use super::syntax;
use super::vary::to_toml;
use crate::plugin::{Descriptor, Param, Value, Workers};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The nodes of a graph whose author wrote them, and their workers.
pub type LiveNodes = BTreeMap<String, Arc<Descriptor>>;

/// A value of a live parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveValue {
    /// The node.
    pub node: String,
    /// Its parameter.
    pub param: String,
    /// As it stands in a graph file.
    pub value: String,
}

/// The nodes of a plan that was made of these workers.
pub fn live_nodes(plan: &Plan, workers: &Workers) -> LiveNodes {
    let own = plan.steps.iter().filter(|step| step.implied.is_none() && step.fade.is_none());
    own.filter_map(|step| Some((step.name.clone(), workers.get(&step.worker)?.worker.clone()))).collect()
}

/// Reads a text; what is wrong with it is said all at once, and then nothing of it should be used.
pub fn read_live(text: &str, nodes: &LiveNodes) -> (Vec<LiveValue>, Diags) {
    let (mut values, mut diags) = (vec![], Diags::default());
    let entries = syntax::parse(text, &mut diags);
    if let Some(span) = graph_file(&entries) {
        let diag = Diag::new(Code::Key, span, "this is a graph file, and no preset of live parameters");
        diags.push(diag.help("in a preset stands `[NODE]`, and below it `PARAMETER = VALUE`"));
        return (values, diags);
    }
    for entry in entries {
        let name = &entry.key.value;
        let Some(worker) = nodes.get(name) else {
            diags.push(no_node(&entry, nodes));
            continue;
        };
        match &entry.item.value {
            Item::Table(inner) => read_node(name, worker, inner, &mut values, &mut diags),
            Item::Unread(_) => {}
            _ => {
                let diag = Diag::new(Code::Type, entry.key.span, format!("`{name}` is a node, and takes no value"));
                diags.push(diag.help(format!("write `[{name}]`, and below it `PARAMETER = VALUE`")));
            }
        }
    }
    diags.sort();
    (values, diags)
}

/// Values as a text, by node; those of parameters that are not live, or not there, are left out.
pub fn write_live<'v>(values: impl IntoIterator<Item = (&'v str, &'v str, f64)>, nodes: &LiveNodes) -> String {
    let mut tables: BTreeMap<&str, String> = BTreeMap::new();
    for (node, name, value) in values {
        let param = nodes.get(node).and_then(|worker| live(worker).find(|param| param.name == name));
        let Some(param) = param else { continue };
        let unit = if param.unit.is_empty() { String::new() } else { format!(" # {}", param.unit) };
        let line = format!("{name} = {}{unit}\n", to_toml(param, &Value::Num(value)));
        tables.entry(node).or_default().push_str(&line);
    }
    let tables: Vec<String> = tables.iter().map(|(node, lines)| format!("[{node}]\n{lines}")).collect();
    tables.join("\n")
}

fn live(worker: &Descriptor) -> impl Iterator<Item = &Param> {
    worker.params.iter().filter(|param| param.live)
}

fn read_node(node: &str, worker: &Descriptor, entries: &[Entry], values: &mut Vec<LiveValue>, diags: &mut Diags) {
    for entry in flat(worker, entries, diags) {
        let name = &entry.key.value;
        let param = match worker.params.iter().find(|param| param.name == *name) {
            Some(param) if param.live => param,
            Some(_) => {
                let title = format!("`{name}` cannot change while the graph plays");
                let diag = Diag::new(Code::Param, entry.key.span, title).label(takes(node, worker));
                diags.push(diag.help(format!("remove it here; in the graph file it stands in `[node.{node}]`")));
                continue;
            }
            None => {
                let title = format!("worker `{}` has no parameter `{name}`", worker.id);
                let diag = Diag::new(Code::Param, entry.key.span, title).label(takes(node, worker));
                diags.push(diag.suggest(name, live(worker).map(|param| param.name.as_str())));
                continue;
            }
        };
        if matches!(entry.item.value, Item::Unread(_)) {
            continue; // that has been said
        }
        match convert(param, &entry.item, Path::new("")) {
            Ok(value) => {
                values.push(LiveValue { node: node.into(), param: name.clone(), value: to_toml(param, &value) });
            }
            Err(diag) => diags.push(*diag),
        }
    }
}

fn takes(node: &str, worker: &Descriptor) -> String {
    let names: Vec<&str> = live(worker).map(|param| param.name.as_str()).collect();
    match names.len() {
        0 => format!("`{node}` has no live parameters"),
        _ => format!("live in `{node}`: {}", names.join(", ")),
    }
}

fn no_node(entry: &Entry, nodes: &LiveNodes) -> Diag {
    let name = &entry.key.value;
    let known = || nodes.iter().filter(|(_, worker)| live(worker).next().is_some()).map(|(name, _)| name.as_str());
    let all: Vec<&str> = known().collect();
    let label = match all.len() {
        0 => "no node of this graph has live parameters".to_string(),
        _ => format!("nodes with live parameters: {}", all.join(", ")),
    };
    let diag = Diag::new(Code::Source, entry.key.span.clone(), format!("no node is called `{name}`")).label(label);
    match nodes.values().any(|worker| live(worker).any(|param| param.name == *name)) {
        true => diag.help("write the name of its node in brackets above it: `[NODE]`"),
        false => diag.suggest(name, known()),
    }
}

/// Where a text shows itself to be a graph file: it has `[node.NAME]` with a worker.
fn graph_file(entries: &[Entry]) -> Option<Span> {
    let tables = |entry: &Entry| match &entry.item.value {
        Item::Table(inner) => inner.clone(),
        _ => vec![],
    };
    let is_node = |entry: &Entry| tables(entry).iter().any(|entry| entry.key.value == "worker");
    let node = entries.iter().find(|entry| entry.key.value == "node" && tables(entry).iter().any(is_node))?;
    Some(node.key.span.clone())
}
