//! Verdicts for CI servers: JUnit XML, as Jenkins reads it (a `testsuite` a file, `failure` for what is not as expected,
//! `error` for what could not be judged).
use crate::page::escaped;
use crate::trial::verdict::{Status, Verdict};
use std::fmt::Write;
use std::time::Duration;

/// The whole run.
pub fn junit(verdicts: &[Verdict], elapsed: Duration) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let counts = counts(verdicts);
    let _ = writeln!(xml, "<testsuites name=\"aw test\" {counts} time=\"{:.3}\">", elapsed.as_secs_f64());
    for suite in verdicts.chunk_by(|a, b| file(a) == file(b)) {
        let name = escaped(suite.first().map_or("", file));
        let seconds: f64 = suite.iter().map(|verdict| verdict.elapsed.as_secs_f64()).sum();
        let _ = writeln!(xml, "  <testsuite name=\"{name}\" {} time=\"{seconds:.3}\">", self::counts(suite));
        suite.iter().for_each(|verdict| case(&mut xml, verdict));
        xml += "  </testsuite>\n";
    }
    xml + "</testsuites>\n"
}

fn file(verdict: &Verdict) -> &str {
    &verdict.path
}

fn counts(verdicts: &[Verdict]) -> String {
    let failures = verdicts.iter().filter(|verdict| verdict.status == Status::Failed).count();
    let errors = verdicts.iter().filter(|verdict| matches!(verdict.status, Status::Broken(_))).count();
    format!("tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\"", verdicts.len())
}

fn case(xml: &mut String, verdict: &Verdict) {
    let (class, name) = (escaped(&verdict.path), escaped(&verdict.name));
    let _ = writeln!(
        xml,
        "    <testcase classname=\"{class}\" name=\"{name}\" time=\"{:.3}\">",
        verdict.elapsed.as_secs_f64()
    );
    if let Status::Broken(why) = &verdict.status {
        let _ = writeln!(xml, "      <error message=\"{}\"/>", escaped(why));
    }
    let failed: Vec<_> = verdict.checks.iter().filter(|check| !check.passed).collect();
    if let (Some(first), Status::Failed) = (failed.first(), &verdict.status) {
        let sentence = format!("{}: {}, wanted {}", first.what(), first.value(), first.wanted());
        let _ = writeln!(xml, "      <failure message=\"{}\">", escaped(&sentence));
        for check in &failed {
            let _ = writeln!(
                xml,
                "{}",
                escaped(&format!("{}: {}, wanted {}", check.what(), check.value(), check.wanted()))
            );
            check.why.iter().for_each(|why| *xml += &format!("  {}\n", escaped(why)));
        }
        *xml += "      </failure>\n";
    }
    let lines = verdict.checks.iter().map(|check| format!("{}: {} ({})", check.what(), check.value(), check.wanted()));
    let lines: Vec<String> = lines.chain(verdict.notes.iter().map(|note| format!("note: {note}"))).collect();
    let _ = writeln!(xml, "      <system-out>{}</system-out>", escaped(&lines.join("\n")));
    *xml += "    </testcase>\n";
}
