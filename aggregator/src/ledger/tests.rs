//! Sums, arithmetic and prices against real stores.

use muster_proto::ids::{HostId, TranscriptId};

use super::*;
use crate::access::By;
use crate::domain::price::Price;
use crate::domain::time::parse_day;
use crate::live::Wake;
use crate::store::db::Val;
use crate::store::testing::{TestDb, both};
use crate::store::usage_report::Scope;
use crate::store::{Db, hosts, prices, sessions};
use crate::vals;

const INSERT_TRANSCRIPT: &str =
    "INSERT INTO transcripts (id, host_id, coder, root, path, kind, in_lines, generation, device,
     inode, session_id, lines, state, created_at, updated_at)
     VALUES ($1, $2, $3, '', $1, 'main', TRUE, 0, '0', '0', $4, 10, 'live', 0, 0)";
const INSERT_USAGE: &str = "INSERT INTO usage (key, transcript_id, line, at, model, input_tokens, output_tokens,
     cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, thinking_tokens, web_searches, records, copied, counted,
     cost_microdollars) VALUES ($1, $2, 0, $3, $4, $5, 0, 0, 0, 0, 0, 0, $6, FALSE, $7, NULL)";

struct Stand {
    db: Db,
    hosts: [String; 2],
    _database: TestDb,
}

/// One row of usage.
struct Told<'a> {
    key: &'a [u8],
    transcript: &'a str,
    at: &'a str,
    model: &'a str,
    input: i64,
    records: i64,
    counted: bool,
}

impl Stand {
    async fn new(database: TestDb) -> Self {
        let (db, ids) = (database.db.clone(), [HostId::new(), HostId::new()]);
        let mut tx = db.begin().await.unwrap();
        for (id, name) in ids.iter().zip(["mac", "box"]) {
            hosts::insert(&mut tx, *id, name, b"key", &hosts::Facts::default(), 0).await.unwrap();
        }
        tx.commit().await.unwrap();
        Self { db, hosts: ids.map(|id| id.to_string()), _database: database }
    }

    async fn run(&self, sql: &'static str, vals: Vec<Val>) {
        self.db.execute(sql, vals).await.unwrap();
    }

