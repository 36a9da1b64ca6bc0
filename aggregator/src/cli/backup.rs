//! `muster backup` and `muster restore`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;

use super::args::Globals;
use super::serve::claim;
use crate::backup::{self, Summary};

/// Stands for standard output or input.
const STANDARD: &str = "-";

/// Flags of `backup`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  muster backup /mnt/backup/muster-monday.bak
  muster backup - | ssh nas 'cat > muster.bak'

The file holds everything: archive, people, tokens (as digests), hosts, audit, and the generated certificate. Keep it
as safe as the data folder. The aggregator may run meanwhile.")]
pub(super) struct BackupArgs {
    /// File to write; `-` for standard output
    file: PathBuf,
    /// Replace the file when it is there
    #[arg(long)]
    force: bool,
}

/// Flags of `restore`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  muster restore muster.bak --data /srv/muster
  muster restore muster.bak --database postgres://muster@localhost/muster    move to PostgreSQL

Stop the aggregator first. A damaged file changes nothing.")]
pub(super) struct RestoreArgs {
    /// File made by `muster backup`; `-` for standard input
    file: PathBuf,
    /// Give up what the database holds now
    #[arg(long)]
    force: bool,
}

pub(super) async fn backup(globals: &Globals, args: BackupArgs) -> anyhow::Result<()> {
    let (db, data) = (globals.open_database().await?, globals.make_data()?);
    let summary = if args.file == Path::new(STANDARD) {
        backup::write(&db, &data, io::stdout().lock()).await?
    } else {
        if args.file.exists() && !args.force {
            bail!("{} is there already: choose another name, or say --force", args.file.display());
        }
        let part = args.file.with_added_extension("part");
        let written = write_file(&db, &data, &part).await;
        if written.is_err() {
            // A part is of no use; what hindered writing it is what people must read.
            let _ = fs::remove_file(&part);
        }
        let summary = written?;
        fs::rename(&part, &args.file).with_context(|| format!("cannot write {}", args.file.display()))?;
        summary
    };
    eprintln!("Backed up {}.", told(summary));
    Ok(())
}

async fn write_file(db: &crate::store::Db, data: &Path, part: &Path) -> anyhow::Result<Summary> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(part).with_context(|| format!("cannot write {}", part.display()))?;
    let mut out = BufWriter::new(file);
    let summary = backup::write(db, data, &mut out).await?;
    out.flush()?;
    out.get_ref().sync_all()?;
    Ok(summary)
}

pub(super) async fn restore(globals: &Globals, args: RestoreArgs) -> anyhow::Result<()> {
    let from: Box<dyn BufRead> = if args.file == Path::new(STANDARD) {
        Box::new(BufReader::new(io::stdin()))
    } else {
        let file = File::open(&args.file).with_context(|| format!("cannot read {}", args.file.display()))?;
        Box::new(BufReader::new(file))
    };
    let data = globals.make_data()?;
    let _claim = claim(&data)?;
    let db = globals.open_database().await?;
    let summary = backup::restore(&db, &data, from, args.force).await?;
    db.close().await;
    eprintln!("Restored {}.", told(summary));
    Ok(())
}

fn told(Summary { rows, bytes, files }: Summary) -> String {
    format!("{rows} rows ({bytes} bytes) and {files} files of the certificate")
}
