//! The bound of this process that many connections reach first.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Allows as many open files as the system lets this process have.
pub fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    // Without it connections fail with words of their own.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}
