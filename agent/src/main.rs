//! The `muster-agent` program; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    muster_agent::cli::main()
}
