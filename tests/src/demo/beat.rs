//! Steps of a story, cut into beats: what the client writes at one moment.

use serde_json::{Value, json};

use super::story::Step;
use crate::pen::Outcome;

/// One write of the client.
#[derive(Debug, Clone)]
pub enum Beat {
    /// A prompt appears.
    Prompt(String),
    /// Thinking has ended.
    Think(String),
    /// A reply has ended; `last` ends the turn.
    Say {
        /// The reply.
        text: String,
        /// The turn ends with it.
        last: bool,
    },
    /// A tool is called.
    Use {
        /// The tool.
        name: &'static str,
        /// What it is given.
        input: Value,
    },
    /// The turn ends because the service refused; when the refusal is a usage limit, with the time at which it ends.
    Refused {
        /// What the client shows.
        text: String,
        /// Unix seconds.
        resets_at: Option<i64>,
    },
    /// A subagent begins beside the conversation, which goes on.
    Launch {
        /// Its type.
        kind: String,
        /// What it is for.
        description: String,
        /// Its prompt.
        prompt: String,
    },
    /// The tool called last has answered.
    Result(Outcome),
    /// A subagent begins.
    Begin {
        /// Its type.
        kind: String,
        /// What it is for.
        description: String,
        /// Its prompt.
        prompt: String,
    },
    /// The subagent reports and is done.
    End(String),
}

/// All beats of these steps. `cwd` makes paths absolute.
pub fn beats(steps: &[Step], cwd: &str) -> Vec<Beat> {
    let ends_turn = |at: usize| steps.get(at + 1).is_none_or(|next| matches!(next, Step::Prompt(_)));
    steps.iter().enumerate().flat_map(|(at, step)| of_step(step, ends_turn(at), cwd)).collect()
}

fn of_step(step: &Step, last: bool, cwd: &str) -> Vec<Beat> {
    let absolute = |path: &str| if cwd.contains('\\') { format!("{cwd}\\{path}") } else { format!("{cwd}/{path}") };
    match step {
        Step::Prompt(text) => vec![Beat::Prompt(text.clone())],
        Step::Think(text) => vec![Beat::Think(text.clone())],
        Step::Say(text) => vec![Beat::Say { text: text.clone(), last }],
        Step::Bash { command, output, fails } => {
            vec![Beat::Use { name: "Bash", input: json!({"command": command}) }, Beat::Result(bash(output, *fails))]
        }
        Step::Read { path, text } => {
            let path = absolute(path);
            vec![Beat::Use { name: "Read", input: json!({"file_path": path}) }, Beat::Result(read(&path, text))]
        }
        Step::Grep { pattern, path, matches } => {
            let input = json!({"pattern": pattern, "path": absolute(path), "output_mode": "content", "-n": true});
            vec![Beat::Use { name: "Grep", input }, Beat::Result(grep(matches))]
        }
        Step::Edit { path, old, new } => {
            let path = absolute(path);
            let input = json!({"file_path": path, "old_string": old, "new_string": new, "replace_all": false});
            vec![Beat::Use { name: "Edit", input }, Beat::Result(edit(&path, old, new))]
        }
        Step::Ask { question, options } => {
            vec![
                Beat::Use { name: "AskUserQuestion", input: ask(question, options) },
                Beat::Result(answer(question, options)),
            ]
        }
        Step::Agent { kind, description, steps, report } => subagent(kind, description, steps, report, cwd),
    }
}

fn subagent(kind: &str, description: &str, steps: &[Step], report: &str, cwd: &str) -> Vec<Beat> {
    let (prompt, rest) = match steps.split_first() {
        Some((Step::Prompt(text), rest)) => (text.as_str(), rest),
        _ => (description, steps),
    };
    let begin = Beat::Begin { kind: kind.to_owned(), description: description.to_owned(), prompt: prompt.to_owned() };
    let mut all = vec![begin];
    all.extend(beats(rest, cwd));
    all.push(Beat::End(report.to_owned()));
    all
}

fn ask(question: &str, options: &[String]) -> Value {
    let options: Vec<Value> = options.iter().map(|label| json!({"label": label, "description": label})).collect();
    json!({"questions": [{"question": question, "header": "Choose", "multiSelect": false, "options": options}]})
}

fn answer(question: &str, options: &[String]) -> Outcome {
    let chosen = options.first().map(String::as_str).unwrap_or_default();
    let told = format!("User has answered your questions: \"{question}\"=\"{chosen}\".");
    Outcome { content: json!(told), detail: json!({"answers": {question: chosen}}), failed: false }
}

/// What a command in the background answers at once.
pub fn in_background(id: &str) -> Outcome {
    let detail = json!({
        "stdout": "", "stderr": "", "interrupted": false, "isImage": false, "backgroundTaskId": id,
    });
    Outcome { content: json!(format!("Command running in background with ID: {id}.")), detail, failed: false }
}

fn bash(output: &str, fails: bool) -> Outcome {
    if fails {
        let text = format!("Exit code 1\n{output}");
        return Outcome { detail: json!(format!("Error: {text}")), content: json!(text), failed: true };
    }
    let detail = json!({"stdout": output, "stderr": "", "interrupted": false, "isImage": false});
    Outcome { content: json!(output), detail, failed: false }
}

fn read(path: &str, text: &str) -> Outcome {
    let numbered: Vec<String> =
        text.lines().enumerate().map(|(at, line)| format!("{:>6}\u{2192}{line}", at + 1)).collect();
    let count = numbered.len();
    let file = json!({"filePath": path, "content": text, "numLines": count, "startLine": 1, "totalLines": count});
    Outcome { content: json!(numbered.join("\n")), detail: json!({"type": "text", "file": file}), failed: false }
}

fn grep(matches: &str) -> Outcome {
    let detail = json!({
        "mode": "content", "numFiles": 0, "filenames": [], "content": matches, "numLines": matches.lines().count(),
    });
    Outcome { content: json!(matches), detail, failed: false }
}

fn edit(path: &str, old: &str, new: &str) -> Outcome {
    let marked = |mark: char, text: &str| text.lines().map(|line| format!("{mark}{line}")).collect::<Vec<_>>();
    let lines: Vec<String> = marked('-', old).into_iter().chain(marked('+', new)).collect();
    let hunks = json!([{
        "oldStart": 40, "oldLines": old.lines().count(), "newStart": 40, "newLines": new.lines().count(), "lines": lines,
    }]);
    let detail = json!({
        "filePath": path, "oldString": old, "newString": new, "structuredPatch": hunks, "replaceAll": false,
    });
    Outcome { content: json!(format!("The file {path} has been updated.")), detail, failed: false }
}
