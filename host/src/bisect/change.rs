//! How two versions of a graph are written: what is there in one only, and which keys have other values.
use crate::graph::{GraphFile, NodeTable};
use std::collections::BTreeSet;

/// Something that is written in another way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The node.
    pub node: String,
    /// What is different, in one sentence.
    pub what: String,
}

/// All changes of nodes, in the order of A, then those that only B has.
pub(super) fn changes(a: &GraphFile, b: &GraphFile) -> Vec<Change> {
    let mut changes = vec![];
    for node in &a.nodes {
        let name = &node.name.value;
        match b.nodes.iter().find(|other| other.name.value == *name) {
            Some(other) => {
                changes.extend(of_node(node, other).into_iter().map(|what| Change { node: name.clone(), what }))
            }
            None => changes.push(Change { node: name.clone(), what: "is only in A".into() }),
        }
    }
    let new = b.nodes.iter().filter(|node| !a.nodes.iter().any(|other| other.name.value == node.name.value));
    changes.extend(new.map(|node| Change { node: node.name.value.clone(), what: "is only in B".into() }));
    changes
}

fn of_node(a: &NodeTable, b: &NodeTable) -> Vec<String> {
    let worker = |node: &NodeTable| node.worker.as_ref().map_or(String::new(), |worker| worker.value.clone());
    let mut what = vec![];
    if worker(a) != worker(b) {
        what.push(format!("its worker is `{}` in A and `{}` in B", worker(a), worker(b)));
    }
    let value = |node: &NodeTable, key: &str| {
        let entry = node.params.iter().find(|entry| entry.key.value == key);
        entry.map(|entry| entry.item.value.plain())
    };
    let keys: BTreeSet<&str> = a.params.iter().chain(&b.params).map(|entry| entry.key.value.as_str()).collect();
    for key in keys {
        let shown = |value: Option<String>| value.unwrap_or("not set".into());
        let (in_a, in_b) = (value(a, key), value(b, key));
        if in_a != in_b {
            what.push(format!("`{key}` is {} in A and {} in B", shown(in_a), shown(in_b)));
        }
    }
    let sources = |node: &NodeTable| {
        let wires = node.wires.iter().map(|wire| {
            let port = wire.port.as_ref().map_or(String::new(), |port| format!("{} = ", port.value));
            let from: Vec<String> = wire
                .from
                .iter()
                .map(|source| {
                    let delay = source.delay.as_ref().map_or(String::new(), |delay| format!(" {:?}", delay.value));
                    let feedback =
                        source.feedback.as_ref().map_or(String::new(), |frames| format!(" feedback {}", frames.value));
                    format!("{}{delay}{feedback}", source.name.value)
                })
                .collect();
            port + &from.join(" + ")
        });
        wires.collect::<Vec<_>>().join(", ")
    };
    if sources(a) != sources(b) {
        what.push(format!("it hears {} in A and {} in B", sources(a), sources(b)));
    }
    if a.run.as_ref().map(|run| &run.value) != b.run.as_ref().map(|run| &run.value) {
        what.push("it runs elsewhere: `run` is not the same".into());
    }
    what
}
