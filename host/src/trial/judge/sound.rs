//! Levels, spectrum and length of an output.
use super::{Evidence, Found};
use crate::graph::{ExpectTable, Limit};
use crate::metrics::{band_db, click, level, longest_silence, loudness};

impl Evidence<'_> {
    pub(super) fn of_sound(&self, expect: &ExpectTable, limit: &Limit) -> Result<Found, String> {
        let sound = self.heard(expect)?;
        let (rate, planes) = (sound.rate, &sound.planes);
        let seconds = |frame: usize| frame as f64 / f64::from(rate);
        match limit.measure.key {
            "length_s" => return Ok(Found { slack: 0.5 / f64::from(rate), ..Found::of(seconds(sound.frames())) }),
            "frames" => return Ok(Found::of(sound.frames() as f64)),
            _ if sound.frames() == 0 => return Err("nothing was heard: the output is empty".into()),
            _ => {}
        }
        let levels: Vec<_> = planes.iter().map(|plane| level(plane)).collect();
        let highest = |of: &dyn Fn(usize) -> f64| (0..planes.len()).map(of).fold(f64::NEG_INFINITY, f64::max);
        Ok(match limit.measure.key {
            "peak_db" => Found::of(highest(&|at| levels[at].peak_db)),
            "rms_db" => Found::of(highest(&|at| levels[at].rms_db)),
            "dc" => Found::of(highest(&|at| levels[at].dc.abs())),
            "clipped" => Found::of(levels.iter().map(|level| level.clipped as f64).sum()),
            "lufs" => Found::of(loudness(planes, rate).unwrap_or(f64::NEG_INFINITY))
                .defined("integrated loudness of ITU-R BS.1770-4, gated"),
            "click" => {
                let clicks = planes.iter().filter_map(|plane| click(plane));
                let Some(worst) = clicks.max_by(|a, b| a.height.total_cmp(&b.height)) else {
                    return Ok(Found::of(0.0));
                };
                let mut found = Found::of(worst.height);
                found.why = vec![format!("at {:.4} s", seconds(worst.at))];
                found.defined("largest |x[n-1] - 2 x[n] + x[n+1]|")
            }
            "silence_s" => {
                let span = longest_silence(planes, expect.silence_db);
                let mut found = Found::of(span.map_or(0.0, |span| seconds(span.frames)));
                found.why.extend(span.map(|span| format!("from {:.3} s", seconds(span.start))));
                found
            }
            _ => {
                let (low, high) = expect.band_hz.ok_or("no band is named")?;
                if high > f64::from(rate) / 2.0 + 0.5 {
                    return Err(format!("the band ends above half of the output's {rate} Hz"));
                }
                Found::of(highest(&|at| band_db(&planes[at], rate, low, high)))
                    .defined("Welch's method, Hann windows; 0 dB is a square wave at full scale")
            }
        })
    }
}
