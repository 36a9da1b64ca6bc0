//! A query → what the index is asked: words by postings, everything else by small tables that are looked up per hit.

use std::collections::{BTreeMap, BTreeSet};

use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, FuzzyTermQuery, Occur, PhrasePrefixQuery,
    PhraseQuery, Query as IndexQuery, TermQuery, TermSetQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, TantivyError, Term as IndexTerm};

use super::catalogue::{Catalogue, Place};
use super::loose::{self, Loose};
use super::query::{Ask, Filter, Part, Query, Style};
use super::role::Kind;
use super::schema::Fields;
use super::terms::{self, Match, Row};
use crate::domain::time::Millis;

/// Kinds that there can be: 6 bits.
pub(super) const KINDS: usize = 64;

/// Words that a prefix after other words may stand for.
const EXPANSIONS: u32 = 500;

/// Values of a filter that are looked through: tools, branches, models.
const VALUES: usize = 20_000;

/// Words and phrases of a query that are looked for apart at most: each costs a pass over its postings.
const APART: usize = 8;

/// What the index is asked, and what is asked of each hit.
pub(super) struct Plan {
    /// Postings: everything in one entry.
    pub(super) words: Box<dyn IndexQuery>,
    /// Postings of each wanted word or phrase by itself, and of any of them; none where there is only one.
    pub(super) apart: Option<Apart>,
    /// What is asked when nothing holds all words as they stand; none without words.
    pub(super) loose: Option<Loose>,
    /// Kinds that are wanted, by their number.
    pub(super) kinds: [bool; KINDS],
    /// Keys that are wanted, by their number.
    pub(super) keys: Vec<bool>,
    /// Names of tools that are wanted; all when absent, and hits without a tool only then.
    pub(super) tools: Option<Tools>,
    /// From this moment on.
    pub(super) after: Millis,
    /// Before this moment.
    pub(super) before: Millis,
    /// What is highlighted.
    pub(super) rows: Vec<Row>,
    /// Values that nothing has.
    pub(super) remarks: Vec<String>,
}

/// The wanted words and phrases of a query, each by itself.
pub(super) struct Apart {
    pub(super) each: Vec<Box<dyn IndexQuery>>,
    pub(super) any: Box<dyn IndexQuery>,
}

/// Which tools are wanted.
#[derive(Debug, Clone, Default)]
pub(super) struct Tools {
    pub(super) wanted: Option<BTreeSet<String>>,
    pub(super) unwanted: BTreeSet<String>,
}

/// Filters of one name. Several of a name are alternatives, unless they exclude.
#[derive(Default)]
struct Group<'q> {
    wanted: Vec<&'q Filter>,
    unwanted: Vec<&'q Filter>,
}

/// Makes a plan.
pub(super) fn plan(
    query: &Query,
    catalogue: &Catalogue,
    fields: Fields,
    searcher: &Searcher,
) -> Result<Plan, TantivyError> {
    let mut plan = Plan {
        words: Box::new(EmptyQuery),
        apart: None,
        loose: None,
        kinds: std::array::from_fn(|kind| Kind::from_stored(kind as u64).role().is_some()),
        keys: catalogue.places.iter().map(Option::is_some).collect(),
        tools: None,
        after: Millis::MIN,
        before: Millis::MAX,
        rows: Vec::new(),
        remarks: Vec::new(),
    };
    let text = plan.text(query, fields);
    let mut clauses: Vec<Clause> = Vec::new();
    for (name, group) in groups(query) {
        match name {
            "path" => clauses.extend(group.clauses(|filter| match filter {
                Filter::Path(path) => rows_query(&terms::rows(path, Style::Plain), fields.path),
                _ => Box::new(EmptyQuery),
            })),
            "branch" | "model" => plan.tagged(name, &group, fields, searcher, &mut clauses)?,
            "tool" => plan.only_tools(&group, searcher)?,
            "after" | "before" => plan.only_times(&group),
            "role" | "error" | "subagent" | "image" => plan.only_kinds(&group),
            _ => plan.only_keys(name, &group, catalogue),
        }
    }
    plan.apart = apart(&text, &clauses);
    plan.loose = loosened(query, &text, &clauses, fields);
    plan.words = all_of(text.into_iter().chain(clauses).collect());
    Ok(plan)
}

