//! Writes the lines of one transcript as the real client does: its envelope, its blocks, its bookkeeping.
//!
//! What differs between client versions follows the version's number: 2.0 has no `entrypoint` and leaves usage open on
//! early blocks, 2.1 says who prompted, and from 2.1.300 request records stand between the lines.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::tally::{ReplyId, Tally, Tokens};

/// What every line of a session repeats.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The coder's own session id; also the file's name.
    pub session: String,
    /// Working directory.
    pub cwd: String,
    /// Git branch.
    pub branch: String,
    /// Client version, for example `2.1.329`.
    pub version: String,
    /// How the client was started; left out by versions before 2.1.
    pub entrypoint: String,
    /// Model that answers.
    pub model: String,
}

/// One transcript being written. Each method returns whole lines, newline included.
#[derive(Debug, Clone)]
pub struct Pen {
    facts: Facts,
    // Set in a subagent's transcript.
    agent: Option<String>,
    parent: Option<String>,
    // The reply that is being written; several lines tell of it.
    reply: Option<Reply>,
    context_tokens: u64,
    tally: Tally,
}

#[derive(Debug, Clone)]
struct Reply {
    id: ReplyId,
    tokens: Tokens,
}

/// A tool call's outcome.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What the model sees.
    pub content: Value,
    /// What the client keeps beside it.
    pub detail: Value,
    /// It failed.
    pub failed: bool,
}

impl Pen {
    /// A pen for the session's main transcript.
    pub fn new(facts: Facts) -> Self {
        Self { facts, agent: None, parent: None, reply: None, context_tokens: 14_000, tally: Tally::default() }
    }

    /// The same, for a conversation that already holds so many tokens.
    #[must_use]
    pub fn holding(self, context_tokens: u64) -> Self {
        Self { context_tokens, ..self }
    }

    /// A pen for the transcript of a subagent of this session.
    #[must_use]
    pub fn subagent(&self, agent: &str) -> Self {
        Self { agent: Some(agent.to_owned()), parent: None, reply: None, tally: Tally::default(), ..self.clone() }
    }

    /// What every line repeats.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// What was written so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Takes down what another pen wrote into the same file: the copied beginning of a fork.
    pub fn begin_with(&mut self, tally: &Tally) {
        self.tally = tally.clone();
    }

    /// Writes the envelopes of later lines with another branch.
    pub fn set_branch(&mut self, branch: &str) {
        branch.clone_into(&mut self.facts.branch);
    }

    /// Version 2.1 or newer.
    pub fn is_modern(&self) -> bool {
        !self.facts.version.starts_with("2.0")
    }

    fn records_requests(&self) -> bool {
        let patch = self.facts.version.rsplit('.').next().and_then(|patch| patch.parse().ok()).unwrap_or(0);
        self.is_modern() && patch >= 300
    }

    /// A person's prompt, with what the client notes around it.
    pub fn prompt(&mut self, text: &str, time: Timestamp) -> String {
        self.reply = None;
        let mut lines = String::new();
        if self.agent.is_none() {
            self.tally.prompts += 1;
            lines += &snapshot(time);
        }
        let mut fields = json!({"type": "user", "message": {"role": "user", "content": text}});
        if self.is_modern() {
            fields["promptId"] = json!(Uuid::new_v4().to_string());
            if self.agent.is_none() {
                fields["promptSource"] = json!(if self.facts.entrypoint == "sdk-cli" { "sdk" } else { "typed" });
                fields["origin"] = json!({"kind": "human"});
                fields["permissionMode"] = json!("acceptEdits");
            }
        }
        lines += &self.chained(fields, time);
        if self.records_requests() {
            lines += &self.request(time);
        }
        lines
    }

    /// Visible thinking.
    pub fn thinking(&mut self, text: &str, time: Timestamp) -> String {
        self.block(&json!({"type": "thinking", "thinking": text, "signature": "bW9jay1zaWduYXR1cmU="}), None, time)
    }

    /// Text of a reply; `last` when the turn ends with it.
    pub fn text(&mut self, text: &str, last: bool, time: Timestamp) -> String {
        self.block(&json!({"type": "text", "text": text}), last.then_some("end_turn"), time)
    }

    /// A tool call; returns its id too.
    pub fn tool_use(&mut self, name: &str, input: &Value, time: Timestamp) -> (String, String) {
        let id = format!("toolu_01{}", &Uuid::new_v4().simple().to_string()[..22]);
        let block = json!({"type": "tool_use", "id": id, "name": name, "input": input});
        self.tally.tools.insert(id.clone(), name.to_owned());
        (self.block(&block, Some("tool_use"), time), id)
    }

