//! Much at once: large lines, many files, full disks, watches used up.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use muster_tests::archive::{assert_archive_equals_files, transcript_of};
use muster_tests::coder::append;
use muster_tests::fleet::{Database, Fleet, FleetOptions};
use muster_tests::lines::Version;
use muster_tests::wait;
use serde_json::json;

use crate::support::{coders, session, skip};

/// Letters and digits that hardly compress.
fn noise(length: usize) -> String {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut letter = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"[(state & 63) as usize])
    };
    (0..length).map(|_| letter()).collect()
}

#[tokio::test]
async fn a_line_of_100_megabytes_is_archived_and_does_not_stop_others() {
    let fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let mut big = fleet.hosts[0].coder("/srv/demo/big", Version::V2_1_329);
    let mut small = fleet.hosts[0].coder("/srv/demo/small", Version::V2_1_329);
    big.prompt("before");
    // Not one letter a hundred million times: it would shrink to nothing on the wire.
    let text = noise(100_000_000);
    let line = json!({"type": "user", "message": {"role": "user", "content": text}});
    big.append(format!("{line}\n").as_bytes());
    big.prompt("after");
    small.prompt("meanwhile");
    let api = fleet.api();
    wait::until("the small session is archived", || transcript_of(&api, &fleet.hosts[0], small.path())).await;
    assert_archive_equals_files(&fleet).await;
    session(&api, &big).await;
    let entries = fleet.api().list(&format!("/sessions/{}/entries?class=all", big.id())).await.unwrap();
    assert_eq!(entries.len(), 3);
    assert_eq!(entries[2]["preview"], "after");
}

#[tokio::test]
async fn ten_thousand_files_at_once_are_archived() {
    let fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let root = fleet.hosts[0].root();
    for number in 0..10_000_u32 {
        let folder = root.join(format!("-srv-demo-{}", number % 100));
        let line = json!({"type": "mode", "mode": "normal", "number": number});
        append(&folder.join(format!("{number:08}-0000-4000-8000-000000000000.jsonl")), format!("{line}\n").as_bytes());
    }
    let mut late = fleet.hosts[0].coder("/srv/demo/late", Version::V2_1_197);
    late.turn("one more");
    assert_archive_equals_files(&fleet).await;
}

#[tokio::test]
async fn an_agent_without_watches_left_still_sees_everything() {
    // A namespace of users has limits of its own.
    let limited =
        ["unshare", "--map-root-user", "sh", "-c", "echo 3 > /proc/sys/user/max_inotify_watches && exec \"$@\"", "sh"];
    if !Command::new(limited[0]).args(&limited[1..]).arg("true").output().is_ok_and(|done| done.status.success()) {
        return skip("user namespaces are not allowed here");
    }
    let options = FleetOptions { agent_prefix: limited.map(str::to_owned).to_vec(), ..FleetOptions::hosts(1) };
    let fleet = Fleet::start(options).await;
    let mut sessions: Vec<_> =
        (0..8).map(|number| fleet.hosts[0].coder(&format!("/srv/demo/p{number}"), Version::V2_1_197)).collect();
    for coder in &mut sessions {
        coder.turn("unwatched folders");
    }
    assert_archive_equals_files(&fleet).await;
    let api = fleet.api();
    wait::until("the root is shown as rescanned", || async {
        let host = api.host("h1").await?;
        if host["roots"][0]["mode"] == "rescan" { Ok(()) } else { Err(host.to_string()) }
    })
    .await;
    for coder in &mut sessions {
        coder.turn("unwatched files");
    }
    assert_archive_equals_files(&fleet).await;
}

