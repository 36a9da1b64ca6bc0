//! All stories on their hosts: what has happened before the demo starts, and what goes on while it runs.

use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep_until;
use uuid::Uuid;

use super::HOSTS;
use super::actor::{Actor, Ending};
use super::scribe::Scribe;
use super::story::Story;
use crate::dice::Dice;
use crate::house::House;

/// Turns that any coder may go on with.
const POOL: &str = include_str!("stories/pool.txt");

/// What happens on each host.
const SCRIPTS: [&str; 8] = [
    include_str!("stories/mac-studio.txt"),
    include_str!("stories/vm-api.txt"),
    include_str!("stories/ml-box.txt"),
    include_str!("stories/vm-frontend.txt"),
    include_str!("stories/win-build.txt"),
    include_str!("stories/vm-data.txt"),
    include_str!("stories/pi-embedded.txt"),
    include_str!("stories/nas.txt"),
];

/// Part of a live conversation that has happened before the demo starts, unless its story says otherwise. Percent.
const TOLD_BEFORE: u64 = 60;

/// Pace of those who have ended up: time enough to be seen before one dies.
const REST: Duration = Duration::from_secs(40);

/// The stage of the demo.
pub struct Stage {
    actors: Vec<Actor>,
    pool: Vec<Story>,
}

impl Stage {
    /// Writes everything that has happened before, and makes ready what goes on.
    pub fn set(house: &House) -> anyhow::Result<Self> {
        let mut stage = Self { actors: Vec::new(), pool: Story::all(POOL) };
        let mut seed = 0;
        for (host, script) in HOSTS.iter().zip(SCRIPTS) {
            for story in Story::all(script) {
                seed += 1;
                stage
                    .place(house, host, &story, Dice::new(seed))
                    .with_context(|| format!("cannot write the sessions of {host}"))?;
            }
        }
        Ok(stage)
    }

    fn place(&mut self, house: &House, host: &str, story: &Story, mut dice: Dice) -> anyhow::Result<()> {
        let session =
            uuid::Builder::from_random_bytes(*Uuid::from_u64_pair(dice.throw(), dice.throw()).as_bytes()).into_uuid();
        let mut scribe = Scribe::new(&house.root(host), story, &session.to_string(), dice)?;
        for _ in 0..story.number("turns").unwrap_or(0) {
            scribe.go_on(&self.pool);
        }
        let live = story.number("live").map(Duration::from_secs);
        let after = story.number("after").map(Duration::from_secs);
        let ending = Ending::of(story);
        ending.bend(&mut scribe);
        let until = Timestamp::now() - ago(story.fact("ago"));
        let mut last = None;
        if after.is_none() {
            let goes_on = live.is_some() && ending == Ending::None;
            let percent = if goes_on { story.number("told").unwrap_or(TOLD_BEFORE) } else { 100 };
            let count = scribe.left() * usize::try_from(percent).unwrap_or(100) / 100;
            last = scribe.remember(count, until)?;
        }
        if live.is_some() || ending != Ending::None {
            let pace = live.unwrap_or(REST);
            let first = after.unwrap_or(pace.mul_f64(0.5));
            let mut actor = Actor::new(&house.home(host), scribe, pace, first)?;
            actor.stands(last.as_ref(), until)?;
            self.actors.push(actor);
        }
        Ok(())
    }

    /// Lets the live conversations go on, each at its pace. Ends only by an error.
    pub async fn play(&mut self) -> anyhow::Result<()> {
        loop {
            let next = self.actors.iter_mut().min_by_key(|actor| actor.due).context("no story goes on")?;
            sleep_until(next.due).await;
            next.go_on(&self.pool).context("a coder cannot go on")?;
        }
    }
}

/// `2d4h` or `35m`, as a time; zero for anything else.
fn ago(text: &str) -> SignedDuration {
    text.parse::<jiff::Span>()
        .ok()
        .and_then(|span| span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_story_is_whole() {
        let mut stories = 0;
        for story in SCRIPTS.iter().flat_map(|script| Story::all(script)) {
            for fact in ["title", "project", "branch", "version", "entrypoint", "model", "files", "test"] {
                assert!(!story.fact(fact).is_empty(), "{:?} has no {fact}", story.fact("title"));
            }
            let told = story.number("live").is_some() || !ago(story.fact("ago")).is_zero();
            assert!(told && !story.steps.is_empty(), "{:?} is not told", story.fact("title"));
            stories += 1;
        }
        assert!(stories >= 40, "{stories} stories");
        assert!(Story::all(POOL).len() >= 8);
    }
}
