//! Everything that a topic shows now.

use muster_proto::ids::HostId;

use crate::archive::conversation::Conversation;
use crate::archive::entries::{Ask, Wanted};
use crate::domain::session::SessionId;
use crate::domain::session_view::View;
use crate::house::House;
use crate::ingest::IngestError;
use crate::live::Topic;
use crate::store::sessions::{Filter, Sort};
use crate::store::{deletions, sessions, transcripts};
use crate::transcript::{Depth, Located};
use crate::wire::convert;
use crate::wire::entry::Entry;
use crate::wire::fleet::{Host, SessionRow};
use crate::wire::live::{DeletedSession, Snapshot};
use crate::wire::presence::SessionState;

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
    let filter = Filter { host: host.map(str::to_owned), ..Filter::default() };
    let rows = sessions::page(&house.db, Sort::Recent, filter, None, SESSIONS).await?;
    Ok(rows.iter().map(SessionRow::from).collect())
}

fn states(views: &[View]) -> Vec<SessionState> {
    views.iter().map(SessionState::from).collect()
}

async fn fleet(house: &House) -> Result<Snapshot, IngestError> {
    let hosts = house.host_views().await?.iter().map(Host::from).collect();
    Ok(Snapshot::Fleet { hosts, sessions: latest(house, None).await?, states: states(&house.states.all()) })
}

async fn host(house: &House, id: HostId) -> Result<Option<Snapshot>, IngestError> {
    let Some(view) = house.host_view(id).await? else { return Ok(None) };
    let sessions = latest(house, Some(&view.row.id)).await?;
    Ok(Some(Snapshot::Host { host: Box::new(Host::from(&view)), sessions, states: states(&house.states.of_host(id)) }))
}

async fn session(house: &House, id: &SessionId) -> Result<Option<Snapshot>, IngestError> {
    let files = transcripts::of_session(&house.db, id.as_str()).await?;
    let Some(row) = sessions::get(&house.db, id.as_str()).await? else { return deleted(house, id).await };
    let (mut shown, mut has_earlier) = (Vec::new(), false);
    if let Some(conversation) = Conversation::of_files(&house.db, &house.seams, id.as_str(), &files).await? {
        let make = |located: &Located| (Entry::from(located), 0);
        let ask = Ask { wanted: Wanted::Conversation, depth: Depth::Glance, limit: ENTRIES, bytes: usize::MAX, make };
        let page = conversation.backward(&house.db, conversation.end(), ask).await?;
        (shown, has_earlier) = (page.items, page.more);
    }
    let session = Box::new(convert::session(&row, &files));
    let state = house.states.of(id).as_ref().map(|view| Box::new(SessionState::from(view)));
    Ok(Some(Snapshot::Session { session, state, entries: shown, has_earlier }))
}

async fn deleted(house: &House, id: &SessionId) -> Result<Option<Snapshot>, IngestError> {
    let row = deletions::of_session(&house.db, id.as_str()).await?;
    Ok(row.map(|row| Snapshot::Deleted { deleted: DeletedSession::from(&row) }))
}