/// What must hold, and what must not, as one question.
fn all_of(mut clauses: Vec<Clause>) -> Box<dyn IndexQuery> {
    if !clauses.iter().any(|(occur, _)| *occur == Occur::Must) {
        clauses.push((Occur::Must, Box::new(AllQuery)));
    }
    match clauses.len() {
        1 => clauses.remove(0).1,
        _ => Box::new(BooleanQuery::new(clauses)),
    }
}

/// Each wanted text with everything else that is asked.
fn apart(text: &[Clause], others: &[Clause]) -> Option<Apart> {
    let (wanted, unwanted): (Vec<&Clause>, Vec<&Clause>) = text.iter().partition(|(occur, _)| *occur == Occur::Must);
    if !(2..=APART).contains(&wanted.len()) {
        return None;
    }
    let rest = || unwanted.iter().copied().chain(others).map(|(occur, asked)| (*occur, asked.box_clone()));
    let with_rest = |asked| all_of(std::iter::once((Occur::Must, asked)).chain(rest()).collect());
    let each = || wanted.iter().map(|(_, asked)| asked.box_clone());
    Some(Apart { each: each().map(with_rest).collect(), any: with_rest(union(each().collect())) })
}

/// The wanted texts in any form, all or most of them, with everything else that is asked. The last word may be one that
/// is still being typed.
fn loosened(query: &Query, text: &[Clause], others: &[Clause], fields: Fields) -> Option<Loose> {
    let texts: Vec<(&str, Style)> = query.parts.iter().filter_map(wanted_text).collect();
    let last = texts.len().checked_sub(1)?;
    let meant = |(at, (text, style)): (usize, &(&str, Style))| {
        let rows = loose::rows(text, *style, at == last);
        (!rows.is_empty()).then(|| ((*text).to_owned(), rows, loose::is_filler(text, *style)))
    };
    let mut words: Vec<(String, Vec<Row>, bool)> = texts.iter().enumerate().filter_map(meant).take(APART).collect();
    if words.iter().any(|(_, _, filler)| !filler) {
        words.retain(|(_, _, filler)| !filler);
    }
    let unwanted = text.iter().filter(|(occur, _)| *occur != Occur::Must);
    let rest: Vec<&Clause> = unwanted.chain(others).collect();
    let with_rest = |asked| {
        let rest = rest.iter().map(|(occur, asked)| (*occur, asked.box_clone()));
        all_of(std::iter::once((Occur::Must, asked)).chain(rest).collect())
    };
    let all = words.iter().map(|(_, rows, _)| (Occur::Must, rows_query(rows, fields.body))).collect();
    Some(Loose {
        all: with_rest(all_of(all)),
        each: words.iter().map(|(text, rows, _)| (text.clone(), with_rest(rows_query(rows, fields.body)))).collect(),
        rows: words.iter().flat_map(|(_, rows, _)| rows.clone()).collect(),
    })
}

fn wanted_text(part: &Part) -> Option<(&str, Style)> {
    match &part.ask {
        Ask::Text(text, style) if !part.excludes => Some((text, *style)),
        _ => None,
    }
}

type Clause = (Occur, Box<dyn IndexQuery>);

fn groups(query: &Query) -> BTreeMap<&'static str, Group<'_>> {
    let mut groups: BTreeMap<&'static str, Group<'_>> = BTreeMap::new();
    for part in &query.parts {
        let Ask::Filter(filter) = &part.ask else { continue };
        let name = match filter {
            Filter::Error => "error",
            Filter::Subagent => "subagent",
            Filter::Gone => "gone",
            Filter::Image => "image",
            _ => part.filter.unwrap_or_default(),
        };
        let group = groups.entry(name).or_default();
        if part.excludes { group.unwanted.push(filter) } else { group.wanted.push(filter) }
    }
    groups
}

