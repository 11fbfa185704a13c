//! Whether what is to be heard instead of a late answer can be heard.
use super::codes::Code;
use super::diag::{Diag, Diags};
use super::file::{GraphFile, Late};
use super::plan::{Plan, Step, StepOutput};

/// Refuses `late = "pass"` on a node whose answers leave the lane where nothing like them goes in, there or in the nodes
/// of the lane before it: what those make is not there in time either.
pub fn can_pass(plan: &Plan, file: &GraphFile, diags: &mut Diags) {
    let leaves = |stream: usize| plan.edges.iter().any(|edge| edge.stream == stream && edge.leaves_lane());
    let passes = |step: &&Step| step.lane.as_ref().is_some_and(|lane| lane.late == Late::Pass);
    for step in plan.steps.iter().filter(passes) {
        for output in step.outputs.iter().filter(|output| output.stream.is_some_and(leaves)) {
            let Some((last, unlike)) = lacking(plan, step, output, plan.steps.len()) else { continue };
            let table = file.nodes.iter().find(|table| table.name.value == step.name);
            let span = table.and_then(|table| table.run.as_ref()).map_or(step.span.clone(), |run| run.span.clone());
            let title = format!("nothing can be passed by `{}` where its answer is late", step.name);
            let of = if last.name == step.name { String::new() } else { format!("{}.", last.name) };
            let diag = Diag::new(Code::Run, span, title);
            let diag = diag.label(format!("`{of}{}` is unlike everything that `{}` takes", unlike.port, last.name));
            diags
                .push(diag.help("write `late = \"hold\"` for the last answer again, or `late = \"zero\"` for silence"));
        }
    }
}

/// The step of the lane at which the way back to a dry sound ends, if it does. `most` steps are looked at.
fn lacking<'p>(
    plan: &'p Plan,
    step: &'p Step,
    output: &'p StepOutput,
    most: usize,
) -> Option<(&'p Step, &'p StepOutput)> {
    let Some(dry) = output.dry.filter(|_| most > 0) else { return Some((step, output)) };
    let stream = plan.edges[dry].stream;
    let lane = |step: &Step| step.lane.as_ref().map(|lane| lane.name.clone());
    let beside = plan.steps.iter().filter(|other| lane(other) == lane(step));
    let maker = beside.flat_map(|other| other.outputs.iter().map(move |output| (other, output)));
    let (maker, made) = maker.into_iter().find(|(_, made)| made.stream == Some(stream))?;
    lacking(plan, maker, made, most - 1)
}
