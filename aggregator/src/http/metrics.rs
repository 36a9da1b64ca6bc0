//! Numbers for Prometheus.
//!
//! They need a credential like everything else, from loopback too: a reverse proxy on this machine also comes from there.
//! Give Prometheus the token of a viewer.

use std::fmt::{Display, Write as _};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::CONTENT_TYPE;

use super::failure::Failure;
use super::health::check_database;
use crate::house::House;
use crate::store::settings;
use crate::wire::fleet::{Host, HostState};

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(State(house): State<Arc<House>>) -> Result<Response, Failure> {
    let answered = check_database(&house).await?;
    let counts = settings::counts(&house.db).await?;
    let hosts: Vec<Host> = house.host_views().await?.iter().map(Host::from).collect();
    let (topics, cut_off) = house.hub.counts();
    let mut text = Text::default();
    text.one("hosts", "gauge", "Hosts that have joined and are not removed.", counts.hosts);
    text.one("hosts_linked", "gauge", "Hosts whose link stands.", house.presence.linked_hosts());
    text.one("transcripts", "gauge", "Transcripts in the archive, live and gone.", counts.transcripts);
    text.one("archived_bytes", "gauge", "Bytes of all transcripts in the archive, as on the hosts.", counts.bytes);
    text.one("sessions", "gauge", "Sessions in the archive.", counts.sessions);
    text.one("live_topics", "gauge", "Topics that pages follow or followed a moment ago.", topics);
    text.one(
        "pages_cut_off_total",
        "counter",
        "Times that a page read too slowly and had to subscribe again.",
        cut_off,
    );
    text.one("tasks", "gauge", "Connections, links and other work under way.", house.tasks.running());
    text.one("database_answer_seconds", "gauge", "Time that a small query took.", answered.as_secs_f64());
    if let Some(rss) = resident_bytes() {
        text.one("resident_bytes", "gauge", "Memory of this process.", rss);
    }
    text.head(
        "sessions_watched",
        "gauge",
        "Sessions that live or were active a short while ago, by what they are doing.",
    );
    for (turn, sessions) in house.states.counts() {
        text.line("sessions_watched", &[("turn", turn.word())], sessions);
    }
    per_host(&mut text, &hosts);
    text.head("build_info", "gauge", "Version of this aggregator.");
    let labels = [("version", env!("CARGO_PKG_VERSION")), ("database", house.db.kind())];
    text.line("build_info", &labels, 1);
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text.0).into_response())
}

fn per_host(text: &mut Text, hosts: &[Host]) {
    let mut each = |name: &str, help: &str, value: &dyn Fn(&Host) -> f64| {
        text.head(name, "gauge", help);
        for host in hosts {
            text.line(name, &[("host", &host.name)], value(host));
        }
    };
    let linked = |host: &Host| matches!(host.state, HostState::Online | HostState::Lagging);
    each("host_linked", "1 while the link of the host stands.", &|host| f64::from(u8::from(linked(host))));
    each("host_lag_seconds", "How long the oldest byte waits that is not archived yet.", &|host| {
        Duration::from_millis(host.lag_ms).as_secs_f64()
    });
    // A float holds whole numbers up to 2^53 exactly: 8 PiB of backlog.
    #[allow(clippy::cast_precision_loss)]
    each("host_backlog_bytes", "Bytes on the host that are not archived yet.", &|host| host.backlog_bytes as f64);
}

/// The text format of Prometheus. Names of hosts and our own words need no escaping.
#[derive(Default)]
struct Text(String);

impl Text {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP muster_{name} {help}\n# TYPE muster_{name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<_> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "muster_{name}{labels} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.head(name, kind, help);
        self.line(name, &[], value);
    }
}

/// Memory of this process, where the system tells it as Linux does.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}
