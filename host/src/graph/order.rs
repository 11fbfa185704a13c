//! Who goes before whom: Kahn's algorithm, stable by place in the file (A. B. Kahn, "Topological sorting of large
//! networks", CACM 5, 1962).
use super::codes::Code;
use super::diag::{Diag, Diags};
use super::net::{Input, Net};
use std::collections::BTreeSet;

/// Puts every node after those that it hears, feedback edges left out. A cycle is shown as a path.
pub fn sort(net: &mut Net, diags: &mut Diags) {
    let waits_for = |input: &&Input| input.feedback.is_none();
    let mut waiting: Vec<usize> = net.nodes.iter().map(|node| node.inputs.iter().filter(waits_for).count()).collect();
    let mut hears: Vec<Vec<usize>> = vec![vec![]; net.nodes.len()];
    for (at, node) in net.nodes.iter().enumerate() {
        node.inputs.iter().filter(waits_for).for_each(|input| hears[input.from].push(at));
    }
    let mut ready: BTreeSet<usize> = (0..net.nodes.len()).filter(|&at| waiting[at] == 0).collect();
    while let Some(at) = ready.pop_first() {
        net.order.push(at);
        for &next in &hears[at] {
            waiting[next] -= 1;
            if waiting[next] == 0 {
                ready.insert(next);
            }
        }
    }
    let stuck: BTreeSet<usize> = (0..net.nodes.len()).filter(|&at| waiting[at] > 0).collect();
    for &at in &stuck {
        net.nodes[at].broken = true;
    }
    for cycle in cycles(net, &stuck) {
        show(net, &cycle, diags);
    }
    if net.nodes.iter().any(|node| node.inputs.iter().any(|input| input.feedback.is_some())) {
        for (at, node) in net.nodes.iter().enumerate() {
            let closing = node.inputs.iter().filter(|input| input.feedback.is_some());
            closing.for_each(|input| hears[input.from].push(at));
        }
        idle_feedback(net, &hears, diags);
    }
}

/// One cycle through every knot of nodes that wait for each other: walks backwards until a node comes again.
fn cycles(net: &Net, stuck: &BTreeSet<usize>) -> Vec<Vec<usize>> {
    let mut left = stuck.clone();
    let mut cycles = vec![];
    while let Some(&start) = left.first() {
        let mut path = vec![start];
        let cycle = loop {
            let at = path[path.len() - 1];
            let inputs = net.nodes[at].inputs.iter().filter(|input| input.feedback.is_none());
            let Some(from) = inputs.map(|input| input.from).find(|from| left.contains(from)) else { break None };
            if let Some(again) = path.iter().position(|&node| node == from) {
                break Some(path.split_off(again));
            }
            path.push(from);
        };
        path.iter().chain(cycle.iter().flatten()).for_each(|node| {
            left.remove(node);
        });
        cycles.extend(cycle.map(|mut cycle| {
            cycle.reverse();
            cycle
        }));
    }
    cycles
}

fn show(net: &Net, cycle: &[usize], diags: &mut Diags) {
    // Begin with the node that stands first in the file.
    let first = (0..cycle.len()).min_by_key(|&i| cycle[i]).unwrap_or(0);
    let walk: Vec<usize> = (0..=cycle.len()).map(|i| cycle[(first + i) % cycle.len()]).collect();
    let names: Vec<&str> = walk.iter().map(|&at| net.nodes[at].name.as_str()).collect();
    let title = match cycle.len() {
        1 => format!("`{}` waits for itself", names[0]),
        _ => format!("these nodes wait for each other: {}", names.join(" → ")),
    };
    let edge = |to: usize, from: usize| net.nodes[to].inputs.iter().find(|i| i.from == from && i.feedback.is_none());
    let pairs = walk.windows(2).filter_map(|pair| Some((pair[1], pair[0], edge(pair[1], pair[0])?)));
    // The last edge leads back to the node that stands first in the file: there a loop is closed, usually.
    let mut pairs: Vec<(usize, usize, &Input)> = pairs.collect();
    let Some((_, from, last)) = pairs.pop() else { return };
    let from = match net.nodes[from].outputs.len() {
        1 => net.nodes[from].name.clone(),
        _ => format!("{}.{}", net.nodes[from].name, net.nodes[from].outputs[last.output].port),
    };
    let mut diag = Diag::new(Code::Cycle, last.span.clone(), title).label("closes the loop");
    for (to, from, input) in pairs {
        let label = format!("`{}` waits for `{}`", net.nodes[to].name, net.nodes[from].name);
        diag = diag.mark(input.span.clone(), label);
    }
    let help = format!("write `{{ from = \"{from}\", feedback = 1 }}` there; it then carries the previous frame");
    diags.push(diag.help(help));
}

/// Warns of `feedback` where nothing goes round.
fn idle_feedback(net: &Net, hears: &[Vec<usize>], diags: &mut Diags) {
    for (at, node) in net.nodes.iter().enumerate() {
        for input in &node.inputs {
            let Some(feedback) = input.feedback.as_ref().filter(|_| !reaches(net, hears, at, input.from)) else {
                continue;
            };
            let from = &net.nodes[input.from].name;
            let title = format!("this is no loop: `{from}` does not hear `{}`", node.name);
            let diag = Diag::warning(Code::Feedback, feedback.span.clone(), title);
            diags.push(diag.help(format!("write `delay = {}` for frames that come later", feedback.value)));
        }
    }
}

/// Whether what leaves one node can arrive at another.
fn reaches(net: &Net, hears: &[Vec<usize>], from: usize, to: usize) -> bool {
    let (mut seen, mut open) = (vec![false; net.nodes.len()], vec![from]);
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        if !std::mem::replace(&mut seen[at], true) {
            open.extend(&hears[at]);
        }
    }
    false
}
