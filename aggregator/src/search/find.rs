//! One search: read the query, go through the index once, cut the snippets of the page.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::catalogue::{Catalogue, Place, Session};
use super::collect::{Found, Keep, Rank, Wishes};
use super::cursor::Cursor;
use super::items::{Hit, SessionHits};
use super::query::{Part, Query};
use super::role::Role;
use super::schema::TITLE;
use super::terms::Row;
use super::{Progress, Search, SearchError, loose, plan, spread};
use crate::domain::time::{Millis, now_ms};
use crate::spawn::blocking;

/// Most hits (or sessions, when grouped) of a page.
pub(super) const MOST: usize = 100;

/// Hits shown of each session when they are grouped.
const OF_SESSION: usize = 3;

/// Values of a facet at most.
const VALUES: usize = 50;

/// Days of the facet of days at most, the latest ones.
const DAYS: usize = 400;

const DAY: Millis = 86_400_000;

/// Order of hits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// What fits best, what a person wrote, what is recent.
    #[default]
    Best,
    /// Newest first.
    Recent,
}

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The query as it was written.
    pub query: String,
    /// Order of hits.
    pub sort: Sort,
    /// Hits of the page, or sessions when grouped; at most [`MOST`].
    pub limit: usize,
    /// Where the page begins.
    pub cursor: Option<String>,
    /// Facets are wanted; they come on the first page only.
    pub facets: bool,
    /// Hits are grouped by session.
    pub by_session: bool,
    /// Where nothing holds all words as they stand, other forms of them will do, or most of them.
    pub loose: bool,
}

/// What was found.
#[derive(Debug)]
pub struct Answer {
    /// Hits of the page.
    pub hits: Vec<Hit>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
    /// All hits.
    pub total: u64,
    /// Sessions of the page's hits, in the order of their first hit.
    pub sessions: Vec<SessionHits>,
    /// All sessions with hits.
    pub total_sessions: u64,
    /// Counts by property.
    pub facets: Option<Facets>,
    /// The query as it was understood.
    pub parts: Vec<Part>,
    /// What could not be taken as it was written.
    pub remarks: Vec<String>,
    /// The index lacks something.
    pub partial: Option<Progress>,
    /// Time that it took.
    pub took: Duration,
}

/// One value of a facet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// As a filter takes it.
    pub value: String,
    /// For people.
    pub name: String,
    /// Hits.
    pub count: u64,
}

/// Hits by property.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    /// By host.
    pub host: Vec<Facet>,
    /// By project.
    pub project: Vec<Facet>,
    /// By coder.
    pub coder: Vec<Facet>,
    /// By role.
    pub role: Vec<Facet>,
    /// By tool.
    pub tool: Vec<Facet>,
    /// By day of UTC, oldest first.
    pub day: Vec<Facet>,
}

/// What the index gave.
struct Looked {
    found: Found,
    rows: Vec<Row>,
    remarks: Vec<String>,
    generation: u64,
}

impl Search {
    /// Searches.
    pub async fn find(&self, asked: Asked) -> Result<Answer, SearchError> {
        let began = Instant::now();
        let _room = self.0.room.acquire().await.map_err(|_| SearchError::Stopping)?;
        let behind = match &asked.cursor {
            None => None,
            Some(text) => Some(Cursor::decode(text, |key| self.0.keys.number(key)).ok_or(SearchError::Cursor)?),
        };
        // To the minute: the same search a moment later has the same order.
        let now = behind.as_ref().map_or_else(|| now_ms() / 60_000 * 60_000, |cursor| cursor.now);
        let query = Query::read(&asked.query, now);
        if query.parts.is_empty() && !query.remarks.is_empty() {
            return Err(SearchError::Query(query.remarks.join(". ")));
        }
        let catalogue = self.0.shelf.get();
        let (query, looked) = self.look(query, &asked, behind.clone(), now, &catalogue).await?;
        let page = Page { asked: &asked, catalogue: &catalogue, behind: behind.as_ref().map(|cursor| cursor.rank) };
        let (ranks, more) = page.cut(&looked.found);
        let next_cursor = ranks.last().filter(|_| more).and_then(|_| page.last_shown(&ranks)).map(|rank| {
            let key = catalogue.place(rank.key.0).map_or_else(String::new, |place| key_of(place, &catalogue));
            Cursor { generation: looked.generation, now, rank, key }.encode()
        });
        let by_session = page.by_session(&looked.found);
        let (rows, items) = (Arc::new(looked.rows), ranks);
        let hits = self.hits(&items, &looked.found.elsewhere, &rows, &catalogue).await?;
        let facets = (asked.facets && asked.cursor.is_none()).then(|| page.facets(&looked.found));
        let mut remarks = query.remarks;
        remarks.extend(looked.remarks);
        Ok(Answer {
            sessions: page.sessions(&items, &by_session),
            hits,
            next_cursor,
            total: looked.found.counts.values().sum(),
            total_sessions: by_session.len() as u64,
            facets,
            parts: query.parts,
            remarks,
            partial: self.progress(),
            took: began.elapsed(),
        })
    }

