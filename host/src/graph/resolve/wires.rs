//! `in = …` of a node → edges that end at its input ports.
use super::super::codes::Code;
use super::super::diag::{Diag, nearest};
use super::super::file::{NodeTable, Source, Wire};
use super::super::net::{Input, WorkerNode, kind_name};
use super::Resolver;
use super::ports::{default_input, edge, is_fixed};
use crate::plugin::{Kind, Port};

impl Resolver<'_> {
    pub(super) fn wires(&mut self, table: &NodeTable, node: usize) {
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
}

/// Whether a key of the node looks like a misspelt `in`.
fn unknown_in(table: &NodeTable, worker: &WorkerNode) -> bool {
    let is_param = |key: &str| worker.found.worker.params.iter().any(|param| param.name == key);
    table.params.iter().any(|entry| !is_param(&entry.key.value) && nearest(&entry.key.value, ["in"]).is_some())
}
