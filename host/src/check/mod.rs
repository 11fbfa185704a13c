//! What is promised, checked: [`conform`] for the workers of a library.
pub mod conform;
pub(crate) mod process;
