//! Whether what is to be heard instead of a late answer can be heard.
use super::codes::Code;
use super::diag::{Diag, Diags};
use super::file::{GraphFile, Late};
use super::plan::{Plan, Step};

/// Refuses `late = "pass"` on a node whose answers leave the lane and are like none of its inputs.
pub fn can_pass(plan: &Plan, file: &GraphFile, diags: &mut Diags) {
    let leaves = |stream: usize| plan.edges.iter().any(|edge| edge.stream == stream && edge.leaves_lane());
    let passes = |step: &&Step| step.lane.as_ref().is_some_and(|lane| lane.late == Late::Pass);
    for step in plan.steps.iter().filter(passes) {
        let outputs = step.outputs.iter().filter(|output| output.dry.is_none() && output.stream.is_some_and(leaves));
        for output in outputs {
            let table = file.nodes.iter().find(|table| table.name.value == step.name);
            let span = table.and_then(|table| table.run.as_ref()).map_or(step.span.clone(), |run| run.span.clone());
            let title = format!("nothing can be passed by `{}` where its answer is late", step.name);
            let diag = Diag::new(Code::Run, span, title);
            let diag = diag.label(format!("`{}` is unlike everything that it takes", output.port));
            diags
                .push(diag.help("write `late = \"hold\"` for the last answer again, or `late = \"zero\"` for silence"));
        }
    }
}
