//! What the terminal can show: how many colours, and whether more than ASCII.
//!
//! Everything is drawn with box characters and with the terminal's own colours, which suit a light and a dark background
//! alike; [`Look::fold`] then takes away what this terminal lacks.
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

/// How many colours there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ink {
    /// None: `NO_COLOR` is set.
    None,
    /// The eight of old.
    #[default]
    Eight,
    /// 256, by number.
    Palette,
    /// Red, green and blue.
    True,
}

/// What the terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Its colours.
    pub ink: Ink,
    /// Only ASCII: the locale is not UTF-8.
    pub ascii: bool,
}

impl Look {
    /// What the environment says, variable by variable.
    pub fn told(var: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| var(name).filter(|value| !value.is_empty());
        let term = set("TERM").unwrap_or_default();
        let ink = if set("NO_COLOR").is_some() {
            Ink::None
        } else if set("COLORTERM").is_some_and(|value| matches!(value.as_str(), "truecolor" | "24bit")) {
            Ink::True
        } else if term.contains("256color") {
            Ink::Palette
        } else {
            Ink::Eight
        };
        // POSIX: the first of these that is set and not empty decides. Windows has none, and its terminals are Unicode.
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| set(name));
        let utf8 = |locale: String| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        };
        Self { ink, ascii: !locale.map_or(cfg!(windows), utf8) }
    }

    /// Takes away what cannot be shown.
    pub fn fold(self, buffer: &mut Buffer) {
        for cell in &mut buffer.content {
            if self.ink == Ink::None {
                (cell.fg, cell.bg) = (Color::Reset, Color::Reset);
            }
            if self.ascii && !cell.symbol().is_ascii() {
                let shown = cell.symbol().chars().next().map_or(' ', ascii);
                cell.set_char(shown);
            }
        }
    }
}

/// The ASCII character that looks most like it.
fn ascii(drawn: char) -> char {
    match drawn {
        '─' | '−' | '–' | '—' | '∞' | '░' | '▍' | '▎' | '▏' => '-',
        '│' | '┊' | '┃' => '|',
        '█' | '▉' | '▊' | '▋' | '▌' => '#',
        '●' => 'o',
        '✗' | '×' => 'x',
        '→' | '▶' => '>',
        '←' => '<',
        '↑' => '^',
        '↓' => 'v',
        '·' => '.',
        '…' => '~',
        'µ' | 'μ' => 'u',
        '‘' | '’' => '\'',
        _ => '?',
    }
}

/// As it should be.
pub const GOOD: Style = Style::new().fg(Color::Green);
/// Near the limit.
pub const NEAR: Style = Style::new().fg(Color::Yellow);
/// Beyond the limit.
pub const BAD: Style = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
/// Not in the foreground: titles of columns, units, what is zero.
pub const FAINT: Style = Style::new().add_modifier(Modifier::DIM);
/// In the foreground.
pub const STRONG: Style = Style::new().add_modifier(Modifier::BOLD);
/// Chosen.
pub const PICKED: Style = Style::new().add_modifier(Modifier::REVERSED);
/// Where something is set by hand.
pub const HAND: Style = Style::new().fg(Color::Cyan);

#[cfg(test)]
mod tests {
    use super::*;

    fn look(vars: &[(&str, &str)]) -> Look {
        Look::told(|name| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string()))
    }

    #[test]
    fn the_environment_tells_what_the_terminal_can_show() {
        let utf8 = ("LANG", "de_AT.UTF-8");
        assert_eq!(look(&[("TERM", "linux"), utf8]), Look { ink: Ink::Eight, ascii: false });
        assert_eq!(look(&[("TERM", "tmux-256color"), utf8]).ink, Ink::Palette);
        assert_eq!(look(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), utf8]).ink, Ink::True);
        assert_eq!(look(&[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]).ink, Ink::None);
        // By its own rule, an empty NO_COLOR is none.
        assert_eq!(look(&[("NO_COLOR", ""), ("TERM", "xterm")]).ink, Ink::Eight);
        // LC_ALL overrules LANG.
        assert!(look(&[("LC_ALL", "C"), utf8]).ascii);
        assert!(!look(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8")]).ascii);
    }
}
