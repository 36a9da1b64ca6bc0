//! A corpus of transcripts with its truth: made quickly, like real ones in sizes, kinds of lines and compressibility.
//!
//! Of what real clients write, only a part is conversation: nearly all in version 2.0, about 60 % in 2.1.197 and a tenth
//! in short sessions of 2.1.329, which notes each request to the model once more. Here it is about two thirds.

mod plants;
mod writer;

use std::io;
use std::path::Path;

use crate::dice::Dice;
use crate::prose::Prose;
use crate::truth::{SessionTruth, Truth};
use plants::Plants;
use writer::Writer;

/// What was written.
#[derive(Debug, Clone, Default)]
pub struct Corpus {
    /// All bytes.
    pub bytes: u64,
    /// What must be reported of it.
    pub truth: Truth,
}

/// Smallest and largest session, bytes. Most are small: sizes are spread evenly over their magnitudes.
const SIZES: (u32, u32) = (14, 23);

/// The largest session's share of the corpus: one part in this many, so that a small corpus has many sessions too.
const LARGEST: u64 = 24;

/// One session in this many is forked when it is done.
const FORKED: usize = 12;

/// Writes sessions below `root` until there are `bytes` of them.
pub fn write(root: &Path, bytes: u64, seed: u64) -> io::Result<Corpus> {
    let mut dice = Dice::new(seed);
    let prose = Prose::new(&mut dice);
    let mut plants = Plants::default();
    let mut corpus = Corpus::default();
    while corpus.bytes < bytes {
        let magnitude = dice.between(u64::from(SIZES.0), u64::from(SIZES.1));
        let size = dice.between(1 << magnitude, 2 << magnitude).min(bytes / LARGEST).min(bytes - corpus.bytes + 1024);
        let mut writer = Writer::new(root, &mut dice, &prose)?;
        writer.plant(plants.next(&mut dice));
        corpus.bytes += writer.fill(size, &mut dice)?;
        let forked = if dice.below(FORKED) == 0 { Some(writer.fork(&mut dice)?) } else { None };
        add(&mut corpus, &mut plants, writer);
        if let Some((fork, bytes)) = forked {
            corpus.bytes += bytes;
            add(&mut corpus, &mut plants, fork);
        }
    }
    corpus.truth.needles = plants.into_needles();
    Ok(corpus)
}

fn add(corpus: &mut Corpus, plants: &mut Plants, writer: Writer<'_>) {
    let id = writer.pen.facts().session.clone();
    plants.planted(&writer.planted, &id);
    corpus.truth.sessions.push(SessionTruth { id, tally: writer.pen.tally().clone(), agents: writer.agents });
}

/// Writes `count` sessions of a few kilobytes.
pub fn write_many(root: &Path, count: usize, seed: u64) -> io::Result<u64> {
    let mut dice = Dice::new(seed);
    let prose = Prose::new(&mut dice);
    (0..count).map(|_| Writer::new(root, &mut dice, &prose)?.fill(4096, &mut dice)).sum()
}

/// Writes one session of about `bytes`; returns the coder's id of it.
pub fn write_one(root: &Path, bytes: u64, seed: u64) -> io::Result<String> {
    let mut dice = Dice::new(seed);
    let prose = Prose::new(&mut dice);
    let mut writer = Writer::new(root, &mut dice, &prose)?;
    writer.fill(bytes, &mut dice)?;
    Ok(writer.pen.facts().session.clone())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::truth::Spot;

    #[test]
    fn a_corpus_has_its_size_and_real_lines_and_compresses_like_real_ones() {
        let folder = tempfile::tempdir().unwrap();
        let corpus = write(folder.path(), 6_000_000, 7).unwrap();
        assert_eq!(corpus.bytes, crate::house::folder_bytes(folder.path()));
        assert!((6_000_000..9_000_000).contains(&corpus.bytes), "{}", corpus.bytes);
        let session = write_one(folder.path(), 300_000, 8).unwrap();
        let mut files = fs::read_dir(folder.path()).unwrap().flatten().map(|folder| folder.path());
        let file = files.find_map(|folder| fs::read(folder.join(format!("{session}.jsonl"))).ok()).unwrap();
        let lines: Vec<&[u8]> = file.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
        let readable = lines.iter().filter(|line| serde_json::from_slice::<serde_json::Value>(line).is_ok()).count();
        assert!(readable * 10 >= lines.len() * 9, "{readable} of {} lines are readable", lines.len());
        let ratio = file.len() / zstd::bulk::compress(&file, 3).unwrap().len();
        assert!((3..9).contains(&ratio), "compresses {ratio} times");
    }

    #[test]
    fn the_larger_part_is_conversation_and_the_rest_records() {
        let folder = tempfile::tempdir().unwrap();
        let corpus = write(folder.path(), 6_000_000, 7).unwrap();
        let percent = records(folder.path()) * 100 / corpus.bytes;
        assert!((25..45).contains(&percent), "{percent} % of all bytes are records");
    }

    fn records(folder: &Path) -> u64 {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries
            .map(|path| if path.is_dir() { records(&path) } else { of_requests(&fs::read_to_string(path).unwrap()) })
            .sum()
    }

    fn of_requests(text: &str) -> u64 {
        let kinds = ["api-request", "prompt_snapshot", "skill_listing"].map(|kind| format!("\"type\":\"{kind}"));
        let lines = text.split_inclusive('\n').filter(|line| kinds.iter().any(|kind| line.contains(kind)));
        lines.map(|line| line.len() as u64).sum()
    }

    #[test]
    fn the_truth_speaks_of_everything_that_is_hard() {
        let folder = tempfile::tempdir().unwrap();
        let truth = write(folder.path(), 12_000_000, 7).unwrap().truth;
        let agents = || truth.sessions.iter().flat_map(|session| &session.agents);
        assert!(agents().any(|agent| agent.depth == 2), "no nested subagent");
        assert!(truth.sessions.iter().any(|session| session.tally.tool_errors > 0));
        let told: u64 = truth.sessions.iter().map(|session| session.tally.tokens().output).sum();
        let counted = truth.tokens().output - agents().map(|agent| agent.tally.tokens().output).sum::<u64>();
        assert!(told > counted, "no fork: {told} tokens are told, {counted} counted");
        for spot in [Spot::Prompt, Spot::Reply, Spot::Thinking, Spot::ToolInput, Spot::ToolResult, Spot::Agent] {
            let found = truth.needles.iter().any(|needle| needle.spot == spot && !needle.holders.is_empty());
            assert!(found, "{spot:?} holds no phrase");
        }
        assert!(truth.needles.iter().any(|needle| needle.spot == Spot::Record && needle.holders.is_empty()));
    }
}