impl Group<'_> {
    fn holds(&self, test: impl Fn(&Filter) -> bool) -> bool {
        (self.wanted.is_empty() || self.wanted.iter().any(|filter| test(filter)))
            && !self.unwanted.iter().any(|filter| test(filter))
    }

    /// Clauses that change no score.
    fn clauses(&self, query: impl Fn(&Filter) -> Box<dyn IndexQuery>) -> Vec<Clause> {
        let quiet = |query| Box::new(ConstScoreQuery::new(query, 0.0)) as Box<dyn IndexQuery>;
        let mut clauses: Vec<Clause> = Vec::new();
        if !self.wanted.is_empty() {
            let any = self.wanted.iter().map(|filter| query(filter)).collect();
            clauses.push((Occur::Must, quiet(union(any))));
        }
        clauses.extend(self.unwanted.iter().map(|filter| (Occur::MustNot, quiet(query(filter)))));
        clauses
    }
}

impl Plan {
    fn text(&mut self, query: &Query, fields: Fields) -> Vec<Clause> {
        let mut clauses: Vec<Clause> = Vec::new();
        for part in &query.parts {
            let Ask::Text(text, style) = &part.ask else { continue };
            let rows = terms::rows(text, *style);
            let asked = rows_query(&rows, fields.body);
            if part.excludes {
                clauses.push((Occur::MustNot, asked));
            } else {
                clauses.push((Occur::Must, asked));
                self.rows.extend(rows);
            }
        }
        clauses
    }

    /// Branches and models: their tags are looked through for the value.
    fn tagged(
        &mut self,
        name: &str,
        group: &Group<'_>,
        fields: Fields,
        searcher: &Searcher,
        clauses: &mut Vec<Clause>,
    ) -> Result<(), TantivyError> {
        let tags = tags(name, fields.tags, searcher)?;
        let found = group.clauses(|filter| {
            let (Filter::Branch(value) | Filter::Model(value)) = filter else { return Box::new(EmptyQuery) };
            let terms: Vec<IndexTerm> = matching(value, tags.iter())
                .into_iter()
                .map(|tag| IndexTerm::from_field_text(fields.tags, &format!("{name}:{tag}")))
                .collect();
            Box::new(TermSetQuery::new(terms))
        });
        clauses.extend(found);
        for filter in &group.wanted {
            if let Filter::Branch(value) | Filter::Model(value) = filter
                && matching(value, tags.iter()).is_empty()
            {
                self.nothing_is(name, value, tags.iter().take(8).cloned());
            }
        }
        Ok(())
    }

    fn only_tools(&mut self, group: &Group<'_>, searcher: &Searcher) -> Result<(), TantivyError> {
        let names = tool_names(searcher)?;
        let found = |filters: &[&Filter]| -> BTreeSet<String> {
            let values = filters.iter().filter_map(|filter| match filter {
                Filter::Tool(value) => Some(value.as_str()),
                _ => None,
            });
            values.flat_map(|value| matching(value, names.iter())).cloned().collect()
        };
        let wanted = (!group.wanted.is_empty()).then(|| found(&group.wanted));
        if let (Some(Filter::Tool(value)), true) =
            (group.wanted.first(), wanted.as_ref().is_some_and(BTreeSet::is_empty))
        {
            self.nothing_is("tool", value, names.iter().take(12).cloned());
        }
        self.tools = Some(Tools { wanted, unwanted: found(&group.unwanted) });
        Ok(())
    }

    fn only_times(&mut self, group: &Group<'_>) {
        for filter in &group.wanted {
            match filter {
                Filter::After(at) => self.after = self.after.max(*at),
                Filter::Before(at) => self.before = self.before.min(*at),
                _ => {}
            }
        }
        for filter in &group.unwanted {
            match filter {
                Filter::After(at) => self.before = self.before.min(*at),
                Filter::Before(at) => self.after = self.after.max(*at),
                _ => {}
            }
        }
    }

    fn only_kinds(&mut self, group: &Group<'_>) {
        for (number, wanted) in self.kinds.iter_mut().enumerate() {
            let kind = Kind::from_stored(number as u64);
            *wanted = *wanted
                && group.holds(|filter| match filter {
                    Filter::Role(roles) => kind.role().is_some_and(|role| roles.contains(&role)),
                    Filter::Error => kind.is_error(),
                    Filter::Subagent => kind.is_subagent(),
                    Filter::Image => kind.has_image(),
                    _ => false,
                });
        }
    }

