//! A coder as the file system sees it: one `write()` of whole lines to a file opened for appending, then close.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;
use uuid::Uuid;

use crate::lines::{Lines, Version};

/// One session of a simulated coder.
#[derive(Debug)]
pub struct Coder {
    /// The coder's own id of the session.
    pub session_id: String,
    /// Makes its lines.
    pub lines: Lines,
    path: PathBuf,
}

impl Coder {
    /// A new session in the working directory `cwd`, below the transcripts' root. The file appears with the first line.
    pub fn new(root: &Path, cwd: &str, version: Version) -> Self {
        let session_id = Uuid::new_v4().to_string();
        let path = root.join(encode(cwd)).join(format!("{session_id}.jsonl"));
        Self { lines: Lines::new(version, &session_id, cwd), session_id, path }
    }

    /// The same conversation, written by another process.
    #[must_use]
    pub fn again(&self) -> Self {
        Self { session_id: self.session_id.clone(), lines: self.lines.clone(), path: self.path.clone() }
    }

    /// The transcript.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Id of the session at the aggregator.
    pub fn id(&self) -> String {
        format!("claude-{}", self.session_id)
    }

    /// Topic of the session.
    pub fn topic(&self) -> String {
        format!("session:{}", self.id())
    }

    /// A person's prompt.
    pub fn prompt(&mut self, text: &str) {
        let line = self.lines.prompt(text);
        append(&self.path, line.as_bytes());
    }

    /// The model's reply.
    pub fn reply(&mut self, text: &str) {
        let line = self.lines.reply(text);
        append(&self.path, line.as_bytes());
    }

    /// A whole turn: prompt, tool call, outcome, reply, records; in the batches in which the client writes them.
    pub fn turn(&mut self, about: &str) {
        self.prompt(&format!("Please look at {about}"));
        let thought = self.lines.thinking("I should read the project before changing anything.");
        let [call, outcome] =
            self.lines.tool("Bash", &json!({"command": "ls", "description": "List"}), "README.md\nsrc");
        append(&self.path, format!("{thought}{call}").as_bytes());
        append(&self.path, outcome.as_bytes());
        let records = self.lines.bookkeeping(2000).concat();
        let reply = self.lines.reply(&format!("{about} is in order."));
        append(&self.path, format!("{records}{reply}").as_bytes());
    }

    /// A sub-agent with its side file, as clients since 2.1 lay them out.
    pub fn subagent(&self, text: &str) -> PathBuf {
        let id = format!("a{}", &Uuid::new_v4().simple().to_string()[..16]);
        let folder = self.path.with_extension("").join("subagents");
        let path = folder.join(format!("agent-{id}.jsonl"));
        let mut lines = self.lines.subagent(&id);
        append(&path, format!("{}{}", lines.prompt(text), lines.reply("Done.")).as_bytes());
        let meta = json!({"agentType": "Explore", "description": text}).to_string();
        fs::write(folder.join(format!("agent-{id}.meta.json")), meta).expect("the folder is ours");
        path
    }

    /// Appends bytes as they are.
    pub fn append(&self, bytes: &[u8]) {
        append(&self.path, bytes);
    }
}

/// Opens for appending (making file and folders), one `write()`, close: what the client does.
pub fn append(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("the folder is ours");
    let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(path).expect("the file is ours");
    file.write_all(bytes).expect("room on the disk");
}

/// The client's name for a working directory's folder.
pub fn encode(cwd: &str) -> String {
    cwd.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

/// Copies a folder with all folders and files in it.
pub fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder is ours");
    for entry in fs::read_dir(from).expect("the source exists").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else if entry.path().is_file() {
            fs::copy(entry.path(), target).expect("room on the disk");
        }
    }
}
