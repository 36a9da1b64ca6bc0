//! Is it alive, is it ready, and how much of everything.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::CONTENT_TYPE;

use super::failure::Failure;
use super::guard::Caller;
use crate::house::House;
use crate::store::settings;

/// A database that does not answer for this long is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// Routes that need no credential: they tell nothing but alive and ready.
pub(super) fn open_routes() -> Router<Arc<House>> {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready))
}

/// Numbers for Prometheus. They need a credential like everything else, from loopback too: a reverse proxy on this
/// machine also comes from there. Give Prometheus a viewer's token.
pub(super) fn routes() -> Router<Arc<House>> {
    Router::new().route("/metrics", get(metrics))
}

async fn alive() -> &'static str {
    "ok\n"
}

async fn ready(State(house): State<Arc<House>>) -> Result<&'static str, Failure> {
    check_database(&house).await?;
    if house.ingest.is_broken() {
        return Err(Failure::unavailable(
            "The archive takes nothing: the last commit failed. Look for a full disk and at the aggregator's log",
        ));
    }
    Ok("ready\n")
}

/// Milliseconds until the database answered.
async fn check_database(house: &House) -> Result<u128, Failure> {
    let begun = Instant::now();
    match tokio::time::timeout(PATIENCE, settings::aggregator_id(&house.db)).await {
        Ok(Ok(_)) => Ok(begun.elapsed().as_millis()),
        Ok(Err(error)) => {
            tracing::error!(error = %error, "the database does not answer");
            Err(Failure::unavailable("The database does not answer: see the aggregator's log"))
        }
        Err(_) => Err(Failure::unavailable("The database does not answer within 2 s")),
    }
}

async fn metrics(State(house): State<Arc<House>>, _caller: Caller) -> Result<Response, Failure> {
    let database_ms = check_database(&house).await?;
    let counts = settings::counts(&house.db).await?;
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, value: &dyn std::fmt::Display| {
        let _ = writeln!(text, "# HELP muster_{name} {help}\n# TYPE muster_{name} gauge\nmuster_{name} {value}");
    };
    gauge("hosts", "Hosts that have joined and are not removed.", &counts.hosts);
    gauge("transcripts", "Transcripts in the archive.", &counts.transcripts);
    gauge("archived_bytes", "Bytes of all transcripts in the archive, as on the hosts.", &counts.bytes);
    gauge("sessions", "Sessions in the archive.", &counts.sessions);
    gauge("database_answer_milliseconds", "Time that a small query took.", &database_ms);
    if let Some(rss) = resident_bytes() {
        gauge("resident_bytes", "Memory of this process.", &rss);
    }
    text.push_str(&flow(&house));
    let _ = writeln!(
        text,
        "# HELP muster_build_info Version of this aggregator.\n# TYPE muster_build_info gauge\n\
         muster_build_info{{version=\"{}\",database=\"{}\"}} 1",
        env!("CARGO_PKG_VERSION"),
        house.db.kind()
    );
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

/// What flows through the corridor right now.
fn flow(house: &House) -> String {
    let counters = house.ingest.counters();
    let (topics, cut_off) = house.hub.counts();
    let read = |counter: &std::sync::atomic::AtomicU64| counter.load(std::sync::atomic::Ordering::Relaxed);
    let rows = [
        ("linked_hosts", "gauge", "Hosts whose link stands.", house.presence.linked_hosts() as u64),
        ("topics", "gauge", "Topics that pages follow or followed a moment ago.", topics as u64),
        ("pages_cut_off_total", "counter", "Times that a page read too slowly.", cut_off),
        ("ingest_frames_total", "counter", "Frames committed since the start.", read(&counters.frames)),
        ("ingest_lines_total", "counter", "Lines committed since the start.", read(&counters.lines)),
        ("ingest_bytes_total", "counter", "Bytes of transcripts committed since the start.", read(&counters.bytes)),
        ("ingest_commits_total", "counter", "Group commits since the start.", read(&counters.commits)),
        ("ingest_failures_total", "counter", "Group commits that failed.", read(&counters.failures)),
        ("ingest_broken", "gauge", "1 while the archive takes nothing.", read(&counters.broken)),
    ];
    let mut text = String::new();
    for (name, kind, help, value) in rows {
        let _ = writeln!(text, "# HELP muster_{name} {help}\n# TYPE muster_{name} {kind}\nmuster_{name} {value}");
    }
    text
}

/// Memory of this process, where the system tells it as Linux does.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}
