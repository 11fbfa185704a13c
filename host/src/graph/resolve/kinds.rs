//! Which kind of frames leaves a port, and what is said where another one is wanted.
use super::super::codes::Code;
use super::super::diag::Diag;
use super::super::net::{Input, Net, Node, SinkKind, What, kind_name};
use super::Resolver;
use crate::plugin::Kind;

impl Resolver<'_> {
    /// Checks what can be known before anything is prepared.
    pub(super) fn kinds_fit(&mut self, node: usize, edge: &Input) {
        let from = &self.net.nodes[edge.from];
        let gives = declared_kind(from, &from.outputs[edge.output].port);
        if gives == Kind::ANY || edge.kind == gives || (edge.kind == Kind::ANY && gives != Kind::EVENTS) {
            return;
        }
        let diag = kind_diag(&self.net, node, edge, gives);
        self.diags.push(diag);
        self.net.nodes[node].broken = true;
    }
}

/// The kind that a port is declared with.
pub(in crate::graph) fn declared_kind(node: &Node, port: &str) -> Kind {
    let Some(worker) = node.worker() else { return Kind::AUDIO };
    let outputs = || worker.found.worker.ports.iter().filter(|p| p.is_output);
    let port = outputs().find(|p| p.name == port).or_else(|| outputs().find(|p| p.many));
    port.map_or(Kind::ANY, |p| p.kind)
}

/// Whether it stands for a list of sources that no author gave a mixer.
pub(in crate::graph) fn is_sum(node: &Node) -> bool {
    node.implied.is_some() && node.worker().is_some_and(|worker| worker.found.worker.id == "mix")
}

/// One kind arrives where another is wanted.
pub(in crate::graph) fn kind_diag(net: &Net, node: usize, edge: &Input, gives: Kind) -> Diag {
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
