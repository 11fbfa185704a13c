//! Numbers of one width, so that nothing moves when they change.

/// Decibels, 6 wide: ` -12.3`, `    -∞`.
pub fn decibels(level: f64) -> String {
    if level.is_nan() {
        format!("{:>6}", "?")
    } else if level < -199.9 {
        format!("{:>6}", "-∞")
    } else {
        format!("{:6.1}", level.min(999.9))
    }
}

/// A part of the whole in percent, 4 wide, without the sign.
pub fn percent(part: f64) -> String {
    match part * 100.0 {
        _ if !part.is_finite() => format!("{:>4}", "?"),
        many if many >= 9999.5 => ">10k".into(),
        some => format!("{some:4.0}"),
    }
}

/// A count, 5 wide.
pub fn count(number: u64) -> String {
    match number {
        0..100_000 => format!("{number:5}"),
        100_000..10_000_000 => format!("{:4}k", number / 1000),
        10_000_000..10_000_000_000 => format!("{:4}M", number / 1_000_000),
        _ => format!("{:>5}", ">9999M"),
    }
}

/// Microseconds, 7 wide: `   12.3`, ` 123456`.
pub fn micros(us: f64) -> String {
    if us < 9999.95 { format!("{us:7.1}") } else { format!("{us:7.0}") }
}

/// Seconds as `0:02:03`.
pub fn clock(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    format!("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
}

/// Seconds as `0:02:03.456`.
pub fn moment(seconds: f64) -> String {
    let ms = (seconds.max(0.0) * 1000.0).round() as u64;
    format!("{}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

/// Hertz, 5 wide: ` 440`, ` 1.2k`.
pub fn hertz(hz: f64) -> String {
    match hz {
        low if low < 1000.0 => format!("{low:5.0}"),
        middle if middle < 10_000.0 => format!("{:4.1}k", middle / 1000.0),
        high => format!("{:4.0}k", high / 1000.0),
    }
}

/// A value of a parameter: as short as it is exact to 5 digits, as a graph file has it.
pub fn plain(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{}", value + 0.0);
    }
    let decimals = (4 - value.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{value:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').into(),
        false => text,
    }
}

/// Text of others, on one line: a control character could move the cursor or hide what follows.
pub fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_width_whatever_they_are() {
        let width = |text: String| text.chars().count();
        for level in [0.0, -0.04, -12.34, -150.0, f64::NEG_INFINITY, f64::INFINITY, f64::NAN, 12.0, 1e9] {
            assert_eq!(width(decibels(level)), 6, "{level}");
        }
        for part in [0.0, 0.004, 0.5, 1.0, 12.0, 99.994, 99.996, 1e9, f64::NAN, f64::INFINITY] {
            assert_eq!(width(percent(part)), 4, "{part}");
        }
        for number in [0, 99_999, 100_000, 9_999_999, 10_000_000, 9_999_999_999] {
            assert_eq!(width(count(number)), 5, "{number}");
        }
        for us in [0.0, 9999.94, 9999.96, 999_999.0] {
            assert_eq!(width(micros(us)), 7, "{us}");
        }
        for hz in [0.0, 999.4, 1000.0, 9949.0, 10_000.0, 96_000.0] {
            assert_eq!(width(hertz(hz)), 5, "{hz}");
        }
    }

    #[test]
    fn values_are_written_as_a_graph_file_has_them() {
        let all: Vec<_> = [0.1 + 0.2, -0.0, 16000.0, 123456.0, -3.5, 1e-4, 0.333333333].map(plain).into();
        assert_eq!(all, ["0.3", "0", "16000", "123456", "-3.5", "0.0001", "0.33333"]);
    }
}
