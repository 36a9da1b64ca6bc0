//! The follower against real stores: whatever the chunks, restarts and parser versions, the sessions are the same.

mod beside;
mod branches;
mod history;
mod loops;
mod newer;

use muster_proto::fleet;
use tokio_util::task::AbortOnDropHandle;

use super::Follower;
use crate::ingest::tests::{SESSION, Stand, frame, opened, prompt};
use crate::live::Topic;
use crate::store::sessions::{self, Derived, SessionRow};
use crate::store::testing::both;

const TITLE: &str = "{\"type\":\"custom-title\",\"customTitle\":\"limiter\"}\n";

/// Waits until everything archived is derived; the session as it is then.
async fn derived(stand: &Stand) -> Option<SessionRow> {
    stand.ingest.flushed().await.unwrap();
    let follower =
        Follower::new(stand.db.clone(), stand.hub.clone(), stand.wake.clone(), crate::live::Endings::default());
    let _running = AbortOnDropHandle::new(tokio::spawn(follower.run()));
    loop {
        let behind = sessions::behind(&stand.db, crate::transcript::PARSER_VERSION).await.unwrap();
        if behind.is_empty() && stand.wake.is_empty() {
            return sessions::get(&stand.db, SESSION).await.unwrap();
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn sessions_are_the_same_in_any_chunking_and_after_a_restart() {
    for database in both().await {
        let stand = Stand::new(database).await;
        let (mut intake, _acks) = stand.link().await;
        let id = opened(&mut intake).await;
        let text = [prompt("Fix it"), "torn\n".to_owned(), TITLE.to_owned(), prompt("again")].concat();
        let bytes = text.as_bytes();
        let mut at = 0;
        for cut in [3, 40, 55, 60, 90, bytes.len()] {
            let more = bytes[cut - 1] != b'\n';
            intake.accept(frame(id, at as u64, &bytes[at..cut], more)).await.unwrap();
            at = cut;
            derived(&stand).await;
        }
        let row = derived(&stand).await.unwrap();
        assert_eq!((row.entries, row.conversation, row.unreadable), (4, 2, 1));
        assert_eq!((row.title.as_deref(), row.title_source.as_deref()), (Some("limiter"), Some("custom")));
        // Another parser version: everything is derived again, and is the same.
        let mut tx = stand.db.begin().await.unwrap();
        let (facts, session) = ("{\"entries\":99}".to_owned(), Some(SESSION.to_owned()));
        let old = Derived { id: &id.to_string(), offset: 7, version: 0, facts, session };
        sessions::save_cursors(&mut tx, vec![old]).await.unwrap();
        tx.commit().await.unwrap();
        let again = derived(&stand).await.unwrap();
        assert_eq!(again, SessionRow { last_activity_at: again.last_activity_at, ..row });
    }
}

#[tokio::test]
async fn a_session_whose_files_vanish_is_gone_and_kept() {
    for database in both().await {
        let stand = Stand::new(database).await;
        let (mut intake, _acks) = stand.link().await;
        let id = opened(&mut intake).await;
        intake.accept(frame(id, 0, prompt("Fix it").as_bytes(), false)).await.unwrap();
        assert!(!derived(&stand).await.unwrap().gone);
        intake.gone(&fleet::Gone { transcript_id: id.to_string() }).await.unwrap();
        let kept = derived(&stand).await.unwrap();
        assert_eq!((kept.gone, kept.entries), (true, 1));
    }
}

#[tokio::test]
async fn a_renamed_file_takes_its_session_along() {
    for database in both().await {
        let stand = Stand::new(database).await;
        let (mut intake, _acks) = stand.link().await;
        let id = opened(&mut intake).await;
        intake.accept(frame(id, 0, prompt("Fix it").as_bytes(), false)).await.unwrap();
        assert!(derived(&stand).await.is_some());
        let root = "/home/dev/.claude/projects".to_owned();
        let path = format!("{root}/-srv/renamed.jsonl");
        let mut page = stand.hub.page();
        page.join(&Topic::Fleet, None);
        let follower =
            Follower::new(stand.db.clone(), stand.hub.clone(), stand.wake.clone(), crate::live::Endings::default());
        let running = AbortOnDropHandle::new(tokio::spawn(follower.run()));
        intake.moved(&fleet::Moved { transcript_id: id.to_string(), root, path }).await.unwrap();
        while !page.next().await.unwrap().contains(&format!("without [\"{SESSION}\"]")) {}
        drop(running);
        assert_eq!(derived(&stand).await, None);
        let renamed = sessions::get(&stand.db, "claude-renamed").await.unwrap().unwrap();
        assert_eq!(renamed.entries, 1);
    }
}
