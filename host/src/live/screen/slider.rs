//! Where a slider stands and where a step takes it.
use super::numbers::plain;
use crate::live::Param;

/// How far a key moves a slider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A little.
    Fine,
    /// Ten times as much.
    Coarse,
}

/// The ends of the range, if both are numbers.
fn ends(param: &Param) -> Option<[f64; 2]> {
    param.range.filter(|[low, high]| low.is_finite() && high.is_finite() && low < high)
}

/// Frequencies and whatever else spans three decades are heard by ratio.
fn by_ratio(param: &Param) -> bool {
    !param.whole
        && param.choices.is_empty()
        && ends(param).is_some_and(|[low, high]| low > 0.0 && (high / low >= 999.0 || param.unit == "Hz"))
}

/// Where `value` is between the ends, from 0 to 1; nothing if there are no ends.
pub fn place(param: &Param, value: f64) -> Option<f64> {
    let [low, high] = ends(param)?;
    let place = match by_ratio(param) {
        true => (value.max(low) / low).ln() / (high / low).ln(),
        false => (value - low) / (high - low),
    };
    Some(place.clamp(0.0, 1.0))
}

/// The value a step away from `value`, within the range, and on the grid of its steps.
pub fn moved(param: &Param, value: f64, step: Step, up: bool) -> f64 {
    let sign = if up { 1.0 } else { -1.0 };
    if !param.choices.is_empty() {
        let last = param.choices.len() as f64 - 1.0;
        return (value.round() + sign).clamp(0.0, last);
    }
    let times = if step == Step::Coarse { 10.0 } else { 1.0 };
    let next = if by_ratio(param) {
        // A quarter tone, and ten of them; rounded to three digits, as one would write it.
        digits(value * (2f64.powf(sign * times / 24.0)), 3)
    } else {
        let grid = grid(param, value);
        ((value / grid).round() + sign * times) * grid
    };
    within(param, next)
}

/// `value`, brought within the range.
pub fn within(param: &Param, value: f64) -> f64 {
    let whole = if param.whole { value.round() } else { value };
    match param.range {
        Some([low, high]) => whole.max(low).min(high),
        None => whole,
    }
}

/// A fine step: 1, 2 or 5 times a power of ten, about the two-hundredth part of the range, or of the value without one.
fn grid(param: &Param, value: f64) -> f64 {
    let span = ends(param).map_or(value.abs().max(1.0), |[low, high]| high - low);
    let about = span / 200.0;
    let decade = 10f64.powf(about.log10().floor());
    let near = [1.0, 2.0, 5.0, 10.0].map(|times| times * decade).into_iter().find(|step| *step >= about * 0.999);
    let step = near.unwrap_or(decade * 10.0);
    if param.whole { step.max(1.0).round() } else { step }
}

/// Rounded to so many digits.
fn digits(value: f64, digits: i32) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10f64.powi(digits - 1 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

/// A value as a user reads it: a name, or a number.
pub fn shown(param: &Param, value: f64) -> String {
    match param.choices.get(value.max(0.0).round() as usize) {
        Some(name) => name.clone(),
        None => plain(value),
    }
}

/// What a user typed, as a value; or what would be one.
pub fn typed(param: &Param, text: &str) -> Result<f64, String> {
    let text = text.trim();
    if !param.choices.is_empty() {
        let found = param.choices.iter().position(|name| name == text);
        return found.map(|at| at as f64).ok_or_else(|| format!("one of {}", param.choices.join(", ")));
    }
    let kind = if param.whole { "a whole number" } else { "a number" };
    let wanted = match param.range {
        Some([low, high]) if low.is_finite() && high.is_finite() => {
            format!("{kind} from {} to {}", plain(low), plain(high))
        }
        Some([low, _]) if low.is_finite() => format!("{kind} of at least {}", plain(low)),
        Some([_, high]) if high.is_finite() => format!("{kind} up to {}", plain(high)),
        _ => kind.into(),
    };
    let number = text.replace(',', ".").parse::<f64>().ok().filter(|number| number.is_finite());
    number.filter(|number| within(param, *number) == *number).ok_or(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gain() -> Param {
        Param { range: Some([-60.0, 24.0]), unit: "dB".into(), ..Param::default() }
    }

    #[test]
    fn steps_stay_on_a_round_grid_and_within_the_range() {
        let param = gain();
        assert_eq!(moved(&param, 0.0, Step::Fine, true), 0.5);
        assert_eq!(moved(&param, 0.1, Step::Coarse, false), -5.0);
        assert_eq!(moved(&param, 23.0, Step::Coarse, true), 24.0);
        let taps = Param { range: Some([1.0, 32.0]), whole: true, ..Param::default() };
        assert_eq!(moved(&taps, 4.0, Step::Fine, true), 5.0);
        assert_eq!(moved(&taps, 4.0, Step::Coarse, false), 1.0);
        let free = Param::default();
        assert_eq!(plain(moved(&free, 0.0, Step::Fine, true)), "0.005");
    }

    #[test]
    fn a_frequency_moves_by_ratio_and_comes_back() {
        let param = Param { range: Some([20.0, 20_000.0]), unit: "Hz".into(), ..Param::default() };
        assert_eq!(moved(&param, 1000.0, Step::Fine, true), 1030.0);
        assert_eq!(moved(&param, 1030.0, Step::Fine, false), 1000.0);
        assert!((place(&param, 632.46).unwrap_or_default() - 0.5).abs() < 1e-4);
    }

    #[test]
    fn a_switch_goes_by_its_names() {
        let param = Param { choices: vec!["false".into(), "true".into()], ..Param::default() };
        assert_eq!(moved(&param, 0.0, Step::Coarse, true), 1.0);
        assert_eq!(moved(&param, 1.0, Step::Fine, true), 1.0);
        assert_eq!(shown(&param, 1.0), "true");
        assert_eq!(typed(&param, "true"), Ok(1.0));
        assert_eq!(typed(&param, "maybe"), Err("one of false, true".into()));
    }

    #[test]
    fn what_is_typed_is_taken_only_when_it_is_a_value() {
        assert_eq!(typed(&gain(), " -3,5 "), Ok(-3.5));
        assert_eq!(typed(&gain(), "30"), Err("a number from -60 to 24".into()));
        let least = Param { range: Some([0.0, f64::INFINITY]), ..Param::default() };
        assert_eq!(typed(&least, "-1"), Err("a number of at least 0".into()));
        assert_eq!(typed(&Param::default(), "nan"), Err("a number".into()));
    }
}
