//! The `aw` command.
fn main() {}
