//! Names → nodes, ports and edges.
use super::codes::Code;
use super::compile::{Device, Listener};
use super::diag::{Diag, Diags, nearest};
use super::file::{GraphFile, Lane, Late, NodeTable, Run, check_tests};
use super::item::{Entry, Item, Span, Spanned};
use super::net::{Net, Node, Output, What, WorkerNode};
use super::params;
use super::preset;
use crate::plugin::{Found, Value, Workers};
use ports::{fixed_outputs, named_outputs, sort_outputs};
use std::collections::BTreeMap;
use std::path::Path;

mod ends; //      inputs and outputs of the graph
mod kinds; //     audio, spectrum, features, tensor, events
mod ports; //     the ports that a node has connected
mod reference; // "NAME.PORT" → an output port
mod wires; //     `in = …` → edges

pub(super) use kinds::{declared_kind, is_sum, kind_diag};

/// Resolves every name of a file.
pub fn names(file: &GraphFile, workers: &Workers, device: &Device, listeners: &[Listener], diags: &mut Diags) -> Net {
    let names = BTreeMap::new();
    let mut resolver = Resolver { file, workers, device, net: Net::default(), names, diags };
    file.inputs.iter().for_each(|input| resolver.source(input));
    let nodes: Vec<Option<usize>> = file.nodes.iter().map(|node| resolver.node(node)).collect();
    for (table, node) in file.nodes.iter().zip(nodes) {
        if let Some(node) = node {
            resolver.wires(table, node);
        }
    }
    file.outputs.iter().for_each(|output| resolver.sink(output));
    listeners.iter().for_each(|listener| resolver.listener(listener));
    check_tests(&file.tests, file, resolver.diags);
    if listeners.is_empty() {
        resolver.has_output();
    }
    resolver.unused();
    let mut net = resolver.net;
    sort_outputs(&mut net);
    net
}

struct Resolver<'a> {
    file: &'a GraphFile,
    workers: &'a Workers,
    device: &'a Device,
    net: Net,
    /// Inputs and nodes by name; `None` for a node whose worker is unknown.
    names: BTreeMap<String, Option<usize>>,
    diags: &'a mut Diags,
}

