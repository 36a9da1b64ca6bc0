//! What a transcript says, counted by the pen that writes it: the truth that the archive's numbers are compared with.

use std::collections::BTreeMap;
use std::ops::AddAssign;

/// Tokens of replies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Sent, and held by no cache.
    pub input: u64,
    /// Written by the model.
    pub output: u64,
    /// Read from the cache.
    pub cache_read: u64,
    /// Written to the cache.
    pub cache_write: u64,
}

impl Tokens {
    /// Of all kinds.
    pub fn sum(self) -> u64 {
        self.input + self.output + self.cache_read + self.cache_write
    }
}

impl AddAssign for Tokens {
    fn add_assign(&mut self, more: Self) {
        self.input += more.input;
        self.output += more.output;
        self.cache_read += more.cache_read;
        self.cache_write += more.cache_write;
    }
}

/// Ids of a message and of its request: who counts a reply twice has not looked at both.
pub type ReplyId = (String, String);

/// What was written so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Prompts of a person, queued ones included.
    pub prompts: u64,
    /// Replies with the tokens of the record that tells most.
    pub replies: BTreeMap<ReplyId, Tokens>,
    /// Tool calls by id, with the tool's name.
    pub tools: BTreeMap<String, String>,
    /// Failed ones among them.
    pub tool_errors: u64,
}

impl Tally {
    /// A record of a reply: of several, the one with the greatest output counts.
    pub fn reply(&mut self, id: ReplyId, tokens: Tokens) {
        let kept = self.replies.entry(id).or_insert(tokens);
        if tokens.output > kept.output {
            *kept = tokens;
        }
    }

    /// Tokens of all replies.
    pub fn tokens(&self) -> Tokens {
        let mut all = Tokens::default();
        for tokens in self.replies.values() {
            all += *tokens;
        }
        all
    }

    /// Calls by tool.
    pub fn calls(&self) -> BTreeMap<&str, u64> {
        let mut calls = BTreeMap::new();
        for name in self.tools.values() {
            *calls.entry(name.as_str()).or_default() += 1;
        }
        calls
    }
}
