//! A corpus of transcripts for measurements: made quickly, like real ones in sizes, kinds of lines and compressibility.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;

use crate::dice::Dice;
use crate::pen::{Facts, Outcome, Pen, folder_of};
use crate::prose::Prose;

/// What was written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Corpus {
    /// All bytes.
    pub bytes: u64,
    /// Main transcripts.
    pub sessions: usize,
    /// Transcripts of subagents.
    pub subagents: usize,
}

/// Client versions and how many of ten sessions they wrote.
const VERSIONS: [(&str, usize); 3] = [("2.0.76", 1), ("2.1.197", 3), ("2.1.329", 6)];

/// Smallest and largest session, bytes. Most are small: sizes are spread evenly over their magnitudes.
const SIZES: (u32, u32) = (14, 23);

/// A subagent's share of its session, and one session in this many has one.
const SUBAGENT_SHARE: u64 = 4;
const SUBAGENT_EVERY: usize = 3;

/// Writes sessions below `root` until there are `bytes` of them.
pub fn write(root: &Path, bytes: u64, seed: u64) -> io::Result<Corpus> {
    let mut dice = Dice::new(seed);
    let prose = Prose::new(&mut dice);
    let mut corpus = Corpus::default();
    while corpus.bytes < bytes {
        let magnitude = dice.between(u64::from(SIZES.0), u64::from(SIZES.1));
        let size = dice.between(1 << magnitude, 2 << magnitude).min(bytes - corpus.bytes + 1024);
        let mut writer = Writer::new(root, &mut dice, &prose)?;
        corpus.bytes += writer.fill(size, &mut dice)?;
        corpus.sessions += 1;
        if dice.below(SUBAGENT_EVERY) == 0 {
            corpus.bytes += writer.subagent()?.fill(size / SUBAGENT_SHARE, &mut dice)?;
            corpus.subagents += 1;
        }
    }
    Ok(corpus)
}

/// Writes `count` sessions of a few kilobytes.
pub fn write_many(root: &Path, count: usize, seed: u64) -> io::Result<Corpus> {
    let mut dice = Dice::new(seed);
    let prose = Prose::new(&mut dice);
    let mut corpus = Corpus::default();
    for _ in 0..count {
        corpus.bytes += Writer::new(root, &mut dice, &prose)?.fill(4096, &mut dice)?;
        corpus.sessions += 1;
    }
    Ok(corpus)
}

/// Writes one session of about `bytes`; returns the coder's id of it.
pub fn write_one(root: &Path, bytes: u64, seed: u64) -> io::Result<String> {
    let mut dice = Dice::new(seed);
    let prose = Prose::new(&mut dice);
    let mut writer = Writer::new(root, &mut dice, &prose)?;
    writer.fill(bytes, &mut dice)?;
    Ok(writer.pen.facts().session.clone())
}

struct Writer<'a> {
    path: PathBuf,
    pen: Pen,
    prose: &'a Prose,
    now: Timestamp,
}

impl<'a> Writer<'a> {
    fn new(root: &Path, dice: &mut Dice, prose: &'a Prose) -> io::Result<Self> {
        let of_ten = VERSIONS.iter().flat_map(|(version, count)| vec![*version; *count]).collect::<Vec<_>>();
        let facts = Facts {
            session: Uuid::new_v4().to_string(),
            cwd: format!("/srv/{}", prose.word(dice.below(40))),
            branch: format!("feat/{}", prose.word(dice.below(200))),
            version: of_ten[dice.below(of_ten.len())].to_owned(),
            entrypoint: "cli".to_owned(),
            model: "claude-opus-5-5".to_owned(),
        };
        let folder = root.join(folder_of(&facts.cwd));
        fs::create_dir_all(&folder)?;
        let ago = SignedDuration::from_mins(dice.between(1, 60 * 24 * 30).cast_signed());
        let path = folder.join(format!("{}.jsonl", facts.session));
        Ok(Self { path, pen: Pen::new(facts), prose, now: Timestamp::now() - ago })
    }

