//! Numbers with the digits that mean something.
use super::super::band::Band;

/// Three digits, and all that stand before the point: 0.123, 12.3, 4570, 1 230 000.
pub fn three(x: f64) -> String {
    if !x.is_finite() {
        return "?".into();
    }
    if x == 0.0 {
        return "0".into();
    }
    // Of 9.996 the three digits are 10.0: what is rounded says how many follow the point.
    let magnitude = |x: f64| x.abs().log10().floor() as i32;
    let unit = |digits: i32| 10f64.powi(digits - 2);
    let rounded = (x / unit(magnitude(x))).round() * unit(magnitude(x));
    let decimals = (2 - magnitude(rounded)).clamp(0, 6) as usize;
    if decimals > 0 { format!("{rounded:.decimals$}") } else { whole(rounded) }
}

/// To the unit: 1 234 567.
pub fn whole(x: f64) -> String {
    let digits = format!("{:.0}", x.abs());
    let sign = if x <= -0.5 { "-" } else { "" };
    let mut text = String::from(sign);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) && digits.len() > 4 {
            text.push('\u{202f}'); // narrow, and no line ends there
        }
        text.push(digit);
    }
    text
}

/// "12.3 (10.1 … 15.0)", or the number alone where it is known exactly.
pub fn band(band: &Band, number: fn(f64) -> String) -> String {
    let [low, typical, high] = [band.low, band.typical, band.high].map(number);
    if low == typical && typical == high { typical } else { format!("{typical} ({low} … {high})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_has_three_digits_and_no_more() {
        let written = [0.0, 0.012_345, 0.1, 1.0, 9.996, 12.345, 99.96, 123.4, 4567.0, 1_234_567.0, -2.5];
        let wanted =
            ["0", "0.0123", "0.100", "1.00", "10.0", "12.3", "100", "123", "4570", "1\u{202f}230\u{202f}000", "-2.50"];
        assert_eq!(written.map(three), wanted);
        assert_eq!(three(f64::NAN), "?");
        assert_eq!(three(1e-9), "0.000000");
    }

    #[test]
    fn what_was_measured_keeps_its_digits() {
        assert_eq!(
            [0.4, 999.0, 1234.0, 12_345.0, 1_234_567.0].map(whole),
            ["0", "999", "1234", "12\u{202f}345", "1\u{202f}234\u{202f}567"]
        );
    }

    #[test]
    fn a_band_that_is_a_point_is_one_number() {
        assert_eq!(band(&Band::exact(2.0), three), "2.00");
        assert_eq!(band(&Band { low: 1.0, typical: 2.0, high: 4.0 }, three), "2.00 (1.00 … 4.00)");
    }
}
