//! Who is heard: one of two graphs, the sound that came in, or nothing; and whether a listener can tell the two apart.
use super::player::DECKS;
use super::scene::{Deck, Hearing, Score};
use std::hash::{BuildHasher, RandomState};

/// Who is heard.
#[derive(Clone, Debug, Default)]
pub struct Ears {
    /// As it is shown.
    pub shown: Hearing,
    /// Which of the two `X` is.
    x_is: Deck,
}

/// One of two, by lot.
fn drawn() -> Deck {
    if RandomState::new().hash_one(()) & 1 == 0 { Deck::A } else { Deck::B }
}

/// How likely it is to be right so often or more by chance: the upper tail of a binomial distribution with p = 1/2.
pub fn by_chance(right: u32, of: u32) -> f64 {
    let (mut term, mut tail) = (0.5f64.powi(of as i32), 0.0);
    for count in 0..=of {
        if count >= right {
            tail += term;
        }
        term *= f64::from(of - count) / f64::from(count + 1);
    }
    tail.min(1.0)
}

impl Ears {
    /// Of these graph files.
    pub fn new(files: Option<[String; 2]>) -> Self {
        Self { shown: Hearing { decks: files, ..Hearing::default() }, x_is: drawn() }
    }

    /// Which graph is heard, `X` resolved.
    pub fn deck(&self) -> Deck {
        if self.shown.deck == Deck::X { self.x_is } else { self.shown.deck }
    }

    /// How loud each graph and the sound that came in are heard: the graphs are on these decks of the player.
    pub fn gains(&self, slots: [Option<usize>; 2]) -> ([f32; DECKS], f32) {
        let mut decks = [0.0; DECKS];
        if self.shown.muted {
            return (decks, 0.0);
        }
        if self.shown.bypassed {
            return (decks, 1.0);
        }
        let (slot, gain) = match self.deck() {
            Deck::B => (slots[1], 10f64.powf(self.shown.matched_db / 20.0) as f32),
            _ => (slots[0], 1.0),
        };
        if let Some(slot) = slot {
            decks[slot] = gain;
        }
        (decks, 0.0)
    }

    /// Hears another graph.
    ///
    /// # Errors
    /// There is one only.
    pub fn hear(&mut self, deck: Deck) -> Result<(), String> {
        if deck != Deck::A && self.shown.decks.is_none() {
            return Err("there is one graph only: `aw live A.toml B.toml` plays two to compare".into());
        }
        self.shown.deck = deck;
        Ok(())
    }

    /// Begins a blind test, or ends it.
    ///
    /// # Errors
    /// There is one graph only.
    pub fn blind(&mut self, on: bool) -> Result<(), String> {
        if on {
            self.hear(Deck::X)?;
            self.x_is = drawn();
        }
        self.shown.blind = on.then_some(Score { right: 0, of: 0, p: 1.0 });
        Ok(())
    }

    /// What `X` is believed to be; another is drawn.
    ///
    /// # Errors
    /// No test is under way, or it is no guess.
    pub fn guess(&mut self, deck: Deck) -> Result<(), String> {
        let Some(score) = &mut self.shown.blind else {
            return Err("no blind test is under way: begin one first".into());
        };
        if deck == Deck::X {
            return Err("X is A or B: guess one of them".into());
        }
        score.right += u32::from(deck == self.x_is);
        score.of += 1;
        score.p = by_chance(score.right, score.of);
        self.x_is = drawn();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R: `binom.test(12, 16, alternative = "greater")$p.value`, and so on.
    #[test]
    fn what_is_right_by_chance_has_a_p_value_of_one_half_and_more() {
        for (right, of, p) in [(0, 0, 1.0), (0, 10, 1.0), (1, 1, 0.5), (5, 10, 0.623046875), (12, 16, 0.03840637)] {
            assert!((by_chance(right, of) - p).abs() < 1e-7, "{right} of {of}: {}", by_chance(right, of));
        }
    }

    #[test]
    fn one_who_hears_the_difference_scores_and_one_who_guesses_does_not_see_what_x_is() {
        let mut ears = Ears::new(Some(["a.toml".into(), "b.toml".into()]));
        ears.blind(true).unwrap();
        for _ in 0..20 {
            ears.guess(ears.deck()).unwrap();
            assert_eq!(ears.shown.deck, Deck::X);
        }
        let score = ears.shown.blind.unwrap();
        assert_eq!((score.right, score.of), (20, 20));
        assert!(score.p < 1e-5);
        assert!(Ears::new(None).hear(Deck::B).is_err());
    }
}
