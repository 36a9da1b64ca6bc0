//! Files that change in ways that no healthy coder causes.

use std::fs::{self, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::symlink;
use std::time::Duration;

use muster_tests::archive::{assert_archive_equals_files, transcript_of};
use muster_tests::coder::append;
use muster_tests::fleet::{Database, Fleet, FleetOptions, as_user};
use muster_tests::host::Host;
use muster_tests::lines::Version;
use muster_tests::process::muster_agent;
use muster_tests::wait;
use serde_json::Value;

use crate::support::{session, skip};

async fn transcript(fleet: &Fleet, host: &Host, path: &std::path::Path) -> Value {
    transcript_of(&fleet.api(), host, path).await.unwrap()
}

/// Entries of a session's main transcript, as (class, preview).
async fn entries(fleet: &Fleet, session: &str) -> Vec<(String, String)> {
    let (api, path) = (fleet.api(), format!("/sessions/{session}/entries?class=all"));
    let entries = wait::until("the session is derived", || api.list(&path)).await;
    let text = |entry: &Value, field: &str| entry[field].as_str().unwrap_or_default().to_owned();
    entries.iter().map(|entry| (text(entry, "class"), text(entry, "preview"))).collect()
}

async fn odd_bytes(database: Database) {
    let fleet = Fleet::start(FleetOptions::hosts(1).on(database)).await;
    let host = &fleet.hosts[0];
    let mut coder = host.coder("/srv/demo/odd", Version::V2_1_197);
    coder.prompt("before");
    coder.append(b"{\"type\":\"user\",\"nul\":\"\0\"}\n\0\0\0\n");
    coder.append(b"{\"type\":\"user\",\"text\":\"\xff\xfe\xc3\x28\"}\n");
    coder.append(b"\n\n\r\n[1,2]\nnot json\n{\"type\":\"brand-new\"}\n");
    coder.prompt("after");
    let folder = coder.path().with_extension("");
    append(&folder.join("tool-results/b1.txt"), &[0, 255, 10, 13, 0]);
    append(&folder.join("tool-results/empty.txt"), b"");
    append(&host.root().join("-srv-demo-odd/00000000-0000-4000-8000-000000000000.jsonl"), b"");
    append(&host.root().join("-srv-demo-odd/notes.md"), b"not ours");
    append(&host.root().join("-srv-demo-odd/1234.abcd.key"), b"secret");
    assert_archive_equals_files(&fleet).await;
    let seen = entries(&fleet, &coder.id()).await;
    let lines = fs::read(coder.path()).unwrap().split_inclusive(|byte| *byte == b'\n').count();
    assert_eq!(seen.len(), lines, "one entry per line: {seen:?}");
    assert_eq!(seen.last().unwrap(), &("conversation".to_owned(), "after".to_owned()));
    assert!(seen.iter().any(|(class, _)| class == "unreadable"), "{seen:?}");
}

#[tokio::test]
async fn odd_bytes_are_archived_as_they_are() {
    odd_bytes(Database::Embedded).await;
}

#[tokio::test]
async fn odd_bytes_are_archived_as_they_are_on_postgres() {
    odd_bytes(Database::Postgres).await;
}

#[tokio::test]
async fn a_torn_line_waits_until_it_is_whole() {
    let options = FleetOptions { torn_after: Duration::from_hours(1), ..FleetOptions::hosts(1) };
    let fleet = Fleet::start(options).await;
    let host = &fleet.hosts[0];
    let mut coder = host.coder("/srv/demo/torn", Version::V2_1_197);
    coder.prompt("whole");
    let whole = fs::metadata(coder.path()).unwrap().len();
    let line = coder.lines.prompt("written in two goes");
    let (first, second) = line.split_at(line.len() / 2);
    coder.append(first.as_bytes());
    // A later append elsewhere is archived: the torn tail was seen, and left.
    let mut other = host.coder("/srv/demo/torn", Version::V2_1_197);
    other.prompt("later");
    wait::until("the other session is archived", || transcript_of_lines(&fleet, host, other.path(), 1)).await;
    let archived =
        wait::until("the whole line is archived", || transcript_of_lines(&fleet, host, coder.path(), 1)).await;
    assert_eq!(archived["bytes"], whole, "a torn tail is not sent");
    coder.append(second.as_bytes());
    assert_archive_equals_files(&fleet).await;
    assert_eq!(entries(&fleet, &coder.id()).await[1].1, "written in two goes");
}

async fn transcript_of_lines(fleet: &Fleet, host: &Host, path: &std::path::Path, lines: u64) -> Result<Value, String> {
    let transcript = transcript_of(&fleet.api(), host, path).await?;
    if transcript["lines"].as_u64() >= Some(lines) { Ok(transcript) } else { Err(transcript.to_string()) }
}

#[tokio::test]
async fn a_line_torn_for_ever_is_archived_as_it_is() {
    let mut fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let mut coder = fleet.hosts[0].coder("/srv/demo/torn", Version::V2_1_329);
    coder.prompt("before the power went");
    let line = coder.lines.reply("never finished");
    coder.append(&line.as_bytes()[..line.len() / 2]);
    assert_archive_equals_files(&fleet).await;
    // Agent and aggregator both take it up again in the middle of a line.
    fleet.hosts[0].kill_agent();
    fleet.kill_aggregator();
    fleet.start_aggregator().await;
    fleet.hosts[0].start_agent();
    // The client begins on a new line when it resumes.
    coder.append(b"\n");
    coder.prompt("after the power came back");
    assert_archive_equals_files(&fleet).await;
    let seen = entries(&fleet, &coder.id()).await;
    let classes: Vec<&str> = seen.iter().map(|(class, _)| class.as_str()).collect();
    assert_eq!(classes, ["conversation", "unreadable", "conversation"], "{seen:?}");
    assert_eq!(seen[2].1, "after the power came back");
}

async fn replaced_files(database: Database) {
    let fleet = Fleet::start(FleetOptions::hosts(1).on(database)).await;
    let host = &fleet.hosts[0];
    let mut coders: Vec<_> = (0..5).map(|_| host.coder("/srv/demo/changed", Version::V2_1_197)).collect();
    for coder in &mut coders {
        coder.turn("the first content");
    }
    assert_archive_equals_files(&fleet).await;
    let mut before = Vec::new();
    for coder in &coders {
        before.push((transcript(&fleet, host, coder.path()).await, fs::read(coder.path()).unwrap()));
    }
    let changed = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("first", "other").into_bytes();
    // Emptied and written anew.
    fs::write(coders[0].path(), changed(&before[0].1)).unwrap();
    // Cut in the middle of a line.
    let file = OpenOptions::new().write(true).open(coders[1].path()).unwrap();
    file.set_len(before[1].1.len() as u64 - 40).unwrap();
    // Replaced by another file of the same name.
    let aside = host.home.join("aside");
    fs::write(&aside, [changed(&before[2].1), b"{\"type\":\"mode\"}\n".to_vec()].concat()).unwrap();
    fs::rename(&aside, coders[2].path()).unwrap();
    // Rewritten in place, same length, last bytes changed.
    let mut file = OpenOptions::new().write(true).open(coders[3].path()).unwrap();
    let changed_at = before[3].1.len() as u64 - 30;
    file.seek(SeekFrom::Start(changed_at)).unwrap();
    file.write_all(b"rewritten").unwrap();
    // Deleted and made again.
    fs::remove_file(coders[4].path()).unwrap();
    append(coders[4].path(), b"{\"type\":\"mode\",\"mode\":\"plan\"}\n");
    assert_archive_equals_files(&fleet).await;
    for (coder, (old, bytes)) in coders.iter().zip(&before) {
        let now = transcript(&fleet, host, coder.path()).await;
        assert_eq!(now["state"], "live");
        assert_ne!(now["id"], old["id"], "new content is a new transcript: {now}");
        let kept = fleet.api().raw(old["id"].as_str().unwrap()).await.unwrap();
        assert_eq!(&kept, bytes, "the old content is kept");
    }
}

#[tokio::test]
async fn truncated_replaced_and_rewritten_files_keep_both_contents() {
    replaced_files(Database::Embedded).await;
}

#[tokio::test]
async fn truncated_replaced_and_rewritten_files_keep_both_contents_on_postgres() {
    replaced_files(Database::Postgres).await;
}

#[tokio::test]
async fn a_file_replaced_while_the_agent_was_away_is_found_out() {
    let mut fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let mut coder = fleet.hosts[0].coder("/srv/demo/away", Version::V2_1_197);
    coder.turn("the first content");
    assert_archive_equals_files(&fleet).await;
    let before = fs::read(coder.path()).unwrap();
    let old = transcript(&fleet, &fleet.hosts[0], coder.path()).await;
    fleet.hosts[0].stop_agent().await;
    let longer = [String::from_utf8_lossy(&before).replace("first", "other").as_bytes(), b"{}\n"].concat();
    fs::write(coder.path(), longer).unwrap();
    fleet.hosts[0].start_agent();
    assert_archive_equals_files(&fleet).await;
    let kept = fleet.api().raw(old["id"].as_str().unwrap()).await.unwrap();
    assert_eq!(kept, before);
}

#[tokio::test]
async fn renamed_and_moved_files_stay_the_same_transcript() {
    let mut fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let root = fleet.hosts[0].root();
    let mut coders: Vec<_> = (0..4).map(|_| fleet.hosts[0].coder("/srv/demo/first", Version::V2_1_197)).collect();
    for coder in &mut coders {
        coder.turn("a move");
    }
    let mut whole = fleet.hosts[0].coder("/srv/demo/folder", Version::V2_1_197);
    whole.turn("a folder");
    assert_archive_equals_files(&fleet).await;
    let places = [
        root.join("-srv-demo-first/renamed.jsonl"),
        root.join("-srv-demo-elsewhere/moved.jsonl"),
        root.join("-srv-new/deeper/moved.jsonl"),
        root.join("-srv-demo-first/while-away.jsonl"),
    ];
    let mut ids = Vec::new();
    for (index, (coder, place)) in coders.iter().zip(&places).enumerate() {
        ids.push(transcript(&fleet, &fleet.hosts[0], coder.path()).await["id"].clone());
        if index == 3 {
            fleet.hosts[0].stop_agent().await;
        }
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::rename(coder.path(), place).unwrap();
        append(place, b"{\"type\":\"mode\",\"mode\":\"normal\"}\n");
    }
    fleet.hosts[0].start_agent();
    let id = transcript(&fleet, &fleet.hosts[0], whole.path()).await["id"].clone();
    fs::rename(root.join("-srv-demo-folder"), root.join("-srv-demo-renamed")).unwrap();
    assert_archive_equals_files(&fleet).await;
    for (place, id) in places.iter().zip(&ids) {
        assert_eq!(&transcript(&fleet, &fleet.hosts[0], place).await["id"], id, "{}", place.display());
    }
    let file = root.join("-srv-demo-renamed").join(whole.path().file_name().unwrap());
    assert_eq!(transcript(&fleet, &fleet.hosts[0], &file).await["id"], id);
}

#[tokio::test]
async fn a_deleted_file_is_gone_and_kept() {
    let mut fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let mut coders: Vec<_> = (0..2).map(|_| fleet.hosts[0].coder("/srv/demo/short", Version::V2_1_197)).collect();
    for coder in &mut coders {
        coder.turn("the retention sweep");
    }
    assert_archive_equals_files(&fleet).await;
    let bytes: Vec<_> = coders.iter().map(|coder| fs::read(coder.path()).unwrap()).collect();
    fs::remove_file(coders[0].path()).unwrap();
    fleet.hosts[0].stop_agent().await;
    fs::remove_file(coders[1].path()).unwrap();
    fleet.hosts[0].start_agent();
    for (coder, bytes) in coders.iter().zip(&bytes) {
        let (api, host) = (fleet.api(), &fleet.hosts[0]);
        let gone = wait::until("the transcript is gone", || async {
            let transcript = transcript_of(&api, host, coder.path()).await?;
            if transcript["state"] == "gone" { Ok(transcript) } else { Err(transcript.to_string()) }
        })
        .await;
        assert_eq!(&api.raw(gone["id"].as_str().unwrap()).await.unwrap(), bytes);
        let session = session(&api, coder).await;
        assert_eq!(session["transcripts"][0]["state"], "gone", "{session}");
    }
    assert_archive_equals_files(&fleet).await;
}

#[tokio::test]
async fn symlinks_are_not_followed_in_circles() {
    let fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let root = fleet.hosts[0].root();
    let mut coder = fleet.hosts[0].coder("/srv/demo/loop", Version::V2_1_197);
    coder.turn("circles");
    symlink(&root, root.join("-srv-demo-loop/again")).unwrap();
    symlink("/etc", root.join("-srv-demo-loop/outside")).unwrap();
    symlink(root.join("a"), root.join("b")).unwrap();
    symlink(root.join("b"), root.join("a")).unwrap();
    coder.turn("more circles");
    assert_archive_equals_files(&fleet).await;
}

#[tokio::test]
async fn an_unreadable_file_is_told_and_archived_once_it_can_be_read() {
    const NOBODY: u32 = 65_534;
    if !rustix::process::geteuid().is_root() {
        return skip("giving files to another user needs root");
    }
    let probe = as_user(NOBODY);
    let works = std::process::Command::new(&probe[0]).args(&probe[1..]).arg(muster_agent()).arg("--version").output();
    if !works.is_ok_and(|output| output.status.success()) {
        return skip("another user cannot run the agent's program where it lies");
    }
    let options = FleetOptions { agent_user: Some(NOBODY), ..FleetOptions::hosts(1) };
    let fleet = Fleet::start(options).await;
    let host = &fleet.hosts[0];
    let mut coder = host.coder("/srv/demo/closed", Version::V2_1_197);
    // The client makes files that only their owner may read, and here that is root.
    coder.turn("closed doors");
    wait::until("the host tells what it cannot read", || async {
        let known = fleet.api().host(&host.name).await?;
        let told = known["last_error"].as_str().is_some_and(|error| error.contains(&coder.session_id));
        if told { Ok(()) } else { Err(known.to_string()) }
    })
    .await;
    std::os::unix::fs::chown(coder.path(), Some(NOBODY), None).unwrap();
    assert_archive_equals_files(&fleet).await;
}
