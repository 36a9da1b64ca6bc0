//! Lines that several hosts hold: whoever carries a conversation to another host copies its beginning. Each is one hit, and
//! it is told where it stands.
//!
//! A line is known again by its own id, or by its bytes where it has none, as the reader's seams know it. Which files may
//! hold the same lines says the catalogue ([`Twin`]): those of one session that have one name.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hasher as _;
use std::sync::Arc;

use super::collect::Rank;

/// Bits of a line's identity that the index keeps: it is asked for only within one conversation.
const BITS: u32 = 48;

/// A file that may hold the same lines as others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Twin {
    /// Number of all of them together: the smallest number of their keys.
    pub(super) group: u32,
    /// Number of its host.
    pub(super) host: u32,
}

/// A hit in a file that has twins: whether it counts is known only when all are known.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) twin: Twin,
    /// Identity of the line and of the part in it.
    pub(super) same: u64,
    pub(super) rank: Rank,
    pub(super) tool: Option<Arc<str>>,
}

/// A hit, once, with the files that hold it.
#[derive(Debug)]
pub(super) struct Once {
    /// The best of the copies.
    pub(super) rank: Rank,
    pub(super) tool: Option<Arc<str>>,
    /// Numbers of the keys of copies on other hosts, one of each host.
    pub(super) elsewhere: Vec<u32>,
}

/// By what a part of a line is known again.
pub(super) fn identity(uuid: Option<&str>, line: &[u8], part: usize) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(uuid.map_or(line, str::as_bytes));
    hasher.write_usize(part);
    hasher.finish() >> (u64::BITS - BITS)
}

/// Joins the copies. A line that stands several times in one file stands so often in its copies too, and counts so often.
pub(super) fn once(held: Vec<Held>) -> Vec<Once> {
    let mut lines: HashMap<(u32, u64), BTreeMap<u32, Vec<Held>>> = HashMap::new();
    for hit in held {
        let copies = lines.entry((hit.twin.group, hit.same)).or_default();
        copies.entry(hit.rank.key.0).or_default().push(hit);
    }
    let mut all = Vec::new();
    for mut copies in lines.into_values().map(BTreeMap::into_values).map(Iterator::collect::<Vec<Vec<Held>>>) {
        for hits in &mut copies {
            hits.sort_unstable_by_key(|hit| hit.rank.line);
        }
        while let Some(one) = joined(copies.iter_mut().filter_map(Vec::pop).collect()) {
            all.push(one);
        }
    }
    all
}

/// One line as its files hold it.
fn joined(copies: Vec<Held>) -> Option<Once> {
    let best = copies.iter().max_by_key(|hit| hit.rank)?.clone();
    let (mut hosts, mut elsewhere) = (vec![best.twin.host], Vec::new());
    for copy in copies {
        if !hosts.contains(&copy.twin.host) {
            hosts.push(copy.twin.host);
            elsewhere.push(copy.rank.key.0);
        }
    }
    Some(Once { rank: best.rank, tool: best.tool, elsewhere })
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;

    use super::*;

    fn held(host: u32, key: u32, line: u64, same: u64) -> Held {
        let rank = Rank { worth: 1, time: 0, key: Reverse(key), line: Reverse(line), kind: Reverse(0) };
        Held { twin: Twin { group: 1, host }, same, rank, tool: None }
    }

    /// Key, line and other files of each hit, in order.
    fn told(held: Vec<Held>) -> Vec<(u32, u64, Vec<u32>)> {
        let told = |one: Once| (one.rank.key.0, one.rank.line.0, one.elsewhere);
        let mut told: Vec<_> = once(held).into_iter().map(told).collect();
        told.sort_unstable();
        told
    }

    #[test]
    fn a_line_on_two_hosts_is_one_hit_that_names_both() {
        let shared = [held(0, 1, 4, 77), held(1, 2, 4, 77)];
        let own = [held(0, 1, 5, 78), held(1, 2, 5, 79)];
        let all = told([shared, own].concat());
        assert_eq!(all, [(1, 4, vec![2]), (1, 5, vec![]), (2, 5, vec![])]);
    }

    #[test]
    fn what_is_said_twice_in_one_file_is_two_hits() {
        let ours = [held(0, 1, 4, 77), held(0, 1, 9, 77)];
        assert_eq!(told(ours.to_vec()), [(1, 4, vec![]), (1, 9, vec![])]);
        let theirs = [held(1, 2, 4, 77), held(1, 2, 9, 77)];
        assert_eq!(told([ours, theirs].concat()), [(1, 4, vec![2]), (1, 9, vec![2])]);
    }

    #[test]
    fn two_files_on_one_host_name_it_once() {
        let all = told(vec![held(0, 1, 4, 77), held(0, 2, 4, 77), held(1, 3, 4, 77)]);
        assert_eq!(all, [(1, 4, vec![3])]);
    }

    #[test]
    fn an_id_is_known_again_in_other_bytes() {
        assert_eq!(identity(Some("u"), b"{}", 0), identity(Some("u"), b"{ }", 0));
        assert_ne!(identity(Some("u"), b"{}", 0), identity(Some("u"), b"{}", 1));
        assert_ne!(identity(None, b"{}", 0), identity(None, b"{ }", 0));
    }
}