#[tokio::test]
async fn an_overflowing_event_queue_loses_nothing() {
    let fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let limit = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap_or_default();
    let Some(limit) = limit.trim().parse::<usize>().ok().filter(|limit| *limit <= 100_000) else {
        return skip("the event queue is too long to be filled");
    };
    let mut sessions = coders(&fleet, 2);
    for coder in &mut sessions {
        coder.turn("calm");
    }
    assert_archive_equals_files(&fleet).await;
    let agent = fleet.hosts[0].agent.as_ref().unwrap();
    agent.freeze();
    let folder = sessions[0].path().parent().unwrap();
    for number in 0..limit / 2 {
        let noise = folder.join(format!("{number}.tmp"));
        File::create(&noise).unwrap();
        fs::remove_file(&noise).unwrap();
    }
    // The events of these are lost.
    for coder in &mut sessions {
        coder.turn("the storm");
    }
    let mut unseen = fleet.hosts[0].coder("/srv/demo/unseen", Version::V2_1_329);
    unseen.turn("a folder nobody told of");
    agent.thaw();
    assert_archive_equals_files(&fleet).await;
}

/// A small file system of its own; needs root.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(folder: &Path, megabytes: u32) -> Result<Self, String> {
        fs::create_dir_all(folder).unwrap();
        let size = format!("size={megabytes}m");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder).output();
        let output = mount.map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(Self(folder.to_owned()))
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into())
        }
    }

    /// Takes all the room that is left.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("filler");
        let mut file = File::create(&path).unwrap();
        for size in [1 << 20, 4096, 1] {
            let block = vec![7; size];
            while file.write_all(&block).is_ok() {}
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_goes_on_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let disk = match SmallDisk::mount(&folder.path().join("data"), 48) {
        Ok(disk) => disk,
        Err(why) => return skip(&format!("no small file system can be mounted: {why}")),
    };
    let options = FleetOptions { data: Some(disk.0.clone()), ..FleetOptions::hosts(1).on(Database::Embedded) };
    let fleet = Fleet::start(options).await;
    let mut sessions = coders(&fleet, 3);
    for coder in &mut sessions {
        coder.turn("an empty disk");
    }
    assert_archive_equals_files(&fleet).await;
    let filler = disk.fill();
    let text = noise(1_500_000);
    for coder in &mut sessions {
        coder.prompt(&text);
    }
    let api = fleet.api();
    wait::until("the aggregator says that it cannot store", || async {
        let reply = api.anonymous().request("GET", "/readyz", &[], None).await?;
        if reply.status == 503 { Ok(()) } else { Err(format!("{} {}", reply.status, reply.text())) }
    })
    .await;
    api.get("/sessions").await.expect("reading still works");
    fs::remove_file(filler).unwrap();
    assert_archive_equals_files(&fleet).await;
    wait::until("the aggregator is ready again", || async {
        let reply = api.anonymous().request("GET", "/readyz", &[], None).await?;
        if reply.status == 200 { Ok(()) } else { Err(format!("{} {}", reply.status, reply.text())) }
    })
    .await;
    drop(fleet);
    drop(disk);
}

#[tokio::test]
async fn a_full_disk_on_the_host_leaves_a_torn_line_and_nothing_is_lost() {
    let mut fleet = Fleet::start_without_agents(FleetOptions::hosts(1)).await;
    let disk = match SmallDisk::mount(&fleet.hosts[0].root(), 4) {
        Ok(disk) => disk,
        Err(why) => return skip(&format!("no small file system can be mounted: {why}")),
    };
    fleet.hosts[0].start_agent();
    let mut coder = fleet.hosts[0].coder("/srv/demo/full", Version::V2_1_329);
    coder.turn("an empty disk");
    let filler = disk.fill();
    let line = coder.lines.reply(&noise(100_000));
    let mut file = fs::OpenOptions::new().append(true).open(coder.path()).unwrap();
    file.write_all(line.as_bytes()).expect_err("the disk is full");
    drop(file);
    assert_archive_equals_files(&fleet).await;
    fs::remove_file(filler).unwrap();
    // The client begins on a new line when it resumes.
    coder.append(b"\n");
    coder.turn("room again");
    assert_archive_equals_files(&fleet).await;
    drop(fleet);
    drop(disk);
}
