//! The archive against the hosts' files, byte for byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::api::Api;
use crate::fleet::Fleet;
use crate::host::Host;
use crate::wait;

/// How long an archive may take to catch up with what is on disk.
const CATCH_UP: Duration = Duration::from_mins(3);

/// Connections over which archived bytes are read.
const READERS: usize = 4;

/// Waits until the archive has caught up with every host, then compares the SHA-256 of every live transcript with that
/// of its file. Every file that is followed must be there, and nothing else may be live.
pub async fn assert_archive_equals_files(fleet: &Fleet) {
    for host in &fleet.hosts {
        assert_host_archived(&fleet.api(), host).await;
    }
}

/// [`assert_archive_equals_files`] for one host.
pub async fn assert_host_archived(api: &Api, host: &Host) {
    let what = format!("the archive equals the files of {}", host.name);
    wait::until_within(&what, CATCH_UP, || difference(api, host)).await;
}

/// Looks once: what differs between the archive and the files of a host, in words.
pub async fn difference(api: &Api, host: &Host) -> Result<(), String> {
    let mut live: BTreeMap<PathBuf, Value> = BTreeMap::new();
    for transcript in live_transcripts(api, &host.id).await? {
        let path = PathBuf::from(transcript["path"].as_str().unwrap_or_default());
        if let Some(twin) = live.insert(path.clone(), transcript) {
            return Err(format!("two live transcripts of {}: {twin}", path.display()));
        }
    }
    let files = followed_files(&host.root());
    // Sizes first: cheap, and right only when all has arrived.
    for (path, bytes) in &files {
        let archived = live.get(path).ok_or_else(|| format!("{} is not archived", path.display()))?["bytes"].as_u64();
        if archived != Some(bytes.len() as u64) {
            return Err(format!("{}: {} bytes on disk, {archived:?} archived", path.display(), bytes.len()));
        }
    }
    if let Some(extra) = live.keys().find(|path| !files.contains_key(*path)) {
        return Err(format!("{} is live in the archive, but not on disk", extra.display()));
    }
    // Several readers with a connection each: with thousands of files the waiting adds up.
    let shares: Vec<Vec<_>> = (0..READERS).map(|reader| files.iter().skip(reader).step_by(READERS).collect()).collect();
    let readers = shares.iter().map(|share| compare_bytes(api.another(), share, &live));
    futures_util::future::try_join_all(readers).await?;
    Ok(())
}

async fn compare_bytes(
    api: Api,
    files: &[(&PathBuf, &Vec<u8>)],
    live: &BTreeMap<PathBuf, Value>,
) -> Result<(), String> {
    for (path, bytes) in files {
        let id = live[*path]["id"].as_str().unwrap_or_default();
        let archived = api.raw(id).await?;
        if Sha256::digest(&archived) != Sha256::digest(bytes) {
            return Err(format!("{}: {}", path.display(), first_difference(&archived, bytes)));
        }
    }
    Ok(())
}

fn first_difference(archived: &[u8], file: &[u8]) -> String {
    let at = archived.iter().zip(file).take_while(|(a, b)| a == b).count();
    format!("archive and file differ at byte {at} ({} archived, {} on disk)", archived.len(), file.len())
}

/// All live transcripts of a host.
pub async fn live_transcripts(api: &Api, host_id: &str) -> Result<Vec<Value>, String> {
    api.list(&format!("/transcripts?host={host_id}&state=live")).await
}

/// The transcript of a file, whatever its state; the newest generation when there are several.
pub async fn transcript_of(api: &Api, host: &Host, path: &Path) -> Result<Value, String> {
    let all = api.list(&format!("/transcripts?host={}", host.id)).await?;
    let same = all.into_iter().filter(|transcript| transcript["path"] == path.display().to_string());
    same.max_by_key(|transcript| transcript["generation"].as_u64()).ok_or_else(|| format!("no {}", path.display()))
}

/// Every file below `root` that belongs in the archive, with its bytes.
pub fn followed_files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    collect(root, root, &mut found);
    found
}

fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, kind) = (entry.path(), entry.file_type().expect("Linux tells the type"));
        if kind.is_dir() {
            collect(root, &path, found);
        } else if kind.is_file() && is_followed(path.strip_prefix(root).expect("below the root")) {
            found.insert(path.clone(), fs::read(&path).unwrap_or_default());
        }
    }
}

/// Which files the agent archives.
fn is_followed(relative: &Path) -> bool {
    let name = relative.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let inside =
        |folder: &str| relative.parent().into_iter().flat_map(Path::components).any(|part| part.as_os_str() == folder);
    let ends = |ending: &str| name.ends_with(ending);
    ends(".jsonl")
        || ends(".meta.json")
        || name == "custom-title.json"
        || (inside("tool-results") && ends(".txt"))
        || (inside("workflows") && (ends(".json") || ends(".js")))
}
