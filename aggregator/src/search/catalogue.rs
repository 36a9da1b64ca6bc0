//! What the index does not hold, because it changes without its text changing: sessions, hosts, projects, titles.
//!
//! The index names transcripts; the catalogue says what they belong to now. It is read from the store as a whole, and
//! replaced as a whole, so that a search sees one state of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use super::copies::Twin;
use super::schema::TITLE;
use crate::domain::time::Millis;
use crate::domain::transcript::{TranscriptKind, TranscriptState};
use crate::store::search::{self, FileRow, NameRow};
use crate::store::transcripts::unsigned;
use crate::store::{Db, Result};

/// Numbers of keys: what the index calls a transcript or title (and of hosts), as a small number that stays the same while the process
/// lives. One for every transcript ever seen.
#[derive(Debug, Default)]
pub(super) struct Keys(RwLock<HashMap<Box<str>, u32>>);

impl Keys {
    /// The number of a key.
    pub(super) fn number(&self, key: &str) -> u32 {
        if let Some(number) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(key) {
            return *number;
        }
        let mut numbers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        *numbers.entry(key.into()).or_insert(next)
    }
}

/// A file, or a session's title.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Transcript id; empty for a title.
    pub(super) transcript: String,
    /// Coder whose format it has.
    pub(super) coder: String,
    /// Host that it lies on.
    pub(super) host: String,
    /// Number of its session among [`Catalogue::sessions`].
    pub(super) session: u32,
    /// Name of its file, without folders.
    pub(super) file: String,
}

/// A session.
#[derive(Debug, Clone, Default)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) coder: String,
    pub(super) hosts: Vec<String>,
    pub(super) title: Option<String>,
    pub(super) project_id: Option<String>,
    pub(super) project_path: String,
    pub(super) client: Option<String>,
    pub(super) entrypoint: Option<String>,
    pub(super) last_activity: Millis,
    pub(super) gone: bool,
    /// Accounts that the coder ran under, by the folders that it wrote to.
    pub(super) people: Vec<String>,
    /// Its newest main transcript: where its title leads.
    pub(super) main: Option<String>,
}

/// One state of what transcripts belong to.
#[derive(Debug, Clone, Default)]
pub(super) struct Catalogue {
    /// By the number of their key; `None` for what is not shown.
    pub(super) places: Vec<Option<Place>>,
    pub(super) sessions: Vec<Session>,
    by_session: HashMap<String, u32>,
    /// Files that may hold the same lines, by the number of their key.
    pub(super) twins: Arc<HashMap<u32, Twin>>,
    /// Names of hosts by id.
    pub(super) hosts: BTreeMap<String, String>,
    /// Names of projects by id.
    pub(super) projects: BTreeMap<String, String>,
}

/// A file that the store has, for whoever compares it with the index.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) id: String,
    pub(super) committed: u64,
    /// Where the archived bytes begin in the file.
    pub(super) base: u64,
}

impl Catalogue {
    /// Reads everything.
    pub(super) async fn load(db: &Db, keys: &Keys) -> Result<(Self, Vec<Known>)> {
        let mut catalogue = Self {
            hosts: search::hosts(db).await?.into_iter().collect(),
            projects: search::projects(db).await?.into_iter().collect(),
            ..Self::default()
        };
        for row in search::sessions(db).await? {
            catalogue.add_session(row, keys);
        }
        let files = search::files(db).await?;
        let mut newest: HashMap<(&str, &str), i64> = HashMap::new();
        for file in &files {
            let newest = newest.entry((&file.host_id, &file.path)).or_insert(file.generation);
            *newest = (*newest).max(file.generation);
        }
        for file in &files {
            // What a newer generation of the same file has replaced would be found twice.
            let replaced = newest.get(&(&*file.host_id, &*file.path)).is_some_and(|newest| *newest > file.generation);
            if file.state == TranscriptState::Live.word() || !replaced {
                catalogue.take_up(file, keys);
            }
        }
        catalogue.pair(keys);
        let known = |file: FileRow| Known {
            committed: unsigned(file.committed_offset),
            base: unsigned(file.base_offset),
            id: file.id,
        };
        Ok((catalogue, files.into_iter().map(known).collect()))
    }

    fn add_session(&mut self, row: NameRow, keys: &Keys) {
        let number = self.session_number(&row.id);
        let title_key = keys.number(&format!("{TITLE}{}", row.id));
        let hosts: Vec<String> = serde_json::from_str(&row.hosts).unwrap_or_default();
        let host = hosts.first().cloned().unwrap_or_default();
        let place =
            Place { transcript: String::new(), coder: row.coder.clone(), host, session: number, file: String::new() };
        self.put(title_key, place);
        let people = person_of(&row.project_path).into_iter().collect();
        self.sessions[number as usize] = Session {
            id: row.id,
            coder: row.coder,
            hosts,
            title: row.title,
            project_id: row.project_id,
            project_path: row.project_path,
            client: row.client_version,
            entrypoint: row.entrypoint,
            last_activity: row.last_activity_at,
            gone: row.gone,
            people,
            main: None,
        };
    }