    /// What the tool call `id` answered.
    pub fn tool_result(&mut self, id: &str, outcome: &Outcome, time: Timestamp) -> String {
        let source = self.parent.clone();
        let mut block = json!({"tool_use_id": id, "type": "tool_result", "content": outcome.content});
        if outcome.failed {
            block["is_error"] = json!(true);
            self.tally.tool_errors += 1;
        }
        self.reply = None;
        self.context_tokens += 400;
        let mut fields = json!({
            "type": "user",
            "message": {"role": "user", "content": [block]},
            "toolUseResult": outcome.detail,
        });
        if self.is_modern() {
            fields["sourceToolAssistantUUID"] = json!(source);
        }
        self.chained(fields, time)
    }

    /// The end of a turn, as interactive clients from 2.1 on note it.
    pub fn turn_end(&mut self, duration_ms: u64, time: Timestamp) -> String {
        self.reply = None;
        let mut lines = String::new();
        if self.is_modern() && self.facts.entrypoint != "sdk-cli" && self.agent.is_none() {
            let fields =
                json!({"type": "system", "subtype": "turn_duration", "durationMs": duration_ms, "isMeta": false});
            lines += &self.chained(fields, time);
        }
        lines
    }

    /// A prompt that was typed while the coder was busy.
    pub fn queued_prompt(&mut self, text: &str, time: Timestamp) -> String {
        self.tally.prompts += 1;
        let attachment = json!({"type": "queued_command", "commandMode": "prompt", "prompt": text});
        self.chained(json!({"type": "attachment", "attachment": attachment}), time)
    }

    /// What the client says in a person's name: no prompt.
    pub fn injected(&mut self, text: &str, time: Timestamp) -> String {
        self.reply = None;
        let message = json!({"role": "user", "content": text});
        self.chained(json!({"type": "user", "isMeta": true, "message": message}), time)
    }

    /// A person interrupts: no prompt.
    pub fn interrupt(&mut self, time: Timestamp) -> String {
        self.reply = None;
        let content = json!([{"type": "text", "text": "[Request interrupted by user]"}]);
        self.chained(json!({"type": "user", "message": {"role": "user", "content": content}}), time)
    }

    /// A request that failed for good: written in the model's name, but no reply.
    pub fn api_error(&mut self, text: &str, time: Timestamp) -> String {
        let fields = self.refusal(text);
        self.chained(fields, time)
    }

    /// A request that was refused because a usage limit is reached, which ends at `resets_at` (Unix seconds).
    pub fn usage_limit(&mut self, text: &str, resets_at: i64, time: Timestamp) -> String {
        let mut fields = self.refusal(text);
        fields["apiError"] = json!("usage_limit_reached");
        fields["apiErrorStatus"] = json!(429);
        fields["quotaLimits"] = json!({"status": "rejected", "resetsAt": resets_at, "rateLimitType": "five_hour"});
        self.chained(fields, time)
    }

    fn refusal(&mut self, text: &str) -> Value {
        self.reply = None;
        json!({
            "type": "assistant", "isApiErrorMessage": true, "error": "rate_limit",
            "message": {
                "id": Uuid::new_v4().to_string(), "type": "message", "role": "assistant", "model": "<synthetic>",
                "content": [{"type": "text", "text": text}], "stop_reason": "stop_sequence",
                "usage": {"input_tokens": 0, "output_tokens": 0},
            },
        })
    }

    /// The conversation is compacted: a boundary, and its summary in a person's name.
    pub fn compaction(&mut self, summary: &str, time: Timestamp) -> String {
        self.reply = None;
        let boundary = json!({
            "type": "system", "subtype": "compact_boundary", "content": "Conversation compacted",
            "compactMetadata": {"trigger": "auto", "preTokens": self.context_tokens},
        });
        let message = json!({"role": "user", "content": summary});
        let told = json!({"type": "user", "isCompactSummary": true, "message": message});
        self.chained(boundary, time) + &self.chained(told, time)
    }

    /// A record that the client keeps for itself, with text that nobody should find.
    pub fn skill_listing(&mut self, text: &str, time: Timestamp) -> String {
        self.chained(json!({"type": "attachment", "attachment": {"type": "skill_listing", "content": text}}), time)
    }

    /// The system prompt as the client keeps it: no conversation either.
    pub fn prompt_snapshot(&mut self, text: &str, time: Timestamp) -> String {
        self.chained(
            json!({"type": "attachment", "attachment": {"type": "prompt_snapshot", "systemPrompt": [text]}}),
            time,
        )
    }

    /// A title, by `custom-title`, `ai-title` or (2.0) `summary`.
    pub fn title(&self, source: &str, text: &str) -> String {
        let key = match source {
            "custom-title" => "customTitle",
            "ai-title" => "aiTitle",
            _ => "summary",
        };
        let mut line = json!({"type": source, "sessionId": self.facts.session});
        line[key] = json!(text);
        if source == "summary" {
            line["leafUuid"] = json!(self.parent);
        }
        format!("{line}\n")
    }

