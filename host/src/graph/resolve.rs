//! Names → nodes, ports and edges.
use super::codes::Code;
use super::compile::{Device, Listener};
use super::diag::{Diag, Diags, nearest};
use super::file::{GraphFile, InputTable, Lane, Late, NodeTable, OutputTable, Run, Source, Wire};
use super::item::{Entry, Item, Span, Spanned};
use super::net::{Input, Net, Node, Output, SinkKind, What, WorkerNode, kind_name};
use super::params;
use super::time::Time;
use crate::plugin::{Format, Found, Kind, Port, Value, Workers};
use std::collections::BTreeMap;
use std::path::Path;

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
    resolver.tests();
    resolver.has_output();
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

    fn source(&mut self, input: &InputTable) {
        let given = self.device.inputs.get(&input.name.value).copied().unwrap_or_default();
        let rate = given.rate.unwrap_or(self.file.graph.rate);
        let channels = input.channels.as_ref().map(|n| n.value).or(given.channels).unwrap_or(1);
        let format = Format::audio(channels, rate);
        let output = Output { format: Some(format), ..output("out") };
        let mut node = self.add(&input.name, What::Source, vec![output]);
        if rate != self.file.graph.rate {
            let name = format!("{}.resample", input.name.value);
            node = self.resampler(name, &input.name.span, node, self.file.graph.rate);
        }
        self.claim(&input.name, Some(node));
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

    /// Converts audio at an edge of the graph; answers `from` itself if it cannot.
    fn resampler(&mut self, name: String, span: &Span, from: usize, to: u32) -> usize {
        let why = "the device or file has another rate than the graph";
        let set = [("rate", f64::from(to))];
        let Some(node) = self.imply("resample", name, span.clone(), why, &set) else { return from };
        let edge = edge("in", Kind::AUDIO, from, 0, span.clone());
        self.net.nodes[node].inputs.push(edge);
        node
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
        let broken = self.diags.errors() > errors;
        let mut outputs = fixed_outputs(&found);
        outputs.extend(named_outputs(&found, &values));
        let lane = self.lane(table, &found);
        let inner = |entry: &Entry| if let Item::Table(inner) = &entry.item.value { inner.clone() } else { vec![] };
        let inner = params.iter().flat_map(inner);
        let keys = params.iter().cloned().chain(inner).map(|entry| entry.key).collect();
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

    fn wires(&mut self, table: &NodeTable, node: usize) {
        for wire in &table.wires {
            self.wire(wire, node);
        }
        let Some(worker) = self.net.nodes[node].worker() else { return };
        let connected = |port: &Port| {
            let inputs = &self.net.nodes[node].inputs;
            inputs.iter().any(|input| input.port == port.name || (port.many && !is_fixed(worker, &input.port)))
        };
        let inputs = worker.found.worker.ports.iter().filter(|port| !port.is_output && !port.optional);
        let ports = &worker.found.worker.ports;
        let default = default_input(ports).map(|port| port.name.clone());
        // A wire to this port failed, or one to a port that does not exist and may be meant for this one.
        let tried = |port: &Port| {
            table.wires.iter().any(|wire| match &wire.port {
                None => default.as_ref().is_none_or(|default| *default == port.name),
                Some(name) => name.value == port.name || !ports.iter().any(|p| !p.is_output && p.name == name.value),
            }) || (table.wires.is_empty() && unknown_in(table, worker))
        };
        let open: Vec<Port> = inputs.filter(|port| !connected(port) && !tried(port)).cloned().collect();
        for port in open {
            let title = format!("nothing is connected to `{}.{}`", table.name.value, port.name);
            let mut diag = Diag::new(Code::Open, table.name.span.clone(), title);
            if !port.doc.is_empty() {
                diag = diag.note(format!("`{}`: {}", port.name, port.doc));
            }
            self.diags.push(diag.help(match table.wires.len() {
                0 => "write `in = \"NODE\"`".to_string(),
                _ => format!("write `in = {{ …, {} = \"NODE\" }}`", port.name),
            }));
            self.net.nodes[node].broken = true;
        }
    }

    fn wire(&mut self, wire: &Wire, node: usize) {
        let Some((port, kind, many)) = self.input_port(wire, node) else {
            self.net.nodes[node].broken = true;
            return;
        };
        if !many && wire.from.len() > 1 && kind != Kind::AUDIO && kind != Kind::ANY {
            let title = format!(
                "`{}.{port}` takes {}, and only audio can be added up",
                self.net.nodes[node].name,
                kind_name(kind)
            );
            let diag = Diag::new(Code::Kind, wire.span.clone(), title).label("a list is a sum");
            self.diags.push(diag.help("connect one of them"));
            self.net.nodes[node].broken = true;
            return;
        }
        let edges: Vec<Option<Input>> = wire.from.iter().map(|source| self.edge(source, &port, kind)).collect();
        if edges.len() < wire.from.len().max(1) || edges.iter().any(Option::is_none) {
            self.net.nodes[node].broken = true;
        }
        let mut edges: Vec<Input> = edges.into_iter().flatten().collect();
        if many && wire.from.len() > 1 {
            for (i, edge) in edges.iter_mut().enumerate() {
                edge.port = format!("{port}{}", i + 1);
            }
        } else if wire.from.len() > 1 {
            edges = self.sum(wire, node, &port, edges).into_iter().collect();
        }
        for edge in &edges {
            self.kinds_fit(node, edge);
            self.is_free(node, edge);
        }
        self.net.nodes[node].inputs.extend(edges);
    }

    /// A list makes names for the ports that a MANY port stands for; the author may have used one of them.
    fn is_free(&mut self, node: usize, edge: &Input) {
        let here = &self.net.nodes[node];
        let Some(other) = here.inputs.iter().find(|other| other.port == edge.port) else { return };
        let diag =
            Diag::new(Code::Port, edge.span.clone(), format!("`{}.{}` is connected twice", here.name, edge.port));
        let diag = diag.label("again here").mark(other.span.clone(), "first here");
        self.diags
            .push(diag.help(format!("the items of a list are called {}, and so on: choose another name", edge.port)));
        self.net.nodes[node].broken = true;
    }

    /// `in = ["a", "b"]`: the sum.
    fn sum(&mut self, wire: &Wire, node: usize, port: &str, edges: Vec<Input>) -> Option<Input> {
        let name = format!("{}.{port}.sum", self.net.nodes[node].name);
        let kind = edges.first().map_or(Kind::AUDIO, |edge| edge.kind);
        let mix = self.imply("mix", name, wire.span.clone(), "several sources are summed", &[])?;
        for (i, mut edge) in edges.into_iter().enumerate() {
            edge.port = format!("in{}", i + 1);
            edge.kind = Kind::AUDIO;
            self.kinds_fit(mix, &edge);
            self.net.nodes[mix].inputs.push(edge);
        }
        Some(edge(port, kind, mix, 0, wire.span.clone()))
    }

    /// The port that a wire ends at, what it takes, and whether it is one of many.
    fn input_port(&mut self, wire: &Wire, node: usize) -> Option<(String, Kind, bool)> {
        let here = &self.net.nodes[node];
        let found = &here.worker()?.found.worker;
        let ports: Vec<&Port> = found.ports.iter().filter(|port| !port.is_output).collect();
        let names = || ports.iter().map(|port| port.name.as_str());
        let list = names().collect::<Vec<_>>().join(", ");
        let Some(name) = &wire.port else {
            let only = default_input(&found.ports);
            if only.is_none() {
                let title = match ports.len() {
                    0 => format!("worker `{}` has no inputs", found.id),
                    _ => format!("`{}` has several inputs: say which", here.name),
                };
                let diag = Diag::new(Code::Port, wire.span.clone(), title);
                self.diags.push(match ports.len() {
                    0 => diag.help("remove `in`"),
                    _ => {
                        let name = wire.from.first().map_or("NODE", |source| source.name.value.as_str());
                        diag.label(format!("it has {list}"))
                            .help(format!("write `in = {{ {} = \"{name}\", … }}`", ports[0].name))
                    }
                });
            }
            return only.map(|port| (port.name.clone(), port.kind, port.many));
        };
        let fixed = ports.iter().find(|port| port.name == name.value);
        if name.value.contains('\0') {
            self.diags.push(Diag::new(Code::Port, name.span.clone(), "this name of a port has a null byte in it"));
            return None;
        }
        if let Some(port) = fixed.or_else(|| ports.iter().find(|port| port.many)) {
            return Some((name.value.clone(), port.kind, port.many));
        }
        let title = format!("worker `{}` has no input `{}`", found.id, name.value);
        let diag = Diag::new(Code::Port, name.span.clone(), title);
        let diag = diag.label(if ports.is_empty() { "it has no inputs".into() } else { format!("it has {list}") });
        self.diags.push(diag.suggest(&name.value, names()));
        None
    }

    fn edge(&mut self, source: &Source, port: &str, kind: Kind) -> Option<Input> {
        let (from, output) = self.reference(&source.name)?;
        let mut edge = edge(port, kind, from, output, source.name.span.clone());
        (edge.delay, edge.feedback) = (source.delay.clone(), source.feedback.clone());
        Some(edge)
    }

    /// "NAME" or "NAME.PORT" → a node and which of its outputs.
    fn reference(&mut self, name: &Spanned<String>) -> Option<(usize, usize)> {
        let (node_name, port) = match name.value.split_once('.') {
            Some(_) if self.names.contains_key(&name.value) => return None, // that this is no name has been said
            Some((node, port)) => (node, Some(port)),
            None => (name.value.as_str(), None),
        };
        let Some(node) = self.names.get(node_name).copied() else {
            self.unknown_source(name, node_name);
            return None;
        };
        let node = node?;
        self.output_port(node, port, name).map(|output| (node, output))
    }

    fn unknown_source(&mut self, name: &Spanned<String>, node_name: &str) {
        let near = nearest(node_name, self.names.keys().map(String::as_str));
        if near.is_none() && self.file.has_gaps {
            return; // it may well be in what could not be read
        }
        let title = match node_name {
            "" => "this names nothing".to_string(),
            _ => format!("`{node_name}` is neither a node nor an input of this graph"),
        };
        let diag = Diag::new(Code::Source, name.span.clone(), title);
        let is_it = |node: &&NodeTable| node.worker.as_ref().is_some_and(|worker| worker.value == node_name);
        let bare = name.value.split_once('.').map(|(_, rest)| rest).filter(|rest| self.names.contains_key(*rest));
        self.diags.push(if self.file.outputs.iter().any(|output| output.name.value == node_name) {
            diag.note(format!("`{node_name}` is an output: sound goes in there, none comes out"))
        } else if let (Some(bare), "input" | "node") = (bare, node_name) {
            diag.help(format!("write \"{bare}\", without the `{node_name}` of its table"))
        } else if let Some(node) = self.file.nodes.iter().find(is_it) {
            let node = &node.name.value;
            diag.help(format!("did you mean `{node}`? It is a `{node_name}`, but connections take the name of a node"))
        } else if let Some(near) = near {
            diag.help(format!("did you mean `{near}`?"))
        } else {
            diag
        });
    }

    fn output_port(&mut self, node: usize, port: Option<&str>, at: &Spanned<String>) -> Option<usize> {
        let here = &self.net.nodes[node];
        let has = |name: &str| here.outputs.iter().position(|output| output.port == name);
        let list = || here.outputs.iter().map(|output| output.port.as_str()).collect::<Vec<_>>().join(", ");
        let declared = here.worker().map(|worker| worker.found.worker.ports.as_slice()).unwrap_or_default();
        let optional = |name: &str| declared.iter().any(|p| p.is_output && !p.many && p.name == name);
        // The ports that a MANY port stands for are named by a table of the worker or, without one, by references.
        let free = declared.iter().any(|p| p.is_output && p.many) && !named_by_table(here);
        match port {
            Some(name) if has(name).is_some() => return has(name),
            Some(name) if optional(name) || free => {
                self.net.nodes[node].outputs.push(output(name));
                return Some(self.net.nodes[node].outputs.len() - 1);
            }
            None if has("out").is_some() => return has("out"),
            None if here.outputs.len() == 1 && !free => return Some(0),
            None if free => {
                self.net.nodes[node].outputs.push(output("out"));
                return Some(self.net.nodes[node].outputs.len() - 1);
            }
            _ => {}
        }
        let diag = match port {
            Some(port) => {
                let diag = Diag::new(Code::Port, at.span.clone(), format!("`{}` has no output `{port}`", here.name));
                let diag = diag.label(if here.outputs.is_empty() {
                    "it has no outputs".into()
                } else {
                    format!("it has {}", list())
                });
                match here.what {
                    What::Source => diag.help(format!(
                        "write \"{}\"; a `split` node gives its channels outputs of their own",
                        here.name
                    )),
                    _ => diag.suggest(port, here.outputs.iter().map(|output| output.port.as_str())),
                }
            }
            None if here.outputs.is_empty() => {
                Diag::new(Code::Port, at.span.clone(), format!("`{}` has no outputs", here.name))
            }
            None => {
                let diag =
                    Diag::new(Code::Port, at.span.clone(), format!("`{}` has several outputs: say which", here.name));
                let full: Vec<String> =
                    here.outputs.iter().map(|output| format!("\"{}.{}\"", here.name, output.port)).collect();
                diag.help(format!("write {}", full.join(" or ")))
            }
        };
        self.diags.push(diag);
        None
    }

    /// Checks what can be known before anything is prepared.
    fn kinds_fit(&mut self, node: usize, edge: &Input) {
        let from = &self.net.nodes[edge.from];
        let gives = declared_kind(from, &from.outputs[edge.output].port);
        if gives == Kind::ANY || edge.kind == gives || (edge.kind == Kind::ANY && gives != Kind::EVENTS) {
            return;
        }
        let diag = kind_diag(&self.net, node, edge, gives);
        self.diags.push(diag);
        self.net.nodes[node].broken = true;
    }

    fn sink(&mut self, table: &OutputTable) {
        let rate =
            self.device.outputs.get(&table.name.value).and_then(|port| port.rate).unwrap_or(self.file.graph.rate);
        let Some(from) = &table.from else { return };
        let Some((mut node, mut output)) = self.reference(from) else { return };
        let (kind, what) = match table.to_stdout {
            Some(_) => (Kind::EVENTS, SinkKind::Events),
            None => (Kind::AUDIO, SinkKind::Audio { rate }),
        };
        let gives = declared_kind(&self.net.nodes[node], &self.net.nodes[node].outputs[output].port);
        if kind == Kind::AUDIO && rate != self.file.graph.rate && matches!(gives, Kind::AUDIO | Kind::ANY) {
            let wire = edge("in", Kind::AUDIO, node, output, from.span.clone());
            // An input may have the same name, and a resampler of its own.
            let is_input = self.file.inputs.iter().any(|input| input.name.value == table.name.value);
            let name = format!("{}.{}resample", table.name.value, if is_input { "output." } else { "" });
            let resampler = self.resampler(name, &table.name.span, node, rate);
            if resampler != node {
                self.net.nodes[resampler].inputs = vec![wire];
                (node, output) = (resampler, 0);
            }
        }
        let sink = self.add(&table.name, What::Sink(what), vec![]);
        let edge = edge("in", kind, node, output, from.span.clone());
        self.kinds_fit(sink, &edge);
        self.net.nodes[sink].inputs.push(edge);
    }

    fn listener(&mut self, listener: &Listener) {
        let name = Spanned::new(listener.port.clone(), 0..0);
        let Some((node, output)) = self.reference(&name) else { return };
        let sink = self.add(&name, What::Sink(SinkKind::Probe), vec![]);
        let edge = edge("in", Kind::ANY, node, output, 0..0);
        self.kinds_fit(sink, &edge);
        self.net.nodes[sink].inputs.push(edge);
    }

    fn tests(&mut self) {
        for (name, _) in self.file.tests.iter().flat_map(|test| &test.play) {
            if !self.file.inputs.iter().any(|input| input.name.value == name.value) {
                let known = || self.file.inputs.iter().map(|input| input.name.value.as_str());
                let label = match known().next() {
                    Some(_) => format!("it has {}", known().collect::<Vec<_>>().join(", ")),
                    None => "it has no inputs".into(),
                };
                let title = format!("`{}` is no input of this graph", name.value);
                let diag = Diag::new(Code::Source, name.span.clone(), title).label(label);
                self.diags.push(diag.suggest(&name.value, known()));
            }
        }
    }

    fn has_output(&mut self) {
        if self.file.outputs.is_empty() && self.diags.errors() == 0 {
            let at = self.file.nodes.last().map_or(0..0, |node| node.name.span.clone());
            let diag = Diag::new(Code::Missing, at, "this graph has no output");
            self.diags.push(diag.help("add `[output.speaker]` with `from = \"NODE\"`"));
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

/// The input that is meant when none is named.
fn default_input(ports: &[Port]) -> Option<&Port> {
    let mut inputs = ports.iter().filter(|port| !port.is_output);
    let (first, second) = (inputs.next(), inputs.next());
    let named = ports.iter().find(|port| !port.is_output && port.name == "in");
    named.or(first.filter(|_| second.is_none()))
}

/// Whether a key of the node looks like a misspelt `in`.
fn unknown_in(table: &NodeTable, worker: &WorkerNode) -> bool {
    let is_param = |key: &str| worker.found.worker.params.iter().any(|param| param.name == key);
    table.params.iter().any(|entry| !is_param(&entry.key.value) && nearest(&entry.key.value, ["in"]).is_some())
}

fn edge(port: &str, kind: Kind, from: usize, output: usize, span: Span) -> Input {
    let (delay, feedback) = (None, None);
    let port = port.to_string();
    Input { port, kind, from, output, span, delay, feedback, take: 0, delay_frames: 0, align_frames: 0, lane_frames: 0 }
}

fn output(port: &str) -> Output {
    Output { port: port.into(), format: None, give: 0, latency: 0, tail: 0, lag: Time::ZERO }
}

fn is_fixed(worker: &WorkerNode, port: &str) -> bool {
    worker.found.worker.ports.iter().any(|p| !p.is_output && !p.many && p.name == port)
}

/// Outputs that are there whether anybody hears them or not.
fn fixed_outputs(found: &Found) -> Vec<Output> {
    let fixed = found.worker.ports.iter().filter(|port| port.is_output && !port.many && !port.optional);
    fixed.map(|port| output(&port.name)).collect()
}

/// Outputs that a table of the worker names.
fn named_outputs(found: &Found, values: &[Value]) -> Vec<Output> {
    let params = found.worker.params.iter().zip(values).filter(|(param, _)| param.names_outputs);
    let tables = params.filter_map(|(_, value)| if let Value::Table(pairs) = value { Some(pairs) } else { None });
    tables.flatten().map(|(name, _)| output(name)).collect()
}

fn named_by_table(node: &Node) -> bool {
    node.worker().is_some_and(|worker| !named_outputs(&worker.found, &worker.values).is_empty())
}

/// The kind that a port is declared with.
pub(super) fn declared_kind(node: &Node, port: &str) -> Kind {
    let Some(worker) = node.worker() else { return Kind::AUDIO };
    let outputs = || worker.found.worker.ports.iter().filter(|p| p.is_output);
    let port = outputs().find(|p| p.name == port).or_else(|| outputs().find(|p| p.many));
    port.map_or(Kind::ANY, |p| p.kind)
}

/// Whether it stands for a list of sources that no author gave a mixer.
pub(super) fn is_sum(node: &Node) -> bool {
    node.implied.is_some() && node.worker().is_some_and(|worker| worker.found.worker.id == "mix")
}

/// One kind arrives where another is wanted.
pub(super) fn kind_diag(net: &Net, node: usize, edge: &Input, gives: Kind) -> Diag {
    let (node, from) = (&net.nodes[node], &net.nodes[edge.from]);
    let (wants, gives_name) = (kind_name(edge.kind), kind_name(gives));
    let title = match node.what {
        _ if node.implied.is_some() => {
            let only = if is_sum(node) { "only audio can be added up" } else { "outputs play audio" };
            format!("{only}, but `{}` gives {gives_name}", from.name)
        }
        What::Sink(SinkKind::Audio { .. }) => {
            format!("output `{}` plays audio, but `{}` gives {gives_name}", node.name, from.name)
        }
        What::Sink(SinkKind::Events) => {
            format!("output `{}` prints events, but `{}` gives {gives_name}", node.name, from.name)
        }
        What::Sink(SinkKind::Probe) => format!("`{}` gives events, which cannot be probed as frames", from.name),
        _ if edge.kind == Kind::ANY => {
            format!("`{}.{}` wants frames, but `{}` gives {gives_name}", node.name, edge.port, from.name)
        }
        _ => format!("`{}.{}` wants {wants}, but `{}` gives {gives_name}", node.name, edge.port, from.name),
    };
    let mut diag = Diag::new(Code::Kind, edge.span.clone(), title).label(match gives {
        Kind::FEATURES | Kind::EVENTS => format!("{gives_name} arrive here"),
        _ => format!("{gives_name} arrives here"),
    });
    if let Some(worker) = from.worker().filter(|_| from.implied.is_none()) {
        diag = diag.mark(worker.worker_span.clone(), format!("`{}` is made by this worker", from.name));
    }
    let between = match (gives, edge.kind) {
        (Kind::SPECTRUM, Kind::FEATURES) => Some("put a `magnitude` node between them"),
        (Kind::AUDIO, Kind::SPECTRUM) => Some("put an `stft` node between them"),
        (Kind::SPECTRUM, Kind::AUDIO) => Some("put an `istft` node between them"),
        (Kind::AUDIO, Kind::FEATURES) => {
            Some("put a `meter` node between them for the level, or `stft` and `magnitude` for the spectrum")
        }
        (Kind::FEATURES, Kind::SPECTRUM) => {
            Some("multiply a spectrum with them in an `apply_mask` node, or add the phase in a `from_polar` node")
        }
        (Kind::FEATURES, Kind::AUDIO) => {
            Some("features are numbers about a sound: a `gate` or `apply_mask` node uses them")
        }
        (Kind::EVENTS, Kind::AUDIO) if matches!(node.what, What::Sink(_)) => {
            Some("write `to = \"stdout\"` in this output")
        }
        (Kind::AUDIO, Kind::EVENTS) if matches!(node.what, What::Sink(_)) => {
            Some("leave `to` out: audio goes to a device or a file")
        }
        (Kind::EVENTS, _) => Some("events go to an output with `to = \"stdout\"`"),
        _ => None,
    };
    match between {
        Some(help) => diag.help(help),
        None => diag,
    }
}

/// Puts outputs in the order of the descriptor, as the ABI wants them.
fn sort_outputs(net: &mut Net) {
    for node in 0..net.nodes.len() {
        let Some(worker) = net.nodes[node].worker() else { continue };
        let ports: Vec<&Port> = worker.found.worker.ports.iter().filter(|port| port.is_output).collect();
        let place = |output: &Output| {
            let fixed = ports.iter().position(|port| port.name == output.port);
            fixed.or_else(|| ports.iter().position(|port| port.many)).unwrap_or(ports.len())
        };
        let mut order: Vec<usize> = (0..net.nodes[node].outputs.len()).collect();
        order.sort_by_key(|&i| place(&net.nodes[node].outputs[i]));
        if !order.is_sorted() {
            let new_place = |old: usize| order.iter().position(|&i| i == old).unwrap_or(old);
            let sorted = order.iter().map(|&i| net.nodes[node].outputs[i].clone()).collect();
            let places: Vec<usize> = (0..order.len()).map(new_place).collect();
            net.nodes[node].outputs = sorted;
            for input in net.nodes.iter_mut().flat_map(|n| &mut n.inputs).filter(|input| input.from == node) {
                input.output = places[input.output];
            }
        }
        let inputs = |port: &str, worker: &WorkerNode| {
            let ports = || worker.found.worker.ports.iter().filter(|p| !p.is_output);
            let fixed = ports().position(|p| p.name == port);
            fixed.or_else(|| ports().position(|p| p.many)).unwrap_or(usize::MAX)
        };
        let mut connected = std::mem::take(&mut net.nodes[node].inputs);
        if let Some(worker) = net.nodes[node].worker() {
            connected.sort_by_key(|input| inputs(&input.port, worker));
        }
        net.nodes[node].inputs = connected;
    }
}