    /// Goes through the index, beside the event loop.
    async fn look(
        &self,
        query: Query,
        asked: &Asked,
        behind: Option<Cursor>,
        now: Millis,
        catalogue: &Arc<Catalogue>,
    ) -> Result<(Query, Looked), SearchError> {
        let Some(opened) = self.opened() else {
            return Ok((
                query,
                Looked { found: Found::default(), rows: Vec::new(), remarks: Vec::new(), generation: 0 },
            ));
        };
        let pinned = behind.as_ref().and_then(|cursor| self.0.pins.find(cursor.generation));
        let searcher = pinned.unwrap_or_else(|| opened.reader.searcher());
        self.0.pins.keep(&searcher);
        let keep = if asked.by_session { Keep::EachKey(OF_SESSION) } else { Keep::Best(asked.limit.min(MOST) + 1) };
        let (recent, facets) = (asked.sort == Sort::Recent, asked.facets && asked.cursor.is_none());
        let loosely = asked.loose;
        let catalogue = Arc::clone(catalogue);
        let work = move || {
            let plan = plan::plan(&query, &catalogue, opened.fields, &searcher)?;
            let wishes = Wishes {
                opened,
                kinds: plan.kinds,
                keys: Arc::new(plan.keys),
                twins: Arc::clone(&catalogue.twins),
                tools: plan.tools,
                after: plan.after,
                before: plan.before,
                recent,
                keep,
                behind: behind.map(|cursor| cursor.rank),
                facets,
                now,
            };
            let mut found = searcher.search(&*plan.words, &wishes)?;
            let (mut remarks, mut rows) = (plan.remarks, plan.rows);
            if let (true, Some(apart)) = (found.counts.is_empty(), &plan.apart)
                && let Some(spread) = spread::look(apart, &wishes, &catalogue, &searcher)?
            {
                found = spread;
                remarks.push(spread::REMARK.to_owned());
            }
            if let (true, true, Some(words)) = (loosely, found.counts.is_empty(), plan.loose)
                && let Some((loosened, remark)) = loose::look(&words, &wishes, &searcher)?
            {
                (found, rows) = (loosened, words.rows);
                remarks.push(remark);
            }
            let generation = searcher.generation().generation_id();
            Ok((query, Looked { found, rows, remarks, generation }))
        };
        let looked = match blocking(work).await {
            Ok(looked) => looked,
            Err(error) => Err(SearchError::Index(format!("a search broke off: {error}"))),
        };
        looked.inspect_err(|_| self.0.suspect.store(true, Ordering::Relaxed))
    }
}

/// What the index calls a place.
fn key_of(place: &Place, catalogue: &Catalogue) -> String {
    if place.transcript.is_empty() {
        format!("{TITLE}{}", catalogue.session(place).id)
    } else {
        place.transcript.clone()
    }
}

/// One page of what was found.
struct Page<'a> {
    asked: &'a Asked,
    catalogue: &'a Catalogue,
    behind: Option<Rank>,
}