impl Resolver<'_> {
    /// Gives a name to an input or node, once.
    fn claim(&mut self, name: &Spanned<String>, node: Option<usize>) {
        if self.names.contains_key(&name.value) {
            let title = format!("`{}` is the name of an input and of a node", name.value);
            let mut diag = Diag::new(Code::Name, name.span.clone(), title).label("taken");
            if let Some(input) = self.file.inputs.iter().find(|input| input.name.value == name.value) {
                diag = diag.mark(input.name.span.clone(), "the input");
            }
            self.diags.push(diag.help("rename one of them: a reference could mean either"));
            return;
        }
        self.names.insert(name.value.clone(), node);
    }

    fn add(&mut self, name: &Spanned<String>, what: What, outputs: Vec<Output>) -> usize {
        let (name, span) = (name.value.clone(), name.span.clone());
        self.net.nodes.push(Node { name, span, what, inputs: vec![], outputs, implied: None, broken: false });
        self.net.nodes.len() - 1
    }

    /// Adds a node that no author wrote.
    fn imply(&mut self, id: &str, name: String, span: Span, why: &'static str, set: &[(&str, f64)]) -> Option<usize> {
        let Some(found) = self.workers.get(id).cloned() else {
            let title = format!("no worker is called `{id}`, which is needed here: {why}");
            self.diags.push(Diag::new(Code::Worker, span, title).help(self.where_looked()));
            return None;
        };
        let value = |param: &crate::plugin::Param| match set.iter().find(|(name, _)| *name == param.name) {
            Some((_, value)) => Value::Num(*value),
            None => param.default.clone(),
        };
        let values = found.worker.params.iter().map(value).collect();
        let outputs = fixed_outputs(&found);
        let worker = WorkerNode { found, values, keys: vec![], worker_span: span.clone(), lane: None, instance: None };
        let node = self.add(&Spanned::new(name, span), What::Worker(Box::new(worker)), outputs);
        self.net.nodes[node].implied = Some(why);
        Some(node)
    }

    fn where_looked(&self) -> String {
        let folders: Vec<String> = self.workers.searched().iter().map(|dir| dir.display().to_string()).collect();
        match folders.is_empty() {
            true => "no folder was searched: name one with --workers DIR".into(),
            false => format!("looked in {}; name another folder with --workers DIR or $AW_WORKERS", folders.join(", ")),
        }
    }

    fn node(&mut self, table: &NodeTable) -> Option<usize> {
        let found = table.worker.as_ref().and_then(|id| self.worker(id));
        let (Some(found), Some(id)) = (found, &table.worker) else {
            self.claim(&table.name, None);
            return None;
        };
        let folder = self.file.path.parent().unwrap_or(Path::new(""));
        let errors = self.diags.errors();
        let params = params::flat(&found.worker, &table.params, self.diags);
        let values = params::read(&found.worker, &params, &table.name, folder, self.diags);
        let unread = |entry: &Entry| matches!(entry.item.value, Item::Unread(_)); // which has been said
        let broken = self.diags.errors() > errors || table.params.iter().chain(&params).any(unread);
        let mut outputs = fixed_outputs(&found);
        outputs.extend(named_outputs(&found, &values));
        let lane = self.lane(table, &found);
        let inner = |entry: &Entry| if let Item::Table(inner) = &entry.item.value { inner.clone() } else { vec![] };
        let inner = params.iter().flat_map(inner);
        let written = params.iter().cloned().chain(inner).map(|entry| entry.key);
        let keys = written.chain(preset::keys(&found.worker, &params)).collect();
        let worker = WorkerNode { found, values, keys, worker_span: id.span.clone(), lane, instance: None };
        let node = self.add(&table.name, What::Worker(Box::new(worker)), outputs);
        self.net.nodes[node].broken = broken;
        self.claim(&table.name, Some(node));
        Some(node)
    }

    fn worker(&mut self, id: &Spanned<String>) -> Option<Found> {
        let found = self.workers.get(&id.value).cloned();
        if found.is_none() {
            let known = self.workers.iter().map(|found| found.worker.id.as_str());
            let diag = Diag::new(Code::Worker, id.span.clone(), format!("no worker is called `{}`", id.value));
            self.diags.push(match nearest(&id.value, known) {
                Some(near) => diag.help(format!("did you mean `{near}`?")),
                None => diag.note(self.where_looked()).help("`aw workers` lists those that were found"),
            });
        }
        found
    }

    fn lane(&mut self, table: &NodeTable, found: &Found) -> Option<Lane> {
        match &table.run {
            Some(Spanned { value: Run::Lane(lane), .. }) => Some(lane.clone()),
            Some(Spanned { value: Run::Inline, span }) if found.worker.may_block => {
                let title = format!("`{}` may block, and runs on the render thread", table.name.value);
                let diag = Diag::warning(Code::Inline, span.clone(), title);
                self.diags.push(diag.help(format!("write `run = {{ lane = \"{}\" }}` for live use", table.name.value)));
                None
            }
            None if found.worker.may_block => Some(Lane { name: table.name.value.clone(), delay: 1, late: Late::Hold }),
            _ => None,
        }
    }

    fn unused(&mut self) {
        let mut heard = vec![false; self.net.nodes.len()];
        let is_sink = |node: &Node| matches!(node.what, What::Sink(_));
        let mut open: Vec<usize> = (0..heard.len()).filter(|&i| is_sink(&self.net.nodes[i])).collect();
        while let Some(node) = open.pop() {
            if !std::mem::replace(&mut heard[node], true) {
                open.extend(self.net.nodes[node].inputs.iter().map(|input| input.from));
            }
        }
        if self.diags.errors() > 0 {
            return; // a broken reference makes its target look unused
        }
        let mut last = heard.clone(); // of a chain that nobody hears, only the end is named
        for (node, _) in self.net.nodes.iter().zip(&heard).filter(|(_, heard)| !**heard) {
            node.inputs.iter().for_each(|input| last[input.from] = true);
        }
        for (node, _) in self.net.nodes.iter().zip(&last).filter(|(node, last)| !**last && node.implied.is_none()) {
            let title = format!("nothing hears `{}`", node.name);
            let diag = Diag::warning(Code::Unused, node.span.clone(), title);
            self.diags.push(diag.help("connect it, or remove it"));
        }
    }
}
