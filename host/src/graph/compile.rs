//! The passes in a row.
use super::diag::Diags;
use super::file::GraphFile;
use super::plan::Plan;
use super::{align, formats, late, order, rates, resolve, verify};
use crate::plugin::{Instance, Workers};
use std::collections::BTreeMap;

/// What the graph is connected to: rates and channels of devices or files. What is not named here is as the graph file
/// says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Device {
    /// By name of the input.
    pub inputs: BTreeMap<String, Port>,
    /// By name of the output.
    pub outputs: BTreeMap<String, Port>,
    /// Samples a block, instead of what the graph file says.
    pub block: Option<u32>,
    /// It plays now and cannot be played again: no worker may ask to hear the whole input first.
    pub live: bool,
}

/// Rate and channels of a device or file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Port {
    /// Samples a second; the graph's own if `None`.
    pub rate: Option<u32>,
    /// Channels; those of the graph file if `None`.
    pub channels: Option<u32>,
}

/// Somebody who wants the frames of a port beside the outputs of the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// "NODE" or "NODE.PORT".
    pub port: String,
}

/// A graph that can be rendered.
pub struct Compiled {
    /// What is rendered.
    pub plan: Plan,
    /// One instance a step, prepared.
    pub instances: Vec<Instance>,
}

/// Compiles a graph. Mistakes and warnings are added to `diags`; there is a result unless one is an error.
pub fn compile(
    file: &GraphFile,
    workers: &Workers,
    device: &Device,
    listeners: &[Listener],
    diags: &mut Diags,
) -> Option<Compiled> {
    let mut net = resolve::names(file, workers, device, listeners, diags); // nodes, ports, edges
    order::sort(&mut net, diags); //                                         a cycle is shown as a path
    formats::agree(&mut net, file, device, diags); //                        prepare() along the order
    align::compensate(&mut net, file, device, diags); //                     the shorter path waits
    if diags.errors() > 0 {
        return None;
    }
    let mut plan = Plan::lay_out(&net, file, device); //                     steps, streams, edges
    late::can_pass(&plan, file, diags); //                                   what is heard instead of a late answer
    rates::dry_run(&mut plan, &net, diags); //                               room, priming, load
    rates::keep_latency(&plan, file, diags); //                              max_latency_ms
    if diags.errors() > 0 {
        return None;
    }
    verify::must_hold(&plan, &net, diags); //                                written without looking at the passes above
    let instances = net.nodes.into_iter().filter_map(|node| match node.what {
        super::net::What::Worker(worker) => worker.instance,
        _ => None,
    });
    let mut by_step: Vec<Option<Instance>> = instances.map(Some).collect();
    let instances = plan.steps.iter().filter_map(|step| by_step[step.instance].take()).collect();
    (diags.errors() == 0).then_some(Compiled { plan, instances })
}

/// All that is wrong with a graph file, sorted by place.
pub fn check(file: &GraphFile, mut diags: Diags, workers: &Workers, device: &Device) -> (Diags, Option<Compiled>) {
    let compiled = compile(file, workers, device, &[], &mut diags);
    diags.sort();
    (diags, compiled)
}
