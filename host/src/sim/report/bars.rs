//! Small pictures in tables: how much of something, how sure that is, and what it is made of.
use super::super::band::Band;
use crate::page::escaped;
use std::fmt::Write;

const WIDTH: f64 = 112.0;

/// How much, as a bar; how sure, as a whisker over it; and a line where there is no more. The picture ends at `full`, or
/// where the highest does. `said`: the same in words.
pub fn whisker(band: &Band, limit: Option<f64>, full: f64, said: &str) -> String {
    let full = full.max(band.high).max(limit.unwrap_or(0.0)).max(f64::MIN_POSITIVE);
    let x = |value: f64| 1.0 + (WIDTH - 2.0) * (value / full).clamp(0.0, 1.0);
    let class = match limit {
        Some(limit) if band.low > limit => "over",
        Some(limit) if band.high > limit => "perhaps",
        _ => "within",
    };
    let (low, typical, high) = (x(band.low), x(band.typical), x(band.high));
    let mut svg = format!(
        "<svg class=\"bar\" viewBox=\"0 0 {WIDTH} 14\" width=\"{WIDTH}\" height=\"14\" role=\"img\"><title>{}</title>\
         <rect class=\"ground\" x=\"1\" y=\"3\" width=\"{:.1}\" height=\"8\"/>\
         <rect class=\"{class}\" x=\"1\" y=\"3\" width=\"{:.1}\" height=\"8\"/>",
        escaped(said),
        WIDTH - 2.0,
        typical - 1.0
    );
    if band.low < band.high {
        let _ = write!(svg, "<path class=\"sure\" d=\"M{low:.1} 7H{high:.1}M{low:.1} 4V10M{high:.1} 4V10\"/>");
    }
    if let Some(limit) = limit {
        let _ = write!(svg, "<path class=\"limit\" d=\"M{0:.1} 0V14\"/>", x(limit));
    }
    svg + "</svg>"
}

/// What a whole is made of, part by part: the class, how much, and what that is.
pub fn stacked(parts: &[(&str, f64, String)], full: f64, said: &str) -> String {
    let full = parts.iter().map(|(_, size, _)| size).sum::<f64>().max(full).max(f64::MIN_POSITIVE);
    let mut svg = format!(
        "<svg class=\"stack\" viewBox=\"0 0 1000 18\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">\
         <rect class=\"ground\" width=\"1000\" height=\"18\"/>",
        escaped(said)
    );
    let mut from = 0.0;
    for (class, size, what) in parts {
        let width = 1000.0 * size / full;
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{from:.2}\" width=\"{width:.2}\" height=\"18\"><title>{}</title></rect>",
            escaped(what)
        );
        from += width;
    }
    svg + "</svg>"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_ends_at_what_is_expected_and_its_whisker_at_both_ends_of_the_band() {
        let svg = whisker(&Band { low: 25.0, typical: 50.0, high: 75.0 }, Some(100.0), 0.0, "50 %");
        assert!(svg.contains("class=\"within\" x=\"1\" y=\"3\" width=\"55.0\""), "{svg}");
        assert!(svg.contains("M28.5 7H83.5"), "{svg}");
        assert!(svg.contains("class=\"limit\" d=\"M111.0 0V14\""), "{svg}");
    }

    #[test]
    fn a_bar_says_by_its_colour_whether_it_may_be_or_is_too_much() {
        let class = |low, high| whisker(&Band { low, typical: high, high }, Some(10.0), 0.0, "");
        assert!(class(1.0, 9.0).contains("\"within\""));
        assert!(class(1.0, 11.0).contains("\"perhaps\""));
        assert!(class(11.0, 12.0).contains("\"over\""));
    }

    #[test]
    fn what_is_known_exactly_has_no_whisker_and_nothing_at_all_is_no_mistake() {
        assert!(!whisker(&Band::exact(3.0), None, 10.0, "").contains("sure"));
        let nothing = whisker(&Band::exact(0.0), Some(0.0), 0.0, "") + &stacked(&[], 0.0, "");
        assert!(!nothing.contains("NaN") && !nothing.contains("inf"), "{nothing}");
    }

    #[test]
    fn parts_lie_side_by_side_and_a_whole_that_is_too_small_is_as_large_as_they_are() {
        let parts = [("state", 30.0, "30 of <a>".to_string()), ("code", 10.0, "10 of b".into())];
        let svg = stacked(&parts, 80.0, "ram");
        assert!(svg.contains("x=\"0.00\" width=\"375.00\"") && svg.contains("x=\"375.00\" width=\"125.00\""), "{svg}");
        assert!(svg.contains("30 of &lt;a&gt;"), "{svg}");
        assert!(stacked(&parts, 20.0, "ram").contains("x=\"750.00\" width=\"250.00\""));
    }
}
