//! Networks that fail in every way.

use muster_tests::archive::assert_archive_equals_files;
use muster_tests::fleet::{Database, Fleet, FleetOptions};
use muster_tests::proxy::Weather;
use muster_tests::wait;
use muster_tests::{namespace, socket::Page};

use crate::support::{Busy, coders, random_growth, session, skip};

/// Rounds of bad weather on one host's network, while the other's stays fine.
async fn weather_loses_nothing(database: Database, tls: bool) {
    let options = FleetOptions { proxies: true, tls, ..FleetOptions::hosts(2) };
    let fleet = Fleet::start(options.on(database)).await;
    let proxy = fleet.hosts[0].proxy.as_ref().unwrap();
    let busy = Busy::start(coders(&fleet, 2));
    for weather in [Weather::Stalled, Weather::Cut, Weather::ResetAfter(20_000), Weather::Slow(60_000)] {
        random_growth(&fleet.api()).await;
        let before = proxy.connections();
        proxy.set(weather);
        // The other host goes on meanwhile.
        random_growth(&fleet.api()).await;
        if matches!(weather, Weather::ResetAfter(_)) {
            wait::until("links were reset in the middle of frames", || async {
                let resets = proxy.connections() - before;
                if resets >= 3 { Ok(()) } else { Err(format!("{resets} resets")) }
            })
            .await;
        }
        proxy.set(Weather::Fine);
    }
    busy.stop();
    assert_archive_equals_files(&fleet).await;
}

#[tokio::test]
async fn cut_stalled_slow_and_reset_links_lose_nothing() {
    weather_loses_nothing(Database::Embedded, false).await;
}

#[tokio::test]
async fn cut_stalled_slow_and_reset_links_lose_nothing_over_tls_on_postgres() {
    weather_loses_nothing(Database::Postgres, true).await;
}

#[tokio::test]
async fn eight_hosts_with_own_addresses_and_one_cut_off() {
    if let Some(why) = namespace::missing() {
        return skip(&why);
    }
    let options = FleetOptions { namespaces: true, tls: true, ..FleetOptions::hosts(8) };
    let fleet = Fleet::start(options).await;
    let mut sessions = coders(&fleet, 1);
    for coder in &mut sessions {
        coder.turn("the beginning");
    }
    assert_archive_equals_files(&fleet).await;
    session(&fleet.api(), &sessions[2]).await;
    let mut page = Page::open(&fleet.api()).await.unwrap();
    page.subscribe(&sessions[2].topic(), None).await.unwrap();
    page.next().await.unwrap();

    fleet.network().unplug(2);
    for coder in &mut sessions {
        coder.turn("what happened while one was away");
    }
    fleet.wait_state(2, &["offline"]).await;
    for host in fleet.hosts.iter().filter(|host| host.name != "h3") {
        muster_tests::archive::assert_host_archived(&fleet.api(), host).await;
    }

    fleet.network().plug(2);
    sessions[2].reply("back again");
    page.entry_with("back again").await;
    assert_archive_equals_files(&fleet).await;
}
