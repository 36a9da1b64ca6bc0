//! Goes through everything that has the words, and keeps the best hits, counts, and facets in one pass.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};

use super::copies::{self, Held, Once, Twin};
use super::open::Opened;
use super::plan::{KINDS, Tools};
use super::role::Kind;
use crate::domain::time::Millis;

const DAY: Millis = 86_400_000;

/// Days after which a hit's recency no longer changes.
const DAYS: usize = 720;

/// A hit, and by what it is ordered: the greatest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Rank {
    /// Bits of the score (of positive numbers they are in order), or the time.
    pub(super) worth: u64,
    pub(super) time: Millis,
    /// Number of its key.
    pub(super) key: Reverse<u32>,
    pub(super) line: Reverse<u64>,
    pub(super) kind: Reverse<u64>,
}

/// What is kept of the hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// The best of all.
    Best(usize),
    /// The best of each file and title.
    EachKey(usize),
}

/// The wishes of one search.
#[derive(Clone)]
pub(super) struct Wishes {
    pub(super) opened: Arc<Opened>,
    pub(super) kinds: [bool; KINDS],
    pub(super) keys: Arc<Vec<bool>>,
    /// Files that may hold the same lines, by the number of their key.
    pub(super) twins: Arc<HashMap<u32, Twin>>,
    pub(super) tools: Option<Tools>,
    pub(super) after: Millis,
    pub(super) before: Millis,
    /// By time instead of by score.
    pub(super) recent: bool,
    pub(super) keep: Keep,
    /// Only hits behind this one are kept; all are counted.
    pub(super) behind: Option<Rank>,
    pub(super) facets: bool,
    /// From what recency counts.
    pub(super) now: Millis,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Kept hits, best first.
    pub(super) hits: Vec<Rank>,
    /// Hits by number of key, each once.
    pub(super) counts: HashMap<u32, u64>,
    /// Hits that are counted under another key, and stand on the host of this one too.
    pub(super) copies: HashMap<u32, u64>,
    /// Keys of the copies of kept hits, one of each other host.
    pub(super) elsewhere: HashMap<Rank, Vec<u32>>,
    /// Hits of files that have twins, until all are known.
    held: Vec<Held>,
    /// Hits by role.
    pub(super) roles: [u64; 8],
    /// Hits by tool.
    pub(super) tools: HashMap<String, u64>,
    /// Hits by day.
    pub(super) days: HashMap<i64, u64>,
}

/// One segment under way.
pub(super) struct Pass {
    lines: Column<u64>,
    times: Column<i64>,
    kinds: Column<u64>,
    keys: Option<StrColumn>,
    tools: Option<StrColumn>,
    /// Number of each key of the segment, and whether it is wanted.
    numbers: Arc<Vec<u32>>,
    wanted: Vec<bool>,
    /// Of each key of the segment; empty when nothing has twins.
    twins: Vec<Option<Twin>>,
    same: Column<u64>,
    held: Vec<Held>,
    wanted_kinds: [bool; KINDS],
    /// Wanted tools of the segment; the last one stands for hits without a tool.
    wanted_tools: Option<Vec<bool>>,
    after: Millis,
    before: Millis,
    recent: bool,
    keep: Keep,
    behind: Option<Rank>,
    facets: bool,
    now: Millis,
    recency: Arc<Vec<f32>>,
    counts: Vec<u32>,
    best: Vec<Rank>,
    floor: Option<Rank>,
    each: Vec<Vec<Rank>>,
    roles: [u64; 8],
    tool_counts: Vec<u32>,
    tool_names: HashMap<usize, Arc<str>>,
    days: HashMap<i64, u64>,
}

/// Factor of the score by age: half of it fades within some weeks.
pub(super) fn recency() -> Vec<f32> {
    (0_u16..=u16::try_from(DAYS).unwrap_or(u16::MAX))
        .map(|days| 0.55 + 0.45 * (-f32::from(days) / 30.0).exp())
        .collect()
}

impl Collector for Wishes {
    type Fruit = Found;
    type Child = Pass;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<Pass> {
        let fast = segment.fast_fields();
        let (keys, tools) = (fast.str("key")?, fast.str("tool")?);
        let numbers = self.opened.numbers(segment)?;
        let wanted: Vec<bool> =
            numbers.iter().map(|number| self.keys.get(*number as usize).copied().unwrap_or(false)).collect();
        let wanted_tools = match &self.tools {
            Some(wishes) => Some(wanted_tools(wishes, tools.as_ref())?),
            None => None,
        };
        Ok(Pass {
            twins: if self.twins.is_empty() {
                Vec::new()
            } else {
                numbers.iter().map(|number| self.twins.get(number).copied()).collect()
            },
            same: fast.u64("same")?,
            held: Vec::new(),
            lines: fast.u64("line")?,
            times: fast.i64("time")?,
            kinds: fast.u64("kind")?,
            counts: vec![0; numbers.len()],
            each: if matches!(self.keep, Keep::EachKey(_)) { vec![Vec::new(); numbers.len()] } else { Vec::new() },
            tool_counts: vec![0; if self.facets { tools.as_ref().map_or(0, |tools| tools.num_terms()) } else { 0 }],
            tool_names: HashMap::new(),
            keys,
            tools,
            numbers,
            wanted,
            wanted_kinds: self.kinds,
            wanted_tools,
            after: self.after,
            before: self.before,
            recent: self.recent,
            keep: self.keep,
            behind: self.behind,
            facets: self.facets,
            now: self.now,
            recency: Arc::clone(&self.opened.recency),
            best: Vec::new(),
            floor: None,
            roles: [0; 8],
            days: HashMap::new(),
        })
    }

