//! What several tests share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use muster_tests::api::Api;
use muster_tests::archive::transcript_of;
use muster_tests::coder::Coder;
use muster_tests::fleet::Fleet;
use muster_tests::lines::Version;
use muster_tests::wait;
use serde_json::Value;

/// Sessions that are written to until told otherwise.
pub(crate) struct Busy {
    stop: Arc<AtomicBool>,
    writer: JoinHandle<Vec<Coder>>,
}

impl Busy {
    /// Begins writing about 300 lines a second to these sessions in turn.
    pub(crate) fn start(mut coders: Vec<Coder>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let writer = std::thread::spawn(move || {
            let mut number = 0;
            while !told.load(Ordering::Relaxed) {
                for coder in &mut coders {
                    number += 1;
                    coder.turn(&format!("part {number}"));
                    // The pace of the load, not a wait.
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
            coders
        });
        Self { stop, writer }
    }

    /// Ends writing; gives the sessions back.
    pub(crate) fn stop(self) -> Vec<Coder> {
        self.stop.store(true, Ordering::Relaxed);
        self.writer.join().unwrap()
    }
}

/// Sessions of every version on every host.
pub(crate) fn coders(fleet: &Fleet, per_host: usize) -> Vec<Coder> {
    let versions = [Version::V2_0_76, Version::V2_1_197, Version::V2_1_329];
    let on_host = |host: &muster_tests::host::Host| -> Vec<Coder> {
        let place = |number| host.coder(&format!("/srv/demo/p{number}"), versions[number % versions.len()]);
        (0..per_host).map(place).collect()
    };
    fleet.hosts.iter().flat_map(on_host).collect()
}

/// Archived bytes of all live transcripts.
pub(crate) async fn archived_bytes(api: &Api) -> Result<u64, String> {
    let transcripts = api.list("/transcripts?state=live").await?;
    Ok(transcripts.iter().filter_map(|transcript| transcript["bytes"].as_u64()).sum())
}

/// Waits until every byte of a coder's file on the first host is archived.
pub(crate) async fn archived(fleet: &Fleet, coder: &Coder) {
    let (api, host) = (fleet.api(), &fleet.hosts[0]);
    wait::until("the file is archived", || async {
        let bytes = transcript_of(&api, host, coder.path()).await?["bytes"].as_u64();
        let size = std::fs::metadata(coder.path()).map_err(|error| error.to_string())?.len();
        if bytes == Some(size) { Ok(()) } else { Err(format!("{bytes:?} of {size}")) }
    })
    .await;
}

/// Waits until the archive has grown by a random amount up to about 200 KB: a random moment that does not depend on how
/// fast the machine is.
pub(crate) async fn random_growth(api: &Api) {
    let more = 5_000 + random(200_000);
    let start = wait::until("the archive answers", || archived_bytes(api)).await;
    wait::until(&format!("the archive has {more} bytes more than {start}"), || async {
        let now = archived_bytes(api).await?;
        if now >= start + more { Ok(()) } else { Err(format!("{now} bytes")) }
    })
    .await;
}

/// A number below `bound`.
pub(crate) fn random(bound: u64) -> u64 {
    u64::try_from(uuid::Uuid::new_v4().as_u128() % u128::from(bound)).unwrap()
}

/// A session as scripts see it, once it has been derived from what was archived.
pub(crate) async fn session(api: &Api, coder: &Coder) -> Value {
    let path = format!("/sessions/{}", coder.id());
    wait::until("the session is derived", || api.get(&path)).await
}

/// Says that a test did not run, and why.
pub(crate) fn skip(why: &str) {
    eprintln!("SKIPPED: {why}");
}
