//! Many hosts and many pages on one aggregator.

use std::time::Duration;

use super::table::{Table, mb, ms};
use crate::house::House;
use crate::load::hosts::Rate;
use crate::load::{Plan, Report, run};

/// How long each load lasts.
const LASTING: Duration = Duration::from_secs(15);

/// Measures fan-out, a hundred hosts, and a thousand that all come back at once.
pub async fn measure(house: &House, table: &mut Table) -> anyhow::Result<()> {
    let fan_out = Plan { pages: 1000, followed: 1, stalled: true, ..plan("fan", 1, 5) };
    let report = loaded(house, &fan_out).await?;
    let target = "p99 ≤ 25 ms; a stalled page delays nobody";
    table.row("fan-out to 1,000 pages (and a stalled one), 5 lines/s", target, seen(&report));

    let report = loaded(house, &plan("hundred", 100, 5_000)).await?;
    table.row("100 hosts, 5,000 lines/s, each line alone", "p99 ≤ 20 ms", seen(&report));

    let thousand = plan("thousand", 1000, 10_000);
    // Real clients write all lines of a reply at once.
    let rate = Rate { lines_per_frame: 5, ..thousand.rate };
    let report = loaded(house, &Plan { storm: true, rate, ..thousand }).await?;
    table.row("1,000 hosts, 10,000 lines/s, 5 lines at once", "p99 ≤ 50 ms", seen(&report));
    let storm = report.storm.unwrap_or_default();
    table.row("reconnect storm of 1,000 hosts", "≤ 30 s", format!("all links stand after {}", ms(storm)));
    Ok(())
}

/// Hosts at this rate, and twenty pages that follow twenty of their sessions.
fn plan(name: &str, hosts: usize, lines_per_second: u32) -> Plan {
    Plan {
        hosts,
        pages: hosts.min(20),
        followed: 0,
        rate: Rate { lines_per_second, lines_per_frame: 1 },
        lasting: LASTING,
        stalled: false,
        storm: false,
        name: name.to_owned(),
    }
}

async fn loaded(house: &House, plan: &Plan) -> anyhow::Result<Report> {
    let report = run(&house.api, plan, Some(house.aggregator.id())).await?;
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
