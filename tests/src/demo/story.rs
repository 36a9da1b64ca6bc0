//! The stories that simulated coders live through, from a small script language.
//!
//! A story begins with `# key: value` lines; `====` separates stories. Then each line that begins with a mark and a
//! space is a step, and lines that begin with `|` go on with the step above:
//!
//! ```text
//! > a person's prompt            ~ thinking                 = a reply
//! $ a command    | its output    ! a command that fails     < a file that is read    | its text
//! / pattern  in  path | matches  * a file that is edited    - old line               + new line
//! @ type: description            the subagent's steps       @end its report
//! ? a question to the person     | its options
//! ```

use std::collections::BTreeMap;

/// What a coder does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A person asks.
    Prompt(String),
    /// The model thinks.
    Think(String),
    /// The model answers.
    Say(String),
    /// The model runs a command.
    Bash {
        /// The command.
        command: String,
        /// What it prints.
        output: String,
        /// It fails.
        fails: bool,
    },
    /// The model reads a file.
    Read {
        /// Path, relative to the project.
        path: String,
        /// Its text.
        text: String,
    },
    /// The model searches.
    Grep {
        /// What for.
        pattern: String,
        /// Where.
        path: String,
        /// What it finds.
        matches: String,
    },
    /// The model edits a file.
    Edit {
        /// Path, relative to the project.
        path: String,
        /// Text before.
        old: String,
        /// Text after.
        new: String,
    },
    /// The model asks the person, who takes the first option.
    Ask {
        /// The question.
        question: String,
        /// What may be chosen.
        options: Vec<String>,
    },
    /// The model hands work to a subagent.
    Agent {
        /// Its type.
        kind: String,
        /// What it is for.
        description: String,
        /// What it does; the first is its prompt.
        steps: Vec<Step>,
        /// What it reports.
        report: String,
    },
}

/// A conversation and where it takes place.
#[derive(Debug, Clone, Default)]
pub struct Story {
    facts: BTreeMap<String, String>,
    /// What happens.
    pub steps: Vec<Step>,
}

impl Story {
    /// All stories of a script.
    pub fn all(script: &str) -> Vec<Self> {
        script.split("====\n").filter(|part| !part.trim().is_empty()).map(Self::read).collect()
    }

    fn read(script: &str) -> Self {
        let mut lines = script.lines().filter(|line| !line.is_empty()).peekable();
        let mut facts = BTreeMap::new();
        while let Some((key, value)) =
            lines.peek().and_then(|line| line.strip_prefix("# ")).and_then(|line| line.split_once(": "))
        {
            facts.insert(key.to_owned(), value.to_owned());
            lines.next();
        }
        Self { facts, steps: steps(&mut lines) }
    }

    /// A fact of the head; empty when it is not told.
    pub fn fact(&self, key: &str) -> &str {
        self.facts.get(key).map(String::as_str).unwrap_or_default()
    }

    /// A fact that is a number.
    pub fn number(&self, key: &str) -> Option<u64> {
        self.fact(key).parse().ok()
    }

    /// The steps with `{name}` replaced by what the story of `other` says about `name`.
    pub fn told_in(&self, other: &Story) -> Vec<Step> {
        self.steps.iter().map(|step| step.map(&|text| filled(text, other))).collect()
    }
}

fn filled(text: &str, story: &Story) -> String {
    story.facts.iter().fold(text.to_owned(), |text, (key, value)| text.replace(&format!("{{{key}}}"), value))
}

impl Step {
    fn map(&self, to: &impl Fn(&str) -> String) -> Self {
        match self {
            Self::Prompt(text) => Self::Prompt(to(text)),
            Self::Think(text) => Self::Think(to(text)),
            Self::Say(text) => Self::Say(to(text)),
            Self::Bash { command, output, fails } => {
                Self::Bash { command: to(command), output: to(output), fails: *fails }
            }
            Self::Read { path, text } => Self::Read { path: to(path), text: to(text) },
            Self::Grep { pattern, path, matches } => {
                Self::Grep { pattern: to(pattern), path: to(path), matches: to(matches) }
            }
            Self::Edit { path, old, new } => Self::Edit { path: to(path), old: to(old), new: to(new) },
            Self::Ask { question, options } => {
                Self::Ask { question: to(question), options: options.iter().map(|option| to(option)).collect() }
            }
            Self::Agent { kind, description, steps, report } => Self::Agent {
                kind: kind.clone(),
                description: to(description),
                steps: steps.iter().map(|step| step.map(to)).collect(),
                report: to(report),
            },
        }
    }
}

