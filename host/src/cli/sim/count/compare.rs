//! `aw sim count --check`: counts beside those of before.
use aw_host::sim::Counts;

/// Means may differ by so much: compilers do.
const TOLERANCE: f64 = 0.05;

/// Says which counts differ, of nodes and of the engine, and which nodes were not counted before; answers how many differ.
pub fn say(before: &Counts, now: &Counts) -> usize {
    let (mut differ, mut same, mut new) = (0, 0, 0);
    let mut compare = |what: String, then: f64, now: f64| {
        if (now - then).abs() <= TOLERANCE * then.max(1.0) {
            same += 1;
            return;
        }
        differ += 1;
        let percent = 100.0 * (now / then.max(1.0) - 1.0);
        say!("error: {what}: {then:.0} instructions before, {now:.0} now: {percent:+.1} %");
    };
    for (signature, frames, count) in now.iter() {
        match before.find(signature, frames).filter(|then| !then.interpolated) {
            Some(then) => {
                let what = format!("a call of {signature}, {frames} frames");
                compare(what, then.instructions_mean, count.instructions_mean);
            }
            None => {
                new += 1;
                say!("note: not counted before: {signature}");
            }
        }
    }
    for one in now.engine() {
        if let Some(then) = before.engine().iter().find(|then| then.effort() == one.effort()) {
            let what =
                format!("a block of the engine, {} steps, {} firings, {} floats", one.steps, one.firings, one.floats);
            compare(what, then.mean, one.mean);
        }
    }
    let within = 100.0 * TOLERANCE;
    say!("{same} counts are within {within:.0} % of those before, {differ} are not, {new} are new");
    differ
}