    fn requires_scoring(&self) -> bool {
        !self.recent
    }

    fn merge_fruits(&self, fruits: Vec<tantivy::Result<Found>>) -> tantivy::Result<Found> {
        let mut all = Found::default();
        for fruit in fruits {
            let found = fruit?;
            all.hits.extend(found.hits);
            all.held.extend(found.held);
            add(&mut all.counts, found.counts);
            add(&mut all.tools, found.tools);
            add(&mut all.days, found.days);
            for (sum, count) in all.roles.iter_mut().zip(found.roles) {
                *sum += count;
            }
        }
        self.settle(&mut all);
        all.hits.sort_unstable_by_key(|hit| Reverse(*hit));
        if let Keep::Best(most) = self.keep {
            all.hits.truncate(most);
        }
        if !all.elsewhere.is_empty() {
            let kept: HashSet<Rank> = all.hits.iter().copied().collect();
            all.elsewhere.retain(|rank, _| kept.contains(rank));
        }
        Ok(all)
    }
}

impl Wishes {
    /// Counts and keeps the hits of files that have twins, each once.
    fn settle(&self, all: &mut Found) {
        let mut each: HashMap<u32, Vec<Rank>> = HashMap::new();
        for Once { rank, tool, elsewhere } in copies::once(std::mem::take(&mut all.held)) {
            *all.counts.entry(rank.key.0).or_default() += 1;
            for key in &elsewhere {
                *all.copies.entry(*key).or_default() += 1;
            }
            if self.facets {
                all.roles[place_of(Kind::from_stored(rank.kind.0))] += 1;
                if let Some(tool) = tool {
                    *all.tools.entry(tool.to_string()).or_default() += 1;
                }
                if rank.time > 0 {
                    *all.days.entry(rank.time.div_euclid(DAY)).or_default() += 1;
                }
            }
            match self.keep {
                Keep::Best(_) if self.behind.is_some_and(|behind| rank >= behind) => continue,
                Keep::Best(_) => all.hits.push(rank),
                Keep::EachKey(_) => each.entry(rank.key.0).or_default().push(rank),
            }
            if !elsewhere.is_empty() {
                all.elsewhere.insert(rank, elsewhere);
            }
        }
        if let Keep::EachKey(most) = self.keep {
            for mut ranks in each.into_values() {
                ranks.sort_unstable_by_key(|hit| Reverse(*hit));
                all.hits.extend(ranks.into_iter().take(most));
            }
        }
    }
}

/// Where hits of a kind are counted among the roles.
fn place_of(kind: Kind) -> usize {
    kind.role().map_or(7, |role| role as usize)
}

fn add<K: std::hash::Hash + Eq>(sums: &mut HashMap<K, u64>, counts: HashMap<K, u64>) {
    for (key, count) in counts {
        *sums.entry(key).or_default() += count;
    }
}

/// The tools of a segment that are wanted, by their number there, and whether hits without a tool are.
fn wanted_tools(wishes: &Tools, tools: Option<&StrColumn>) -> tantivy::Result<Vec<bool>> {
    let mut wanted = Vec::new();
    if let Some(tools) = tools {
        let mut names = tools.dictionary().stream()?;
        while names.advance() {
            let name = std::str::from_utf8(names.key()).unwrap_or_default();
            let among = wishes.wanted.as_ref().is_none_or(|wanted| wanted.contains(name));
            wanted.push(among && !wishes.unwanted.contains(name));
        }
    }
    wanted.push(wishes.wanted.is_none());
    Ok(wanted)
}

impl Pass {
    /// The hit's worth: what a person wrote, and recent work, count more.
    fn worth(&self, score: Score, kind: Kind, time: Millis) -> u64 {
        if self.recent {
            return u64::try_from(time).unwrap_or(0);
        }
        let days = usize::try_from((self.now - time).max(0) / DAY).unwrap_or(DAYS).min(DAYS);
        let worth = score.max(f32::MIN_POSITIVE) * kind.weight() * self.recency[days];
        u64::from(worth.to_bits())
    }

