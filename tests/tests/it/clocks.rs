//! Clocks that jump.

use std::path::{Path, PathBuf};
use std::process::Command;

use muster_tests::archive::assert_archive_equals_files;
use muster_tests::coder::Coder;
use muster_tests::fleet::{Fleet, FleetOptions, fixtures};
use muster_tests::socket::Page;
use muster_tests::wait;

use crate::support::{coders, session, skip};

const HOUR: i64 = 3600;

/// Compiles the library that shifts a process' clock.
pub(crate) fn clock_library(folder: &Path) -> Option<PathBuf> {
    let library = folder.join("clock.so");
    let source = fixtures().join("clock.c");
    let compiled = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status();
    compiled.is_ok_and(|status| status.success()).then_some(library)
}

pub(crate) fn shifted(library: &Path, clock: &Path) -> Vec<(String, String)> {
    let preload = ("LD_PRELOAD".to_owned(), library.display().to_string());
    vec![preload, ("MUSTER_TEST_CLOCK".to_owned(), clock.display().to_string())]
}

/// Writes to every session and sees the first one's line on the page.
async fn goes_on(fleet: &Fleet, page: &mut Page, sessions: &mut [Coder], about: &str) {
    for coder in sessions.iter_mut() {
        coder.turn(about);
    }
    page.entry_with(about).await;
    assert_archive_equals_files(fleet).await;
}

#[tokio::test]
async fn clocks_that_jump_stop_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let Some(library) = clock_library(folder.path()) else {
        return skip("there is no C compiler to make a clock that jumps");
    };
    let (center, host) = (folder.path().join("center"), folder.path().join("host"));
    std::fs::write(&center, "0").unwrap();
    std::fs::write(&host, "0").unwrap();
    let options = FleetOptions { environment: shifted(&library, &center), ..FleetOptions::hosts(1) };
    let mut fleet = Fleet::start_without_agents(options).await;
    fleet.hosts[0].environment.extend(shifted(&library, &host));
    fleet.hosts[0].start_agent();
    fleet.wait_online(0).await;
    let api = fleet.api();
    let mut sessions = coders(&fleet, 2);
    for coder in &mut sessions {
        coder.prompt("before any jump");
    }
    session(&api, &sessions[0]).await;
    let mut page = Page::open(&api).await.unwrap();
    page.subscribe(&sessions[0].topic(), None).await.unwrap();
    page.next().await.unwrap();

    std::fs::write(&host, (2 * HOUR).to_string()).unwrap();
    goes_on(&fleet, &mut page, &mut sessions, "the host two hours ahead").await;
    wait::until("the host's skew is shown", || async {
        let host = api.host("h1").await?;
        let skew = host["clock_skew_ms"].as_i64().unwrap_or_default();
        if (skew - 2 * HOUR * 1000).abs() < 60_000 { Ok(()) } else { Err(host.to_string()) }
    })
    .await;
    std::fs::write(&center, (-30 * HOUR).to_string()).unwrap();
    goes_on(&fleet, &mut page, &mut sessions, "the aggregator in the past").await;
    std::fs::write(&center, (50 * HOUR).to_string()).unwrap();
    std::fs::write(&host, (-HOUR).to_string()).unwrap();
    goes_on(&fleet, &mut page, &mut sessions, "the aggregator in the future").await;
    fleet.wait_online(0).await;
    fleet.kill_aggregator();
    std::fs::write(&center, "0").unwrap();
    fleet.start_aggregator().await;
    for coder in &mut sessions {
        coder.turn("everything right again");
    }
    assert_archive_equals_files(&fleet).await;
}
