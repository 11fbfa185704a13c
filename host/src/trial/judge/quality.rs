//! An output against a clean version of what is played.
use super::{Evidence, Found, Opened, narrowed};
use crate::graph::{ExpectTable, Limit};
use crate::metrics::Quality;
use crate::trial::Sound;

/// Behind a metric: what the graph adds to that of its input.
const GAIN: &str = "_gain";

impl Evidence<'_> {
    pub(super) fn of_quality(&self, expect: &ExpectTable, limit: &Limit, opened: &mut Opened) -> Result<Found, String> {
        let key = limit.measure.key;
        let metric = Quality::of_key(key.strip_suffix(GAIN).unwrap_or(key)).ok_or("there is no such metric")?;
        let path = expect.reference.as_ref().ok_or("no reference is named")?;
        let read = || Sound::read(&self.case.path(path)).map_err(|why| why.to_string());
        let reference = opened.reference.get_or_insert_with(read).clone()?;
        if let Some(why) = reference.warnings.first() {
            return Err(format!("the reference is damaged: {why}"));
        }
        let sound = self.on_time(expect)?;
        self.is_as_long(&reference, &sound, expect)?;
        let after = compare(metric, &reference, &sound, expect)?;
        let mut found = Found::of(after).defined(metric.definition());
        if key.ends_with(GAIN) {
            let mut inputs = self.case.inputs.values();
            let (Some(input), None) = (inputs.next(), inputs.next()) else {
                return Err("a gain is measured of graphs with one input".into());
            };
            let input = Sound::read(input).map_err(|why| why.to_string())?;
            let before = compare(metric, &reference, &input, expect).map_err(|why| format!("of the input: {why}"))?;
            found.value = Some(after - before);
            found.why = vec![format!("{before:.3}{unit} before, {after:.3}{unit} after", unit = metric.unit())];
        }
        Ok(found)
    }

    /// Whether the reference is as long as what is played, and something was heard to its end.
    fn is_as_long(&self, reference: &Sound, sound: &Sound, expect: &ExpectTable) -> Result<(), String> {
        if expect.to_s.is_some() {
            return Ok(());
        }
        let lag = self.audio_output(expect)?.lag;
        let (seconds, played) = (|sound: &Sound| sound.frames() as f64 / f64::from(sound.rate), self.outcome.seconds);
        let (clean, heard) = (seconds(reference), seconds(sound));
        const SOME: f64 = 0.005;
        if (clean - played).abs() > SOME {
            return Err(format!(
                "the reference has {clean:.3} s, and what is played {played:.3} s; `to_s` compares a part"
            ));
        }
        if heard + lag + SOME < clean {
            return Err(format!("{heard:.3} s were heard, and the reference has {clean:.3} s; `to_s` compares a part"));
        }
        Ok(())
    }

    /// What was heard, with its latency taken off.
    fn on_time(&self, expect: &ExpectTable) -> Result<Sound, String> {
        let output = self.audio_output(expect)?;
        let sound = self.whole(output);
        let lag = if self.test.align { 0.0 } else { output.lag };
        Ok(sound.part((lag * f64::from(sound.rate)).round() as usize, usize::MAX))
    }
}

/// The mean over all channels, as far as both sounds go.
fn compare(metric: Quality, reference: &Sound, sound: &Sound, expect: &ExpectTable) -> Result<f64, String> {
    if reference.rate != sound.rate {
        return Err(format!("the reference has {} Hz, the sound {} Hz: convert it", reference.rate, sound.rate));
    }
    let both = reference.frames().min(sound.frames());
    let sound = narrowed(&sound.part(0, both), expect)?;
    // One channel of many may have a reference of its own.
    let alone = ExpectTable { channel: None, ..expect.clone() };
    let is_mono = reference.planes.len() == 1;
    let reference = narrowed(&reference.part(0, both), if is_mono { &alone } else { expect })?;
    if reference.planes.len() != sound.planes.len() {
        let (reference, sound) = (reference.planes.len(), sound.planes.len());
        return Err(format!("the reference has {reference} channels, the sound {sound}: convert it"));
    }
    let mut sum = 0.0;
    for (clean, heard) in reference.planes.iter().zip(&sound.planes) {
        sum += metric.of(clean, heard, reference.rate).map_err(|why| why.to_string())?;
    }
    Ok(sum / reference.planes.len().max(1) as f64)
}