    fn count(&mut self, key: usize, kind: Kind, tool: Option<usize>, time: Millis) {
        self.counts[key] += 1;
        if !self.facets {
            return;
        }
        self.roles[place_of(kind)] += 1;
        if let Some(count) = tool.and_then(|tool| self.tool_counts.get_mut(tool)) {
            *count += 1;
        }
        if time > 0 {
            *self.days.entry(time.div_euclid(DAY)).or_default() += 1;
        }
    }

    fn keep(&mut self, key: usize, rank: Rank) {
        if self.behind.is_some_and(|behind| rank >= behind) && matches!(self.keep, Keep::Best(_)) {
            return;
        }
        match self.keep {
            Keep::Best(0) => {}
            Keep::Best(most) => {
                if self.floor.is_some_and(|floor| rank < floor) {
                    return;
                }
                self.best.push(rank);
                if self.best.len() >= most * 2 + 64 {
                    self.shrink(most);
                }
            }
            Keep::EachKey(most) => {
                let each = &mut self.each[key];
                if each.len() < most {
                    each.push(rank);
                    each.sort_unstable_by_key(|hit| Reverse(*hit));
                } else if each.last().is_some_and(|last| rank > *last) {
                    each.pop();
                    each.push(rank);
                    each.sort_unstable_by_key(|hit| Reverse(*hit));
                }
            }
        }
    }

    fn shrink(&mut self, most: usize) {
        self.best.select_nth_unstable_by_key(most - 1, |hit| Reverse(*hit));
        self.best.truncate(most);
        self.floor = self.best.iter().min().copied();
    }

    /// The name of a tool of the segment, for hits that are counted later.
    fn name_of_tool(&mut self, tool: usize) -> Option<Arc<str>> {
        if let Some(name) = self.tool_names.get(&tool) {
            return Some(Arc::clone(name));
        }
        let mut name = String::new();
        self.tools.as_ref()?.ord_to_str(tool as u64, &mut name).ok()?;
        let name: Arc<str> = name.into();
        self.tool_names.insert(tool, Arc::clone(&name));
        Some(name)
    }

    fn names_of_tools(&self) -> HashMap<String, u64> {
        let Some(tools) = &self.tools else { return HashMap::new() };
        let counted = self.tool_counts.iter().enumerate().filter(|(_, count)| **count > 0);
        let named = counted.filter_map(|(ord, count)| {
            let mut name = String::new();
            tools.ord_to_str(ord as u64, &mut name).ok()?;
            Some((name, u64::from(*count)))
        });
        named.collect()
    }
}

impl SegmentCollector for Pass {
    type Fruit = tantivy::Result<Found>;

    fn collect(&mut self, doc: DocId, score: Score) {
        let number = self.kinds.first(doc).unwrap_or(u64::MAX);
        let kind = Kind::from_stored(number);
        if !usize::try_from(number).ok().and_then(|number| self.wanted_kinds.get(number)).copied().unwrap_or(false) {
            return;
        }
        let key = self.keys.as_ref().and_then(|keys| keys.ords().first(doc));
        let Some(key) = key.and_then(|key| usize::try_from(key).ok()) else { return };
        if !self.wanted.get(key).copied().unwrap_or(false) {
            return;
        }
        let tool = if self.facets || self.wanted_tools.is_some() {
            self.tools.as_ref().and_then(|tools| tools.ords().first(doc)).and_then(|tool| usize::try_from(tool).ok())
        } else {
            None
        };
        if let Some(wanted) = &self.wanted_tools
            && !wanted.get(tool.unwrap_or(wanted.len() - 1)).copied().unwrap_or(false)
        {
            return;
        }
        let time = self.times.first(doc).unwrap_or(0);
        if time < self.after || time >= self.before {
            return;
        }
        let rank = Rank {
            worth: self.worth(score, kind, time),
            time,
            key: Reverse(self.numbers[key]),
            line: Reverse(self.lines.first(doc).unwrap_or(0)),
            kind: Reverse(number),
        };
        if let Some(twin) = self.twins.get(key).copied().flatten() {
            let same = self.same.first(doc).unwrap_or(0);
            let tool = tool.and_then(|tool| self.name_of_tool(tool));
            self.held.push(Held { twin, same, rank, tool });
            return;
        }
        self.count(key, kind, tool, time);
        self.keep(key, rank);
    }

    fn harvest(mut self) -> Self::Fruit {
        if let Keep::Best(most) = self.keep
            && self.best.len() > most
            && most > 0
        {
            self.shrink(most);
        }
        let mut hits = std::mem::take(&mut self.best);
        hits.extend(std::mem::take(&mut self.each).into_iter().flatten());
        let counted = self.numbers.iter().zip(&self.counts).filter(|(_, count)| **count > 0);
        Ok(Found {
            hits,
            counts: counted.map(|(number, count)| (*number, u64::from(*count))).collect(),
            roles: self.roles,
            tools: self.names_of_tools(),
            days: self.days,
            held: self.held,
            ..Found::default()
        })
    }
}
