//! Lines as the real client writes them, for three of its versions.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

/// A version of the client, with what it writes differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// The old one: conversation and little else.
    V2_0_76,
    /// Attachments, titles by the model.
    V2_1_197,
    /// Nine bytes in ten are the client's own records.
    V2_1_329,
}

impl Version {
    /// As written in the lines.
    pub fn text(self) -> &'static str {
        match self {
            Self::V2_0_76 => "2.0.76",
            Self::V2_1_197 => "2.1.197",
            Self::V2_1_329 => "2.1.329",
        }
    }

    fn model(self) -> &'static str {
        match self {
            Self::V2_0_76 => "claude-sonnet-4-5-20250929",
            Self::V2_1_197 => "claude-opus-4-8",
            Self::V2_1_329 => "claude-opus-5-5",
        }
    }
}

/// Makes the lines of one session, each ending with a newline.
#[derive(Debug, Clone)]
pub struct Lines {
    version: Version,
    session_id: String,
    cwd: String,
    branch: String,
    agent_id: Option<String>,
    parent: Option<String>,
}

impl Lines {
    /// Of a session that runs in `cwd`.
    pub fn new(version: Version, session_id: &str, cwd: &str) -> Self {
        Self {
            version,
            session_id: session_id.to_owned(),
            cwd: cwd.to_owned(),
            branch: "main".to_owned(),
            agent_id: None,
            parent: None,
        }
    }

    /// Lines of a sub-agent of the same session.
    #[must_use]
    pub fn subagent(&self, agent_id: &str) -> Self {
        Self { agent_id: Some(agent_id.to_owned()), parent: None, ..self.clone() }
    }

    /// What a person typed.
    pub fn prompt(&mut self, text: &str) -> String {
        let message = json!({"role": "user", "content": text});
        self.line(json!({"type": "user", "message": message, "promptSource": "typed"}))
    }

    /// What the model answers.
    pub fn reply(&mut self, text: &str) -> String {
        self.assistant(&json!({"type": "text", "text": text}), "end_turn")
    }

    /// What the model thinks.
    pub fn thinking(&mut self, text: &str) -> String {
        self.assistant(&json!({"type": "thinking", "thinking": text, "signature": "bW9jay1zaWduYXR1cmU="}), "tool_use")
    }

    /// A tool call and, as a line of its own, its outcome.
    pub fn tool(&mut self, name: &str, input: &Value, output: &str) -> [String; 2] {
        let id = format!("toolu_{}", &Uuid::new_v4().simple().to_string()[..24]);
        let call = self.assistant(&json!({"type": "tool_use", "id": id, "name": name, "input": input}), "tool_use");
        let result = json!({"tool_use_id": id, "type": "tool_result", "content": output, "is_error": false});
        let outcome = json!({"stdout": output, "stderr": "", "interrupted": false, "isImage": false});
        let message = json!({"role": "user", "content": [result]});
        [call, self.line(json!({"type": "user", "message": message, "toolUseResult": outcome}))]
    }

    /// Records that this version keeps for itself after a turn; `filler_bytes` is the size of the largest.
    pub fn bookkeeping(&mut self, filler_bytes: usize) -> Vec<String> {
        let id = self.session_id.clone();
        let now = now();
        let snapshot = json!({"messageId": Uuid::new_v4(), "trackedFileBackups": {}, "timestamp": now});
        let mut lines = vec![
            json!({"type": "queue-operation", "operation": "dequeue", "timestamp": now, "sessionId": id}),
            json!({"type": "file-history-snapshot", "messageId": Uuid::new_v4(), "snapshot": snapshot,
                "isSnapshotUpdate": false}),
        ];
        if self.version != Version::V2_0_76 {
            lines.push(json!({"type": "mode", "mode": "normal", "sessionId": id}));
        }
        if self.version == Version::V2_1_329 {
            let filler = "filler text in place of a long product prompt ".repeat(filler_bytes / 46 + 1);
            lines.push(json!({"type": "atis-latch", "atis": "", "sessionId": id}));
            lines.push(json!({"type": "api-request", "sessionId": id, "timestamp": now, "version": "2.1.329",
                "blobs": [Uuid::new_v4(), Uuid::new_v4()]}));
            lines.push(json!({"type": "api-request-blob", "sessionId": id, "hash": Uuid::new_v4(), "content": filler}));
        }
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// The title that the model gives.
    pub fn ai_title(&self, title: &str) -> String {
        format!("{}\n", json!({"type": "ai-title", "aiTitle": title, "sessionId": self.session_id}))
    }

    /// The title that a person gives.
    pub fn custom_title(&self, title: &str) -> String {
        format!("{}\n", json!({"type": "custom-title", "customTitle": title, "sessionId": self.session_id}))
    }

    /// The title of an old client.
    pub fn summary(&self, title: &str) -> String {
        format!("{}\n", json!({"type": "summary", "summary": title, "leafUuid": Uuid::new_v4()}))
    }

    fn assistant(&mut self, block: &Value, stop_reason: &str) -> String {
        let message = json!({
            "id": format!("msg_{}", &Uuid::new_v4().simple().to_string()[..24]),
            "type": "message", "role": "assistant", "model": self.version.model(), "content": [block],
            "stop_reason": stop_reason, "stop_sequence": null,
            "usage": {"input_tokens": 9, "cache_creation_input_tokens": 120, "cache_read_input_tokens": 17779,
                "output_tokens": 124, "service_tier": "standard"},
        });
        let request = format!("req_{}", &Uuid::new_v4().simple().to_string()[..24]);
        self.line(json!({"type": "assistant", "message": message, "requestId": request}))
    }

    /// Puts what every line of the tree carries around `own`.
    fn line(&mut self, own: Value) -> String {
        let uuid = Uuid::new_v4().to_string();
        let parent = self.parent.replace(uuid.clone());
        let mut line = json!({
            "parentUuid": parent, "isSidechain": self.agent_id.is_some(), "userType": "external", "cwd": self.cwd,
            "sessionId": self.session_id, "version": self.version.text(), "gitBranch": self.branch, "uuid": uuid,
            "timestamp": now(),
        });
        let fields = line.as_object_mut().expect("made as an object");
        if self.version != Version::V2_0_76 {
            fields.insert("entrypoint".into(), json!("cli"));
        }
        if let Some(agent_id) = &self.agent_id {
            fields.insert("agentId".into(), json!(agent_id));
        }
        if let Value::Object(own) = own {
            fields.extend(own);
        }
        format!("{line}\n")
    }
}

/// The time as the client writes it.
fn now() -> String {
    format!("{:.3}", Timestamp::now())
}
