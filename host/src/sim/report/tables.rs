//! Nodes and tasks on the page: each number with what it comes from and its band.
use super::super::band::Band;
use super::super::cost::Tier;
use super::bars::whisker;
use super::figures::{band, three, whole};
use super::page::prose;
use super::{Node, Report, Task, grouped, least, of_firing};
use crate::page::escaped;
use std::fmt::Write;

/// Of which kind of knowledge a number is.
fn tier(tier: Tier) -> String {
    let class = match tier {
        Tier::Measured => "measured",
        Tier::Counted => "counted",
        Tier::Macs => "macs",
        Tier::Unknown => "unknown",
    };
    format!("<span class=\"tier {class}\">{}</span>", tier.name())
}

/// How sure all costs of a task are, or all there are.
pub fn sure(report: &Report, task: Option<&str>) -> String {
    match least(&report.nodes, task) {
        None => "as asked".into(),
        Some(Tier::Unknown) => "some costs are unknown".into(),
        Some(Tier::Measured) => Tier::Measured.name().into(),
        Some(least) => format!("{} or surer", least.name()),
    }
}

/// What stands before a number that leaves out what is unknown.
pub fn at_least(report: &Report, task: Option<&str>) -> &'static str {
    if least(&report.nodes, task) == Some(Tier::Unknown) { "≥ " } else { "" }
}

/// A cell with two numbers: what is expected, and below it the band.
fn banded(band: &Band, number: fn(f64) -> String) -> String {
    let [low, typical, high] = [band.low, band.typical, band.high].map(number);
    if low == high { typical } else { format!("{typical}<br/><small>{low} … {high}</small>") }
}

/// Nodes in the order in which they run, and the engine in each task.
pub fn nodes(html: &mut String, report: &Report) {
    *html += "<h2>Nodes</h2>\n<p class=\"dim\">Cycles of a node in a block, all firings of the block together. p99 and peak: over the \
              blocks, costs as expected. Below a number its band: costs low … high. The longest bar is \
              that of the node that takes most.</p>\n<div class=\"wide\"><table>\n<tr><th>node</th>\
              <th>worker</th><th>task</th><th>cost</th><th class=\"n\">firings/s</th><th class=\"n\">cycles, mean</th>\
              <th class=\"n\">p99</th><th class=\"n\">peak</th><th class=\"n\">peak, % of deadline</th>\
              <th class=\"n\">% of a core</th><th></th><th class=\"n\">MHz</th></tr>\n";
    let full =
        report.nodes.iter().filter_map(|node| node.percent).fold(0.0, |most: f64, percent| most.max(percent.high));
    for node in &report.nodes {
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{}</td>{}</tr>",
            escaped(&node.name),
            escaped(&node.worker),
            escaped(&node.task),
            tier(node.tier),
            three(node.firings_per_s),
            cells(report, node, full)
        );
    }
    *html += "</table></div>\n";
    sources(html, report);
    if report.nodes.iter().any(|node| node.allocations > 0) {
        let all = report.nodes.iter().filter(|node| node.allocations > 0);
        let all: Vec<String> =
            all.map(|node| format!("<code>{}</code> {} times", escaped(&node.name), node.allocations)).collect();
        let _ = writeln!(html, "<p class=\"bad\">Allocated or freed memory while it rendered: {}</p>", all.join(", "));
    }
}

fn cells(report: &Report, node: &Node, full: f64) -> String {
    let (Some([_, p99, peak]), Some(mean), Some(percent), Some(mhz)) = (node.cycles, node.mean, node.percent, node.mhz)
    else {
        return "<td class=\"n bad\">unknown</td><td colspan=\"6\"></td>".into();
    };
    let number = if node.tier == Tier::Measured { whole } else { three };
    let deadline = report.tasks.iter().find(|task| task.name == node.task).and_then(|task| task.deadline_ms);
    let of_deadline =
        deadline.filter(|ms| *ms > 0.0).map(|ms| 100.0 * peak / (ms * report.device.clock_hz as f64 / 1000.0));
    let said = format!("{}: {} % of a core", node.name, band(&percent, three));
    format!(
        "<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{}</td>\
         <td class=\"n\">{}</td>",
        banded(&mean, number),
        number(p99),
        number(peak),
        of_deadline.map_or(String::new(), three),
        banded(&percent, three),
        whisker(&percent, None, full, &said),
        banded(&mhz, three)
    )
}

