//! One page for the whole run: tables, pictures, players; all of it in one file that needs nothing else.
use super::junit::escaped;
use super::text;
use crate::trial::verdict::{Checked, Exhibit, Status, Verdict};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::fmt::Write;
use std::time::Duration;

/// Players take so many bytes of a page at most; what comes later is said to be missing.
const MOST_SOUND: usize = 96 << 20;

const STYLE: &str = "
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 68rem; padding: 0 1rem; color: #222; background: #fff }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin: 2rem 0 .3rem } table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top } .n { text-align: right }
.ok { color: #17692b } .bad { color: #b3201c; font-weight: 600 } details { border: 1px solid #ddd; border-radius: 6px; margin: .5rem 0;
padding: .4rem .8rem } summary { cursor: pointer } img, svg { max-width: 100% } .dim { color: #666; font-size: .9em } code { font-size: .9em }
svg polyline { fill: none; stroke: #b3201c; stroke-width: 1.5 } svg .plot { fill: #f6f6f6; stroke: #ccc } svg text { font-size: 12px; fill: #666 }
audio { vertical-align: middle; height: 2rem }
@media (prefers-color-scheme: dark) { body { background: #16181b; color: #ddd } td, th, details { border-color: #3a3d42 } .ok { color: #6fcf83 }
.bad { color: #ff8078 } svg .plot { fill: #202327; stroke: #444 } }";

/// The page.
pub fn page(verdicts: &[Verdict], elapsed: Duration, jobs: usize) -> String {
    let failed = verdicts.iter().filter(|verdict| !verdict.passed()).count();
    let (title, class) = match failed {
        0 => (format!("{} passed", verdicts.len()), "ok"),
        _ => (format!("{failed} of {} failed", verdicts.len()), "bad"),
    };
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title} – aw test</title><style>{STYLE}</style>\n<h1>aw test: <span class=\"{class}\">{title}</span></h1>\n\
         <p class=\"dim\">{}</p>\n",
        escaped(text::summary(verdicts, elapsed, jobs).lines().next().unwrap_or_default())
    );
    overview(&mut html, verdicts);
    let mut room = MOST_SOUND;
    // What failed first: it is what the page is opened for.
    let (bad, good): (Vec<_>, Vec<_>) = verdicts.iter().enumerate().partition(|(_, verdict)| !verdict.passed());
    for (at, verdict) in bad.into_iter().chain(good) {
        one(&mut html, at, verdict, &mut room);
    }
    html + "</html>\n"
}

fn overview(html: &mut String, verdicts: &[Verdict]) {
    *html += "<table><tr><th>test<th>verdict<th class=\"n\">sound<th class=\"n\">time\n";
    for (at, verdict) in verdicts.iter().enumerate() {
        let (word, class) = word(verdict);
        let _ = writeln!(
            html,
            "<tr><td><a href=\"#t{at}\">{}</a><td class=\"{class}\">{word}<td class=\"n\">{:.2} s<td class=\"n\">{:.0} ms",
            escaped(&verdict.id()),
            verdict.seconds,
            verdict.elapsed.as_secs_f64() * 1000.0
        );
    }
    *html += "</table>\n";
}

fn word(verdict: &Verdict) -> (&'static str, &'static str) {
    match verdict.status {
        Status::Passed => ("ok", "ok"),
        Status::Failed => ("failed", "bad"),
        Status::Broken(_) => ("broken", "bad"),
    }
}

fn one(html: &mut String, at: usize, verdict: &Verdict, room: &mut usize) {
    let (word, class) = word(verdict);
    let open = if verdict.passed() { "" } else { " open" };
    let _ = writeln!(
        html,
        "<details id=\"t{at}\"{open}><summary>{} – <span class=\"{class}\">{word}</span></summary>",
        escaped(&verdict.id())
    );
    if let Status::Broken(why) = &verdict.status {
        let _ = writeln!(html, "<p class=\"bad\">{}</p>", escaped(why));
    }
    if !verdict.checks.is_empty() {
        *html += "<table><tr><th>measure<th class=\"n\">value<th>wanted<th>more\n";
        verdict.checks.iter().for_each(|check| row(html, check));
        *html += "</table>\n";
    }
    verdict.notes.iter().for_each(|note| *html += &format!("<p class=\"dim\">note: {}</p>\n", escaped(note)));
    verdict.exhibits.iter().for_each(|exhibit| pictures(html, exhibit, room));
    verdict.sounds.iter().for_each(|(name, wav)| player(html, name, wav.as_deref(), room));
    if !verdict.passed() {
        let _ = writeln!(
            html,
            "<p class=\"dim\">again: <code>{}</code></p>",
            escaped(&text::again(&verdict.path, &verdict.name))
        );
    }
    *html += "</details>\n";
}

fn row(html: &mut String, check: &Checked) {
    let class = if check.passed { "ok" } else { "bad" };
    let mut more = check.why.iter().map(|why| escaped(why)).collect::<Vec<_>>().join("<br>");
    if let Some(definition) = &check.definition {
        more += &format!(" <span class=\"dim\">{}</span>", escaped(definition));
    }
    let (what, value, wanted) = (escaped(&check.what()), escaped(&check.value()), escaped(&check.wanted()));
    let _ = writeln!(html, "<tr><td>{what}<td class=\"n {class}\">{value}<td>{wanted}<td>{more}");
}

fn pictures(html: &mut String, exhibit: &Exhibit, room: &mut usize) {
    if let Some(png) = &exhibit.png {
        let png = BASE64_STANDARD.encode(png);
        let _ = writeln!(html, "<p><img alt=\"expected, actual, difference\" src=\"data:image/png;base64,{png}\"></p>");
    }
    if let Some(plot) = &exhibit.plot {
        let _ = writeln!(html, "<p class=\"dim\">level of the difference<br>{plot}</p>");
    }
    if exhibit.wav.is_some() {
        player(html, "golden", exhibit.wav.as_deref(), room);
    }
}

fn player(html: &mut String, name: &str, wav: Option<&[u8]>, room: &mut usize) {
    let name = escaped(name);
    let Some((wav, left)) = wav.and_then(|wav| Some((wav, room.checked_sub(wav.len() * 4 / 3)?))) else {
        let _ = writeln!(html, "<p class=\"dim\">{name}: there was no room for its sound on this page</p>");
        return;
    };
    *room = left;
    let data = BASE64_STANDARD.encode(wav);
    let _ =
        writeln!(html, "<p>{name} <audio controls preload=\"none\" src=\"data:audio/wav;base64,{data}\"></audio></p>");
}