    /// Hosts, projects and whatever else belongs to a file or session.
    fn only_keys(&mut self, name: &str, group: &Group<'_>, catalogue: &Catalogue) {
        let mut any = false;
        for (wanted, place) in self.keys.iter_mut().zip(&catalogue.places) {
            let Some(place) = place else { continue };
            let holds = group.holds(|filter| belongs(filter, place, catalogue));
            any = any || holds;
            *wanted = *wanted && holds;
        }
        let value = |filter: &&&Filter| match filter {
            Filter::Host(value)
            | Filter::Project(value)
            | Filter::Coder(value)
            | Filter::Client(value)
            | Filter::Actor(value)
            | Filter::Session(value) => Some(value.clone()),
            _ => None,
        };
        if let (false, Some(value)) = (any, group.wanted.first().as_ref().and_then(value)) {
            self.nothing_is(name, &value, known_values(name, catalogue).into_iter().take(12));
        }
    }

    fn nothing_is(&mut self, name: &str, value: &str, known: impl Iterator<Item = String>) {
        let known: Vec<String> = known.filter(|value| !value.is_empty()).collect();
        let known = if known.is_empty() { String::new() } else { format!("; there is {}", known.join(", ")) };
        self.remarks.push(format!("Nothing has `{name}:{value}`{known}"));
    }
}

fn known_values(name: &str, catalogue: &Catalogue) -> BTreeSet<String> {
    let sessions = catalogue.sessions.iter();
    match name {
        "host" => catalogue.hosts.values().cloned().collect(),
        "project" => sessions.filter_map(|session| catalogue.project_name(session)).collect(),
        "coder" => sessions.map(|session| session.coder.clone()).collect(),
        "client" => sessions.filter_map(|session| session.client.clone()).collect(),
        "actor" => sessions.flat_map(|session| session.people.clone()).collect(),
        _ => BTreeSet::new(),
    }
}

/// Whether a file or title has what a filter asks for.
fn belongs(filter: &Filter, place: &Place, catalogue: &Catalogue) -> bool {
    let session = catalogue.session(place);
    let is = |value: &str, own: &str| own.eq_ignore_ascii_case(value) || like(value, own);
    match filter {
        Filter::Host(value) => {
            is(value, &place.host) || catalogue.hosts.get(&place.host).is_some_and(|name| is(value, name))
        }
        Filter::Project(value) => {
            let folder = session.project_path.trim_end_matches('/');
            let below = folder.strip_prefix(value.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'));
            session.project_id.as_ref().is_some_and(|id| is(value, id))
                || catalogue.project_name(session).is_some_and(|name| is(value, &name))
                || is(value.trim_end_matches('/'), folder)
                || (value.starts_with('/') && below)
        }
        Filter::Coder(value) => is(value, &session.coder),
        Filter::Client(value) => {
            let version = session.client.as_ref().is_some_and(|own| {
                let rest = own.strip_prefix(value.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.')) || is(value, own)
            });
            version || session.entrypoint.as_ref().is_some_and(|own| is(value, own))
        }
        Filter::Actor(value) => session.people.iter().any(|own| is(value, own)),
        Filter::Session(value) => {
            let own = session.id.split_once('-').map_or("", |(_, own)| own);
            is(value, &session.id)
                || is(value, own)
                || (value.len() >= 8 && (own.starts_with(value.as_str()) || session.id.starts_with(value.as_str())))
        }
        Filter::Gone => session.gone,
        _ => false,
    }
}

/// Whether `own` fits a value with `*` in it; case makes no difference.
fn like(value: &str, own: &str) -> bool {
    let Some((start, rest)) = value.split_once('*') else { return false };
    let (own, start) = (own.to_lowercase(), start.to_lowercase());
    let Some(mut left) = own.strip_prefix(&start) else { return false };
    let pieces: Vec<String> = rest.split('*').map(str::to_lowercase).collect();
    let Some((end, middle)) = pieces.split_last() else { return true };
    for piece in middle {
        let Some(at) = left.find(piece.as_str()) else { return false };
        left = &left[at + piece.len()..];
    }
    left.ends_with(end.as_str())
}

/// The values that are meant: the same ones, else those of which it is a part.
fn matching<'v>(value: &str, all: impl Iterator<Item = &'v String> + Clone) -> Vec<&'v String> {
    let same: Vec<&String> = all.clone().filter(|own| own.eq_ignore_ascii_case(value) || like(value, own)).collect();
    if !same.is_empty() || value.contains('*') {
        return same;
    }
    let value = value.to_lowercase();
    all.filter(|own| own.to_lowercase().contains(&value)).collect()
}

