//! From a key to what is asked, or to what is shown.
use super::slider::{self, Step};
use super::view::{Entry, Page, Typing, View};
use crate::live::{Act, Deck, Scene};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// The keys, as `?` shows them.
pub const HELP: [(&str, &[(&str, &str)]); 4] = [
    (
        "What is heard",
        &[
            ("space", "bypass: the input as it is, as late as the graph"),
            ("m", "mute, or sound again"),
            ("a b x", "of two graphs the first, the second, or the hidden one"),
            ("t", "begin a blind test, or end it"),
            ("A B", "in a blind test: X is A, X is B (with Shift)"),
        ],
    ),
    (
        "Sliders",
        &[
            ("Tab ↑ ↓", "the next, the one before"),
            ("← →", "a little less, a little more"),
            ("[ ]", "ten times as much; also Shift ← →"),
            ("Enter", "type a value"),
            ("Del", "back to the value in the graph file; also Backspace"),
            ("s l", "save all to a preset file, load one"),
        ],
    ),
    (
        "The graph",
        &[
            ("d", "dump the last 30 seconds to a folder"),
            ("i", "measure the way back from loudspeaker to microphone"),
            ("r", "read the graph file again"),
            ("c", "clear peaks, clips, misses and xruns"),
        ],
    ),
    (
        "The screen",
        &[
            ("1 … 6", "pages; w is 6: what is wrong with the file"),
            ("PgUp PgDn", "scroll; also Home and End"),
            ("?", "these keys"),
            ("q", "quit; also Ctrl-C. Ctrl-Z stops, fg goes on"),
        ],
    ),
];

