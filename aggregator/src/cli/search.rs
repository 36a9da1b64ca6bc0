//! `muster search`: the archive from a terminal.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

use clap::{Args, ValueEnum};
use http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::args::Globals;
use super::client::Client;
use super::out::{say, text};
use super::owner;
use super::reach::Reach;
use super::{open, percent};

/// Flags of `search`.
#[derive(Debug, Args)]
#[command(after_help = "What a query can say (put it in single quotes, so that the shell leaves it alone):
  fix login             both words, in one prompt, reply, tool call or answer
  \"exact words\"         in this order        deploy*    words that begin so
  recieve~              or spelled alike     -draft     without this word
  src/auth.rs  foo::bar  parseHTTP  2.1.329  1ac5951    code, paths, versions, hashes: as they are
Where nothing holds all of it, what comes closest is shown, and said to be that; not with --strict.
Filters, each also with a - before it:
  host: project: coder: client: session: branch: model: actor: tool: path:   names, with * for anything
  role:prompt|reply|thinking|tool_input|tool_result|title    is:error|subagent|gone    has:image
  after:2026-11-01  before:yesterday  after:7d

Examples:
  muster search login timeout
  muster search 'tool:Bash is:error \"permission denied\"' --sort recent
  muster search 'role:prompt project:muster after:7d' --json | jq -r '.items[].snippet'

The exit code is 0 when something was found, and 1 when nothing was.")]
pub(super) struct SearchArgs {
    /// What to look for; after `--` it may begin with a dash
    #[arg(required = true, value_name = "WORDS")]
    words: Vec<String>,
    /// Print the answer of the API as JSON
    #[arg(long)]
    json: bool,
    /// Sessions shown (hits with --json), at most 100
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: u32,
    /// Only what holds every word as it is written: no other forms of words, and not only most of them; always so with --json
    #[arg(long)]
    strict: bool,
    /// What comes first: the best, or the most recent
    #[arg(long, value_enum, default_value_t = Order::Best)]
    sort: Order,
    /// Ask the aggregator at this address [default: the one that runs on this data folder]
    #[arg(long, env = "MUSTER_URL", value_name = "URL")]
    url: Option<String>,
    /// Token [default: the owner's, from the data folder]
    #[arg(long, env = "MUSTER_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Order {
    Best,
    Recent,
}

#[derive(Debug, Deserialize)]
struct Answer {
    items: Vec<Item>,
    sessions: Vec<Session>,
    total: u64,
    total_sessions: u64,
    remarks: Vec<String>,
    partial: Option<Partial>,
}

#[derive(Debug, Deserialize)]
struct Item {
    session_id: String,
    transcript_id: String,
    line: u64,
    role: String,
    tool: Option<String>,
    time: Option<String>,
    snippet: String,
    highlights: Vec<(usize, usize)>,
}

#[derive(Debug, Deserialize)]
struct Session {
    id: String,
    title: Option<String>,
    project_name: Option<String>,
    hits: u64,
}

#[derive(Debug, Deserialize)]
struct Partial {
    done_bytes: u64,
    total_bytes: u64,
}

pub(super) async fn run(globals: &Globals, args: SearchArgs) -> anyhow::Result<std::process::ExitCode> {
    let (client, base) = client(globals, args.url.clone(), args.token.clone()).await?;
    let sort = if args.sort == Order::Recent { "recent" } else { "best" };
    let group = if args.json { "" } else { "&group=session" };
    let query = percent::encode(&args.words.join(" "));
    let loose = !(args.strict || args.json);
    let path = format!("/api/v1/search?q={query}&sort={sort}&limit={}&loose={loose}{group}", args.limit);
    let found = if args.json {
        let answer: Value = client.ask(Method::GET, &path).await?;
        say!("{answer}");
        answer["total"].as_u64().unwrap_or(0) > 0
    } else {
        let answer: Answer = client.ask(Method::GET, &path).await?;
        let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
        text(Page { base: &base, colour }.show(&answer))?;
        for remark in &answer.remarks {
            eprintln!("{remark}.");
        }
        answer.total > 0
    };
    Ok(if found { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE })
}

