//! Logs: for a person on a terminal, as JSON by flag. They go to standard error; standard output is for answers.

use std::io::{IsTerminal as _, stderr};

use tracing_subscriber::EnvFilter;

use super::args::Globals;

/// Crates below ours that talk too much at `info`.
const QUIET: &str = "sqlx=warn,hyper=warn,h2=warn,rustls=warn";

/// Starts logging. A level that is not understood is said, and `otherwise` used, as when none is given.
pub(super) fn init(globals: &Globals, otherwise: &str) {
    let level = globals.log.as_deref().filter(|level| !level.is_empty()).unwrap_or(otherwise);
    let filter = EnvFilter::try_new(format!("{QUIET},{level}")).unwrap_or_else(|error| {
        eprintln!("muster: --log {level:?} is not understood ({error}); logging at {otherwise}");
        EnvFilter::new(format!("{QUIET},{otherwise}"))
    });
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    if globals.log_json {
        builder.json().flatten_event(true).init();
    } else {
        builder.with_ansi(stderr().is_terminal()).with_target(false).init();
    }
}