impl Page<'_> {
    fn session(&self, key: u32) -> Option<u32> {
        self.catalogue.place(key).map(|place| place.session)
    }

    /// The page's hits, and whether there are more.
    fn cut(&self, found: &Found) -> (Vec<Rank>, bool) {
        let limit = self.asked.limit.min(MOST);
        if !self.asked.by_session {
            let more = found.hits.len() > limit;
            return (found.hits.iter().take(limit).copied().collect(), more && limit > 0);
        }
        // Hits come best first: the first of a session is its best.
        let mut order: Vec<(u32, Vec<Rank>)> = Vec::new();
        let mut at: HashMap<u32, usize> = HashMap::new();
        for hit in &found.hits {
            let Some(session) = self.session(hit.key.0) else { continue };
            let here = *at.entry(session).or_insert_with(|| {
                order.push((session, Vec::new()));
                order.len() - 1
            });
            if order[here].1.len() < OF_SESSION {
                order[here].1.push(*hit);
            }
        }
        let mut left = order.into_iter().filter(|(_, hits)| self.behind.is_none_or(|behind| hits[0] < behind));
        let page: Vec<Rank> = left.by_ref().take(limit).flat_map(|(_, hits)| hits).collect();
        let more = limit > 0 && left.next().is_some();
        (page, more)
    }

    /// By what the next page begins: the last hit, or the best hit of the last session.
    fn last_shown(&self, ranks: &[Rank]) -> Option<Rank> {
        let last = ranks.last()?;
        if !self.asked.by_session {
            return Some(*last);
        }
        let session = self.session(last.key.0);
        ranks.iter().find(|rank| self.session(rank.key.0) == session).copied()
    }

    /// Hits of each session.
    fn by_session(&self, found: &Found) -> HashMap<u32, u64> {
        let mut sums: HashMap<u32, u64> = HashMap::new();
        for (key, count) in &found.counts {
            if let Some(session) = self.session(*key) {
                *sums.entry(session).or_default() += count;
            }
        }
        sums
    }

    fn sessions(&self, ranks: &[Rank], counts: &HashMap<u32, u64>) -> Vec<SessionHits> {
        let mut seen: Vec<u32> = Vec::new();
        for session in ranks.iter().filter_map(|rank| self.session(rank.key.0)) {
            if !seen.contains(&session) {
                seen.push(session);
            }
        }
        let shown = |number: u32| {
            let session = &self.catalogue.sessions[number as usize];
            SessionHits {
                id: session.id.clone(),
                title: session.title.clone(),
                coder: session.coder.clone(),
                host_ids: session.hosts.clone(),
                project_id: session.project_id.clone(),
                project_name: self.catalogue.project_name(session),
                last_activity: (session.last_activity > 0).then_some(session.last_activity),
                gone: session.gone,
                hits: counts.get(&number).copied().unwrap_or(0),
            }
        };
        seen.into_iter().map(shown).collect()
    }

    fn facets(&self, found: &Found) -> Facets {
        let (mut hosts, mut projects, mut coders) = (Sums::default(), Sums::default(), Sums::default());
        // What stands on several hosts is found on each of them.
        for (key, count) in found.counts.iter().chain(&found.copies) {
            let Some(place) = self.catalogue.place(*key) else { continue };
            let host = self.catalogue.hosts.get(&place.host).cloned();
            hosts.add(place.host.clone(), host, *count);
        }
        for (key, count) in &found.counts {
            let Some(place) = self.catalogue.place(*key) else { continue };
            let session = self.catalogue.session(place);
            coders.add(session.coder.clone(), None, *count);
            if let Some((value, name)) = self.project(session) {
                projects.add(value, name, *count);
            }
        }
        let mut roles = Sums::default();
        for (role, count) in Role::ALL.iter().zip(found.roles) {
            roles.add(role.word().to_owned(), None, count);
        }
        let mut tools = Sums::default();
        for (tool, count) in &found.tools {
            tools.add(tool.clone(), None, *count);
        }
        Facets {
            host: hosts.facets(),
            project: projects.facets(),
            coder: coders.facets(),
            role: roles.facets(),
            tool: tools.facets(),
            day: days(&found.days),
        }
    }

    /// What the filter of a session's project takes, and its name.
    fn project(&self, session: &Session) -> Option<(String, Option<String>)> {
        let value = session.project_id.clone().unwrap_or_else(|| session.project_path.clone());
        (!value.is_empty()).then(|| (value, self.catalogue.project_name(session)))
    }
}

/// Counts by value.
#[derive(Default)]
struct Sums(BTreeMap<String, (Option<String>, u64)>);

impl Sums {
    fn add(&mut self, value: String, name: Option<String>, count: u64) {
        self.0.entry(value).or_insert((name, 0)).1 += count;
    }

    fn facets(self) -> Vec<Facet> {
        let counted = self.0.into_iter().filter(|(_, (_, count))| *count > 0);
        let mut facets: Vec<Facet> = counted
            .map(|(value, (name, count))| Facet { name: name.unwrap_or_else(|| value.clone()), value, count })
            .collect();
        facets.sort_by_key(|facet| std::cmp::Reverse(facet.count));
        facets.truncate(VALUES);
        facets
    }
}

fn days(counts: &HashMap<i64, u64>) -> Vec<Facet> {
    let ordered: BTreeMap<i64, u64> = counts.iter().map(|(day, count)| (*day, *count)).collect();
    let name = |day: i64| crate::domain::time::rfc3339(day.saturating_mul(DAY)).chars().take(10).collect::<String>();
    let skipped = ordered.len().saturating_sub(DAYS);
    let shown = ordered.into_iter().skip(skipped);
    shown.map(|(day, count)| Facet { value: name(day), name: name(day), count }).collect()
}
