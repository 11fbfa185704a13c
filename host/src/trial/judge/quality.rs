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
        let after = compare(metric, &reference, &self.on_time(expect)?, expect)?;
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
    if reference.planes.len() != sound.planes.len() {
        let (reference, sound) = (reference.planes.len(), sound.planes.len());
        return Err(format!("the reference has {reference} channels, the sound {sound}: convert it"));
    }
    let both = reference.frames().min(sound.frames());
    let [reference, sound] = [reference, sound].map(|sound| narrowed(&sound.part(0, both), expect));
    let (reference, sound) = (reference?, sound?);
    let mut sum = 0.0;
    for (clean, heard) in reference.planes.iter().zip(&sound.planes) {
        sum += metric.of(clean, heard, reference.rate).map_err(|why| why.to_string())?;
    }
    Ok(sum / reference.planes.len().max(1) as f64)
}
