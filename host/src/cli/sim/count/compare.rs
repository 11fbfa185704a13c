//! `aw sim count --check`: counts beside those of before.
use aw_host::sim::Counts;

/// Means may differ by so much: compilers do.
const TOLERANCE: f64 = 0.05;

/// Says which nodes differ, and which were not counted before; answers how many differ.
pub fn say(before: &Counts, now: &Counts) -> usize {
    let (mut differ, mut same, mut new) = (0, 0, 0);
    for (signature, frames, count) in now.iter() {
        let Some(then) = before.find(signature, frames).filter(|then| !then.interpolated) else {
            new += 1;
            say!("note: not counted before: {signature}");
            continue;
        };
        let (then, now) = (then.instructions_mean, count.instructions_mean);
        if (now - then).abs() <= TOLERANCE * then.max(1.0) {
            same += 1;
            continue;
        }
        differ += 1;
        let percent = 100.0 * (now / then.max(1.0) - 1.0);
        say!(
            "error: {signature}, {frames} frames: {then:.0} instructions a call before, {now:.0} now: {percent:+.1} %"
        );
    }
    for one in now.engine() {
        let Some(then) = before.engine().iter().find(|then| then.effort() == one.effort()) else { continue };
        if (one.mean - then.mean).abs() > TOLERANCE * then.mean.max(1.0) {
            differ += 1;
            let percent = 100.0 * (one.mean / then.mean.max(1.0) - 1.0);
            say!(
                "error: the engine, {} steps, {} firings, {} floats: {:.0} instructions a block before, {:.0} now: {percent:+.1} %",
                one.steps,
                one.firings,
                one.floats,
                then.mean,
                one.mean
            );
        } else {
            same += 1;
        }
    }
    let within = 100.0 * TOLERANCE;
    say!("{same} counts are within {within:.0} % of those before, {differ} are not, {new} are new");
    differ
}
