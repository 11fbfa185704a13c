//! The ports that a node has connected, in the order of its descriptor.
use super::super::item::Span;
use super::super::net::{Input, Net, Node, Output, WorkerNode};
use super::super::time::Time;
use crate::plugin::{Found, Kind, Port, Value};

/// The input that is meant when none is named.
pub(super) fn default_input(ports: &[Port]) -> Option<&Port> {
    let mut inputs = ports.iter().filter(|port| !port.is_output);
    let (first, second) = (inputs.next(), inputs.next());
    let named = ports.iter().find(|port| !port.is_output && port.name == "in");
    named.or(first.filter(|_| second.is_none()))
}

pub(super) fn is_fixed(worker: &WorkerNode, port: &str) -> bool {
    worker.found.worker.ports.iter().any(|p| !p.is_output && !p.many && p.name == port)
}

pub(super) fn edge(port: &str, kind: Kind, from: usize, output: usize, span: Span) -> Input {
    let (delay, feedback) = (None, None);
    let port = port.to_string();
    Input { port, kind, from, output, span, delay, feedback, take: 0, delay_frames: 0, align_frames: 0, lane_frames: 0 }
}

pub(super) fn output(port: &str) -> Output {
    Output { port: port.into(), format: None, give: 0, latency: 0, tail: 0, lag: Time::ZERO }
}

/// Outputs that are there whether anybody hears them or not.
pub(super) fn fixed_outputs(found: &Found) -> Vec<Output> {
    let fixed = found.worker.ports.iter().filter(|port| port.is_output && !port.many && !port.optional);
    fixed.map(|port| output(&port.name)).collect()
}

/// Outputs that a table of the worker names.
pub(super) fn named_outputs(found: &Found, values: &[Value]) -> Vec<Output> {
    let params = found.worker.params.iter().zip(values).filter(|(param, _)| param.names_outputs);
    let tables = params.filter_map(|(_, value)| if let Value::Table(pairs) = value { Some(pairs) } else { None });
    tables.flatten().map(|(name, _)| output(name)).collect()
}

/// Whether a table says which output ports there are. One that must be there may say that there are none.
pub(super) fn named_by_table(node: &Node) -> bool {
    let Some(worker) = node.worker() else { return false };
    let must = worker.found.worker.params.iter().any(|param| param.names_outputs && param.required);
    (must && !node.broken) || !named_outputs(&worker.found, &worker.values).is_empty()
}

/// Puts outputs in the order of the descriptor, as the ABI wants them.
pub(super) fn sort_outputs(net: &mut Net) {
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
