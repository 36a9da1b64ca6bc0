//! `muster doctor`: what is wrong with this installation, and how to mend it.

use std::process::ExitCode;

use clap::Args;

use super::args::Globals;

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {}

pub(super) async fn run(globals: &Globals, _args: DoctorArgs) -> anyhow::Result<ExitCode> {
    let db = globals.open_database().await?;
    println!("ok   database: {}", db.kind());
    Ok(ExitCode::SUCCESS)
}
