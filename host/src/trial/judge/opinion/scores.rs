//! Which of a model's numbers is meant, and what score it is.
use crate::graph::{Score, nearest};

/// Names of all numbers: that of their output, and which of it where there are several.
pub fn names(outputs: &[String], values: &[Vec<f32>]) -> Vec<String> {
    let of_output = |(name, values): (&String, &Vec<f32>)| match values.len() {
        1 => vec![name.clone()],
        many => (1..=many).map(|at| format!("{name}[{at}]")).collect(),
    };
    outputs.iter().zip(values).flat_map(of_output).collect()
}

/// The place of the number that is meant, from 0.
pub fn place(score: Option<&Score>, names: &[String]) -> Result<usize, String> {
    let several = || match names {
        [first, .., last] => format!("gives {} numbers, {first} to {last}", names.len()),
        [only] => format!("gives one number, {only}"),
        [] => "gives no numbers".into(),
    };
    match (score, names) {
        (None, [_]) => Ok(0),
        (None, _) => Err(format!("{}: say which is meant, as in `score = 1` for the first", several())),
        (Some(Score::Place(place)), _) if *place <= names.len() => Ok(place - 1),
        (Some(Score::Place(place)), _) => Err(format!("{}: there is no `score = {place}`", several())),
        (Some(Score::Output(name)), _) => names.iter().position(|known| known == name).ok_or_else(|| {
            let near = nearest(name, names.iter().map(String::as_str));
            let hint = near.map_or(String::new(), |near| format!("; did you mean `score = \"{near}\"`?"));
            format!("{}: none is called {name:?}{hint}", several())
        }),
    }
}

/// p₀ + p₁ x + p₂ x² …, or x itself.
pub fn calibrated(x: f64, polynomial: &[f64]) -> f64 {
    match polynomial {
        [] => x,
        terms => terms.iter().rev().fold(0.0, |sum, term| sum * x + term),
    }
}

/// The same in words.
pub fn formula(name: &str, polynomial: &[f64]) -> String {
    let terms: Vec<String> = polynomial.iter().map(f64::to_string).collect();
    match terms.as_slice() {
        [] => name.into(),
        terms => format!("{name} by the polynomial [{}]", terms.join(", ")),
    }
}

/// How far the scores of windows are apart.
pub fn spread(scores: &[f64]) -> Option<String> {
    let (least, most) = scores.iter().fold((f64::MAX, f64::MIN), |(a, b), score| (a.min(*score), b.max(*score)));
    (scores.len() > 1).then(|| format!("the mean of {} windows: {least:.3} to {most:.3}", scores.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OVRL of noisy.wav, as `np.poly1d([-0.06766283, 1.11546468, 0.04602535])` calibrates it.
    #[test]
    fn polynomials_are_those_of_numpy_turned_round() {
        let published = calibrated(2.133387088775635, &[0.04602535, 1.11546468, -0.06766283]);
        assert!((published - 2.1177867197659905).abs() < 1e-9, "{published}");
        assert_eq!(calibrated(2.5, &[]), 2.5);
    }

    #[test]
    fn a_number_is_found_by_its_place_or_by_its_name() {
        let outputs = ["mos".to_string(), "sig_bak_ovr".into()];
        let names = names(&outputs, &[vec![0.0], vec![0.0; 3]]);
        assert_eq!(names, ["mos", "sig_bak_ovr[1]", "sig_bak_ovr[2]", "sig_bak_ovr[3]"]);
        let named = |name: &str| place(Some(&Score::Output(name.into())), &names);
        assert_eq!((named("mos"), named("sig_bak_ovr[2]")), (Ok(0), Ok(2)));
        assert_eq!(place(Some(&Score::Place(4)), &names), Ok(3));
        let missing = named("mas").unwrap_err();
        assert!(missing.contains("4 numbers") && missing.ends_with("did you mean `score = \"mos\"`?"), "{missing}");
        assert!(place(Some(&Score::Place(5)), &names).unwrap_err().contains("no `score = 5`"));
        assert!(place(None, &names).unwrap_err().ends_with("as in `score = 1` for the first"));
        assert_eq!(place(None, &names[..1]), Ok(0));
    }
}
