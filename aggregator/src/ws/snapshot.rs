//! Everything that a topic shows now.

use muster_proto::ids::HostId;

use crate::archive::entries::{self, Wanted};
use crate::domain::session::SessionId;
use crate::house::House;
use crate::ingest::IngestError;
use crate::live::Topic;
use crate::store::{sessions, transcripts};
use crate::wire::convert;
use crate::wire::entry::Entry;
use crate::wire::fleet::{Host, SessionRow};
use crate::wire::live::Snapshot;

/// Sessions in a snapshot.
const SESSIONS: u32 = 500;

/// Entries in a snapshot: a few screens; earlier ones are asked for by the reader.
const ENTRIES: usize = 200;

/// The snapshot of a topic; `None` when there is no such host or session.
pub(super) async fn of(house: &House, topic: &Topic) -> Result<Option<Snapshot>, IngestError> {
    // What was accepted before the page joined is in the store from here on.
    house.ingest.flushed().await?;
    match topic {
        Topic::Fleet => fleet(house).await.map(Some),
        Topic::Host(id) => host(house, *id).await,
        Topic::Session(id) => session(house, id).await,
    }
}

async fn latest(house: &House, host: Option<&str>) -> Result<Vec<SessionRow>, IngestError> {
    let rows = sessions::page(&house.db, (i64::MAX, ""), host, None, SESSIONS).await?;
    Ok(rows.iter().map(SessionRow::from).collect())
}

async fn fleet(house: &House) -> Result<Snapshot, IngestError> {
    let hosts = house.host_views().await?.iter().map(Host::from).collect();
    Ok(Snapshot::Fleet { hosts, sessions: latest(house, None).await? })
}

async fn host(house: &House, id: HostId) -> Result<Option<Snapshot>, IngestError> {
    let Some(view) = house.host_view(id).await? else { return Ok(None) };
    let sessions = latest(house, Some(&view.row.id)).await?;
    Ok(Some(Snapshot::Host { host: Box::new(Host::from(&view)), sessions }))
}

async fn session(house: &House, id: &SessionId) -> Result<Option<Snapshot>, IngestError> {
    let files = transcripts::of_session(&house.db, id.as_str()).await?;
    let Some(row) = sessions::get(&house.db, id.as_str()).await? else { return Ok(None) };
    let mains = entries::readable(&files);
    let mut shown: Vec<Entry> = Vec::new();
    let mut has_earlier = false;
    for file in mains.iter().rev() {
        let found = entries::backward(&house.db, file, u64::MAX, ENTRIES - shown.len(), Wanted::Conversation).await?;
        let mut earlier: Vec<Entry> = found.entries.iter().map(Entry::from).collect();
        earlier.append(&mut shown);
        shown = earlier;
        has_earlier = found.more;
        if found.more || shown.len() >= ENTRIES {
            has_earlier = true;
            break;
        }
    }
    let session = Box::new(convert::session(&row, &files));
    Ok(Some(Snapshot::Session { session, entries: shown, has_earlier }))
}
