//! Simulated hosts: each joins, opens a real link of its own and sends lines of one session at a steady rate.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use muster_proto::fleet::{Coders, Down, Up, down, up};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tonic::Streaming;

use super::coders;
use super::line::Template;
use super::stamp::{Clock, Samples};
use crate::api::Api;
use crate::link::{Identity, Link, frame};

/// Hosts that join or link at the same time.
const AT_ONCE: usize = 32;

/// Hosts that join from one address: the aggregator limits how many may.
const JOINS_PER_ADDRESS: usize = 150;

/// How long a link may take to stand before it is tried again, in a storm.
const RETRY: Duration = Duration::from_millis(250);

/// A simulated host that has joined.
pub struct Host {
    identity: Arc<Identity>,
    /// The coder's ids of its sessions.
    pub sessions: Vec<String>,
}

impl Host {
    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }
}

/// How much every host sends.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Lines per second of all hosts together.
    pub lines_per_second: u32,
    /// Lines of one frame: what a coder writes at once.
    pub lines_per_frame: u32,
    /// How often per second some coder's registry says something else; 0: no coders are told of.
    pub changes_per_second: u32,
}

/// What the hosts have done.
#[derive(Debug, Default)]
pub struct Sent {
    /// Lines handed to the links.
    pub lines: u64,
    /// From sending a frame to its acknowledgement.
    pub acks: Samples,
    /// Links that ended by themselves.
    pub broken: u64,
    /// From the start until the last frame was sent.
    pub lasted: Duration,
}

/// Makes `count` hosts join, named `NAME-1` and so on, with `sessions` shared out among them: one each at least.
pub async fn join(api: &Api, name: &str, count: usize, sessions: usize) -> anyhow::Result<Vec<Host>> {
    let mut hosts = Vec::with_capacity(count);
    let numbers: Vec<usize> = (0..count).collect();
    for some in numbers.chunks(AT_ONCE) {
        let share = |number: usize| (sessions / count + usize::from(number < sessions % count)).max(1);
        let joining = some.iter().map(|number| join_one(api, name, *number, share(*number)));
        hosts.extend(futures_util::future::try_join_all(joining).await?);
    }
    Ok(hosts)
}

async fn join_one(api: &Api, name: &str, number: usize, sessions: usize) -> anyhow::Result<Host> {
    let added = api.post("/hosts", &json!({"name": format!("{name}-{}", number + 1)})).await;
    let added = added.map_err(anyhow::Error::msg)?;
    let command = added["command"].as_str().context("no join command")?;
    let secret = command.split_whitespace().last().unwrap_or_default();
    let from = u8::try_from(number / JOINS_PER_ADDRESS + 1).context("too many hosts")?;
    let from = IpAddr::V4(Ipv4Addr::new(127, 0, 1, from));
    let identity = Identity::join_from(api.address(), secret, Some(from)).await.context("a host cannot join")?;
    let sessions = (0..sessions).map(|_| uuid::Uuid::new_v4().to_string()).collect();
    Ok(Host { identity: Arc::new(identity), sessions })
}

/// Hosts with open links.
pub struct Linked {
    links: Vec<(Link, Vec<String>)>,
    /// From the first attempt until every link stood.
    pub took: Duration,
}

/// Opens all links at once; one that fails is tried again.
pub async fn link(address: SocketAddr, hosts: &[Host]) -> anyhow::Result<Linked> {
    let start = Instant::now();
    let mut opening = JoinSet::new();
    for (number, host) in hosts.iter().enumerate() {
        let identity = Arc::clone(&host.identity);
        let sessions = host.sessions.clone();
        opening.spawn(async move {
            loop {
                match Link::open(address, &identity, muster_proto::limits::PROTOCOL).await {
                    Ok(link) => return (number, link, sessions),
                    Err(_) => tokio::time::sleep(RETRY).await,
                }
            }
        });
    }
    let mut links = Vec::with_capacity(hosts.len());
    while let Some(opened) = opening.join_next().await {
        links.push(opened?);
    }
    links.sort_by_key(|(number, ..)| *number);
    let links = links.into_iter().map(|(_, link, sessions)| (link, sessions)).collect();
    Ok(Linked { links, took: start.elapsed() })
}

impl Linked {
    /// Opens every host's transcripts and archives one line of each, so that their sessions can be followed.
    pub async fn begin(self, clock: Clock) -> anyhow::Result<Vec<Sender>> {
        let begun = self.links.into_iter().map(|(link, sessions)| Sender::begin(link, sessions, clock));
        futures_util::future::try_join_all(begun).await
    }
}

/// One host's transcripts on their way up.
pub struct Sender {
    outbox: mpsc::Sender<Up>,
    inbox: Streaming<Down>,
    window_bytes: u64,
    tracks: Vec<Track>,
    next: usize,
    changes: usize,
}

/// One session.
struct Track {
    transcript_id: String,
    offset: u64,
    template: Template,
    session: String,
    waiting: Waiting,
}

impl Sender {
    async fn begin(mut link: Link, sessions: Vec<String>, clock: Clock) -> anyhow::Result<Self> {
        let mut tracks = Vec::with_capacity(sessions.len());
        for (handle, session) in (1..).zip(sessions) {
            tracks.push(Track::begin(&mut link, handle, session, clock).await?);
        }
        let window_bytes = link.welcome.window_bytes;
        let (outbox, inbox) = link.split();
        Ok(Self { outbox, inbox, window_bytes, tracks, next: 0, changes: 0 })
    }