fn tags(name: &str, field: Field, searcher: &Searcher) -> Result<BTreeSet<String>, TantivyError> {
    let mut found = BTreeSet::new();
    let (from, to) = (format!("{name}:"), format!("{name};"));
    for segment in searcher.segment_readers() {
        let index = segment.inverted_index(field)?;
        let mut terms = index.terms().range().ge(&from).lt(&to).into_stream()?;
        while terms.advance() && found.len() < VALUES {
            found.extend(std::str::from_utf8(&terms.key()[from.len()..]).ok().map(str::to_owned));
        }
    }
    Ok(found)
}

fn tool_names(searcher: &Searcher) -> Result<BTreeSet<String>, TantivyError> {
    let mut found = BTreeSet::new();
    for segment in searcher.segment_readers() {
        let Some(tools) = segment.fast_fields().str("tool")? else { continue };
        let mut names = tools.dictionary().stream()?;
        while names.advance() && found.len() < VALUES {
            found.extend(std::str::from_utf8(names.key()).ok().map(str::to_owned));
        }
    }
    Ok(found)
}

fn union(mut any: Vec<Box<dyn IndexQuery>>) -> Box<dyn IndexQuery> {
    if any.len() == 1 { any.remove(0) } else { Box::new(BooleanQuery::union(any)) }
}

fn rows_query(rows: &[Row], field: Field) -> Box<dyn IndexQuery> {
    union(rows.iter().map(|row| row_query(row, field)).collect())
}

fn row_query(row: &Row, field: Field) -> Box<dyn IndexQuery> {
    let index_term = |term: &terms::Term| IndexTerm::from_field_text(field, &term.text);
    if let [only] = row.as_slice() {
        let exact = || Box::new(TermQuery::new(index_term(only), IndexRecordOption::WithFreqs));
        return match only.how {
            Match::Exact => exact(),
            Match::Fuzzy(most) => Box::new(FuzzyTermQuery::new(index_term(only), most, true)),
            // A word that is there whole is meant more than one that goes on.
            Match::Prefix => union(vec![
                exact(),
                Box::new(BoostQuery::new(Box::new(FuzzyTermQuery::new_prefix(index_term(only), 0, true)), 2.0)),
            ]),
        };
    }
    let terms: Vec<(usize, IndexTerm)> = row.iter().map(|term| (term.at, index_term(term))).collect();
    if row.last().is_some_and(|last| last.how == Match::Prefix) {
        let mut phrase = PhrasePrefixQuery::new_with_offset(terms);
        phrase.set_max_expansions(EXPANSIONS);
        return Box::new(phrase);
    }
    Box::new(PhraseQuery::new_with_offset(terms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        assert!(like("mac*", "MacBook") && like("*book", "MacBook") && like("m*b*k", "MacBook") && like("*", ""));
        assert!(!like("mac", "mac") && !like("mac*", "imac") && !like("a*b", "ab c"));
    }

    #[test]
    fn the_same_value_is_meant_before_parts_of_others() {
        let all = ["Edit".to_owned(), "MultiEdit".to_owned(), "mcp__github__search".to_owned()];
        assert_eq!(matching("edit", all.iter()), ["Edit"]);
        assert_eq!(matching("github", all.iter()), ["mcp__github__search"]);
        assert_eq!(matching("*edit", all.iter()), ["Edit", "MultiEdit"]);
    }
}