    async fn transcript(&self, host: usize, coder: &str, session: &str) -> String {
        let id = TranscriptId::new().to_string();
        self.run(INSERT_TRANSCRIPT, vals![id.as_str(), self.hosts[host].as_str(), coder, session]).await;
        let mut tx = self.db.begin().await.unwrap();
        let row = sessions::SessionRow { id: session.to_owned(), coder: coder.to_owned(), ..Default::default() };
        sessions::upsert(&mut tx, vec![row]).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    async fn told(&self, told: Told<'_>) {
        let at = crate::domain::time::parse_rfc3339(told.at).unwrap();
        let vals = vals![told.key, told.transcript, at, told.model, told.input, told.records, told.counted];
        self.run(INSERT_USAGE, vals).await;
    }

    /// Two sessions; a fork has copied a reply of the first, and another host has the first, too.
    async fn fleet() -> Vec<Self> {
        let mut stands = Vec::new();
        for database in both().await {
            let stand = Self::new(database).await;
            let first = stand.transcript(0, "claude", "claude-a").await;
            let twin = stand.transcript(1, "claude", "claude-a").await;
            let fork = stand.transcript(0, "claude", "claude-b").await;
            let codex = stand.transcript(1, "codex", "codex-c").await;
            let evening = "2026-11-01T23:50:00Z";
            let row = |key, transcript, at, model, input, records, counted| {
                stand.told(Told { key, transcript, at, model, input, records, counted })
            };
            row(b"1", &first, evening, "claude-opus-4-5-20251101", 100, 3, true).await;
            row(b"1", &twin, evening, "claude-opus-4-5-20251101", 90, 2, false).await;
            row(b"1", &fork, evening, "claude-opus-4-5-20251101", 100, 1, false).await;
            row(b"2", &fork, "2026-11-02T10:00:00Z", "claude-opus-4-5-20251101", 1000, 1, true).await;
            row(b"3", &codex, "2026-11-02T11:00:00Z", "home-made", 7, 1, true).await;
            stands.push(stand);
        }
        stands
    }
}

fn items(report: &Report) -> Vec<(String, i64)> {
    report.items.iter().map(|(values, sum)| (values.join(" "), sum.input_tokens)).collect()
}

fn item(values: &str, input: i64) -> (String, i64) {
    (values.to_owned(), input)
}

#[tokio::test]
async fn each_reply_counts_once_and_the_arithmetic_says_why() {
    for stand in Stand::fleet().await {
        let report = report(&stand.db, &Scope::default(), &[], 0).await.unwrap();
        assert_eq!((report.total.input_tokens, report.total.replies, report.total.sessions), (1107, 3, 3));
        let Arithmetic { lines, records, same_reply, copies, other_hosts, counted } = report.arithmetic;
        assert_eq!((lines, records, same_reply, copies, other_hosts, counted), (Some(40), 8, 3, 1, 1, 3));
        assert_eq!(counted, records - same_reply - copies - other_hosts);
        assert_eq!(items(&report), [item("", 1107)]);
    }
}

#[tokio::test]
async fn sums_are_the_same_by_any_keys() {
    for stand in Stand::fleet().await {
        let by = async |keys: &[Key], offset| report(&stand.db, &Scope::default(), keys, offset).await.unwrap();
        let days = by(&[Key::Day, Key::Coder], 0).await;
        assert_eq!(
            items(&days),
            [item("2026-11-01 claude", 100), item("2026-11-02 claude", 1000), item("2026-11-02 codex", 7)]
        );
        // In India the evening lies in the next day.
        assert_eq!(items(&by(&[Key::Day], 330).await), [item("2026-11-02", 1107)]);
        assert_eq!(items(&by(&[Key::Day], -630).await), [item("2026-11-01", 1100), item("2026-11-02", 7)]);
        let sessions = by(&[Key::Session], 0).await;
        assert_eq!(items(&sessions), [item("claude-a", 100), item("claude-b", 1000), item("codex-c", 7)]);
        for keys in [&Key::ALL[..], &[Key::Model], &[Key::Host, Key::Project]] {
            let report = by(keys, 60).await;
            assert_eq!(report.items.iter().map(|(_, sum)| sum.input_tokens).sum::<i64>(), 1107, "{keys:?}");
            assert_eq!(report.total, days.total);
        }
    }
}

#[tokio::test]
async fn a_report_can_be_narrowed() {
    for stand in Stand::fleet().await {
        let total = async |scope: Scope| report(&stand.db, &scope, &[], 0).await.unwrap().total.input_tokens;
        let word = |word: &str| Some(word.to_owned());
        assert_eq!(total(Scope { from: parse_day("2026-11-02"), ..Scope::default() }).await, 1007);
        assert_eq!(total(Scope { to: parse_day("2026-11-02"), ..Scope::default() }).await, 100);
        assert_eq!(total(Scope { host: word(&stand.hosts[0]), ..Scope::default() }).await, 1100);
        assert_eq!(total(Scope { coder: word("codex"), ..Scope::default() }).await, 7);
        assert_eq!(total(Scope { model: word("home-made"), ..Scope::default() }).await, 7);
        assert_eq!(total(Scope { project: word("none"), ..Scope::default() }).await, 0);
        assert_eq!(total(Scope { project: word(""), ..Scope::default() }).await, 1107);
    }
}

#[tokio::test]
async fn a_change_of_prices_prices_again_what_was_stored() {
    for stand in Stand::fleet().await {
        let wake = Wake::default();
        let ledger = Ledger::new(stand.db.clone(), wake.clone());
        assert!(seed(&stand.db).await.unwrap());
        ledger.apply().await.unwrap();
        let cost = async || report(&stand.db, &Scope::default(), &[Key::Model], 0).await.unwrap();
        let before = cost().await;
        assert_eq!(before.total.cost_microdollars, Some(5500));
        assert_eq!(before.unpriced_models, ["home-made"]);
        assert_eq!(before.total.replies - before.total.priced, 1);
        assert_eq!(before.items[1].1.cost_microdollars, None);
        let price = |model: &str, input| Price {
            model: model.to_owned(),
            valid_from: 0,
            input,
            output: 0,
            cache_read: 0,
            cache_write_5m: 0,
            cache_write_1h: 0,
            web_search: 0,
        };
        wake.take(100).await;
        ledger.put_price(&By::cli(), price(" Home-Made ", 3_000_000)).await.unwrap();
        ledger.apply().await.unwrap();
        assert_eq!(cost().await.total.cost_microdollars, Some(5521));
        assert_eq!(wake.take(100).await.len(), 1, "only what changed is shown again");
        ledger.delete_price(&By::cli(), "home-made", 0).await.unwrap();
        ledger.apply().await.unwrap();
        assert_eq!(cost().await.total.cost_microdollars, Some(5500));
        assert!(matches!(ledger.delete_price(&By::cli(), "home-made", 0).await, Err(PriceError::NotFound(_))));
        for wrong in [price("", 1), price("a b", 1), price("m", -1), price("m", i64::MAX)] {
            assert!(matches!(ledger.put_price(&By::cli(), wrong).await, Err(PriceError::Invalid(_))));
        }
    }
}

#[tokio::test]
async fn the_table_is_given_once_and_changes_stay() {
    for test in both().await {
        assert!(seed(&test.db).await.unwrap());
        let mut mine = prices::all(&test.db).await.unwrap();
        assert_eq!(mine.len(), defaults::prices().len());
        mine[0].input = 1;
        let mut tx = test.db.begin().await.unwrap();
        prices::put(&mut tx, &mine[0]).await.unwrap();
        assert!(prices::delete(&mut tx, &mine[1].model, mine[1].valid_from).await.unwrap());
        tx.commit().await.unwrap();
        mine.remove(1);
        assert!(!seed(&test.db).await.unwrap());
        assert_eq!(prices::all(&test.db).await.unwrap(), mine);
    }
}
