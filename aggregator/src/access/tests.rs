//! The rules of access, each on both databases.

use std::net::IpAddr;
use std::time::Duration;

use muster_proto::ids::ActorId;

use super::*;
use crate::store::actors::ActorRow;
use crate::store::testing::{TestDb, both};
use crate::store::{audit, hosts};

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const PASSWORD: &str = "correct horse battery";
const DAY: Millis = 24 * 3_600_000;
const HOUR: Duration = Duration::from_hours(1);

/// The room on one database; the database lives as long.
struct Room {
    access: Access,
    test: TestDb,
}

impl Room {
    async fn both() -> Vec<Self> {
        both().await.into_iter().map(|test| Self { access: Access::new(test.db.clone()), test }).collect()
    }

    async fn member(&self, name: &str, role: Role) -> ActorId {
        let row = self.access.add_member(&By::cli(), name, None, role).await.unwrap();
        row.id.parse().unwrap()
    }

    async fn member_with_password(&self, name: &str, role: Role) -> ActorId {
        let id = self.member(name, role).await;
        self.access.set_password(&By::cli(), id, PASSWORD).await.unwrap();
        id
    }

    async fn audit(&self) -> Vec<String> {
        let mut rows = audit::page(&self.test.db, "zzz", 1000).await.unwrap();
        rows.reverse();
        rows.into_iter().map(|row| row.action).collect()
    }

    async fn last_audit(&self) -> String {
        self.audit().await.pop().unwrap_or_default()
    }
}

fn key() -> [u8; 32] {
    [7; 32]
}

