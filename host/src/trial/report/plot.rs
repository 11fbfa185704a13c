//! The error over time, as SVG.
use crate::metrics::error_over_time;
use crate::trial::verdict::{Golden, Heard};

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 120.0;
/// The lower end of the scale, in dB.
const FLOOR: f64 = -140.0;
/// Points across.
const POINTS: usize = 450;

/// The level of the difference over time; nothing where nothing can be compared.
pub fn error_level(golden: &Golden) -> Option<String> {
    let (levels, seconds) = match (golden.expected.as_ref()?, &golden.actual) {
        (Heard::Sound(was), Heard::Sound(is)) if was.planes.len() == is.planes.len() && was.rate == is.rate => {
            let frames = was.frames().min(is.frames());
            let hop = frames.div_ceil(POINTS).max(1);
            (error_over_time(&was.planes, &is.planes, hop), frames as f64 / f64::from(is.rate))
        }
        _ => return None,
    };
    let top = levels.iter().copied().filter(|db| db.is_finite()).fold(f64::NEG_INFINITY, f64::max);
    if top == f64::NEG_INFINITY {
        return None;
    }
    let top = (top / 10.0).ceil() * 10.0;
    let floor = FLOOR.min(top - 60.0);
    let y = |db: f64| HEIGHT * (top - db.max(floor)) / (top - floor);
    let x = |at: usize| 60.0 + WIDTH * at as f64 / levels.len().max(1) as f64;
    let mut points = String::new();
    levels.iter().enumerate().for_each(|(at, &db)| points += &format!("{:.1},{:.1} ", x(at), 10.0 + y(db)));
    Some(format!(
        "<svg viewBox=\"0 0 {w} {h}\" role=\"img\" aria-label=\"error over time\"><rect x=\"60\" y=\"10\" width=\"{WIDTH}\" \
         height=\"{HEIGHT}\" class=\"plot\"/><polyline points=\"{points}\"/><text x=\"0\" y=\"18\">{top:.0} dB</text><text \
         x=\"0\" y=\"{bottom}\">{floor:.0} dB</text><text x=\"60\" y=\"{below}\">0 s</text><text x=\"{right}\" y=\"{below}\" \
         text-anchor=\"end\">{seconds:.2} s</text></svg>",
        w = WIDTH + 70.0,
        h = HEIGHT + 30.0,
        bottom = HEIGHT + 10.0,
        below = HEIGHT + 26.0,
        right = WIDTH + 60.0
    ))
}
