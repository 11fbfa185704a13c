//! How it was when all was well.
use super::{Evidence, Found, Opened};
use crate::graph::{ExpectTable, Limit};
use crate::io::read_npy;
use crate::metrics::{Difference, Spot};
use crate::trial::Sound;
use crate::trial::verdict::{Golden, Heard, number};
use std::sync::Arc;

/// A golden, and how what came differs from it.
pub(super) struct Compared {
    golden: Result<Arc<Golden>, String>,
    difference: Option<Difference>,
    /// Why they cannot be alike, whatever the numbers are.
    unlike: Vec<String>,
}

impl Evidence<'_> {
    pub(super) fn of_golden(&self, expect: &ExpectTable, limit: &Limit, opened: &mut Opened) -> Result<Found, String> {
        let compared = opened.golden.get_or_insert_with(|| self.compared(expect));
        let golden = compared.golden.as_ref().map_err(Clone::clone)?;
        let mut found = match &compared.difference {
            None => Found::nothing(""),
            Some(difference) => {
                let mut found = Found::of(match limit.measure.key {
                    "within" => difference.max(),
                    "within_db" => 20.0 * difference.max().log10(),
                    "snr_db" => difference.sums.snr_db(),
                    _ => f64::from(u8::from(difference.same_bits())),
                });
                found.why = differs(difference, golden);
                found
            }
        };
        found.why.retain(|why| !why.is_empty());
        found.why.splice(0..0, compared.unlike.iter().cloned());
        found.fails |= !compared.unlike.is_empty();
        found.golden = Some(golden.clone());
        Ok(found)
    }

    fn compared(&self, expect: &ExpectTable) -> Compared {
        let failed = |why: String| Compared { golden: Err(why), difference: None, unlike: vec![] };
        let Some(path) = expect.like.as_ref().map(|like| self.case.path(like)) else { return failed(String::new()) };
        let actual = match self.actual(expect) {
            Ok(actual) => actual,
            Err(why) => return failed(why),
        };
        let mut unlike = vec![];
        let expected = if path.exists() {
            read(&path, &actual).map_err(|why| unlike.push(why)).ok()
        } else {
            unlike.push(format!("there is no {}: `aw test --bless` makes it", path.display()));
            None
        };
        let bound = bound(expect);
        let difference = expected.as_ref().and_then(|expected| difference(expected, &actual, bound, &mut unlike));
        Compared { golden: Ok(Arc::new(Golden { path, actual, expected })), difference, unlike }
    }

    fn actual(&self, expect: &ExpectTable) -> Result<Heard, String> {
        let Some(port) = &expect.port else { return Ok(Heard::Sound(self.heard(expect)?)) };
        let kept = self.outcome.kept.iter().find(|kept| kept.port == port.value);
        let kept = kept.ok_or_else(|| format!("nothing came out of `{}`", port.value))?;
        let plan = &self.outcome.plan;
        let output = plan.outputs.iter().find(|output| output.name == port.value);
        let rate = output.and_then(|output| plan.output_format(output)).map_or(1.0, |format| format.rate());
        Ok(Heard::Frames { shape: kept.shape.clone(), data: kept.data.clone(), rate })
    }
}

fn read(path: &std::path::Path, actual: &Heard) -> Result<Heard, String> {
    match actual {
        Heard::Sound(_) => {
            let sound = Sound::read(path).map_err(|why| why.to_string())?;
            match sound.warnings.first() {
                Some(warning) => Err(format!("the golden is damaged: {warning}")),
                None => Ok(Heard::Sound(sound)),
            }
        }
        Heard::Frames { shape, rate, .. } => {
            let array = read_npy(path).map_err(|why| why.to_string())?;
            let found = array.shape.get(1..).unwrap_or_default();
            // A frame of one number is as good as that number.
            if found.iter().filter(|n| **n != 1).ne(shape.iter().filter(|n| **n != 1)) {
                return Err(format!("{} has frames of {found:?}, and the port gives {shape:?}", path.display()));
            }
            Ok(Heard::Frames {
                shape: shape.clone(),
                data: array.data.iter().map(|x| *x as f32).collect(),
                rate: *rate,
            })
        }
    }
}

/// What a value may be off by, as far as the table says so; 0 is bit for bit.
fn bound(expect: &ExpectTable) -> f64 {
    let of = |limit: &Limit| match (limit.measure.key, limit.max) {
        ("within", Some(max)) => Some(max),
        ("within_db", Some(max)) => Some(10f64.powf(max / 20.0)),
        _ => None,
    };
    expect.limits.iter().filter_map(of).reduce(f64::min).unwrap_or(0.0)
}

/// How they differ, as far as they can be compared; what else is not alike.
fn difference(expected: &Heard, actual: &Heard, bound: f64, unlike: &mut Vec<String>) -> Option<Difference> {
    match (expected, actual) {
        (Heard::Sound(was), Heard::Sound(is)) => {
            if was.rate != is.rate {
                unlike.push(format!("the golden has {} Hz, the output {} Hz", was.rate, is.rate));
                return None;
            }
            if was.planes.len() != is.planes.len() {
                let (was, is) = (was.planes.len(), is.planes.len());
                unlike.push(format!("the golden has {was} channels, the output {is}"));
                return None;
            }
            if was.frames() != is.frames() {
                let (was, is) = (was.frames(), is.frames());
                unlike.push(format!("the golden has {was} frames, the output {is}: {:+}", is as i64 - was as i64));
            }
            Some(Difference::of_planes(&was.planes, &is.planes, bound))
        }
        (Heard::Frames { data: was, shape, .. }, Heard::Frames { data: is, .. }) => {
            let width = shape.iter().product::<usize>().max(1);
            if was.len() != is.len() {
                let (was, is) = (was.len() / width, is.len() / width);
                unlike.push(format!("the golden has {was} frames, the port gives {is}"));
            }
            Some(Difference::of_frames(was, is, (width, width), bound))
        }
        _ => None,
    }
}

/// Where it begins to differ, and where most.
fn differs(difference: &Difference, golden: &Golden) -> Vec<String> {
    let (rate, shape) = match &golden.actual {
        Heard::Sound(sound) => (f64::from(sound.rate), None),
        Heard::Frames { rate, shape, .. } => (*rate, Some(shape)),
    };
    let place = |spot: &Spot| {
        let at = match shape {
            None if difference.width.1 > 1 => format!(", channel {}", spot.at + 1),
            None => String::new(),
            Some(shape) if shape.iter().product::<usize>() > 1 => format!(", index {:?}", spot.index(shape)),
            Some(_) => String::new(),
        };
        let (is, was) = (spot.actual, spot.expected);
        format!("frame {} ({:.4} s{at}): {is} instead of {was}", spot.frame, spot.seconds(rate))
    };
    let first = difference.first_beyond.or(difference.first_changed);
    let first = first.as_ref().map(|spot| format!("differs first in {}", place(spot)));
    let worst = difference.largest.as_ref().filter(|_| difference.changed > 1);
    let worst = worst.map(|spot| format!("differs most in {}", place(spot)));
    let count = (difference.changed > 1).then(|| {
        let part = 100.0 * difference.changed as f64 / difference.compared.max(1) as f64;
        let snr = number(difference.sums.snr_db());
        format!(
            "{} of {} values differ ({part:.1} %); {snr} dB to the difference",
            difference.changed, difference.compared
        )
    });
    first.into_iter().chain(worst).chain(count).collect()
}
