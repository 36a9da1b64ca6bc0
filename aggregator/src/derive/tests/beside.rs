//! What is told beside the lines of a conversation: the working directory of chats, and searches that no reply shows.

use muster_proto::fleet::{self, FileForm};
use muster_proto::ids::TranscriptId;

use super::derived;
use crate::domain::time::Millis;
use crate::ingest::Intake;
use crate::ingest::tests::{SESSION, Stand, frame, opened};
use crate::store::testing::both;
use crate::store::usage_report::{self, Scope};
use crate::store::{context, sessions};

const ROOT: &str = "/home/dev/.gemini/tmp";

async fn sent(intake: &mut Intake, path: &str, form: FileForm, bytes: &str) -> TranscriptId {
    let open = fleet::Open {
        handle: 1,
        coder: "gemini".to_owned(),
        root: ROOT.to_owned(),
        path: format!("{ROOT}/{path}"),
        form: form.into(),
        ..fleet::Open::default()
    };
    let id = intake.open(&open).await.unwrap().transcript_id.parse().unwrap();
    intake.accept(frame(id, 0, bytes.as_bytes(), false)).await.unwrap();
    id
}

/// The head of a chat and its first prompt.
fn chat(id: &str) -> String {
    format!(
        "{{\"sessionId\":\"{id}\",\"projectHash\":\"x\",\"kind\":\"main\"}}\n{{\"id\":\"m\",\"type\":\"user\",\"content\":\"Why?\"}}\n"
    )
}

#[tokio::test]
async fn a_chat_works_where_the_file_beside_it_says() {
    for database in both().await {
        let stand = Stand::new(database).await;
        let (mut intake, _acks) = stand.link().await;
        let place = async |id: &str| {
            let row = sessions::get(&stand.db, &format!("gemini-{id}")).await.unwrap().unwrap();
            (row.project_path, row.began_path, row.project_id.is_some())
        };
        let nowhere = (String::new(), None, false);
        let shop = ("/srv/shop".to_owned(), Some("/srv/shop".to_owned()), true);
        sent(&mut intake, "shop/chats/session-1-a.jsonl", FileForm::Lines, &chat("a")).await;
        sent(&mut intake, "shopping/chats/session-1-b.jsonl", FileForm::Lines, &chat("b")).await;
        derived(&stand).await;
        assert_eq!((place("a").await, place("b").await), (nowhere.clone(), nowhere.clone()));
        // It comes after the chat was read, and before another one.
        sent(&mut intake, "shop/.project_root", FileForm::Whole, "/srv/shop").await;
        derived(&stand).await;
        sent(&mut intake, "shop/chats/session-2-c.jsonl", FileForm::Lines, &chat("c")).await;
        sent(&mut intake, "other/.project_root", FileForm::Whole, "no path").await;
        sent(&mut intake, "other/chats/session-2-d.jsonl", FileForm::Lines, &chat("d")).await;
        derived(&stand).await;
        assert_eq!((place("a").await, place("c").await), (shop.clone(), shop));
        assert_eq!((place("b").await, place("d").await), (nowhere.clone(), nowhere));
    }
}

#[tokio::test]
async fn searches_beside_the_replies_cost_and_are_no_replies() {
    for database in both().await {
        let stand = Stand::new(database).await;
        let (mut intake, _acks) = stand.link().await;
        let id = opened(&mut intake).await;
        let reply = r#"{"type":"assistant","timestamp":"2026-11-21T10:00:00Z","requestId":"r","message":{"id":"m","model":"claude-opus-5-5","content":[{"type":"tool_use","id":"t","name":"WebSearch","input":{"query":"q"}}],"usage":{"input_tokens":5,"output_tokens":7}}}"#;
        let found = r#"{"type":"user","timestamp":"2026-11-21T10:00:05Z","message":{"content":[{"type":"tool_result","tool_use_id":"t","content":"found"}]},"toolUseResult":{"query":"q","results":[],"durationSeconds":4,"searchCount":3}}"#;
        // The outcome is told twice, as a resumed session may.
        let text = format!("{reply}\n{found}\n{found}\n");
        let cut = reply.len() as u64 + 1;
        let (head, rest) = text.split_at(reply.len() + 1);
        intake.accept(frame(id, 0, head.as_bytes(), false)).await.unwrap();
        derived(&stand).await;
        intake.accept(frame(id, cut, rest.as_bytes(), false)).await.unwrap();
        let session = derived(&stand).await.unwrap();
        assert_eq!((session.assistant_messages, session.tokens, session.tool_calls), (1, 12, 1));
        let cells = usage_report::cells(&stand.db, &Scope::default(), false).await.unwrap();
        let sum = |field: fn(&usage_report::Cell) -> i64| cells.iter().map(field).sum::<i64>();
        assert_eq!(sum(|cell| cell.web_searches), 3);
        assert_eq!((sum(|cell| cell.replies), sum(|cell| cell.records)), (1, 1));
        let dropped = usage_report::dropped(&stand.db, &Scope::default()).await.unwrap();
        assert_eq!((dropped.records, dropped.rows), (0, 0));
        let points: Vec<Millis> =
            context::of_session(&stand.db, SESSION).await.unwrap().iter().map(|row| row.tokens).collect();
        assert_eq!(points, [5], "a search fills no context");
    }
}
