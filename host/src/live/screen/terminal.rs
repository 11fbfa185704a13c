//! Takes the terminal and gives it back, whatever happens: at the end, on a panic, on a signal, on Ctrl-Z and back.
use super::held::Held;
use super::look::Look;
use super::view::View;
use crate::live::{Act, Scene};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::{Position, Rect};
use std::io::{self, IsTerminal, Stdout};
use std::time::{Duration, Instant};

/// Twelve frames a second: calm to look at, little to send over a slow line.
const FRAME: Duration = Duration::from_millis(83);

/// Why there is no screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Output goes to a file or a pipe.
    #[error("standard output is not a terminal: lines are printed, as with --plain")]
    Output,
    /// Keys come from a file or a pipe.
    #[error("standard input is not a terminal, so there are no keys: lines are printed, as with --plain")]
    Input,
    /// `TERM` is `dumb` or not set.
    #[error("this terminal cannot move its cursor (TERM={0}): lines are printed, as with --plain", term())]
    Dumb,
}

fn term() -> String {
    std::env::var("TERM").unwrap_or_default()
}

/// The terminal, on which scenes are shown and from which keys come; given back when dropped.
///
/// Ctrl-Z stops the whole program, the sound with it, as it does anywhere; `fg` brings the screen back. What is written to
/// standard error meanwhile would run across the screen: it is set aside and told when the terminal is given back.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    view: View,
    scene: Scene,
    drawn: Option<Instant>,
    // Last: gives the terminal back when all else is gone.
    held: Held,
}

impl Screen {
    /// Whether there can be a screen; else lines are the way.
    pub fn fits() -> Result<(), Unfit> {
        if !io::stdout().is_terminal() {
            Err(Unfit::Output)
        } else if !io::stdin().is_terminal() {
            Err(Unfit::Input)
        } else if cfg!(unix) && matches!(term().as_str(), "" | "dumb") {
            Err(Unfit::Dumb)
        } else {
            Ok(())
        }
    }

    /// Takes the terminal. There can be one screen at a time.
    pub fn open() -> io::Result<Self> {
        let view = View::new(Look::told(|name| std::env::var(name).ok()));
        let held = Held::take()?;
        let terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
        Ok(Self { terminal, view, scene: Scene::default(), drawn: None, held })
    }

    /// Shows a scene; call it as often as there is one, it draws at most twelve times a second.
    pub fn show(&mut self, scene: &Scene) -> io::Result<()> {
        let resumed = self.held.resumed();
        if !resumed && self.drawn.is_some_and(|drawn| drawn.elapsed() < FRAME) {
            return Ok(());
        }
        self.scene.clone_from(scene);
        if resumed {
            self.forget()?;
        }
        self.draw()
    }

    /// Waits up to `timeout` for keys; what they ask for. A signal to end is [`Act::Quit`].
    pub fn acts(&mut self, timeout: Duration) -> Vec<Act> {
        let mut acts = vec![];
        let mut touched = false;
        let mut wait = timeout;
        loop {
            match event::poll(wait).and_then(|ready| ready.then(event::read).transpose()) {
                Ok(Some(Event::Key(key))) => {
                    touched = true;
                    acts.extend(self.key(key));
                }
                Ok(Some(Event::Resize(..))) => touched = true,
                Ok(Some(_)) => {}
                Ok(None) => break,
                // The terminal is gone, as when a connection breaks.
                Err(_) => {
                    acts.push(Act::Quit);
                    break;
                }
            }
            wait = Duration::ZERO;
        }
        if self.held.ended() {
            acts.push(Act::Quit);
        }
        // What a key changed is seen at once.
        if touched && self.draw().is_err() {
            acts.push(Act::Quit);
        }
        acts
    }

    fn key(&mut self, key: KeyEvent) -> Option<Act> {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            match key.code {
                KeyCode::Char('z') => {
                    self.held.stop();
                    return None;
                }
                KeyCode::Char('l') => {
                    // What others wrote across the screen goes.
                    return self.forget().err().map(|_| Act::Quit);
                }
                _ => {}
            }
        }
        self.view.key(key, &self.scene)
    }

    /// Whatever is on the screen, it will be drawn anew as a whole. `Terminal::clear` would ask where the cursor is, and wait
    /// for an answer that not every terminal gives.
    fn forget(&mut self) -> io::Result<()> {
        let Some(_writing) = self.held.writing() else { return Ok(()) };
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::from((Position::ORIGIN, size)))
    }

    fn draw(&mut self) -> io::Result<()> {
        self.drawn = Some(Instant::now());
        let Some(_writing) = self.held.writing() else { return Ok(()) };
        let (view, scene) = (&mut self.view, &self.scene);
        self.terminal.draw(|frame| view.draw(scene, frame))?;
        Ok(())
    }
}
