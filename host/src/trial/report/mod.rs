//! Verdicts as text, JUnit XML, JSON, and a page.
mod exhibit; // a golden and what came, to look at
mod json; //    for scripts
mod junit; //   for CI servers
mod page; //    for people, offline
mod papers; //  the files of it
mod picture; // expected, actual, difference
mod plot; //    the error over time
mod text; //    for the terminal

pub use exhibit::exhibit;
pub use papers::Papers;
pub use text::{summary, table};