impl View {
    /// Takes a key: what is asked by it, if anything is.
    pub fn key(&mut self, key: KeyEvent, scene: &Scene) -> Option<Act> {
        if key.kind == KeyEventKind::Release {
            return None;
        }
        self.hint = None;
        if key.modifiers.contains(KeyModifiers::CONTROL) && matches!(key.code, KeyCode::Char('c' | 'C')) {
            return Some(Act::Quit);
        }
        if self.entry.is_some() {
            return self.typing(key, scene);
        }
        if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
            return None;
        }
        if self.help {
            self.helped(key.code);
            return None;
        }
        match key.code {
            KeyCode::Char(letter) => self.letter(letter, scene),
            code => self.named(code, key.modifiers.contains(KeyModifiers::SHIFT), scene),
        }
    }

    fn letter(&mut self, letter: char, scene: &Scene) -> Option<Act> {
        if let Some((page, ..)) = Page::ALL.iter().find(|(_, key, _)| *key == letter) {
            self.turn(*page);
            return None;
        }
        if let (Some(_), 'A' | 'B') = (scene.hearing.blind, letter) {
            return Some(Act::Guess(if letter == 'A' { Deck::A } else { Deck::B }));
        }
        match letter.to_ascii_lowercase() {
            ' ' => Some(Act::Bypass(!scene.hearing.bypassed)),
            'm' => Some(Act::Mute(!scene.hearing.muted)),
            'a' => self.hear(Deck::A, scene),
            'b' => self.hear(Deck::B, scene),
            'x' => self.hear(Deck::X, scene),
            't' => self.blind(scene),
            '[' => self.step(Step::Coarse, false, scene),
            ']' => self.step(Step::Coarse, true, scene),
            's' => self.ask_for(Typing::Save, "preset.toml"),
            'l' => self.ask_for(Typing::Load, "preset.toml"),
            'd' => Some(Act::Dump),
            'i' => Some(Act::Measure),
            'r' => Some(Act::Reload),
            'c' => Some(Act::Clear),
            'q' => Some(Act::Quit),
            'w' => {
                self.turn(Page::Wrong);
                None
            }
            '?' => {
                (self.help, self.scroll) = (true, 0);
                None
            }
            _ => None,
        }
    }

    fn named(&mut self, code: KeyCode, shift: bool, scene: &Scene) -> Option<Act> {
        let step = if shift { Step::Coarse } else { Step::Fine };
        let sliders = matches!(self.page, Page::All | Page::Params) && !scene.params.is_empty();
        match code {
            KeyCode::Left => return self.step(step, false, scene),
            KeyCode::Right => return self.step(step, true, scene),
            KeyCode::Tab => self.pick(scene, true),
            KeyCode::BackTab => self.pick(scene, false),
            KeyCode::Down if sliders => self.pick(scene, true),
            KeyCode::Up if sliders => self.pick(scene, false),
            KeyCode::Down => self.scrolled(1, true),
            KeyCode::Up => self.scrolled(1, false),
            KeyCode::PageDown => self.scrolled(10, true),
            KeyCode::PageUp => self.scrolled(10, false),
            KeyCode::Home => self.scrolled(usize::MAX, false),
            KeyCode::End => self.scrolled(usize::MAX, true),
            KeyCode::Enter => {
                let (_, param) = self.slider(scene)?;
                return self.ask_for(Typing::Value(param.at.clone()), "");
            }
            KeyCode::Delete | KeyCode::Backspace => {
                let (_, param) = self.slider(scene)?;
                return Some(self.ask(scene, param, param.start));
            }
            KeyCode::Esc => self.turn(Page::All),
            _ => {}
        }
        None
    }

    /// A key while the keys are shown: they scroll, if they must, and any other key closes them and does nothing else.
    fn helped(&mut self, code: KeyCode) {
        match code {
            KeyCode::Down => self.scroll = self.scroll.saturating_add(1),
            KeyCode::Up => self.scroll = self.scroll.saturating_sub(1),
            KeyCode::PageDown => self.scroll = self.scroll.saturating_add(10),
            KeyCode::PageUp => self.scroll = self.scroll.saturating_sub(10),
            _ => (self.help, self.scroll) = (false, 0),
        }
    }

    fn turn(&mut self, page: Page) {
        (self.page, self.scroll) = (page, 0);
    }

    /// The log hangs from its end, everything else from its beginning.
    fn scrolled(&mut self, lines: usize, down: bool) {
        let more = down != (self.page == Page::Log);
        self.scroll = if more { self.scroll.saturating_add(lines) } else { self.scroll.saturating_sub(lines) };
    }

    fn hear(&mut self, deck: Deck, scene: &Scene) -> Option<Act> {
        if scene.hearing.decks.is_none() {
            self.hint = Some("one graph plays; start with two of them to compare".into());
            return None;
        }
        if deck == Deck::X && scene.hearing.blind.is_none() {
            self.hint = Some("there is an X in a blind test only: t begins one".into());
            return None;
        }
        Some(Act::Hear(deck))
    }

    fn blind(&mut self, scene: &Scene) -> Option<Act> {
        if scene.hearing.decks.is_none() {
            self.hint = Some("a blind test needs two graphs; one plays".into());
            return None;
        }
        Some(Act::Blind(scene.hearing.blind.is_none()))
    }

    fn step(&mut self, step: Step, up: bool, scene: &Scene) -> Option<Act> {
        let (_, param) = self.slider(scene)?;
        let from = self.from(scene, param);
        Some(self.ask(scene, param, slider::moved(param, from, step, up)))
    }

    fn ask_for(&mut self, what: Typing, text: &str) -> Option<Act> {
        self.entry = Some(Entry { what, text: text.into(), refused: None });
        None
    }

    /// A key while a line is typed.
    fn typing(&mut self, key: KeyEvent, scene: &Scene) -> Option<Act> {
        let mut entry = self.entry.take()?;
        entry.refused = None;
        match key.code {
            KeyCode::Esc => return None,
            KeyCode::Enter => return self.typed(entry, scene),
            KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => entry.text.clear(),
            KeyCode::Char(letter) if !key.modifiers.contains(KeyModifiers::CONTROL) => entry.text.push(letter),
            KeyCode::Backspace => {
                entry.text.pop();
            }
            _ => {}
        }
        self.entry = Some(entry);
        None
    }

    /// A line was typed to its end.
    fn typed(&mut self, mut entry: Entry, scene: &Scene) -> Option<Act> {
        if entry.text.trim().is_empty() {
            return None;
        }
        match &entry.what {
            Typing::Save => Some(Act::Save(entry.text.trim().into())),
            Typing::Load => Some(Act::Load(entry.text.trim().into())),
            Typing::Value(at) => {
                // A reload may have taken the parameter away meanwhile.
                let param = scene.params.iter().find(|param| param.at == *at)?;
                match slider::typed(param, &entry.text) {
                    Ok(value) => Some(self.ask(scene, param, value)),
                    Err(wanted) => {
                        entry.refused = Some(wanted);
                        self.entry = Some(entry);
                        None
                    }
                }
            }
        }
    }
}