    fn block(&mut self, block: &Value, stop: Option<&str>, time: Timestamp) -> String {
        let length = block.to_string().len() as u64;
        let context = self.context_tokens;
        self.context_tokens += length / 4;
        // Clients before 2.1 write early blocks while the reply still streams.
        let settled = self.is_modern() || stop.is_some();
        let reply = self.reply.get_or_insert_with(|| Reply::begin(context));
        reply.tokens.output += length / 4 + 8;
        let told = Tokens { output: if settled { reply.tokens.output } else { 1 }, ..reply.tokens };
        let (message, request) = &reply.id;
        let fields = json!({
            "type": "assistant",
            "message": {
                "id": message, "type": "message", "role": "assistant", "model": self.facts.model, "content": [block],
                "stop_reason": stop, "stop_sequence": null,
                "usage": {
                    "input_tokens": told.input, "cache_creation_input_tokens": told.cache_write,
                    "cache_read_input_tokens": told.cache_read,
                    "cache_creation": {
                        "ephemeral_5m_input_tokens": told.cache_write, "ephemeral_1h_input_tokens": 0,
                    },
                    "output_tokens": told.output, "service_tier": "standard",
                },
            },
            "requestId": request,
        });
        self.tally.reply(reply.id.clone(), told);
        self.chained(fields, time)
    }

    /// A line of the chain: its own fields within the envelope.
    fn chained(&mut self, fields: Value, time: Timestamp) -> String {
        let uuid = Uuid::new_v4().to_string();
        let parent = self.parent.replace(uuid.clone());
        let mut line = Map::new();
        line.insert("parentUuid".into(), json!(parent));
        line.insert("isSidechain".into(), json!(self.agent.is_some()));
        if let Some(agent) = &self.agent {
            line.insert("agentId".into(), json!(agent));
        }
        if let Value::Object(fields) = fields {
            line.extend(fields);
        }
        line.insert("uuid".into(), json!(uuid));
        line.insert("timestamp".into(), json!(stamp(time)));
        line.insert("userType".into(), json!("external"));
        if self.is_modern() {
            line.insert("entrypoint".into(), json!(self.facts.entrypoint));
        }
        line.insert("cwd".into(), json!(self.facts.cwd));
        line.insert("sessionId".into(), json!(self.facts.session));
        line.insert("version".into(), json!(self.facts.version));
        line.insert("gitBranch".into(), json!(self.facts.branch));
        format!("{}\n", Value::Object(line))
    }

    /// What recent clients note of a message when they send it to the model: the message once more, and the request.
    /// Nothing for older ones.
    pub fn sent(&self, content: &Value, time: Timestamp) -> String {
        if !self.records_requests() {
            return String::new();
        }
        let mut blob = json!({
            "type": "api-request-blob", "sessionId": self.facts.session,
            "hash": format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()),
            "message": {"role": "user", "content": content},
        });
        if let Some(agent) = &self.agent {
            blob["agentId"] = json!(agent);
        }
        format!("{blob}\n{}", self.request(time))
    }

    /// The record of what is sent to the model.
    fn request(&self, time: Timestamp) -> String {
        let line = json!({
            "type": "api-request", "sessionId": self.facts.session, "id": Uuid::new_v4().to_string(),
            "timestamp": stamp(time), "version": self.facts.version,
            "querySource": if self.agent.is_some() { "agent" } else { "repl_main_thread" },
            "params": {
                "model": self.facts.model, "max_tokens": 128_000,
                "betas": ["interleaved-thinking-2025-05-14", "context-management-2025-06-27", "effort-2025-11-24"],
                "thinking": {"type": "adaptive", "display": "updates"}, "output_config": {"effort": "medium"},
            },
            "keep": 0, "tail": [Uuid::new_v4().simple().to_string()],
            "requestDigest": format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()),
        });
        format!("{line}\n")
    }
}

impl Reply {
    fn begin(context_tokens: u64) -> Self {
        let hex = Uuid::new_v4().simple().to_string();
        Self {
            id: (format!("msg_01{}", &hex[..22]), format!("req_01{}", &hex[8..30])),
            tokens: Tokens { input: 9, output: 0, cache_read: context_tokens, cache_write: 120 },
        }
    }
}

fn snapshot(time: Timestamp) -> String {
    let id = Uuid::new_v4().to_string();
    let line = json!({
        "type": "file-history-snapshot", "messageId": id, "isSnapshotUpdate": false,
        "snapshot": {"messageId": id, "trackedFileBackups": {}, "timestamp": stamp(time)},
    });
    format!("{line}\n")
}

/// RFC 3339 with milliseconds, as the client writes it.
pub fn stamp(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// Name of the project folder below a root: what is neither letter nor digit becomes `-`.
pub fn folder_of(cwd: &str) -> String {
    cwd.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect()
}
