//! The `aw` command.
mod cli;

use aw_host::install::{HOME, Home};

fn main() -> std::process::ExitCode {
    // Before anything else, while there is one thread: workers, and the processes that are started, look there too.
    if let Some(home) = Home::find() {
        aw_host::plugin::set_variable(HOME, home.folder().as_os_str());
    }
    cli::main()
}
