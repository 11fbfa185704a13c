//! Memory and sound on the page.
use super::super::memory::{Account, Heap, Item};
use super::super::profile::Holds;
use super::super::verdict::bytes;
use super::bars::stacked;
use super::figures::three;
use super::{Report, grouped};
use crate::page::escaped;
use std::fmt::Write;

/// What lies where, what finds no room, and what nobody knows.
pub fn memory(html: &mut String, account: &Account) {
    *html += "<h2>Memory</h2>\n<p class=\"dim\">";
    for kind in Holds::ALL.map(Holds::name).into_iter().chain(["held"]) {
        let what = if kind == "held" { "something else" } else { kind };
        let _ = write!(html, "<span class=\"key\"><i class=\"{kind}\">■</i> {what}</span> ");
    }
    *html += "</p>\n";
    account.heaps.iter().for_each(|heap| self::heap(html, heap));
    for item in &account.homeless {
        let _ = writeln!(
            html,
            "<p class=\"bad\">No room: {} of <code>{}</code>, {}</p>",
            item.what.name(),
            escaped(&item.of),
            bytes(item.bytes.unwrap_or(0))
        );
    }
    let unknown =
        account.unknown.iter().map(|item| ((item.what, item.source), format!("<code>{}</code>", escaped(&item.of))));
    for ((what, source), of) in grouped(unknown) {
        let _ =
            writeln!(html, "<p class=\"doubt\">Unknown: {} of {}; {}</p>", what.name(), of.join(", "), escaped(source));
    }
}

fn heap(html: &mut String, heap: &Heap) {
    let of_kind = |kind: Holds| heap.items.iter().filter(move |item| item.what == kind);
    let mut parts: Vec<(&str, f64, String)> = vec![];
    if heap.held > 0 {
        parts.push(("held", heap.held as f64, format!("something else: {}", bytes(heap.held))));
    }
    for kind in Holds::ALL {
        let size: u64 = of_kind(kind).filter_map(|item| item.bytes).sum();
        if size > 0 {
            parts.push((kind.name(), size as f64, format!("{}: {}", kind.name(), bytes(size))));
        }
    }
    let percent = three(100.0 * heap.used as f64 / heap.bytes.max(1) as f64);
    let said = format!("{}: {} of {}, {percent} %", heap.name, bytes(heap.used), bytes(heap.bytes));
    let _ =
        writeln!(html, "<details><summary>{}{}</summary>", escaped(&said), stacked(&parts, heap.bytes as f64, &said));
    *html += "<table>\n<tr><th>what</th><th>of</th><th class=\"n\">size</th><th>how that is known</th></tr>\n";
    if heap.held > 0 {
        let _ = writeln!(
            html,
            "<tr><td>something else</td><td></td><td class=\"n\">{}</td><td>a fault</td></tr>",
            bytes(heap.held)
        );
    }
    let mut items: Vec<&Item> = heap.items.iter().collect();
    items.sort_by_key(|item| std::cmp::Reverse(item.bytes));
    for item in items {
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td>{}</td></tr>",
            item.what.name(),
            escaped(&item.of),
            bytes(item.bytes.unwrap_or(0)),
            escaped(item.source)
        );
    }
    *html += "</table></details>\n";
}

/// How late sound is, and what it lost on the way.
pub fn sound(html: &mut String, report: &Report) {
    *html += "<h2>Sound</h2>\n";
    if !report.latency.is_empty() {
        *html += "<table>\n<tr><th>output</th><th class=\"n\">latency, ms</th><th class=\"n\">samples of the graph</th>\
                  <th class=\"n\">samples of the buffers</th><th class=\"n\">SNR against floating point</th></tr>\n";
    }
    for latency in &report.latency {
        let snr = match report.snr.iter().find(|snr| snr.output == latency.output) {
            Some(snr) => snr.db.map_or("nothing is off, or nothing was heard".into(), |db| format!("{db:.1} dB")),
            None => "–".into(),
        };
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td class=\"n\">{:.3}</td><td class=\"n\">{:.0}</td><td class=\"n\">{}</td><td class=\"n\">{snr}</td></tr>",
            escaped(&latency.output),
            latency.ms,
            latency.graph_samples,
            latency.device_samples
        );
    }
    if !report.latency.is_empty() {
        *html += "</table>\n";
    }
    let missing = &report.missing;
    let all = [
        (missing.late, "blocks rendered too late"),
        (missing.overruns, "blocks not begun before their input was overwritten"),
        (missing.lost, "blocks without their interrupt"),
        (missing.slips, "blocks played twice or left out, as two clocks differ"),
        (report.clipped, "samples that did not fit the format of the device and were clipped"),
    ];
    *html += "<table>\n<tr><th>not as it should be</th><th class=\"n\">count</th></tr>\n";
    for (count, what) in all {
        let class = if count > 0 { " bad" } else { "" };
        let _ = writeln!(html, "<tr><td>{what}</td><td class=\"n{class}\">{count}</td></tr>");
    }
    *html += "</table>\n";
}
