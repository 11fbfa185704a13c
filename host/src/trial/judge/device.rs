//! A simulated device: whether the graph fits, and what faults do to the sound.
use super::{Evidence, Found};
use crate::graph::{ExpectTable, Limit};
use crate::metrics::{click, db};
use crate::sim::Answer;

/// Beyond this, sound is off: -60 dBFS.
const OFF: f32 = 1e-3;
/// What is off again after less than this has not recovered, in seconds.
const BREATH: f64 = 0.02;

impl Evidence<'_> {
    pub(super) fn of_device(&self) -> Result<Found, String> {
        let report = self.device.ok_or("the test names no device")?;
        let mut found = Found::of(f64::from(u8::from(report.verdict.answer == Answer::Fits)));
        found.why =
            std::iter::once(report.verdict.answer.words().to_string()).chain(report.verdict.reasons.clone()).collect();
        Ok(found.defined("1: in time and in memory even where all costs are high; 0: not, or it cannot be told"))
    }

    pub(super) fn of_undisturbed(&self, expect: &ExpectTable, limit: &Limit) -> Result<Found, String> {
        let undisturbed = self.undisturbed.ok_or("the test names no device")?;
        let calm = Evidence { outcome: undisturbed, ..*self };
        let (heard, calm) = (self.heard(expect)?, calm.heard(expect)?);
        let seconds = |frame: usize| frame as f64 / f64::from(heard.rate);
        if limit.measure.key == "recovery_ms" {
            let longest = longest_off(&heard.planes, &calm.planes, (f64::from(heard.rate) * BREATH) as usize);
            let mut found = Found::of(longest.map_or(0.0, |(_, frames)| 1000.0 * seconds(frames)));
            found.why.extend(longest.map(|(start, _)| format!("from {:.3} s", seconds(start))));
            return Ok(found.defined(
                "longest time for which a sample is off by more than -60 dBFS from the run without faults; pauses of less than \
                 20 ms counted",
            ));
        }
        let sharpest = |planes: &[Vec<f32>]| {
            planes.iter().filter_map(|plane| click(plane)).max_by(|a, b| a.height.total_cmp(&b.height))
        };
        let (worst, usual) = (sharpest(&heard.planes), sharpest(&calm.planes).map_or(0.0, |click| click.height));
        let Some(worst) = worst else { return Ok(Found::of(f64::NEG_INFINITY)) };
        let mut found = Found::of(db(worst.height / usual.max(f64::from(f32::MIN_POSITIVE))));
        found.why = vec![format!("{:.5} at {:.4} s, {usual:.5} without faults", worst.height, seconds(worst.at))];
        Ok(found.defined("largest |x[n-1] - 2 x[n] + x[n+1]|, to that of the run without faults"))
    }
}

/// The longest stretch that is off: its first frame, and its length. What is off again after fewer frames than `breath`
/// goes on.
fn longest_off(heard: &[Vec<f32>], calm: &[Vec<f32>], breath: usize) -> Option<(usize, usize)> {
    let frames = heard.iter().chain(calm).map(Vec::len).max().unwrap_or(0);
    let at = |planes: &[Vec<f32>], channel: usize, frame: usize| planes[channel].get(frame).copied().unwrap_or(0.0);
    let channels = heard.len().min(calm.len());
    let differs = |by: f32| by.is_nan() || by.abs() > OFF;
    let is_off = |frame: usize| (0..channels).any(|c| differs(at(heard, c, frame) - at(calm, c, frame)));
    let mut longest: Option<(usize, usize)> = None;
    let mut now: Option<(usize, usize)> = None;
    for frame in (0..frames).filter(|frame| is_off(*frame)) {
        let start = now.filter(|(_, last)| frame - last <= breath).map_or(frame, |(start, _)| start);
        now = Some((start, frame));
        if longest.is_none_or(|(_, length)| frame + 1 - start > length) {
            longest = Some((start, frame + 1 - start));
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::longest_off;

    #[test]
    fn what_is_off_again_at_once_has_not_recovered() {
        let calm = vec![vec![0.0; 1000]];
        let mut heard = calm.clone();
        assert_eq!(longest_off(&heard, &calm, 20), None);
        for at in [100, 110, 125, 400, 401] {
            heard[0][at] = 0.5;
        }
        heard[0][700] = 0.0005; // below -60 dBFS
        assert_eq!(longest_off(&heard, &calm, 20), Some((100, 26)));
        heard[0][900] = f32::NAN;
        assert_eq!(longest_off(&heard, &calm, 600), Some((100, 801)));
    }
}
