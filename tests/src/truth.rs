//! What a correct system must report of a corpus: counted while it was written, by nothing that Muster has a part in.

use std::collections::{BTreeMap, BTreeSet};

use crate::tally::{ReplyId, Tally, Tokens};

/// The truth about a corpus.
#[derive(Debug, Clone, Default)]
pub struct Truth {
    /// Its sessions.
    pub sessions: Vec<SessionTruth>,
    /// Phrases that a search must find, and where.
    pub needles: Vec<Needle>,
}

/// The truth about one session.
#[derive(Debug, Clone)]
pub struct SessionTruth {
    /// The coder's own session id.
    pub id: String,
    /// Its main transcript.
    pub tally: Tally,
    /// Its subagents.
    pub agents: Vec<AgentTruth>,
}

/// The truth about one subagent.
#[derive(Debug, Clone)]
pub struct AgentTruth {
    /// The coder's own id of it.
    pub id: String,
    /// The tool call that began it.
    pub tool_use_id: String,
    /// The subagent that made that call; `None` for the main conversation.
    pub parent: Option<String>,
    /// 1 for what the main conversation began.
    pub depth: u64,
    /// Its type.
    pub kind: String,
    /// Its transcript.
    pub tally: Tally,
}

/// Where a phrase is planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spot {
    /// A person's prompt.
    Prompt,
    /// A reply.
    Reply,
    /// Thinking.
    Thinking,
    /// What a tool was called with.
    ToolInput,
    /// What a tool answered.
    ToolResult,
    /// Anything that a subagent says.
    Agent,
    /// A record that the client keeps for itself: never to be found.
    Record,
}

/// A planted phrase.
#[derive(Debug, Clone)]
pub struct Needle {
    /// Three words that stand nowhere else in this order.
    pub phrase: String,
    /// Where it was planted.
    pub spot: Spot,
    /// Sessions that hold it, by the coder's id; empty when nothing may be found.
    pub holders: BTreeSet<String>,
}

impl Truth {
    /// Tokens of the whole corpus, each reply once: forks and copies do not count again.
    pub fn tokens(&self) -> Tokens {
        let mut all = Tokens::default();
        for tokens in self.replies().values() {
            all += *tokens;
        }
        all
    }

    /// All replies, each with the tokens of the record that tells most.
    pub fn replies(&self) -> BTreeMap<ReplyId, Tokens> {
        let mut once = Tally::default();
        let tallies = self
            .sessions
            .iter()
            .flat_map(|session| std::iter::once(&session.tally).chain(session.agents.iter().map(|agent| &agent.tally)));
        for (id, tokens) in tallies.flat_map(|tally| &tally.replies) {
            once.reply(id.clone(), *tokens);
        }
        once.replies
    }
}