/// Who to ask, and the address that people open.
async fn client(globals: &Globals, url: Option<String>, token: Option<String>) -> anyhow::Result<(Client, String)> {
    if let (Some(url), Some(token)) = (&url, &token) {
        let url = url.trim_end_matches('/').to_owned();
        return Ok((Client { url: url.clone(), pin: None, token: token.clone() }, url));
    }
    let (db, access) = open(globals).await?;
    let reach = Reach::load(&db).await?;
    let token = match token {
        Some(token) => token,
        None => owner::token(&access, &globals.make_data()?).await?,
    };
    // An address given by hand may be a proxy's, with a certificate of its own.
    let (pin, base) = match &url {
        None => (reach.pin, reach.url),
        Some(url) => (None, url.trim_end_matches('/').to_owned()),
    };
    let url = url.map_or(reach.local_url, |url| url.trim_end_matches('/').to_owned());
    Ok((Client { url, pin, token }, base))
}

/// How an answer is shown.
struct Page<'a> {
    base: &'a str,
    colour: bool,
}

impl Page<'_> {
    fn show(&self, answer: &Answer) -> String {
        let mut text = String::new();
        for session in &answer.sessions {
            let title = session.title.as_deref().unwrap_or("without a title");
            let project = session.project_name.as_deref().unwrap_or_default();
            let hits = if session.hits == 1 { "1 hit".to_owned() } else { format!("{} hits", session.hits) };
            let _ = writeln!(
                text,
                "{}  {}",
                self.paint("1", &plain(title)),
                self.paint("2", &format!("{project} · {hits}"))
            );
            for item in answer.items.iter().filter(|item| item.session_id == session.id) {
                text.push_str(&self.hit(item));
            }
            text.push('\n');
        }
        let _ = match answer.total {
            0 => writeln!(text, "Nothing found."),
            total => writeln!(text, "{total} found in {} sessions.", answer.total_sessions),
        };
        if let Some(partial) = &answer.partial {
            let percent = partial.done_bytes.saturating_mul(100) / partial.total_bytes.max(1);
            let _ = writeln!(text, "The index is being built: {percent} % was searched. Ask again later.");
        }
        text
    }

    fn hit(&self, item: &Item) -> String {
        let what = item.tool.as_deref().map_or(item.role.clone(), |tool| format!("{} {}", item.role, plain(tool)));
        let when = item.time.as_deref().map_or("", |time| time.get(..16).unwrap_or(time)).replace('T', " ");
        let link = format!("{}/browse/{}?at={}:{}", self.base, item.session_id, item.transcript_id, item.line);
        let head = self.paint("36", &format!("{when}  {what}"));
        format!("  {head}\n    {}\n    {}\n", self.marked(item), self.paint("2;4", &link))
    }

    /// The snippet with what was found in bold.
    fn marked(&self, item: &Item) -> String {
        let characters: Vec<char> = item.snippet.chars().collect();
        let (mut text, mut at) = (String::new(), 0);
        for (start, end) in &item.highlights {
            let (start, end) = ((*start).min(characters.len()), (*end).min(characters.len()));
            text.extend(&characters[at.min(start)..start]);
            let found: String = characters[start..end.max(start)].iter().collect();
            text.push_str(&self.paint("1;33", &found));
            at = end;
        }
        text.extend(&characters[at.min(characters.len())..]);
        text
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// What hosts send must not steer the terminal.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Answer {
        serde_json::from_value(serde_json::json!({
            "items": [{"session_id": "claude-1", "transcript_id": "t", "line": 7, "role": "tool_result", "tool": "Bash",
                "time": "2026-11-21T10:11:12.000Z", "snippet": "日 the needle", "highlights": [[6, 12]]}],
            "sessions": [{"id": "claude-1", "title": "A \u{1b}[2Jtitle", "project_name": "app", "hits": 1}],
            "total": 1, "total_sessions": 1, "remarks": [], "partial": null,
        }))
        .unwrap()
    }

    #[test]
    fn hits_are_shown_with_links() {
        let shown = Page { base: "https://m", colour: false }.show(&answer());
        assert_eq!(
            shown,
            "A [2Jtitle  app · 1 hit\n  2026-11-21 10:11  tool_result Bash\n    日 the needle\n    \
             https://m/browse/claude-1?at=t:7\n\n1 found in 1 sessions.\n"
        );
    }

    #[test]
    fn colour_marks_what_was_found() {
        let shown = Page { base: "", colour: true }.show(&answer());
        assert!(shown.contains("日 the \u{1b}[1;33mneedle\u{1b}[0m"), "{shown:?}");
    }
}