/// Where costs come from, each said once.
fn sources(html: &mut String, report: &Report) {
    *html += "<details><summary>Where the costs come from</summary>\n<ul>\n";
    let said = |node: &Node| format!("<code>{}</code>{}", escaped(&node.name), of_firing(node));
    for (source, nodes) in grouped(report.nodes.iter().map(|node| (&node.source, said(node)))) {
        let _ = writeln!(html, "<li>{}: {}</li>", nodes.join(", "), prose(source));
    }
    *html += "</ul></details>\n";
}

/// Tasks by priority.
pub fn tasks(html: &mut String, report: &Report) {
    *html += "<h2>Tasks</h2>\n<p class=\"dim\">By priority. How long they take to respond, waiting included; mean and p99 with costs as \
              expected, the longest with its band. Response and deadline count from when the block was there. The line in \
              a bar: the deadline, or all of a core.</p>\n<div class=\"wide\"><table>\n\
              <tr><th>task</th><th>cost</th><th class=\"n\">% of a core</th><th></th><th class=\"n\">jobs</th>\
              <th class=\"n\">deadline, ms</th><th class=\"n\">mean</th><th class=\"n\">p99</th><th class=\"n\">longest, ms</th><th></th>\
              <th class=\"n\">missed: low, expected, high costs</th></tr>\n";
    report.tasks.iter().for_each(|task| self::task(html, report, task));
    *html += "</table></div>\n";
    if report.nodes.iter().any(|node| node.tier == Tier::Unknown) {
        *html += "<p class=\"doubt\">Nodes of unknown cost count as nothing here: tasks that have any take more than this.</p>\n";
    }
}

fn task(html: &mut String, report: &Report, task: &Task) {
    let sure = match least(&report.nodes, Some(&task.name)) {
        Some(least) => tier(least),
        None if task.deadline_ms.is_some() => "interrupt only".into(),
        None => "as asked".into(),
    };
    let at_least = at_least(report, Some(&task.name));
    let said = format!("{}: {at_least}{} % of a core", task.name, band(&task.percent, three));
    let _ = write!(
        html,
        "<tr><td>{}</td><td>{sure}</td><td class=\"n\">{at_least}{}</td><td>{}</td><td class=\"n\">{}</td>",
        escaped(&task.name),
        banded(&task.percent, three),
        whisker(&task.percent, Some(100.0), 0.0, &said),
        task.jobs
    );
    let _ = write!(html, "<td class=\"n\">{}</td>", task.deadline_ms.map_or("–".into(), three));
    match (task.response_ms, task.longest_ms) {
        (Some([mean, p99, longest]), of_cases) => {
            let longest = of_cases.unwrap_or(Band::exact(longest));
            let said = format!("{}: longest {at_least}{} ms", task.name, band(&longest, three));
            let bar = task.deadline_ms.map_or(String::new(), |deadline| whisker(&longest, Some(deadline), 0.0, &said));
            let _ = write!(
                html,
                "<td class=\"n\">{at_least}{}</td><td class=\"n\">{at_least}{}</td><td class=\"n\">{at_least}{}</td><td>{bar}</td>",
                three(mean),
                three(p99),
                banded(&longest, three)
            );
        }
        _ => *html += "<td class=\"n\">–</td><td class=\"n\">–</td><td class=\"n\">–</td><td></td>",
    }
    let missed = task.deadline_ms.map_or([0; 3], |_| task.missed);
    let class = if missed[0] > 0 {
        " bad"
    } else if missed[2] > 0 {
        " doubt"
    } else {
        ""
    };
    let missed =
        if task.deadline_ms.is_some() { missed.map(|count| count.to_string()).join(", ") } else { "–".into() };
    let _ = writeln!(html, "<td class=\"n{class}\">{missed}</td></tr>");
}
