//! Verdicts as text, JUnit XML, JSON, and a page.
mod json; //    for scripts
mod junit; //   for CI servers
mod page; //    for people, offline
mod papers; //  the files of it
mod picture; // expected, actual, difference
mod plot; //    the error over time
mod text; //    for the terminal

pub use papers::Papers;
pub use picture::png;
pub use text::{again, summary, table};
