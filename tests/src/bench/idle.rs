//! Nothing happens: what agent and aggregator use then.

use std::time::Duration;

use super::table::{Table, mb};
use crate::corpus;
use crate::house::{House, until};

/// Name of the host.
const HOST: &str = "idle";

/// Sessions on its disk.
const SESSIONS: usize = 2000;

/// How long is looked at.
const SPAN: Duration = Duration::from_secs(30);

/// Measures both after everything has come to rest.
pub async fn measure(house: &mut House, table: &mut Table) -> anyhow::Result<()> {
    let root = house.root(HOST);
    tokio::task::spawn_blocking(move || corpus::write_many(&root, SESSIONS, 2)).await??;
    house.add_host(HOST).await?;
    house.caught_up(HOST).await?;
    house.stop_agent(HOST).await?;
    house.run_agent(HOST)?;
    until("the host is online again", || async {
        let host = house.api.host(HOST).await?;
        if host["state"] == "online" { Ok(()) } else { Err(host["state"].to_string()) }
    })
    .await?;
    at_rest(house).await?;
    let before = house.usage(HOST);
    tokio::time::sleep(SPAN).await;
    let after = house.usage(HOST);
    let percent = |before: Duration, after: Duration| {
        format!("{:.2} %", after.saturating_sub(before).as_secs_f64() / SPAN.as_secs_f64() * 100.0)
    };
    table.row(
        "agent idle, 2,000 sessions on disk",
        "0.0 % CPU, ≤ 15 MB",
        format!("{} CPU, {}", percent(before.0.cpu, after.0.cpu), mb(after.0.rss_bytes)),
    );
    table.row(
        "aggregator idle, all of the above archived",
        "≤ 120 MB",
        format!("{}, {} CPU", mb(after.1.rss_bytes), percent(before.1.cpu, after.1.cpu)),
    );
    Ok(())
}

/// Waits until neither has used noticeable processor time for a second.
async fn at_rest(house: &House) -> anyhow::Result<()> {
    let mut last = house.usage(HOST);
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = house.usage(HOST);
        let used = (now.0.cpu + now.1.cpu).saturating_sub(last.0.cpu + last.1.cpu);
        if used <= Duration::from_millis(20) {
            return Ok(());
        }
        last = now;
    }
    anyhow::bail!("agent and aggregator do not come to rest")
}