#[tokio::test]
async fn a_password_signs_in_and_nothing_else_does() {
    for room in Room::both().await {
        let id = room.member_with_password("ann", Role::Member).await;
        let access = &room.access;
        let signed_in = access.sign_in("ann", PASSWORD, HERE, None).await.unwrap();
        let known = access.by_sign_in(&signed_in.secret).await.unwrap().unwrap();
        assert_eq!((known.actor_id, known.role), (id, Role::Member));
        let wrong = access.sign_in("ann", "correct horse batterx", HERE, None).await.unwrap_err();
        let nobody = access.sign_in("bob", PASSWORD, HERE, None).await.unwrap_err();
        assert!(matches!(wrong, AccessError::Denied(_)), "{wrong}");
        assert_eq!(wrong.to_string(), nobody.to_string(), "an answer must not tell which names exist");
        assert!(access.by_sign_in("no such secret").await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_refused_password_is_in_the_audit_trail_with_whose_and_from_where() {
    for room in Room::both().await {
        room.member_with_password("ann", Role::Admin).await;
        let bob = room.member_with_password("bob", Role::Member).await;
        let disabled = Change { disabled: Some(true), ..Change::default() };
        room.access.change_member(&By::cli(), bob, disabled).await.unwrap();
        for (name, password) in [("ann", "wrong"), ("bob", PASSWORD), (PASSWORD, "ann")] {
            room.access.sign_in(name, password, HERE, None).await.unwrap_err();
        }
        room.access.sign_in("ann", PASSWORD, HERE, None).await.unwrap();
        let rows = audit::page(&room.test.db, "zzz", 3).await.unwrap();
        let told: Vec<_> = rows.iter().map(|row| (row.action.as_str(), row.subject.as_str())).collect();
        let refused = "sign-in.refused";
        assert_eq!(told, [(refused, "no member's name"), (refused, "bob (disabled)"), (refused, "ann")]);
        assert!(rows.iter().all(|row| row.actor_id.is_none() && row.origin == HERE.to_string()));
    }
}

#[tokio::test]
async fn refused_passwords_from_everywhere_do_not_fill_the_audit_trail() {
    for room in Room::both().await {
        let tomorrow = room.access.now() + DAY;
        while room.access.inner.limits.take(Attempt::Trail, tomorrow).is_ok() {}
        room.access.sign_in("ann", "wrong", HERE, None).await.unwrap_err();
        assert_eq!(room.audit().await, Vec::<String>::new());
        room.access.advance(2 * DAY);
        room.access.sign_in("ann", "wrong", HERE, None).await.unwrap_err();
        assert_eq!(room.audit().await, ["sign-in.refused"]);
    }
}

#[tokio::test]
async fn a_sign_in_replaces_the_one_before_in_the_same_browser() {
    for room in Room::both().await {
        room.member_with_password("ann", Role::Member).await;
        let first = room.access.sign_in("ann", PASSWORD, HERE, None).await.unwrap();
        let second = room.access.sign_in("ann", PASSWORD, HERE, Some(&first.secret)).await.unwrap();
        assert!(room.access.by_sign_in(&first.secret).await.unwrap().is_none());
        room.access.sign_out(&second.secret).await.unwrap();
        assert!(room.access.by_sign_in(&second.secret).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_sign_in_lasts_thirty_days_after_its_last_use() {
    for room in Room::both().await {
        room.member_with_password("ann", Role::Member).await;
        let secret = room.access.sign_in("ann", PASSWORD, HERE, None).await.unwrap().secret;
        for _ in 0..3 {
            room.access.advance(29 * DAY);
            assert!(room.access.by_sign_in(&secret).await.unwrap().is_some());
        }
        room.access.advance(30 * DAY + 1);
        assert!(room.access.by_sign_in(&secret).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_link_signs_in_once_even_when_used_at_the_same_moment() {
    for room in Room::both().await {
        let id = room.member("ann", Role::Member).await;
        let secret = room.access.link(&By::cli(), id, HOUR).await.unwrap().secret;
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (access, secret) = (room.access.clone(), secret.clone());
            tries.spawn(async move { access.sign_in_by_link(&secret, HERE, None).await.is_ok() });
        }
        let won = tries.join_all().await.into_iter().filter(|won| *won).count();
        assert_eq!(won, 1, "{}", room.test.db.kind());
        assert_eq!(room.last_audit().await, "sign-in.link");
    }
}

#[tokio::test]
async fn a_link_expires_and_a_newer_one_replaces_it() {
    for room in Room::both().await {
        let id = room.member("ann", Role::Member).await;
        let old = room.access.link(&By::cli(), id, HOUR).await.unwrap().secret;
        let new = room.access.link(&By::cli(), id, HOUR).await.unwrap().secret;
        assert!(room.access.sign_in_by_link(&old, HERE, None).await.is_err());
        room.access.advance(3_600_001);
        let error = room.access.sign_in_by_link(&new, HERE, None).await.unwrap_err();
        assert!(error.to_string().contains("muster user link"), "{error}");
    }
}

#[tokio::test]
async fn a_token_can_do_no_more_than_its_owner_at_any_time() {
    for room in Room::both().await {
        let access = &room.access;
        room.member("root", Role::Admin).await;
        let ann = room.member("ann", Role::Member).await;
        let refused = access.add_token(&By::cli(), ann, "ci", Role::Admin, None).await.unwrap_err();
        assert!(matches!(refused, AccessError::Forbidden(_)), "{refused}");
        let secret = access.add_token(&By::cli(), ann, "ci", Role::Member, None).await.unwrap().secret;
        assert_eq!(access.by_token(&secret).await.unwrap().unwrap().role, Role::Member);
        let lower = Change { role: Some(Role::Viewer), ..Change::default() };
        access.change_member(&By::cli(), ann, lower).await.unwrap();
        assert_eq!(access.by_token(&secret).await.unwrap().unwrap().role, Role::Viewer);
        let off = Change { disabled: Some(true), ..Change::default() };
        access.change_member(&By::cli(), ann, off).await.unwrap();
        assert!(access.by_token(&secret).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_revoked_token_stops_working_at_once_here_and_within_seconds_in_other_processes() {
    for room in Room::both().await {
        let ann = room.member("ann", Role::Member).await;
        let grant = room.access.add_token(&By::cli(), ann, "ci", Role::Viewer, None).await.unwrap();
        let other_process = Access::new(room.test.db.clone());
        assert!(room.access.by_token(&grant.secret).await.unwrap().is_some());
        assert!(other_process.by_token(&grant.secret).await.unwrap().is_some());
        room.access.revoke_token(&By::cli(), &grant.row.id, Some(ann)).await.unwrap();
        assert!(room.access.by_token(&grant.secret).await.unwrap().is_none());
        other_process.advance(5_001);
        assert!(other_process.by_token(&grant.secret).await.unwrap().is_none());
        let gone = room.access.revoke_token(&By::cli(), &grant.row.id, None).await.unwrap_err();
        assert!(matches!(gone, AccessError::NotFound(_)), "{gone}");
    }
}

#[tokio::test]
async fn a_token_expires_and_is_its_owners_alone_to_revoke() {
    for room in Room::both().await {
        let (ann, bob) = (room.member("ann", Role::Member).await, room.member("bob", Role::Member).await);
        let grant = room.access.add_token(&By::cli(), ann, "ci", Role::Viewer, Some(2)).await.unwrap();
        assert!(room.access.revoke_token(&By::cli(), &grant.row.id, Some(bob)).await.is_err());
        assert!(room.access.by_token(&grant.secret).await.unwrap().is_some());
        room.access.advance(2 * DAY + 1);
        assert!(room.access.by_token(&grant.secret).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_join_token_lets_one_machine_in_even_when_used_at_the_same_moment() {
    for room in Room::both().await {
        let secret = room.access.host_add(&By::cli(), "box").await.unwrap().secret;
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..8 {
            // The pin behind the dot is the agent's business.
            let (access, token) = (room.access.clone(), format!("{secret}.PIN"));
            tries.spawn(async move { access.enrol(HERE, &token, &key(), HostFacts::default()).await.is_ok() });
        }
        assert_eq!(tries.join_all().await.into_iter().filter(|won| *won).count(), 1, "{}", room.test.db.kind());
        assert_eq!(hosts::all(&room.test.db).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_join_token_expires_and_a_newer_one_replaces_it() {
    for room in Room::both().await {
        let old = room.access.host_add(&By::cli(), "box").await.unwrap().secret;
        let new = room.access.host_add(&By::cli(), "box").await.unwrap().secret;
        assert!(room.access.enrol(HERE, &old, &key(), HostFacts::default()).await.is_err());
        room.access.advance(DAY + 1);
        let error = room.access.enrol(HERE, &new, &key(), HostFacts::default()).await.unwrap_err();
        assert!(error.to_string().contains("muster host add"), "{error}");
    }
}

#[tokio::test]
async fn a_hosts_name_is_free_again_only_when_it_is_removed_and_then_its_link_is_dead() {
    for room in Room::both().await {
        let (access, db) = (&room.access, &room.test.db);
        let secret = access.host_add(&By::cli(), "box").await.unwrap().secret;
        let enrolled = access.enrol(HERE, &secret, &key(), HostFacts::default()).await.unwrap();
        let epoch = hosts::take_link(db, enrolled.host_id, &HostFacts::default(), "[]", 1).await.unwrap();
        let taken = access.host_add(&By::cli(), "box").await.unwrap_err();
        assert!(taken.to_string().contains("muster host remove box"), "{taken}");
        access.host_remove(&By::cli(), enrolled.host_id).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        assert!(hosts::hold_links(&mut tx, &[(enrolled.host_id, epoch)]).await.unwrap().is_empty());
        drop(tx);
        assert!(!access.is_host(enrolled.host_id).await.unwrap());
        access.host_add(&By::cli(), "box").await.unwrap();
        assert_eq!(room.audit().await, ["host.add", "host.join", "host.remove", "host.add"]);
    }
}

#[tokio::test]
async fn a_machine_cannot_join_with_a_bad_key_or_a_bad_name() {
    for room in Room::both().await {
        let secret = room.access.host_add(&By::cli(), "box").await.unwrap().secret;
        let error = room.access.enrol(HERE, &secret, b"short", HostFacts::default()).await.unwrap_err();
        assert!(matches!(error, AccessError::Invalid(_)), "{error}");
        room.access.enrol(HERE, &secret, &key(), HostFacts::default()).await.expect("the token is not used up");
        assert!(matches!(room.access.host_add(&By::cli(), "../x").await, Err(AccessError::Invalid(_))));
    }
}

#[tokio::test]
async fn what_a_host_says_of_itself_is_bounded_and_printable() {
    for room in Room::both().await {
        let secret = room.access.host_add(&By::cli(), "box").await.unwrap().secret;
        let facts = HostFacts { hostname: format!("\u{1b}[31m{}", "x".repeat(5000)), ..HostFacts::default() };
        let enrolled = room.access.enrol(HERE, &secret, &key(), facts).await.unwrap();
        let row = hosts::get(&room.test.db, enrolled.host_id).await.unwrap().unwrap();
        assert!(row.hostname.starts_with("[31mxxx") && row.hostname.len() == 200, "{}", row.hostname);
    }
}

#[tokio::test]
async fn the_last_admin_stays_even_when_two_demote_each_other() {
    for room in Room::both().await {
        let (ann, bob) = (room.member("ann", Role::Admin).await, room.member("bob", Role::Admin).await);
        let demote = Change { role: Some(Role::Viewer), ..Change::default() };
        let by = By::cli();
        let (one, two) =
            tokio::join!(room.access.change_member(&by, ann, demote), room.access.change_member(&by, bob, demote));
        assert_eq!(u8::from(one.is_ok()) + u8::from(two.is_ok()), 1, "{}", room.test.db.kind());
        let last = if one.is_ok() { bob } else { ann };
        let off = Change { disabled: Some(true), ..Change::default() };
        let error = room.access.change_member(&by, last, off).await.unwrap_err();
        assert!(error.to_string().contains("last admin"), "{error}");
    }
}

#[tokio::test]
async fn a_disabled_member_is_out_at_once() {
    for room in Room::both().await {
        room.member("root", Role::Admin).await;
        let ann = room.member_with_password("ann", Role::Member).await;
        let signed_in = room.access.sign_in("ann", PASSWORD, HERE, None).await.unwrap();
        let link = room.access.link(&By::cli(), ann, HOUR).await.unwrap();
        let off = Change { disabled: Some(true), ..Change::default() };
        room.access.change_member(&By::cli(), ann, off).await.unwrap();
        assert!(room.access.by_sign_in(&signed_in.secret).await.unwrap().is_none());
        assert!(room.access.recheck(&signed_in.known.credential).await.unwrap().is_none());
        assert!(room.access.sign_in("ann", PASSWORD, HERE, None).await.is_err());
        assert!(room.access.sign_in_by_link(&link.secret, HERE, None).await.is_err());
        assert!(room.access.link(&By::cli(), ann, HOUR).await.is_err());
    }
}

#[tokio::test]
async fn a_new_password_ends_every_other_sign_in() {
    for room in Room::both().await {
        let ann = room.member_with_password("ann", Role::Member).await;
        let access = &room.access;
        let [this, other] =
            [access.sign_in("ann", PASSWORD, HERE, None).await, access.sign_in("ann", PASSWORD, HERE, None).await]
                .map(Result::unwrap);
        let by = By::cli();
        let change = |current| access.change_password(&by, &this.known, current, "another long one");
        assert!(matches!(change(None).await, Err(AccessError::Forbidden(_))));
        assert!(matches!(change(Some("wrong")).await, Err(AccessError::Forbidden(_))));
        change(Some(PASSWORD)).await.unwrap();
        assert!(access.by_sign_in(&this.secret).await.unwrap().is_some());
        assert!(access.by_sign_in(&other.secret).await.unwrap().is_none());
        access.sign_in("ann", "another long one", HERE, None).await.unwrap();
        assert!(!access.needs_password(ann).await.unwrap());
    }
}

#[tokio::test]
async fn who_came_by_link_sets_a_first_password_without_an_old_one() {
    for room in Room::both().await {
        let ann = room.member("ann", Role::Member).await;
        let link = room.access.link(&By::cli(), ann, HOUR).await.unwrap();
        let signed_in = room.access.sign_in_by_link(&link.secret, HERE, None).await.unwrap();
        assert!(room.access.needs_password(ann).await.unwrap());
        room.access.change_password(&By::cli(), &signed_in.known, None, PASSWORD).await.unwrap();
        room.access.sign_in("ann", PASSWORD, HERE, None).await.unwrap();
    }
}

#[tokio::test]
async fn guessing_passwords_is_slowed_down() {
    for room in Room::both().await {
        room.member_with_password("ann", Role::Member).await;
        for _ in 0..10 {
            assert!(matches!(room.access.sign_in("ann", "wrong", HERE, None).await, Err(AccessError::Denied(_))));
        }
        let error = room.access.sign_in("ann", PASSWORD, HERE, None).await.unwrap_err();
        assert!(matches!(error, AccessError::TooMany { retry_after_seconds: 1..=10 }), "{error}");
        room.access.advance(10_000);
        room.access.sign_in("ann", PASSWORD, HERE, None).await.unwrap();
    }
}

#[tokio::test]
async fn a_refused_change_leaves_no_trace() {
    for room in Room::both().await {
        let ann = room.member("ann", Role::Admin).await;
        let before = room.audit().await;
        let demote = Change { role: Some(Role::Viewer), ..Change::default() };
        assert!(room.access.change_member(&By::cli(), ann, demote).await.is_err());
        assert!(room.access.add_member(&By::cli(), "ann", None, Role::Viewer).await.is_err());
        assert!(room.access.add_token(&By::cli(), ann, "a\nb", Role::Viewer, None).await.is_err());
        assert_eq!(room.audit().await, before);
        assert_eq!(before, ["member.add"]);
    }
}

#[tokio::test]
async fn the_owner_is_made_once() {
    for room in Room::both().await {
        let (one, two) = tokio::join!(room.access.owner(), room.access.owner());
        let ids: Vec<_> = [one, two].into_iter().map(|row: Result<ActorRow>| row.unwrap().id).collect();
        assert_eq!(ids[0], ids[1]);
        assert_eq!(room.audit().await, ["member.add"]);
    }
}
