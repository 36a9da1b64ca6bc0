//! Sessions that are deleted while their coders live.

use std::collections::BTreeSet;

use muster_proto::fleet;
use muster_proto::ids::HostId;

use crate::domain::session::SessionId;
use crate::domain::time::Millis;
use crate::states::read::Greeting;
use crate::states::room::{Changes, Room};
use crate::store::deletions::Tombstones;

const NOW: Millis = 1_800_000_000_000;

/// A room in which one coder lives, and its session is shown.
struct Stand {
    room: Room,
    deleted: Tombstones,
    host: HostId,
    id: SessionId,
}

impl Stand {
    fn new() -> Self {
        let (deleted, host) = (Tombstones::default(), HostId::new());
        let mut room = Room::new(NOW, deleted.clone());
        room.linked(host, &Greeting { clock_ms: NOW, reports_coders: true, no_stop: None }, NOW);
        let mut stand = Self { room, deleted, host, id: SessionId::from_stored("claude-s1") };
        stand.tells();
        assert_eq!(shown(&stand.look(0)), [stand.id.clone()]);
        assert!(stand.room.lives_on(host) && stand.room.views_of(host).len() == 1);
        stand
    }

    /// The host says that the coder lives.
    fn tells(&mut self) {
        let coder = fleet::Coder {
            key: "7-1".to_owned(),
            coder: "claude".to_owned(),
            pid: 7,
            started_ms: NOW,
            session: "s1".to_owned(),
            ..fleet::Coder::default()
        };
        let told = fleet::Coders { whole: true, coders: vec![coder], clock_ms: NOW, ..fleet::Coders::default() };
        self.room.coders(self.host, told, NOW);
    }

    fn look(&mut self, seconds: i64) -> Changes {
        self.room.look(NOW + seconds * 1000, true)
    }
}

fn shown(changes: &Changes) -> Vec<SessionId> {
    changes.changed.iter().map(|change| change.view.session.clone()).collect()
}

fn ended(changes: &Changes) -> BTreeSet<SessionId> {
    changes.ended.iter().map(|(id, _)| id.clone()).collect()
}

#[test]
fn what_a_person_deletes_is_dropped_at_once_and_not_shown_again() {
    let mut stand = Stand::new();
    stand.deleted.add(stand.id.as_str());
    stand.room.forget(&stand.id);
    assert!(stand.room.views().is_empty() && !stand.room.knows(&stand.id) && !stand.room.lives_on(stand.host));
    let changes = stand.look(1);
    assert_eq!((shown(&changes), ended(&changes)), (vec![], [stand.id.clone()].into()));
    assert_eq!(changes.ended[0].1, [stand.host]);
    stand.tells();
    let changes = stand.look(2);
    assert_eq!((shown(&changes), ended(&changes)), (vec![], BTreeSet::new()));
    assert!(!stand.room.knows(&stand.id));
}

#[test]
fn what_a_rule_deletes_is_shown_again_when_its_coder_is_told_of() {
    let mut stand = Stand::new();
    stand.room.forget(&stand.id);
    stand.tells();
    let changes = stand.look(1);
    assert_eq!((shown(&changes), ended(&changes)), (vec![stand.id.clone()], BTreeSet::new()));
}
