//! Cards by what people call them.
use super::card::{Card, Direction};
use super::error::SoundError;
use super::host::Host;
use crate::graph::nearest;

impl Host {
    /// A card by its id, its name, or a part of its name that no other has, in any case.
    ///
    /// # Errors
    /// There is none, or more than one; the message lists what there is.
    pub fn find(&self, name: &str, direction: Direction) -> Result<Card, SoundError> {
        let all = self.cards()?.into_iter().filter(|card| card.has(direction));
        let (detours, cards): (Vec<Card>, Vec<Card>) = all.partition(|card| card.detour);
        let names: Vec<[&str; 2]> = cards.iter().map(|card| [card.id.as_str(), card.name.as_str()]).collect();
        match pick(name, &names) {
            Pick::One(at) => Ok(cards[at].clone()),
            Pick::Many(at) => Err(SoundError::Ambiguous {
                what: direction.as_str(),
                name: name.into(),
                all: at.iter().map(|&at| quoted(&cards[at])).collect(),
            }),
            Pick::None(near) => {
                detours.into_iter().find(|card| card.id == name || card.name == name).ok_or_else(|| {
                    SoundError::UnknownCard {
                        host: self.name(),
                        what: direction.as_str(),
                        name: name.into(),
                        near,
                        all: cards.iter().map(quoted).collect(),
                    }
                })
            }
        }
    }
}

fn quoted(card: &Card) -> String {
    if card.id == card.name { format!("`{}`", card.name) } else { format!("`{}` ({})", card.name, card.id) }
}

#[derive(Debug, PartialEq)]
enum Pick {
    One(usize),
    Many(Vec<usize>),
    None(Option<String>),
}

/// Which of many, each known by an id and a name, is meant: the strictest way of comparing that finds any decides.
fn pick(wanted: &str, names: &[[&str; 2]]) -> Pick {
    let lower = wanted.trim().to_lowercase();
    let ways: [&dyn Fn(&str) -> bool; 3] =
        [&|name| name == wanted.trim(), &|name| name.to_lowercase() == lower, &|name| {
            !lower.is_empty() && name.to_lowercase().contains(&lower)
        }];
    for way in ways {
        let found: Vec<usize> = (0..names.len()).filter(|&at| names[at].iter().any(|name| way(name))).collect();
        match found[..] {
            [] => {}
            [one] => return Pick::One(one),
            _ => return Pick::Many(found),
        }
    }
    // A part of a name may be misspelt, too.
    let words = |name: &&'_ str| name.split([' ', ',', ':', '(', ')']).map(str::to_string).collect::<Vec<_>>();
    let all: Vec<&str> = names.iter().flatten().copied().collect();
    let near = nearest(&lower, all.iter().copied()).map(str::to_string);
    let parts: Vec<String> = all.iter().flat_map(words).filter(|word| word.len() > 2).collect();
    Pick::None(near.or_else(|| nearest(&lower, parts.iter().map(String::as_str)).map(str::to_string)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[[&str; 2]] = &[
        ["hw:CARD=PCH,DEV=0", "HDA Intel PCH, ALC257 Analog"],
        ["hw:CARD=USB,DEV=0", "Scarlett 2i2 USB, USB Audio"],
        ["hw:CARD=USB_1,DEV=0", "Scarlett 4i4 USB, USB Audio"],
        ["pulse", "PulseAudio Sound Server"],
    ];

    #[test]
    fn a_card_is_found_by_its_id_its_name_or_a_part_of_it() {
        assert_eq!(pick("hw:CARD=USB,DEV=0", NAMES), Pick::One(1));
        assert_eq!(pick("hda intel pch, alc257 analog", NAMES), Pick::One(0));
        assert_eq!(pick("2i2", NAMES), Pick::One(1));
        assert_eq!(pick("alc257", NAMES), Pick::One(0));
        assert_eq!(pick("scarlett", NAMES), Pick::Many(vec![1, 2]));
        assert_eq!(pick("PULSE", NAMES), Pick::One(3), "an id in another case goes before a part of a name");
        assert_eq!(pick("", NAMES), Pick::None(None));
    }

    #[test]
    fn a_misspelt_name_is_guessed() {
        assert_eq!(pick("skarlett", NAMES), Pick::None(Some("Scarlett".into())));
        assert_eq!(pick("pusle", NAMES), Pick::None(Some("pulse".into())));
        assert_eq!(pick("theremin", NAMES), Pick::None(None));
    }
}