    /// The same for a subagent of this session.
    fn subagent(&self) -> io::Result<Self> {
        let id = format!("a{}", &Uuid::new_v4().simple().to_string()[..16]);
        let folder = self.path.with_extension("").join("subagents");
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("agent-{id}.jsonl"));
        Ok(Self { path, pen: self.pen.subagent(&id), prose: self.prose, now: self.now })
    }

    /// Writes turns until the file holds `bytes`.
    fn fill(&mut self, bytes: u64, dice: &mut Dice) -> io::Result<u64> {
        let mut file = BufWriter::with_capacity(1 << 18, File::create(&self.path)?);
        let mut written = 0;
        while written < bytes {
            let lines = if written == 0 { self.head(dice) } else { self.turn(dice) };
            file.write_all(lines.as_bytes())?;
            written += lines.len() as u64;
        }
        file.flush()?;
        Ok(written)
    }

    /// What recent clients write before anything is said: the whole system prompt with its tools.
    fn head(&mut self, dice: &mut Dice) -> String {
        if self.pen.facts().version != "2.1.329" {
            return self.turn(dice);
        }
        let shape = json!({
            "type": "api-request-shape", "sessionId": self.pen.facts().session, "version": "2.1.329",
            "shape": {"system": [{"type": "text", "text": self.prose.text(2_000, 4_000, dice)}]},
        });
        format!("{shape}\n{}", self.turn(dice))
    }

    /// A prompt, some tool calls with thoughts between them, and a reply.
    fn turn(&mut self, dice: &mut Dice) -> String {
        let prompt = self.prose.text(10, 80, dice);
        let mut lines = self.pen.prompt(&prompt, self.now);
        for _ in 0..dice.between(1, 9) {
            self.now += SignedDuration::from_secs(dice.between(1, 20).cast_signed());
            if dice.below(3) == 0 {
                let thought = self.prose.text(20, 200, dice);
                lines += &self.pen.thinking(&thought, self.now);
            }
            lines += &self.call(dice);
        }
        let reply = self.prose.text(40, 300, dice);
        lines += &self.pen.text(&reply, true, self.now);
        lines + &self.pen.turn_end(dice.between(1_000, 300_000), self.now)
    }

    fn call(&mut self, dice: &mut Dice) -> String {
        let path = format!("{}/src/{}.rs", self.pen.facts().cwd, self.prose.word(dice.below(300)));
        let (name, input) = match dice.below(3) {
            0 => ("Bash", json!({"command": format!("cargo test {}", self.prose.text(1, 6, dice))})),
            1 => ("Read", json!({"file_path": path})),
            _ => ("Grep", json!({"pattern": self.prose.word(dice.below(900)), "path": path})),
        };
        let (mut lines, id) = self.pen.tool_use(name, &input, self.now);
        let output = self.prose.output(dice);
        let detail = match name {
            "Read" => json!({"type": "text", "file": {"filePath": path, "content": output, "startLine": 1}}),
            _ => json!({"stdout": output, "stderr": "", "interrupted": false, "isImage": false}),
        };
        let outcome = Outcome { content: json!(output), detail, failed: false };
        lines += &self.pen.tool_result(&id, &outcome, self.now);
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_corpus_has_its_size_and_real_lines_and_compresses_like_real_ones() {
        let folder = tempfile::tempdir().unwrap();
        let corpus = write(folder.path(), 2_000_000, 7).unwrap();
        assert_eq!(corpus.bytes, crate::house::folder_bytes(folder.path()));
        assert!((2_000_000..3_000_000).contains(&corpus.bytes), "{corpus:?}");
        let session = write_one(folder.path(), 300_000, 8).unwrap();
        let mut files = fs::read_dir(folder.path()).unwrap().flatten().map(|folder| folder.path());
        let file = files.find_map(|folder| fs::read(folder.join(format!("{session}.jsonl"))).ok()).unwrap();
        for line in file.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let line: serde_json::Value = serde_json::from_slice(line).unwrap();
            assert!(line["type"].is_string());
        }
        let ratio = file.len() / zstd::bulk::compress(&file, 3).unwrap().len();
        assert!((3..9).contains(&ratio), "compresses {ratio} times");
    }
}
