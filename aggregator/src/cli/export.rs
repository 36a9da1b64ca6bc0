//! `muster export`: one conversation as a file, after a review of what looks like a secret.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::{Args, ValueEnum};
use http::{Method, StatusCode};
use serde::Deserialize;

use super::args::Globals;
use super::client::{Client, Refused};
use super::target::Target;
use super::{percent, table};

/// Stands for standard output.
const STANDARD: &str = "-";

/// Says that nothing is to be masked.
const ALL: &str = "all";

/// Characters of the beginning of an id, at least.
const BEGINNING: usize = 4;

/// Sessions that are named when a beginning fits several.
const NAMED: usize = 10;

/// Flags of `export`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  muster export claude-6f0e4d5c-8a53-4c0e-9d35-0b7d5f1c2a10        Markdown on standard output
  muster export 6f0e4d5c --output talk.html                        one HTML file that needs nothing else
  muster export 6f0e4d5c --format jsonl --output - | gzip > talk.gz    the lines as the coder wrote them
  muster export 6f0e4d5c --review                                  only show what would be masked
  muster export 6f0e4d5c --keep 3f9a1c0d2b7e4451 --output talk.md  that one is no secret: leave it as it is

Ids stand in the address of a session in the browser, and in `muster search WORDS --json`. What looks like a secret
(keys, tokens, passwords) is replaced by a mark that names the rule, in every format; the review on standard error
lists it. Rules know many secrets and not all: read what you give away. Keeping secrets is for members, and stands in
the audit trail.")]
pub(super) struct ExportArgs {
    /// Id of a session, or its beginning when no other begins so; `claude-` may be left out
    #[arg(value_name = "SESSION")]
    session: String,
    /// What to write [default: what the ending of FILE says, otherwise markdown]
    #[arg(long, value_enum)]
    format: Option<Form>,
    /// File to write; `-` for standard output
    #[arg(long, short, value_name = "FILE", default_value = STANDARD)]
    output: PathBuf,
    /// Replace FILE when it is there
    #[arg(long)]
    force: bool,
    /// Leave out what subagents did
    #[arg(long)]
    no_subagents: bool,
    /// Findings of the review that are not masked, by their ids; `all` masks nothing
    #[arg(long, value_name = "ID,ID", value_delimiter = ',')]
    keep: Vec<String>,
    /// Show what would be masked, and write nothing
    #[arg(long, conflicts_with_all = ["format", "output", "force", "keep"])]
    review: bool,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Markdown,
    Html,
    Jsonl,
}

impl Form {
    fn word(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Jsonl => "jsonl",
        }
    }

    /// What the ending of a file's name asks for.
    fn of(file: &Path) -> Self {
        match file.extension().and_then(|ending| ending.to_str()) {
            Some("html" | "htm") => Self::Html,
            Some("jsonl") => Self::Jsonl,
            _ => Self::Markdown,
        }
    }
}

#[derive(Debug, Deserialize)]
struct Review {
    findings: Vec<Finding>,
    entries: u64,
}

#[derive(Debug, Deserialize)]
struct Finding {
    id: String,
    rule: String,
    masked: String,
    count: u32,
}

