//! The command `muster`.

use std::process::ExitCode;

/// It gives what a backfill took back to the machine within seconds (`.cargo/config.toml` says how). The allocator of
/// glibc keeps it, in as many heaps as there are threads: an idle aggregator was twice as large.
#[cfg(not(windows))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    muster::cli::main()
}
