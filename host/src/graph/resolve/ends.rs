//! Where a graph begins and ends: its inputs, outputs and listeners, and the resamplers that these need.
use super::super::codes::Code;
use super::super::compile::Listener;
use super::super::diag::Diag;
use super::super::file::{InputTable, OutputTable};
use super::super::item::{Span, Spanned};
use super::super::net::{Output, SinkKind, What};
use super::Resolver;
use super::kinds::declared_kind;
use super::ports::{edge, output};
use crate::plugin::{Format, Kind};

impl Resolver<'_> {
    pub(super) fn source(&mut self, input: &InputTable) {
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

    /// Converts audio at an edge of the graph; answers `from` itself if it cannot.
    fn resampler(&mut self, name: String, span: &Span, from: usize, to: u32) -> usize {
        let why = "the device or file has another rate than the graph";
        let set = [("rate", f64::from(to))];
        let Some(node) = self.imply("resample", name, span.clone(), why, &set) else { return from };
        let edge = edge("in", Kind::AUDIO, from, 0, span.clone());
        self.net.nodes[node].inputs.push(edge);
        node
    }

    pub(super) fn sink(&mut self, table: &OutputTable) {
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

    pub(super) fn listener(&mut self, listener: &Listener) {
        let name = Spanned::new(listener.port.clone(), 0..0);
        let Some((node, output)) = self.reference(&name) else { return };
        let sink = self.add(&name, What::Sink(SinkKind::Probe), vec![]);
        let edge = edge("in", Kind::ANY, node, output, 0..0);
        self.kinds_fit(sink, &edge);
        self.net.nodes[sink].inputs.push(edge);
    }

    pub(super) fn has_output(&mut self) {
        if self.file.outputs.is_empty() && self.diags.errors() == 0 {
            let at = self.file.nodes.last().map_or(0..0, |node| node.name.span.clone());
            let diag = Diag::new(Code::Missing, at, "this graph has no output");
            self.diags.push(diag.help("add `[output.speaker]` with `from = \"NODE\"`"));
        }
    }
}
