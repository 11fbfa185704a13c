//! The screen of a graph that plays: from [`Scene`](super::Scene) to the terminal, from keys to [`Act`](super::Act).
//!
//! ```text
//! look      what the terminal can show
//! numbers   numbers of one width
//! rows      text in columns
//! bars      bars, and the scale of levels
//! slider    where a slider stands and where a step takes it
//! view      what is shown, and where the user's hand is
//! keys      from a key to what is asked
//! draw      where what is shown; its panes: head levels nodes ways sliders spectrum log help
//! held      the modes of the terminal, given back whatever happens
//! terminal  the screen itself
//! ```
//!
//! ```no_run
//! # use aw_host::live::{Scene, screen::Screen};
//! # fn apply(_: aw_host::live::Act) {}
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! Screen::fits()?; // else lines, and why
//! let mut screen = Screen::open()?;
//! loop {
//!     screen.show(&Scene::default())?;
//!     screen.acts(std::time::Duration::from_millis(40)).into_iter().for_each(apply);
//! #   break;
//! }
//! # Ok(())
//! # }
//! ```
mod bars;
mod draw;
mod head;
mod held;
mod help;
mod keys;
mod levels;
mod log;
mod look;
mod nodes;
pub(super) mod numbers;
mod rows;
mod slider;
mod sliders;
mod spectrum;
mod terminal;
#[cfg(test)]
mod tests;
mod view;
mod ways;

pub(super) use log::whose;
pub use look::{Ink, Look};
pub(super) use nodes::faults;
pub use terminal::{Screen, Unfit};
pub use view::{Page, View};
