//! Many hosts and many pages on one aggregator.

use std::path::Path;
use std::time::Duration;

use super::table::{Table, mb, ms};
use crate::house::{House, free_address};
use crate::load::hosts::Rate;
use crate::load::{Plan, Report, run};

/// How long each load lasts.
const LASTING: Duration = Duration::from_secs(15);

/// Measures fan-out, a hundred hosts, and a thousand that all come back at once, each on a fresh aggregator in `folder`.
pub async fn measure(folder: &Path, table: &mut Table) -> anyhow::Result<()> {
    let fan_out = Plan { pages: 1000, followed: 1, stalled: true, ..plan("fan", 1, 5) };
    let report = loaded(folder, &fan_out).await?;
    let target = "p99 ≤ 25 ms; a stalled page delays nobody";
    table.row("fan-out to 1,000 pages (and a stalled one), 5 lines/s", target, seen(&report));

    let report = loaded(folder, &plan("hundred", 100, 5_000)).await?;
    table.row("100 hosts, 5,000 lines/s, each line alone", "p99 ≤ 20 ms", seen(&report));

    let thousand = plan("thousand", 1000, 10_000);
    // Real clients write all lines of a reply at once.
    let rate = Rate { lines_per_frame: 5, ..thousand.rate };
    let report = loaded(folder, &Plan { storm: true, rate, ..thousand }).await?;
    table.row("1,000 hosts, 10,000 lines/s, 5 lines at once", "p99 ≤ 50 ms", seen(&report));
    let storm = report.storm.unwrap_or_default();
    table.row("reconnect storm of 1,000 hosts", "≤ 30 s", format!("all links stand after {}", ms(storm)));
    let each = report.per_link_bytes.unwrap_or_default();
    table.row("memory of each linked host", "≤ 64 KB", format!("{} KB", each / 1000));
    Ok(())
}

/// Hosts at this rate, and twenty pages that follow twenty of their sessions.
fn plan(name: &str, hosts: usize, lines_per_second: u32) -> Plan {
    Plan {
        hosts,
        living: hosts,
        pages: hosts.min(20),
        followed: 0,
        rate: Rate { lines_per_second, lines_per_frame: 1, changes_per_second: 0 },
        lasting: LASTING,
        stalled: false,
        storm: false,
        name: name.to_owned(),
    }
}

async fn loaded(folder: &Path, plan: &Plan) -> anyhow::Result<Report> {
    let house = House::start(&folder.join(&plan.name), &free_address()?).await?;
    let report = run(&house.api, plan, Some(house.aggregator.id())).await;
    house.stop().await?;
    let report = report?;
    for line in report.summary().lines() {
        eprintln!("    {line}");
    }
    anyhow::ensure!(report.sent.broken == 0, "{} links broke", report.sent.broken);
    anyhow::ensure!(
        report.seen.count() >= report.expected,
        "{} of {} lines arrived at the pages",
        report.seen.count(),
        report.expected
    );
    Ok(report)
}

fn seen(report: &Report) -> String {
    let memory = report.used.map(|used| mb(used.rss_bytes)).unwrap_or_default();
    format!(
        "p50 {}, p99 {} at {:.0} lines/s; acknowledged p99 {}; aggregator {memory}",
        ms(report.seen.percentile(50)),
        ms(report.seen.percentile(99)),
        report.lines_per_second(),
        ms(report.sent.acks.percentile(99)),
    )
}