    fn session_number(&mut self, id: &str) -> u32 {
        if let Some(number) = self.by_session.get(id) {
            return *number;
        }
        let number = u32::try_from(self.sessions.len()).unwrap_or(u32::MAX);
        self.by_session.insert(id.to_owned(), number);
        self.sessions.push(Session { id: id.to_owned(), ..Session::default() });
        number
    }

    fn put(&mut self, key: u32, place: Place) {
        let at = key as usize;
        if self.places.len() <= at {
            self.places.resize(at + 1, None);
        }
        self.places[at] = Some(place);
    }

    /// Takes up one more file; its session is known by name only until the next load.
    pub(super) fn learn(&mut self, row: &FileRow, keys: &Keys) {
        self.take_up(row, keys);
        let Some(new) = self.place(keys.number(&row.id)) else { return };
        let (session, file) = (new.session, new.file.clone());
        let twins = self.files().filter(|(_, place)| place.session == session && place.file == file);
        let twins = paired(&twins.collect::<Vec<_>>(), keys);
        Arc::make_mut(&mut self.twins).extend(twins);
    }

    /// Finds the files of one session that have one name: a conversation that was carried to another host, or folder.
    fn pair(&mut self, keys: &Keys) {
        let mut named: HashMap<(u32, &str), Vec<(u32, &Place)>> = HashMap::new();
        for (key, place) in self.files() {
            named.entry((place.session, &place.file)).or_default().push((key, place));
        }
        let twins = named.into_values().flat_map(|files| paired(&files, keys)).collect();
        self.twins = Arc::new(twins);
    }

    /// Files with the numbers of their keys.
    fn files(&self) -> impl Iterator<Item = (u32, &Place)> {
        let places = (0..).zip(&self.places).filter_map(|(key, place)| Some((key, place.as_ref()?)));
        places.filter(|(_, place)| !place.transcript.is_empty())
    }

    fn take_up(&mut self, row: &FileRow, keys: &Keys) {
        let Some(session_id) = &row.session_id else { return };
        let number = self.session_number(session_id);
        let session = &mut self.sessions[number as usize];
        if session.coder.is_empty() {
            session.coder.clone_from(&row.coder);
        }
        if !session.hosts.contains(&row.host_id) {
            session.hosts.push(row.host_id.clone());
        }
        if let Some(person) = person_of(&row.root).filter(|person| !session.people.contains(person)) {
            session.people.push(person);
        }
        if row.kind == TranscriptKind::Main.word() && session.main.as_ref().is_none_or(|main| *main < row.id) {
            session.main = Some(row.id.clone());
        }
        let place = Place {
            transcript: row.id.clone(),
            coder: row.coder.clone(),
            host: row.host_id.clone(),
            session: number,
            file: row.path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned(),
        };
        self.put(keys.number(&row.id), place);
    }

    /// The place of a key.
    pub(super) fn place(&self, key: u32) -> Option<&Place> {
        self.places.get(key as usize)?.as_ref()
    }

    /// The session of a place.
    pub(super) fn session(&self, place: &Place) -> &Session {
        &self.sessions[place.session as usize]
    }

    /// Name of a session's project for people.
    pub(super) fn project_name(&self, session: &Session) -> Option<String> {
        let known = session.project_id.as_ref().and_then(|id| self.projects.get(id));
        let folder = || session.project_path.rsplit(['/', '\\']).find(|part| !part.is_empty()).map(str::to_owned);
        known.cloned().or_else(folder)
    }
}

/// What of these files may hold the same lines as others: nothing when there is only one.
fn paired(files: &[(u32, &Place)], keys: &Keys) -> Vec<(u32, Twin)> {
    let Some(group) = files.iter().map(|(key, _)| *key).min().filter(|_| files.len() > 1) else { return Vec::new() };
    files.iter().map(|(key, place)| (*key, Twin { group, host: keys.number(&place.host) })).collect()
}

/// The account that a path belongs to: `/home/ann/…`, `/Users/ann/…`, `C:\Users\ann\…`, `/root/…`.
fn person_of(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split(['/', '\\']).filter(|part| !part.is_empty()).collect();
    let home = parts.iter().position(|part| ["home", "users"].contains(&part.to_ascii_lowercase().as_str()));
    match home {
        Some(at) if at <= 1 => parts.get(at + 1).map(|person| (*person).to_owned()),
        _ => (parts.first() == Some(&"root")).then(|| "root".to_owned()),
    }
}

/// The present catalogue, replaced as a whole.
#[derive(Debug, Default)]
pub(super) struct Shelf(RwLock<Arc<Catalogue>>);

impl Shelf {
    pub(super) fn get(&self) -> Arc<Catalogue> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn put(&self, catalogue: Catalogue) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalogue);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_known_by_their_folders() {
        let person = |path| person_of(path);
        assert_eq!(person("/home/ann/src/muster").as_deref(), Some("ann"));
        assert_eq!(person("C:\\Users\\ann\\src").as_deref(), Some("ann"));
        assert_eq!(person("/root/.claude/projects").as_deref(), Some("root"));
        assert_eq!(person("/srv/build"), None);
    }

    #[test]
    fn keys_keep_their_numbers() {
        let keys = Keys::default();
        assert_eq!([keys.number("a"), keys.number("b"), keys.number("a")], [0, 1, 0]);
    }
}
