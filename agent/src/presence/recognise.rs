//! Which coder a command line belongs to, and what it says of the session.

/// What a command line says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Recognised {
    /// "claude", "codex" or "gemini".
    pub(super) coder: &'static str,
    /// The coder's own id of the session, where it was named.
    pub(super) session: String,
    /// "print" when it runs without a person; else empty.
    pub(super) kind: &'static str,
}

/// Programs that run a script whose path comes after their own flags.
const INTERPRETERS: [&str; 4] = ["node", "nodejs", "bun", "deno"];

/// A coder's program: its name, where its package keeps its script, and the first words after which it holds no session.
struct Program {
    coder: &'static str,
    package: &'static str,
    others: &'static [&'static str],
}

const PROGRAMS: [Program; 3] = [
    Program {
        coder: "claude",
        package: "@anthropic-ai/claude-code",
        others: &[
            "agents",
            "attach",
            "auth",
            "config",
            "daemon",
            "doctor",
            "install",
            "logs",
            "mcp",
            "migrate-installer",
            "plugin",
            "plugins",
            "rm",
            "setup-token",
            "stop",
            "update",
            "upgrade",
            "--version",
            "-v",
            "--help",
            "-h",
            "--claude-in-chrome-mcp",
            "--chrome-native-host",
            "--ripgrep",
        ],
    },
    Program {
        coder: "codex",
        package: "@openai/codex",
        others: &[
            "app-server",
            "apply",
            "cloud",
            "completion",
            "debug",
            "features",
            "help",
            "login",
            "logout",
            "mcp",
            "mcp-server",
            "proto",
            "sandbox",
            "--version",
            "-V",
            "--help",
            "-h",
        ],
    },
    Program {
        coder: "gemini",
        package: "@google/gemini-cli",
        others: &["extensions", "hooks", "mcp", "skills", "--version", "-v", "--help", "-h", "--list-sessions"],
    },
];

/// Recognises a coder that holds a session.
pub(super) fn recognise(args: &[String]) -> Option<Recognised> {
    let (program, rest) = program(args)?;
    if rest.first().is_some_and(|first| program.others.contains(&first.as_str())) {
        return None;
    }
    let session = match program.coder {
        "codex" => codex_session(rest),
        _ => value(rest, &["--resume", "-r", "--session-id"]),
    };
    // Only a whole id says which session it is; a name or a number in a list does not.
    let session = session.filter(|id| uuid::Uuid::try_parse(id).is_ok()).unwrap_or_default().to_owned();
    let alone = match program.coder {
        "codex" => rest.first().is_some_and(|first| first == "exec" || first == "e"),
        _ => rest.iter().take_while(|arg| *arg != "--").any(|arg| arg == "-p" || arg == "--print" || arg == "--prompt"),
    };
    Some(Recognised { coder: program.coder, session, kind: if alone { "print" } else { "" } })
}

fn program(args: &[String]) -> Option<(&'static Program, &[String])> {
    let (first, rest) = args.split_first()?;
    if let Some(program) = PROGRAMS.iter().find(|program| is_native(program, first)) {
        return Some((program, rest));
    }
    if !INTERPRETERS.contains(&name(first)) {
        return None;
    }
    let at = rest.iter().position(|arg| !arg.starts_with('-'))?;
    let script = rest[at].replace('\\', "/");
    let of = |program: &&Program| script.contains(program.package) || name(&script) == program.coder;
    PROGRAMS.iter().find(of).map(|program| (program, &rest[at + 1..]))
}

/// The coder's own program: under its name, or under its version's where its installer keeps those. The desktop
/// application has the same name in another folder.
fn is_native(program: &Program, path: &str) -> bool {
    let slashes = path.replace('\\', "/");
    let own = name(path);
    let versioned = slashes.contains(&format!("/{}/versions/", program.coder));
    let triple =
        own.strip_prefix(program.coder).is_some_and(|rest| rest.starts_with("-x86_64") || rest.starts_with("-aarch64"));
    (own == program.coder || versioned || triple) && !slashes.contains("AnthropicClaude")
}

/// The last part of a path, without the endings of Windows and of scripts.
fn name(path: &str) -> &str {
    let last = path.rsplit(['/', '\\']).next().unwrap_or(path);
    [".exe", ".cmd", ".js", ".mjs"].iter().find_map(|ending| last.strip_suffix(ending)).unwrap_or(last)
}

/// The value behind one of these flags.
fn value<'a>(args: &'a [String], flags: &[&str]) -> Option<&'a str> {
    let mut args = args.iter().take_while(|arg| *arg != "--");
    while let Some(arg) = args.next() {
        let (flag, joined) = arg.split_once('=').map_or((arg.as_str(), None), |(flag, value)| (flag, Some(value)));
        if flags.contains(&flag) {
            return joined.or_else(|| args.next().map(String::as_str));
        }
    }
    None
}

/// `codex resume ID`, `codex exec resume ID`.
fn codex_session(args: &[String]) -> Option<&str> {
    let at = args.iter().position(|arg| arg == "resume")?;
    args.get(at + 1).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "dbe87a47-3df4-405b-a100-dc26ab5e167f";

    fn of(line: &str) -> Option<(&'static str, String, &'static str)> {
        let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
        recognise(&args).map(|found| (found.coder, found.session, found.kind))
    }

    #[test]
    fn coders_are_recognised_however_they_were_installed() {
        let lines = [
            ("claude", "claude"),
            ("/home/a/.local/bin/claude -c", "claude"),
            ("/home/a/.local/share/claude/versions/2.1.329", "claude"),
            ("node --max-old-space-size=4096 /usr/lib/node_modules/@anthropic-ai/claude-code/cli.js", "claude"),
            (r"C:\Users\a\.local\bin\claude.exe", "claude"),
            ("node /usr/local/bin/codex", "codex"),
            ("/opt/codex/codex-x86_64-unknown-linux-musl", "codex"),
            ("/usr/bin/node --no-warnings=DEP0040 /usr/local/bin/gemini", "gemini"),
            (r"node C:\npm\node_modules\@google\gemini-cli\dist\index.js", "gemini"),
        ];
        for (line, coder) in lines {
            assert_eq!(of(line), Some((coder, String::new(), "")), "{line}");
        }
    }

    #[test]
    fn a_command_line_may_name_the_session() {
        let lines = [
            (format!("claude --resume {ID}"), "claude", ""),
            (format!("claude -p --session-id={ID} fix"), "claude", "print"),
            (format!("codex resume {ID}"), "codex", ""),
            (format!("codex exec resume {ID} go"), "codex", "print"),
            (format!("gemini -r {ID}"), "gemini", ""),
        ];
        for (line, coder, kind) in lines {
            assert_eq!(of(&line), Some((coder, ID.to_owned(), kind)), "{line}");
        }
        assert_eq!(of("claude --resume my-name"), Some(("claude", String::new(), "")));
        assert_eq!(of(&format!("claude -- --resume {ID} -p")), Some(("claude", String::new(), "")));
    }

    #[test]
    fn other_programs_are_none() {
        let lines = [
            "",
            "vim claude",
            "node server.js",
            "node",
            "claude mcp serve",
            "claude --version",
            "codex app-server",
            "/usr/bin/claude-desktop",
            r"C:\Users\a\AppData\Local\AnthropicClaude\claude.exe",
            "grep -r claude",
            "bash -c claude",
            "tail -f /home/a/.claude/projects/x.jsonl",
            "node /srv/claude/versions.js",
        ];
        for line in lines {
            assert_eq!(of(line), None, "{line}");
        }
    }
}