type Lines<I> = std::iter::Peekable<I>;

/// Steps up to the end, or to the `@end` of the subagent that they belong to.
fn steps<'a, I: Iterator<Item = &'a str>>(lines: &mut Lines<I>) -> Vec<Step> {
    let mut steps = Vec::new();
    while let Some(line) = lines.peek().copied() {
        if line.starts_with("@end") {
            break;
        }
        lines.next();
        let (mark, text) = line.split_once(' ').unwrap_or((line, ""));
        let step = match mark {
            "@" => subagent(text, lines),
            "*" => Some(edit(text, lines)),
            _ => simple(mark, text, &body(lines)),
        };
        steps.push(step.unwrap_or_else(|| panic!("not a step of a story: {line:?}")));
    }
    steps
}

fn simple(mark: &str, text: &str, body: &str) -> Option<Step> {
    let whole = || if body.is_empty() { text.to_owned() } else { format!("{text}\n{body}") };
    Some(match mark {
        ">" => Step::Prompt(whole()),
        "~" => Step::Think(whole()),
        "=" => Step::Say(whole()),
        "$" | "!" => Step::Bash { command: text.to_owned(), output: body.to_owned(), fails: mark == "!" },
        "?" => Step::Ask { question: text.to_owned(), options: body.lines().map(str::to_owned).collect() },
        "<" => Step::Read { path: text.to_owned(), text: body.to_owned() },
        "/" => {
            let (pattern, path) = text.split_once("  in  ")?;
            Step::Grep { pattern: pattern.to_owned(), path: path.to_owned(), matches: body.to_owned() }
        }
        _ => return None,
    })
}

/// Lines that go on with the step above.
fn body<'a, I: Iterator<Item = &'a str>>(lines: &mut Lines<I>) -> String {
    let mut parts = Vec::new();
    while let Some(rest) = lines.peek().and_then(|line| line.strip_prefix('|')) {
        parts.push(rest.strip_prefix(' ').unwrap_or(rest));
        lines.next();
    }
    parts.join("\n")
}

fn edit<'a, I: Iterator<Item = &'a str>>(path: &str, lines: &mut Lines<I>) -> Step {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    while let Some(line) = lines.peek().copied() {
        match line.get(..1) {
            Some("-") => old.push(line.get(2..).unwrap_or_default()),
            Some("+") => new.push(line.get(2..).unwrap_or_default()),
            _ => break,
        }
        lines.next();
    }
    Step::Edit { path: path.to_owned(), old: old.join("\n"), new: new.join("\n") }
}

fn subagent<'a, I: Iterator<Item = &'a str>>(text: &str, lines: &mut Lines<I>) -> Option<Step> {
    let (kind, description) = text.split_once(": ")?;
    let steps = steps(lines);
    let report = lines.next()?.strip_prefix("@end")?.trim().to_owned();
    Some(Step::Agent { kind: kind.to_owned(), description: description.to_owned(), steps, report })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_becomes_steps() {
        let script = "# host: nas\n# files: a.rs\n> Look\n| twice\n$ ls\n| a.rs\n* a.rs\n- old\n+ new\n\
                      @ Explore: Find {files}\n> Find it\n= Found\n@end Here it is\n";
        let story = Story::all(script).remove(0);
        assert_eq!(story.fact("host"), "nas");
        assert_eq!(story.steps[0], Step::Prompt("Look\ntwice".into()));
        assert_eq!(story.steps[1], Step::Bash { command: "ls".into(), output: "a.rs".into(), fails: false });
        assert_eq!(story.steps[2], Step::Edit { path: "a.rs".into(), old: "old".into(), new: "new".into() });
        let Step::Agent { description, report, .. } = &story.told_in(&story)[3] else { panic!("not a subagent") };
        assert_eq!((description.as_str(), report.as_str()), ("Find a.rs", "Here it is"));
    }
}
