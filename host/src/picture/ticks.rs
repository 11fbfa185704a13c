//! Where the ticks of an axis are, and what is written at them.

/// A tick: its value, and its label.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub at: f64,
    pub label: String,
}

/// The smallest of 1, 2, 5, 10, 20 … times a power of ten that is at least this.
fn round_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    // A little slack: 0.3 / 3 is more than 0.1 in floating point.
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|digit| digit * power)
        .find(|step| *step >= least * 0.999_999)
        .unwrap_or(least)
}

/// Multiples of a step from `low` to `high`.
fn multiples(low: f64, high: f64, step: f64) -> impl Iterator<Item = f64> {
    let slack = step * 1e-6;
    let (first, last) = (((low - slack) / step).ceil(), ((high + slack) / step).floor());
    let count = (last - first + 1.0).clamp(0.0, 1000.0) as usize;
    (0..count).map(move |i| (first + i as f64) * step)
}

/// Places behind the point that a step needs.
fn places(step: f64) -> usize {
    (-(step * 1.000_001).log10().floor()).clamp(0.0, 12.0) as usize
}

fn number(x: f64, places: usize) -> String {
    let text = format!("{x:.places$}");
    // No "-0".
    if text.trim_start_matches('-').chars().all(|c| "0.".contains(c)) { text.replace('-', "") } else { text }
}

/// At most about so many round numbers.
pub(super) fn numbers(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let step = round_step((high - low) / most.max(1) as f64);
    multiples(low, high, step).map(|at| Tick { at, label: number(at, places(step)) }).collect()
}

/// At most about so many whole numbers.
pub(super) fn counts(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let step = round_step((high - low) / most.max(1) as f64).max(1.0);
    multiples(low, high, step).map(|at| Tick { at, label: number(at, 0) }).collect()
}

/// At most about so many round times, in seconds: "20 ms", "1.5 s", "2:30", "1:02:30".
pub(super) fn times(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let step = time_step((high - low) / most.max(1) as f64);
    let label = |at: f64| {
        let seconds = (at.abs() + 1e-9) as u64;
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        match high {
            _ if high < 1.0 => format!("{} ms", number(at * 1000.0, places(step * 1000.0))),
            _ if high < 120.0 || step < 1.0 => format!("{} s", number(at, places(step))),
            _ if at < 0.0 => format!("{} s", number(at, 0)),
            _ if high < 3600.0 => format!("{minutes}:{rest:02}"),
            _ => format!("{hours}:{minutes:02}:{rest:02}"),
        }
    };
    multiples(low, high, step).map(|at| Tick { at, label: label(at) }).collect()
}

/// Above ten seconds, steps go with the clock.
fn time_step(least: f64) -> f64 {
    const CLOCK: [f64; 14] =
        [15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10800.0, 21600.0, 43200.0, 86400.0];
    match least {
        _ if least <= 10.0 => round_step(least),
        _ => CLOCK.into_iter().find(|step| *step >= least).unwrap_or_else(|| round_step(least / 86400.0) * 86400.0),
    }
}

/// Round frequencies along an axis that is not linear, in the order in which they deserve a place.
pub(super) fn frequencies(high: f64) -> Vec<f64> {
    let decades = || (0..7).map(|power| 10f64.powi(power));
    let of = |digits: &'static [f64]| decades().flat_map(move |power| digits.iter().map(move |digit| digit * power));
    let wanted = of(&[1.0]).chain(of(&[2.0, 5.0])).chain(of(&[3.0, 4.0, 6.0, 7.0, 8.0])).chain(of(&[1.5]));
    [0.0].into_iter().chain(wanted).filter(|hz| *hz <= high).collect()
}

/// A frequency in Hz or kHz, as short as can be.
pub(super) fn frequency(hz: f64, kilo: bool) -> String {
    if kilo { format!("{}", (hz / 1000.0 * 1e6).round() / 1e6) } else { format!("{}", (hz * 1e3).round() / 1e3) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: Vec<Tick>) -> String {
        ticks.into_iter().map(|tick| tick.label).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn ticks_are_round_whatever_the_axis() {
        assert_eq!(labels(numbers(-80.0, -3.7, 8)), "-80 | -70 | -60 | -50 | -40 | -30 | -20 | -10");
        assert_eq!(labels(numbers(-0.3, 0.31, 6)), "-0.2 | 0.0 | 0.2");
        assert_eq!(labels(numbers(0.0, 0.3, 3)), "0.0 | 0.1 | 0.2 | 0.3");
        assert_eq!(labels(numbers(5e-7, 1.5e-6, 2)), "0.0000005 | 0.0000010 | 0.0000015");
        assert_eq!(labels(counts(0.0, 12.0, 40)), "0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12");
    }

    #[test]
    fn times_read_like_a_clock_once_they_are_long() {
        assert_eq!(labels(times(0.0, 0.05, 5)), "0 ms | 10 ms | 20 ms | 30 ms | 40 ms | 50 ms");
        assert_eq!(labels(times(0.0, 2.0, 4)), "0.0 s | 0.5 s | 1.0 s | 1.5 s | 2.0 s");
        assert_eq!(labels(times(0.0, 200.0, 5)), "0:00 | 1:00 | 2:00 | 3:00");
        assert_eq!(labels(times(0.0, 3600.0, 4)), "0:00:00 | 0:15:00 | 0:30:00 | 0:45:00 | 1:00:00");
        assert_eq!(labels(times(0.0, 4.0 * 86400.0, 2)), "0:00:00 | 48:00:00 | 96:00:00");
    }

    #[test]
    fn frequencies_are_short() {
        assert_eq!([frequency(1500.0, true), frequency(8000.0, true), frequency(50.0, true)], ["1.5", "8", "0.05"]);
        assert_eq!(frequency(62.5, false), "62.5");
    }
}
