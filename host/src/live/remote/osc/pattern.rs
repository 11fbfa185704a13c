//! Address patterns of Open Sound Control 1.0, in time that grows with the product of both lengths, whoever wrote them.
use std::str::Chars;

/// Whether a pattern fits an address: part by part, as no wildcard goes past a `/`.
pub fn fits(pattern: &str, address: &str) -> bool {
    let (mut patterns, mut parts) = (pattern.split('/'), address.split('/'));
    loop {
        match (patterns.next(), parts.next()) {
            (None, None) => return true,
            (Some(pattern), Some(part)) if fits_part(pattern, part) => {}
            _ => return false,
        }
    }
}

/// Whether it is more than one address.
pub fn is_pattern(address: &str) -> bool {
    address.contains(['*', '?', '[', ']', '{', '}'])
}

/// All places of `part` that can be reached are carried along, one piece of the pattern after the other.
fn fits_part(pattern: &str, part: &str) -> bool {
    let part: Vec<char> = part.chars().collect();
    let mut at = vec![false; part.len() + 1];
    at[0] = true;
    let mut pattern = pattern.chars();
    while let Some(c) = pattern.next() {
        let mut next = vec![false; part.len() + 1];
        let places = (0..=part.len()).filter(|place| at[*place]);
        match c {
            '*' => {
                if let Some(first) = at.iter().position(|here| *here) {
                    next[first..].fill(true);
                }
            }
            '{' => {
                let Some(words) = until(&mut pattern, '}') else { return false };
                for place in places {
                    for word in words.split(',') {
                        let word: Vec<char> = word.chars().collect();
                        if part[place..].starts_with(&word) {
                            next[place + word.len()] = true;
                        }
                    }
                }
            }
            '[' => {
                let Some(class) = until(&mut pattern, ']') else { return false };
                places
                    .filter(|place| part.get(*place).is_some_and(|c| is_in(&class, *c)))
                    .for_each(|p| next[p + 1] = true);
            }
            c => {
                let fits = |place: &usize| part.get(*place).is_some_and(|have| c == '?' || *have == c);
                places.filter(fits).for_each(|place| next[place + 1] = true);
            }
        }
        at = next;
    }
    at[part.len()]
}

fn until(pattern: &mut Chars, end: char) -> Option<String> {
    let (inside, rest) = pattern.as_str().split_once(end)?;
    let inside = inside.to_string();
    *pattern = rest.chars();
    Some(inside)
}

/// `[a-z_]`, `[!0-9]`; a `-` at an end is itself.
fn is_in(class: &str, c: char) -> bool {
    let (negated, class) = class.strip_prefix('!').map_or((false, class), |class| (true, class));
    let class: Vec<char> = class.chars().collect();
    let mut at = 0;
    let mut found = false;
    while at < class.len() {
        match class.get(at + 1..at + 3) {
            Some(['-', to]) => {
                found |= (class[at]..=*to).contains(&c);
                at += 3;
            }
            _ => {
                found |= class[at] == c;
                at += 1;
            }
        }
    }
    found != negated
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_are_those_of_the_specification() {
        for (pattern, yes, no) in [
            ("/gain/gain_db", "/gain/gain_db", "/gain/gain_d"),
            ("/gain*/gain_db", "/gain-2/gain_db", "/again/gain_db"),
            ("/*/gain_db", "/x/gain_db", "/x/y/gain_db"),
            ("/*", "/gain", "/gain/x"),
            ("/g?in/x", "/gain/x", "/gin/x"),
            ("/g[a-c]in/x", "/gbin/x", "/gdin/x"),
            ("/g[!a-c]in/x", "/gdin/x", "/gain/x"),
            ("/g[a-]n/x", "/g-n/x", "/gbn/x"),
            ("/{eq,gain}/x", "/eq/x", "/eqgain/x"),
            ("/{g,gain}*n/x", "/gain/x", "/gai/x"),
            ("/*a*b/x", "/xaybab/x", "/ba/x"),
            ("/ä*/x", "/äh/x", "/ah/x"),
        ] {
            assert!(fits(pattern, yes), "{pattern} {yes}");
            assert!(!fits(pattern, no), "{pattern} {no}");
        }
        for broken in ["/g[a/x", "/g{a/x", "/[/x", "/]/x", "/[]/x", "/[!]/", "/{}", ""] {
            assert!(!fits(broken, "/gain/x"), "{broken}");
        }
    }

    #[test]
    fn a_nasty_pattern_takes_no_longer_than_its_length() {
        let pattern = format!("/{}b", "*a".repeat(10_000));
        assert!(!fits(&pattern, &format!("/{}", "a".repeat(100))));
    }
}
