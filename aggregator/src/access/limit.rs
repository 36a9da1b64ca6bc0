//! How often one may try: token buckets per address and per name, in memory. Forgetting them at a restart is harmless,
//! because secrets are long and passwords are slow to check.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use super::{AccessError, Result};
use crate::domain::time::Millis;

/// Buckets kept: about 2 MB. When there is no room, those that are closest to full again are forgotten, so that flooding
/// from many addresses does not free the worst offenders.
const BUCKETS: usize = 16_384;

/// One attempt at a door.
#[derive(Debug, Clone, Copy)]
pub enum Attempt<'a> {
    /// A password: few, because people choose passwords.
    Password {
        /// Where it comes from.
        address: IpAddr,
        /// For whom.
        name: &'a str,
    },
    /// A one-time sign-in link.
    Link {
        /// Where it comes from.
        address: IpAddr,
    },
    /// A host's one-time token. Generous: a whole fleet may join from behind one address.
    Join {
        /// Where it comes from.
        address: IpAddr,
    },
    /// A line of the audit trail about somebody who was refused: whoever has many addresses must not fill the database.
    Trail,
}

/// How many attempts at once, and how long until one more is free.
#[derive(Debug, Clone, Copy)]
struct Rate {
    burst: u32,
    refill_ms: u32,
}

const PASSWORDS_OF_ADDRESS: Rate = Rate { burst: 10, refill_ms: 6_000 };
const PASSWORDS_OF_NAME: Rate = Rate { burst: 10, refill_ms: 10_000 };
const LINKS: Rate = Rate { burst: 20, refill_ms: 2_000 };
const JOINS: Rate = Rate { burst: 200, refill_ms: 100 };
/// At most 2,880 lines a day, under half a megabyte.
const TRAIL: Rate = Rate { burst: 100, refill_ms: 30_000 };

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    PasswordAddress(IpAddr),
    PasswordName(String),
    Link(IpAddr),
    Join(IpAddr),
    Trail,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Instant at which the bucket is (or was) full: each attempt moves it one refill further.
    full_at: Millis,
}

/// All buckets.
#[derive(Debug, Default)]
pub(super) struct Limits {
    buckets: Mutex<HashMap<Key, Bucket>>,
}

impl Limits {
    /// Takes one attempt from each bucket it counts in, or from none.
    pub(super) fn take(&self, attempt: Attempt<'_>, now: Millis) -> Result<()> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = keys(attempt);
        let wait_ms = keys.iter().map(|(key, rate)| wait_ms(buckets.get(key), *rate, now)).max().unwrap_or(0);
        if wait_ms > 0 {
            return Err(AccessError::TooMany { retry_after_seconds: (wait_ms + 999).unsigned_abs() / 1000 });
        }
        for (key, rate) in keys {
            make_room(&mut buckets, &key, now);
            let bucket = buckets.entry(key).or_insert(Bucket { full_at: now });
            bucket.full_at = bucket.full_at.max(now) + Millis::from(rate.refill_ms);
        }
        Ok(())
    }

    /// Gives an attempt back: it succeeded, and only failures count.
    pub(super) fn give_back(&self, attempt: Attempt<'_>) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, rate) in keys(attempt) {
            if let Some(bucket) = buckets.get_mut(&key) {
                bucket.full_at -= Millis::from(rate.refill_ms);
            }
        }
    }
}

fn keys(attempt: Attempt<'_>) -> Vec<(Key, Rate)> {
    match attempt {
        Attempt::Password { address, name } => vec![
            (Key::PasswordAddress(network(address)), PASSWORDS_OF_ADDRESS),
            (Key::PasswordName(name.chars().take(64).collect()), PASSWORDS_OF_NAME),
        ],
        Attempt::Link { address } => vec![(Key::Link(network(address)), LINKS)],
        Attempt::Join { address } => vec![(Key::Join(network(address)), JOINS)],
        Attempt::Trail => vec![(Key::Trail, TRAIL)],
    }
}

/// Who holds an IPv6 address holds its whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

fn wait_ms(bucket: Option<&Bucket>, rate: Rate, now: Millis) -> Millis {
    let Some(bucket) = bucket else { return 0 };
    let owed = (bucket.full_at - now).max(0);
    let allowed = Millis::from(rate.refill_ms) * Millis::from(rate.burst - 1);
    (owed - allowed).max(0)
}

fn make_room(buckets: &mut HashMap<Key, Bucket>, key: &Key, now: Millis) {
    if buckets.len() < BUCKETS || buckets.contains_key(key) {
        return;
    }
    buckets.retain(|_, bucket| bucket.full_at > now);
    if buckets.len() < BUCKETS {
        return;
    }
    // A share of them at once, so that a flood does not pay for a search with every attempt.
    let mut times: Vec<Millis> = buckets.values().map(|bucket| bucket.full_at).collect();
    let (_, mildest, _) = times.select_nth_unstable(BUCKETS / 8);
    let mildest = *mildest;
    buckets.retain(|_, bucket| bucket.full_at > mildest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password<'a>(address: &str, name: &'a str) -> Attempt<'a> {
        Attempt::Password { address: address.parse().unwrap(), name }
    }

    #[test]
    fn the_eleventh_attempt_waits_and_is_told_how_long() {
        let limits = Limits::default();
        for _ in 0..10 {
            limits.take(password("192.0.2.1", "ann"), 0).unwrap();
        }
        match limits.take(password("192.0.2.1", "bob"), 0) {
            Err(AccessError::TooMany { retry_after_seconds }) => assert_eq!(retry_after_seconds, 6),
            other => panic!("{other:?}"),
        }
        limits.take(password("192.0.2.1", "bob"), 6_000).unwrap();
        assert!(limits.take(password("192.0.2.1", "bob"), 6_000).is_err());
    }

    #[test]
    fn a_name_is_protected_from_many_addresses() {
        let limits = Limits::default();
        for last in 0..10 {
            limits.take(password(&format!("192.0.2.{last}"), "ann"), 0).unwrap();
        }
        assert!(limits.take(password("198.51.100.1", "ann"), 0).is_err());
        limits.take(password("198.51.100.1", "bob"), 0).unwrap();
    }

    #[test]
    fn success_does_not_count() {
        let limits = Limits::default();
        for _ in 0..100 {
            limits.take(password("192.0.2.1", "ann"), 0).unwrap();
            limits.give_back(password("192.0.2.1", "ann"));
        }
    }

    #[test]
    fn one_network_is_one_caller() {
        assert_eq!(network("2001:db8::1".parse().unwrap()), network("2001:db8::ffff:1".parse().unwrap()));
        assert_ne!(network("2001:db8::1".parse().unwrap()), network("2001:db8:0:1::1".parse().unwrap()));
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), network("192.0.2.1".parse().unwrap()));
    }

    #[test]
    fn memory_is_bounded_and_the_worst_offender_is_kept() {
        let limits = Limits::default();
        for _ in 0..10 {
            limits.take(password("192.0.2.1", "ann"), 0).unwrap();
        }
        for n in 0..u32::try_from(BUCKETS).unwrap() * 2 {
            let _ = limits.take(Attempt::Link { address: IpAddr::V4(n.into()) }, 0);
        }
        assert!(limits.buckets.lock().unwrap().len() <= BUCKETS);
        assert!(limits.take(password("192.0.2.1", "ann"), 0).is_err());
    }
}
