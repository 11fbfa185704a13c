//! One page for the whole run: tables, pictures, players; all of it in one file that needs nothing else.
use super::text;
use crate::page::{CLOSED, escaped, opened};
use crate::trial::verdict::{Checked, Exhibit, Status, Verdict};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::fmt::Write;
use std::time::Duration;

/// Players take so many bytes of a page at most; what comes later is said to be missing.
const MOST_SOUND: usize = 96 << 20;

const STYLE: &str = "
svg polyline { fill: none; stroke: var(--bad); stroke-width: 1.5 } audio { vertical-align: middle; height: 2rem }
";

/// The page.
pub fn page(verdicts: &[Verdict], elapsed: Duration, jobs: usize) -> String {
    let failed = verdicts.iter().filter(|verdict| !verdict.passed()).count();
    let (title, class) = match failed {
        0 => (format!("{} passed", verdicts.len()), "ok"),
        _ => (format!("{failed} of {} failed", verdicts.len()), "bad"),
    };
    let mut html = opened(&format!("{title} – aw test"), STYLE);
    let _ = writeln!(
        html,
        "<h1>aw test: <span class=\"{class}\">{title}</span></h1>\n<p class=\"dim\">{}</p>",
        escaped(text::summary(verdicts, elapsed, jobs).lines().next().unwrap_or_default())
    );
    overview(&mut html, verdicts);
    let mut room = MOST_SOUND;
    // What failed first: it is what the page is opened for.
    let (bad, good): (Vec<_>, Vec<_>) = verdicts.iter().enumerate().partition(|(_, verdict)| !verdict.passed());
    for (at, verdict) in bad.into_iter().chain(good) {
        one(&mut html, at, verdict, &mut room);
    }
    html + CLOSED
}

fn overview(html: &mut String, verdicts: &[Verdict]) {
    *html += "<table><tr><th>test</th><th>verdict</th><th class=\"n\">sound</th><th class=\"n\">time</th></tr>\n";
    for (at, verdict) in verdicts.iter().enumerate() {
        let (word, class) = word(verdict);
        let _ = writeln!(
            html,
            "<tr><td><a href=\"#t{at}\">{}</a></td><td class=\"{class}\">{word}</td><td class=\"n\">{:.2} s</td>\
             <td class=\"n\">{:.0} ms</td></tr>",
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
    let open = if verdict.passed() { "" } else { " open=\"open\"" };
    let _ = writeln!(
        html,
        "<details id=\"t{at}\"{open}><summary>{} – <span class=\"{class}\">{word}</span></summary>",
        escaped(&verdict.id())
    );
    if let Status::Broken(why) = &verdict.status {
        let _ = writeln!(html, "<p class=\"bad\">{}</p>", escaped(why));
    }
    if !verdict.checks.is_empty() {
        *html += "<table><tr><th>measure</th><th class=\"n\">value</th><th>wanted</th><th>more</th></tr>\n";
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
    let mut more = check.why.iter().map(|why| escaped(why)).collect::<Vec<_>>().join("<br/>");
    if let Some(definition) = &check.definition {
        more += &format!(" <span class=\"dim\">{}</span>", escaped(definition));
    }
    let (what, value, wanted) = (escaped(&check.what()), escaped(&check.value()), escaped(&check.wanted()));
    let _ =
        writeln!(html, "<tr><td>{what}</td><td class=\"n {class}\">{value}</td><td>{wanted}</td><td>{more}</td></tr>");
}

fn pictures(html: &mut String, exhibit: &Exhibit, room: &mut usize) {
    if let Some(png) = &exhibit.png {
        let png = BASE64_STANDARD.encode(png);
        let _ =
            writeln!(html, "<p><img alt=\"expected, actual, difference\" src=\"data:image/png;base64,{png}\"/></p>");
    }
    if let Some(plot) = &exhibit.plot {
        let _ = writeln!(html, "<p class=\"dim\">level of the difference<br/>{plot}</p>");
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
    let _ = writeln!(
        html,
        "<p>{name} <audio controls=\"controls\" preload=\"none\" src=\"data:audio/wav;base64,{data}\"></audio></p>"
    );
}