#[derive(Debug, Deserialize)]
struct Page {
    items: Vec<Named>,
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Named {
    id: String,
}

pub(super) async fn run(globals: &Globals, args: ExportArgs) -> anyhow::Result<()> {
    let to_file = args.output != Path::new(STANDARD);
    if to_file && !args.force && args.output.exists() {
        bail!("{} is there already: choose another name, or say --force", args.output.display());
    }
    let client = args.target.client(globals).await?;
    let id = session_id(&client, &args.session).await?;
    let (path, subagents) = (format!("/api/v1/sessions/{}/export", percent::encode(&id)), !args.no_subagents);
    let review: Review = client.ask(Method::GET, &format!("{path}/review?subagents={subagents}")).await?;
    known(&args.keep, &review.findings)?;
    show(&review, &args.keep);
    if args.review {
        return Ok(());
    }
    let form = args.format.unwrap_or_else(|| Form::of(&args.output)).word();
    let keep = percent::encode(&args.keep.join(","));
    let path = format!("{path}?format={form}&subagents={subagents}&keep={keep}");
    if to_file { into_file(&client, &path, &args.output).await } else { to_standard_output(&client, &path).await }
}

/// The whole id of a session.
async fn session_id(client: &Client, word: &str) -> anyhow::Result<String> {
    let found: anyhow::Result<Named> =
        client.ask(Method::GET, &format!("/api/v1/sessions/{}", percent::encode(word))).await;
    let error = match found {
        Ok(session) => return Ok(session.id),
        Err(error) => error,
    };
    match error.downcast_ref::<Refused>() {
        Some(refused) if refused.status == StatusCode::NOT_FOUND => {}
        _ => return Err(error),
    }
    ensure!(
        word.chars().count() >= BEGINNING,
        "there is no session {word}: give its id, or at least {BEGINNING} characters of its beginning"
    );
    let (mut fitting, mut cursor) = (Vec::new(), String::new());
    loop {
        let page: Page = client.ask(Method::GET, &format!("/api/v1/sessions?limit=1000{cursor}")).await?;
        fitting.extend(page.items.into_iter().map(|session| session.id).filter(|id| begins(id, word)));
        match page.next_cursor {
            Some(next) => cursor = format!("&cursor={}", percent::encode(&next)),
            None => return only(word, fitting),
        }
    }
}

/// Whether a session's id begins so, with the name of its coder or without.
fn begins(id: &str, word: &str) -> bool {
    let bare = ["claude-ai-", "claude-", "codex-", "gemini-"].iter().find_map(|coder| id.strip_prefix(coder));
    id.starts_with(word) || bare.is_some_and(|bare| bare.starts_with(word))
}

fn only(word: &str, mut fitting: Vec<String>) -> anyhow::Result<String> {
    fitting.sort();
    fitting.dedup();
    match &fitting[..] {
        [] => bail!("no session's id begins with {word}: find it with `muster search WORDS --json`, or in the browser"),
        // An id that is there as a whole is meant, also when it is the beginning of another.
        [id, ..] if id.split_once('-').is_some_and(|(_, bare)| bare == word) => Ok(id.clone()),
        [id] => Ok(id.clone()),
        many => {
            let named = many.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("\n  ");
            bail!("{} sessions begin with {word}: give more of the id\n  {named}", many.len())
        }
    }
}

/// A name that fits nothing is a mistake: what was meant would be masked without a word.
fn known(keep: &[String], findings: &[Finding]) -> anyhow::Result<()> {
    let unknown = |id: &&String| *id != ALL && findings.iter().all(|finding| finding.id != **id);
    if let Some(id) = keep.iter().find(unknown) {
        bail!("--keep {id}: the review has no such finding; `muster export SESSION --review` lists the ids");
    }
    ensure!(keep.len() < 2 || keep.iter().all(|id| id != ALL), "--keep all goes without other ids");
    Ok(())
}

fn show(review: &Review, keep: &[String]) {
    let kept = |finding: &Finding| keep.iter().any(|id| *id == finding.id || id == ALL);
    let row = |finding: &Finding| {
        let what = if kept(finding) { "kept" } else { "masked" };
        // What hosts send must not steer the terminal.
        let text = finding.masked.chars().filter(|c| !c.is_control()).collect();
        [what.to_owned(), finding.id.clone(), finding.rule.clone(), text, format!("{}×", finding.count)]
    };
    let rows: Vec<_> = review.findings.iter().map(row).collect();
    if rows.is_empty() {
        eprintln!("{} entries; nothing in them looks like a secret.", review.entries);
        return;
    }
    eprint!("{}", table::layout(["WHAT", "ID", "RULE", "TEXT", "FOUND"], &rows));
    let masked = review.findings.iter().filter(|finding| !kept(finding)).count();
    eprintln!("{} entries; of {} texts that look like secrets, {masked} are masked.", review.entries, rows.len());
    if masked > 0 {
        eprintln!("What is no secret is left as it is with --keep ID,ID.");
    }
}

/// Writes beside the file first, so that what broke off is never taken for the whole.
async fn into_file(client: &Client, path: &str, file: &Path) -> anyhow::Result<()> {
    let part = file.with_added_extension("part");
    let written = into_part(client, path, &part).await;
    if written.is_err() {
        // A part is of no use; what hindered writing it is what people must read.
        let _ = fs::remove_file(&part);
    }
    let bytes = written?;
    fs::rename(&part, file).with_context(|| format!("cannot write {}", file.display()))?;
    eprintln!("Wrote {} ({bytes} bytes).", file.display());
    Ok(())
}

async fn into_part(client: &Client, path: &str, part: &Path) -> anyhow::Result<usize> {
    let mut out = BufWriter::new(private(part).with_context(|| format!("cannot write {}", part.display()))?);
    let mut bytes = 0;
    let wrote = client.download(path, |piece| {
        bytes += piece.len();
        out.write_all(piece).with_context(|| format!("cannot write {}", part.display()))
    });
    wrote.await?;
    out.flush().with_context(|| format!("cannot write {}", part.display()))?;
    Ok(bytes)
}

/// A conversation is not for everybody on this machine.
fn private(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

async fn to_standard_output(client: &Client, path: &str) -> anyhow::Result<()> {
    let mut out = io::stdout();
    let steers = out.is_terminal();
    let wrote =
        client.download(path, |piece| Ok(if steers { harmless(&mut out, piece) } else { out.write_all(piece) }?));
    match wrote.await {
        // Whoever reads has seen enough, as `head` has.
        Err(error)
            if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) =>
        {
            Ok(())
        }
        other => other,
    }
}

/// What hosts send must not steer the terminal.
fn harmless(out: &mut impl Write, piece: &[u8]) -> io::Result<()> {
    let shown = |byte: &u8| matches!(byte, b'\n' | b'\t') || !byte.is_ascii_control();
    out.write_all(&piece.iter().copied().filter(|byte| shown(byte)).collect::<Vec<u8>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn a_beginning_is_enough_when_it_is_the_only_one() {
        assert!(begins("claude-6f0e", "6f0") && begins("claude-6f0e", "claude-6f"));
        assert!(begins("claude-ai-77aa", "77aa") && !begins("claude-6f0e", "f0e"));
        assert_eq!(only("6f0e", ids(&["claude-6f0e4"])).unwrap(), "claude-6f0e4");
        assert_eq!(only("6f", ids(&["claude-6f", "claude-6f0"])).unwrap(), "claude-6f");
        let many = only("6f0e", ids(&["claude-6f0e5", "claude-6f0e4"])).unwrap_err().to_string();
        assert!(many.ends_with("\n  claude-6f0e4\n  claude-6f0e5"), "{many}");
        assert!(only("6f0e", Vec::new()).unwrap_err().to_string().contains("muster search"));
    }

    #[test]
    fn what_is_kept_must_be_known() {
        let finding = |id: &str| Finding { id: id.to_owned(), rule: String::new(), masked: String::new(), count: 1 };
        let known = |keep: &[&str]| known(&ids(keep), &[finding("a"), finding("b")]).is_ok();
        assert!(known(&[]) && known(&["b", "a"]) && known(&["all"]));
        assert!(!known(&["a", "c"]) && !known(&["all", "a"]));
    }

    #[test]
    fn the_name_of_the_file_says_the_format() {
        let form = |file: &str| Form::of(Path::new(file));
        assert_eq!(
            ["a.html", "a.jsonl", "a.md", "-"].map(form),
            [Form::Html, Form::Jsonl, Form::Markdown, Form::Markdown]
        );
    }

    #[test]
    fn a_terminal_is_not_steered() {
        let mut out = Vec::new();
        harmless(&mut out, "a\x1b[2J\tä\r\n\x07".as_bytes()).unwrap();
        assert_eq!(out, "a[2J\tä\n".as_bytes());
    }
}