    /// Ids of its sessions at the aggregator.
    pub fn session_ids(&self) -> impl Iterator<Item = String> {
        self.tracks.iter().map(|track| format!("claude-{}", track.session))
    }
}

impl Track {
    async fn begin(link: &mut Link, handle: u64, session: String, clock: Clock) -> anyhow::Result<Self> {
        let path = format!("/home/dev/.claude/projects/-srv-load/{session}.jsonl");
        let opened = link.open_transcript(handle, &path).await.context("a transcript cannot be opened")?;
        let template = Template::new(clock, &session);
        let first = template.line();
        let id = opened.transcript_id;
        link.send_lines(&id, opened.offset, first.as_bytes()).await?;
        let offset = opened.offset + first.len() as u64;
        link.acknowledged(&id, offset).await.context("a line is not acknowledged")?;
        Ok(Self { transcript_id: id, offset, template, session, waiting: Waiting::new() })
    }

    /// Sent and not acknowledged.
    fn open(&self) -> u64 {
        self.waiting.front().map_or(0, |(end, _)| self.offset.saturating_sub(*end))
    }
}

/// Lets all hosts send for `lasting`, then waits until everything is acknowledged.
pub async fn send(senders: Vec<Sender>, rate: Rate, lasting: Duration) -> (Vec<Sender>, Sent) {
    let hosts = u32::try_from(senders.len()).unwrap_or(u32::MAX).max(1);
    let every = Duration::from_secs(1) * rate.lines_per_frame * hosts / rate.lines_per_second.max(1);
    let mut work = JoinSet::new();
    for (number, sender) in senders.into_iter().enumerate() {
        let shift = every * u32::try_from(number).unwrap_or(0) / hosts;
        work.spawn(sender.run(rate, every, shift, lasting));
    }
    let (mut back, mut total) = (Vec::new(), Sent::default());
    while let Some(done) = work.join_next().await {
        let Ok((sender, sent)) = done else { continue };
        total.lines += sent.lines;
        total.broken += sent.broken;
        total.lasted = total.lasted.max(sent.lasted);
        total.acks.extend(sent.acks);
        back.push(sender);
    }
    (back, total)
}

/// Frames that wait for their acknowledgement: where each ends and when it was sent.
type Waiting = VecDeque<(u64, Instant)>;

impl Sender {
    async fn run(mut self, rate: Rate, every: Duration, shift: Duration, lasting: Duration) -> (Self, Sent) {
        let start = tokio::time::Instant::now() + shift;
        let mut tick = tokio::time::interval_at(start, every);
        let mut stirs = coders::clock(rate, every, start);
        let mut sent = Sent::default();
        if rate.changes_per_second > 0 {
            self.tell(coders::all(self.sessions())).await;
        }
        loop {
            tokio::select! {
                biased;
                down = self.inbox.message() => {
                    let Ok(Some(down)) = down else {
                        sent.broken += 1;
                        return (self, sent);
                    };
                    self.take_ack(&down, &mut sent.acks);
                }
                _ = stirs.tick(), if rate.changes_per_second > 0 && start.elapsed() < lasting => self.stir().await,
                now = tick.tick() => {
                    let over = now >= start + lasting;
                    if over && self.tracks.iter().all(|track| track.waiting.is_empty()) {
                        return (self, sent);
                    }
                    if !over && self.tracks.iter().map(Track::open).sum::<u64>() < self.window_bytes {
                        sent.lines += self.push(rate.lines_per_frame).await;
                        sent.lasted = shift + start.elapsed();
                    }
                }
            }
        }
    }

    fn sessions(&self) -> impl Iterator<Item = &str> {
        self.tracks.iter().map(|track| track.session.as_str())
    }

    /// The next session's registry says something else.
    async fn stir(&mut self) {
        let at = self.changes % self.tracks.len();
        let round = self.changes / self.tracks.len();
        self.changes += 1;
        let coders = coders::changed(at, &self.tracks[at].session, round);
        self.tell(coders).await;
    }

    async fn tell(&self, coders: Coders) {
        // A link that is gone is noticed by its inbox.
        let _gone = self.outbox.send(Up { kind: Some(up::Kind::Coders(coders)) }).await;
    }

    /// Writes to the sessions in turn.
    async fn push(&mut self, lines: u32) -> u64 {
        let at = self.next % self.tracks.len();
        self.next += 1;
        let track = &mut self.tracks[at];
        let bytes: String = (0..lines).map(|_| track.template.line()).collect();
        let frame = frame(&track.transcript_id, track.offset, bytes.as_bytes());
        track.offset += bytes.len() as u64;
        track.waiting.push_back((track.offset, Instant::now()));
        match self.outbox.send(Up { kind: Some(up::Kind::Frame(frame)) }).await {
            Ok(()) => u64::from(lines),
            Err(_) => 0,
        }
    }

    fn take_ack(&mut self, down: &Down, acks: &mut Samples) {
        let Some(down::Kind::Ack(ack)) = &down.kind else { return };
        let Some(track) = self.tracks.iter_mut().find(|track| track.transcript_id == ack.transcript_id) else { return };
        while let Some((end, sent_at)) = track.waiting.front().copied()
            && end <= ack.offset
        {
            acks.extend([sent_at.elapsed()]);
            track.waiting.pop_front();
        }
    }
}
