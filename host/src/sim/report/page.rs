//! A report as one HTML page: the answer first, then the numbers that it hangs from, then how to have them again.
use super::super::band::Band;
use super::super::verdict::{Answer, bytes};
use super::figures::{three, whole};
use super::{Report, sections, tables, timeline};
use crate::page::{CLOSED, escaped, opened, quoted};
use std::fmt::Write;

const STYLE: &str = "
:root { --doubt: #8a5a00; --runs: #3273b8; --other: #8b8f96; --streams: #4a8fd0; --state: #4f9f62; --activations: #a070bd; --weights: #c9812f;
--code: #8b8f96; --held: #c4544f }
@media (prefers-color-scheme: dark) { :root { --doubt: #e3b04b; --runs: #5b9be0; --other: #7d828a } }
body { max-width: 76rem } .doubt { color: var(--doubt); font-weight: 600 } .wide { overflow-x: auto } td.n { white-space: nowrap } th { vertical-align: bottom; line-height: 1.2 }
table + table { margin-top: 1rem }
header { border-left: 6px solid; padding: .1rem 1rem; margin-bottom: 1rem } header p, header h1 { color: var(--ink) }
header .answer { font-size: 1.6rem; font-weight: 700; margin: 0; color: inherit; text-transform: uppercase } header h1 { margin: .1rem 0 .4rem }
header ul { color: var(--ink); font-weight: 400; margin: .3rem 0; padding-left: 1.2rem }
.loud { border: 2px solid var(--doubt); border-radius: 6px; padding: .4rem .8rem; color: var(--doubt) }
dl.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(11.4rem, 1fr)); gap: .6rem; margin: 1rem 0 }
dl.facts div { background: var(--plot); border: 1px solid var(--line); border-radius: 6px; padding: .4rem .7rem }
dt { color: var(--dim); font-size: .85em } dd { margin: 0; font-weight: 600; overflow-wrap: anywhere } dd small { font-weight: 400; display: block }
.tier { border: 1px solid var(--edge); border-radius: 4px; padding: 0 .3rem; font-size: .85em; white-space: nowrap }
.tier.unknown { color: var(--bad); border-color: currentcolor } .tier.macs { color: var(--doubt); border-color: currentcolor }
.tier.measured { color: var(--ok); border-color: currentcolor } td small { color: var(--dim); white-space: nowrap }
svg.bar { vertical-align: middle; max-width: none } svg .ground { fill: var(--line) } svg .within { fill: var(--runs) }
svg .perhaps { fill: var(--doubt) } svg .over { fill: var(--bad) } svg .sure { fill: none; stroke: var(--ink) }
svg .limit { stroke: var(--ink); stroke-width: 2; stroke-dasharray: 2 2 } svg.stack { width: 100%; height: 18px; display: block; margin: .2rem 0 }
.streams { fill: var(--streams); color: var(--streams) } .state { fill: var(--state); color: var(--state) }
.activations { fill: var(--activations); color: var(--activations) } .weights { fill: var(--weights); color: var(--weights) }
.code { fill: var(--code); color: var(--code) } .held { fill: var(--held); color: var(--held) } .key { margin-right: 1rem; white-space: nowrap }
.key i { font-style: normal } svg.timeline { width: 100%; display: block } svg .grid { fill: none; stroke: var(--line) }
svg .tick { stroke: var(--dim) } svg text.who { font-size: 13px; fill: var(--ink) } svg .runs { fill: var(--runs) } svg .other { fill: var(--other) }
svg .late { fill: var(--bad) } svg .waits { fill: var(--doubt); opacity: .55 } svg .release { fill: var(--ink) } svg .due { fill: none; stroke: var(--ink) }
svg .wrong { fill: none; stroke: var(--bad); stroke-width: 2.5 } svg .anew { fill: none; stroke: var(--ok); stroke-width: 2.5 }
svg .halo { fill: var(--plot) }
svg .first { stroke: var(--bad); stroke-dasharray: 4 3 } .legend svg { width: 14px; height: 12px; vertical-align: middle }
pre { background: var(--plot); border: 1px solid var(--line); border-radius: 6px; padding: .5rem .8rem; overflow-x: auto }
@media print { body { max-width: none; margin: 0 } .wide { overflow: visible } }
";

/// A report as one HTML page, which needs no other file and is well-formed XML too. `title`: what ran; `command`: the words
/// of the command that did it, after its name.
pub fn page(report: &Report, title: &str, command: &[String]) -> String {
    let answer = report.verdict.answer.words();
    let mut html = opened(&format!("{title} on {}: {answer}", report.device.name), STYLE);
    head(&mut html, report, title);
    facts(&mut html, report);
    tables::tasks(&mut html, report);
    pictures(&mut html, report);
    tables::nodes(&mut html, report);
    sections::memory(&mut html, &report.memory);
    sections::sound(&mut html, report);
    again(&mut html, report, command);
    html + CLOSED
}

/// Escaped, and what stands between backticks as code.
pub fn prose(text: &str) -> String {
    let parts: Vec<String> = text.split('`').map(escaped).collect();
    if parts.len().is_multiple_of(2) {
        return parts.join("`"); // one of them has no other
    }
    let part = |(at, part): (usize, &String)| if at % 2 == 1 { format!("<code>{part}</code>") } else { part.clone() };
    parts.iter().enumerate().map(part).collect()
}

fn head(html: &mut String, report: &Report, title: &str) {
    let (device, verdict) = (&report.device, &report.verdict);
    let class = match verdict.answer {
        Answer::Fits => "ok",
        Answer::DoesNotFit => "bad",
        Answer::CannotTell => "doubt",
    };
    let _ = writeln!(
        html,
        "<header class=\"{class}\"><p class=\"answer\">{}</p>\n<h1>{} on {}</h1>\n<ul>",
        verdict.answer.words(),
        escaped(title),
        escaped(&device.name)
    );
    verdict.reasons.iter().for_each(|reason| *html += &format!("<li>{}</li>\n", prose(reason)));
    *html += "</ul></header>\n";
    if !device.calibrated {
        *html += "<p class=\"loud\"><strong>NOT CALIBRATED</strong>: what this device costs is derived or estimated, and \
                  was not measured on it; bands are wide for that reason.</p>\n";
    }
}

/// What is looked for first.
fn facts(html: &mut String, report: &Report) {
    let (device, blocks) = (&report.device, &report.blocks);
    let cores = if device.cores == 1 { "1 core".to_string() } else { format!("{} cores", device.cores) };
    let mut facts = vec![
        ("device", device.title.clone(), format!("{} MHz, {cores}", device.clock_hz as f64 / 1e6)),
        (
            "block",
            format!("{} samples at {} Hz", blocks.samples, blocks.rate),
            format!(
                "{} ms, {} cycles of a core; {} DMA buffers",
                three(blocks.ms),
                whole(blocks.cycles as f64),
                blocks.buffers
            ),
        ),
    ];
    let load = report.tasks.iter().fold(Band::default(), |sum, task| sum.plus(&task.percent));
    let most = 100 * device.cores;
    facts.push((
        "taken of the cores",
        format!("{}{}\u{a0}%", tables::at_least(report, None), three(load.typical)),
        format!("{}of {most}\u{a0}%; {}", ends(&load), tables::sure(report, None)),
    ));
    let tightest = report.tasks.iter().filter_map(|task| Some((task.longest_ms?, task.deadline_ms?, task)));
    let tightest = tightest.max_by(|a, b| (a.0.high / a.1).total_cmp(&(b.0.high / b.1)));
    if let Some((longest, deadline, task)) = tightest {
        let (ends, sure) = (ends(&longest), tables::sure(report, Some(&task.name)));
        let of = format!("{ends}of {} ms for {}; {sure}", three(deadline), task.name);
        facts.push((
            "longest response",
            format!("{}{} ms", tables::at_least(report, Some(&task.name)), three(longest.typical)),
            of,
        ));
    }
    let share = |heap: &crate::sim::memory::Heap| heap.used as f64 / heap.bytes.max(1) as f64;
    if let Some(heap) = report.memory.heaps.iter().max_by(|a, b| share(a).total_cmp(&share(b))) {
        let missing = report.memory.homeless.len() + report.memory.unknown.len();
        let more =
            if missing > 0 { format!("; {missing} more without room or of unknown size") } else { String::new() };
        let taken = format!("{} % of {}", three(100.0 * share(heap)), heap.name);
        facts.push(("fullest memory", taken, format!("{} of {}{more}", bytes(heap.used), bytes(heap.bytes))));
    }
    if let Some(latency) = report.latency.iter().max_by(|a, b| a.ms.total_cmp(&b.ms)) {
        facts.push(("latency", format!("{:.3} ms", latency.ms), format!("from sound in to {}", latency.output)));
    }
    *html += "<dl class=\"facts\">\n";
    for (what, value, more) in facts {
        let (value, more) = (escaped(&value), escaped(&more));
        let _ = writeln!(html, "<div><dt>{what}</dt><dd>{value} <small>{more}</small></dd></div>");
    }
    *html += "</dl>\n";
    if !device.source.is_empty() {
        let _ = writeln!(html, "<p class=\"dim\">What is said of the device is from: {}</p>", prose(&device.source));
    }
}

/// "10.4 … 16.3, ", or nothing where it is known exactly.
fn ends(band: &Band) -> String {
    if band.low == band.high { String::new() } else { format!("{} … {}, ", three(band.low), three(band.high)) }
}

fn pictures(html: &mut String, report: &Report) {
    let pictures = timeline::pictures(&report.timeline, &report.tasks);
    if pictures.is_empty() {
        return;
    }
    *html += "<h2>Who had a core when</h2>\n<p class=\"dim\">All costs as expected; nodes of unknown cost take no time.</p>\n\
              <p class=\"legend dim\">";
    let key = |shape: &str, what: &str| {
        format!("<span class=\"key\"><svg viewBox=\"0 0 14 12\">{shape}</svg> {what}</span> ")
    };
    let bar = |class: &str| format!("<rect class=\"{class}\" y=\"1\" width=\"14\" height=\"10\"/>");
    *html += &key(&bar("runs"), "runs");
    *html += &key(&bar("late"), "runs, and is late");
    *html += &key(&bar("other"), "something else runs");
    *html += &key("<rect class=\"waits\" y=\"4\" width=\"14\" height=\"4\"/>", "ready, and waits for a core");
    *html += &key("<path class=\"release\" d=\"M7 2l-4 8h8z\"/>", "there is something to do");
    *html += &key("<path class=\"due\" d=\"M7 10l-4 -8h8z\"/>", "it is due");
    *html += &key("<path class=\"wrong\" d=\"M7 6m-4 -4l8 8m0 -8l-8 8\"/>", "it went wrong");
    *html += "</p>\n";
    for picture in pictures {
        let _ = writeln!(html, "<h3>{}</h3>\n<div class=\"wide\">{}</div>", escaped(&picture.title), picture.svg);
        if !picture.said.is_empty() {
            *html += "<ul>\n";
            picture.said.iter().for_each(|said| *html += &format!("<li>{}</li>\n", escaped(said)));
            *html += "</ul>\n";
        }
    }
}

/// The same once more.
fn again(html: &mut String, report: &Report, command: &[String]) {
    let words: Vec<String> = command.iter().map(|word| quoted(word)).collect();
    let faults = if report.faults.is_empty() { "none".into() } else { report.faults.join(" ") };
    let _ = writeln!(
        html,
        "<h2>Once more</h2>\n<pre><code>aw {}</code></pre>\n<p>Faults: {}. Seed {}. {:.3} s of the device, {} blocks. The same \
         command gives the same trace: <code>{}</code> of {} events.</p>",
        escaped(&words.join(" ")),
        escaped(&faults),
        report.seed,
        report.blocks.seconds,
        report.blocks.count,
        escaped(&report.trace),
        report.events
    );
}

#[cfg(test)]
mod tests;
