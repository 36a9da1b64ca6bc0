//! What is said next to the aggregator: short messages, then files to open, then frames in the queue's order.

use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use muster_proto::fleet::{self, FileForm, up};

use super::files::{Follow, Key, Opening, Record, Stage};
use super::follower::{About, Follower, Timer};
use super::queue::{FIRST_ROUND, REST};
use super::tail::{Limits, Step, open_regular};
use crate::platform::file::{self, Stat};

/// `Open` messages without an answer. Enough to hide a round trip of 100 ms at 2,500 files a second; when as many wait,
/// the next goes out with the next answer.
const MAX_OPENING: usize = 256;

/// Files with no more than this to read count as live when something was appended: they go before the backlog.
const LIVE_BYTES: u64 = 1024 * 1024;

/// A file changed this recently is live when a link starts.
const LIVE_AGE: Duration = Duration::from_secs(5);

/// In the first round every file shows this much of its beginning: its title is in there. A file that fits into one frame
/// is sent whole: to come back for the rest of it costs both sides more than the rest.
const FIRST_BYTES: usize = 64 * 1024;

/// `Open` messages in a row while frames wait: the newest sessions are read before the last old file is opened.
const OPENS_IN_ROW: u32 = 64;

/// A side file is read when it has not changed for this long: it travels whole, so each moment of its writing would be
/// sent as a file of its own.
const SETTLE: Duration = Duration::from_millis(100);

/// A side file that changes all the time is read after this many times [`SETTLE`] (or [`rest_of`]).
const PATIENCE: u32 = 20;

/// A side file that is written anew again and again (a chat of Gemini CLI from before it wrote lines) is archived whole
/// each time. A large one rests a millisecond for so many bytes before it is read once more, so that the archive grows
/// by no more than 100 KB a second, however often it is written …
const ANEW_BYTES_PER_MS: u64 = 100;

/// … but no longer than this,
const ANEW_AT_MOST: Duration = Duration::from_secs(30);

/// and is read after this many times that when it changes all the time.
const ANEW_PATIENCE: u32 = 2;

impl Follower {
    /// The next message for the aggregator; `None`: nothing to say until something happens.
    pub fn next_message(&mut self, now: Instant) -> Option<up::Kind> {
        self.link.as_ref()?;
        if let Some(message) = self.outbox.pop_front() {
            return Some(message);
        }
        let is_frames_turn = self.link.as_ref().is_some_and(|link| link.opens_in_row >= OPENS_IN_ROW);
        let frame = if is_frames_turn { self.next_frame(now) } else { None };
        if let Some(link) = self.link.as_mut().filter(|_| is_frames_turn) {
            link.opens_in_row = 0;
        }
        frame.or_else(|| self.next_open(now)).or_else(|| self.next_frame(now)).or_else(|| self.scanned())
    }

    /// Everything that was found is with the aggregator, as far as is known.
    pub fn is_drained(&self) -> bool {
        let in_flight = self.link.as_ref().map_or(0, |link| link.in_flight + link.opening.len() as u64);
        in_flight == 0 && self.queue.is_empty() && self.opens.is_empty() && self.outbox.is_empty()
    }

    fn next_open(&mut self, now: Instant) -> Option<up::Kind> {
        loop {
            let link = self.link.as_ref()?;
            if !link.known_complete || link.opening.len() >= MAX_OPENING {
                return None;
            }
            let (_, key) = self.opens.pop_first()?;
            if let Some(open) = self.open(key, now) {
                return Some(open);
            }
        }
    }

    fn open(&mut self, key: Key, now: Instant) -> Option<up::Kind> {
        let record = self.files.get_mut(key)?;
        record.in_opens = None;
        if !matches!(record.stage, Stage::Found) {
            return None;
        }
        match open_regular(record.path.as_ref().as_ref()) {
            Ok(Some(_)) => {}
            Ok(None) => {
                self.missing(key, now);
                return None;
            }
            Err(error) => {
                self.unreadable(key, &error);
                return None;
            }
        }
        self.solved(&About::File(key));
        let link = self.link.as_mut()?;
        let record = self.files.get_mut(key)?;
        link.last_handle += 1;
        link.opens_in_row += 1;
        link.opening.insert(link.last_handle, key);
        record.stage = Stage::Opening(Opening::default());
        let open = open_message(link.last_handle, record);
        record.replaces = None;
        Some(up::Kind::Open(open))
    }

    fn scanned(&mut self) -> Option<up::Kind> {
        let files = self.files.len() as u64;
        let link = self.link.as_mut()?;
        if link.scanned_sent || !link.known_complete || !link.opening.is_empty() || !self.opens.is_empty() {
            return None;
        }
        link.scanned_sent = true;
        Some(up::Kind::Scanned(fleet::Scanned { files }))
    }

    fn next_frame(&mut self, now: Instant) -> Option<up::Kind> {
        loop {
            let link = self.link.as_ref()?;
            if link.in_flight > 0 && link.in_flight + link.frame_bytes as u64 > link.window {
                return None;
            }
            let (key, first_bytes) = self.pick()?;
            if let Some(frame) = self.read(key, first_bytes, now) {
                return Some(up::Kind::Frame(frame));
            }
        }
    }

    /// The next file to read, and how much of it at first.
    fn pick(&mut self) -> Option<(Key, usize)> {
        if let Some(key) = self.queue.pop_live() {
            if let Some(record) = self.files.get_mut(key) {
                record.in_live = false;
            }
            return Some((key, usize::MAX));
        }
        let (key, round) = self.queue.pop_backlog()?;
        let Some(record) = self.files.get_mut(key) else { return Some((key, usize::MAX)) };
        record.in_backlog = None;
        let size = record.stat.size;
        let rest = size.saturating_sub(record.follow().map_or(0, |follow| follow.sent));
        let fits = self.link.as_ref().is_some_and(|link| rest <= link.frame_bytes as u64);
        Some((key, if round == FIRST_ROUND && !fits { FIRST_BYTES } else { usize::MAX }))
    }

    fn read(&mut self, key: Key, first_bytes: usize, now: Instant) -> Option<fleet::Frame> {
        if !self.look_before_reading(key, now) {
            return None;
        }
        let link = self.link.as_mut()?;
        let record = self.files.get_mut(key)?;
        let torn_for_ever = now.saturating_duration_since(record.changed_at) >= self.settings.torn_after;
        let limits = Limits { frame_bytes: link.frame_bytes, first_bytes, torn_for_ever };
        let Record { path, form, stat, stage: Stage::Following(follow), .. } = record else { return None };
        let before = follow.in_flight();
        let step = self.reader.step(Path::new(path.as_ref()), *form, stat, follow, limits);
        link.in_flight += follow.in_flight() - before;
        self.stepped(key, step, now)
    }

    /// Looks whether the file is there, the same, and (a side file) not being written. `false`: not now.
    fn look_before_reading(&mut self, key: Key, now: Instant) -> bool {
        let Some(record) = self.files.get_mut(key) else { return false };
        let before = record.stat.id;
        let stat = match file::look(record.path.as_ref().as_ref()) {
            Ok(stat) if stat.is_file => stat,
            Err(error) if error.kind() != ErrorKind::NotFound => {
                self.unreadable(key, &error);
                return false;
            }
            _ => {
                self.missing(key, now);
                return false;
            }
        };
        if record.follow().is_none() {
            return false;
        }
        self.files.looked(key, stat, now);
        if stat.id != before {
            self.replaced(key);
            return false;
        }
        self.has_settled(key, now)
    }

    fn has_settled(&mut self, key: Key, now: Instant) -> bool {
        let Some(record) = self.files.get_mut(key) else { return false };
        let present = (record.stat.size, record.stat.modified_ns);
        let changed_at = record.changed_at;
        let waits = record.waiting.map_or(Duration::ZERO, |waiting| now.saturating_duration_since(waiting.since));
        let is_side_file = record.form == FileForm::Whole;
        let is_being_sent = record.follow().is_some_and(|follow| follow.whole == Some(present));
        let (rest, patience) = rest_of(record);
        let settled = now.saturating_duration_since(changed_at) >= rest || waits >= rest * patience;
        if !is_side_file || is_being_sent || settled {
            return true;
        }
        self.timers.insert((changed_at + rest, Timer::Read(key)));
        false
    }

    fn stepped(&mut self, key: Key, step: Step, now: Instant) -> Option<fleet::Frame> {
        match step {
            Step::Frame { frame, stat, rest } => {
                self.looked_well(key, stat, now);
                self.requeue(key, rest, now);
                return Some(frame);
            }
            Step::Idle(stat) => self.looked_well(key, stat, now),
            Step::Incomplete(stat) => {
                self.looked_well(key, stat, now);
                let changed_at = self.files.get(key).map_or(now, |record| record.changed_at);
                self.timers.insert((changed_at + self.settings.torn_after, Timer::Read(key)));
            }
            Step::Replaced(stat) => {
                self.files.looked(key, stat, now);
                self.replaced(key);
            }
            Step::Missing => self.missing(key, now),
            Step::Unreadable(error) => self.unreadable(key, &error),
        }
        None
    }

    fn looked_well(&mut self, key: Key, stat: Stat, now: Instant) {
        self.files.looked(key, stat, now);
        self.solved(&About::File(key));
    }

    /// A file of which a frame was just taken goes on behind the others of its kind.
    fn requeue(&mut self, key: Key, rest: u64, now: Instant) {
        let Some(record) = self.files.get_mut(key) else { return };
        if rest == 0 {
            return;
        }
        if rest <= LIVE_BYTES && now.saturating_duration_since(record.changed_at) < LIVE_AGE {
            self.queue.leave_backlog(key, record);
            self.queue.push_live(key, record);
        } else {
            self.queue.push_backlog(key, record, REST);
        }
    }

    /// Something was noticed about a file: it goes before the backlog, unless it has become part of it. A file that
    /// could not be opened is tried again.
    pub(super) fn enqueue_live(&mut self, key: Key) {
        let known_complete = self.link.as_ref().is_some_and(|link| link.known_complete);
        let Some(record) = self.files.get_mut(key) else { return };
        let size = record.stat.size;
        let Some(follow) = record.follow() else {
            if known_complete && matches!(record.stage, Stage::Found) {
                self.want_open(key);
            }
            return;
        };
        if size.saturating_sub(follow.sent) <= LIVE_BYTES {
            self.queue.leave_backlog(key, record);
            self.queue.push_live(key, record);
        } else {
            self.queue.push_backlog(key, record, REST);
        }
    }

    /// There may be something to read in a file.
    pub(super) fn enqueue(&mut self, key: Key, now: Instant) {
        let Some(record) = self.files.get_mut(key) else { return };
        record.mark_waiting(now);
        let (size, changed_at) = (record.stat.size, record.changed_at);
        let Some(Follow { sent, .. }) = record.follow() else { return };
        let (sent, rest) = (*sent, size.saturating_sub(*sent));
        if rest == 0 {
            return;
        }
        if rest <= LIVE_BYTES && now.saturating_duration_since(changed_at) < LIVE_AGE {
            self.queue.push_live(key, record);
        } else {
            // What lies beside a session can wait until every session has shown its beginning.
            let begins = sent == 0 && record.form != FileForm::Whole;
            self.queue.push_backlog(key, record, if begins { FIRST_ROUND } else { REST });
        }
    }
}

/// How long a side file must not have changed before it is read, and how many times that is waited for at most.
fn rest_of(record: &Record) -> (Duration, u32) {
    let by_size = Duration::from_millis(record.stat.size / ANEW_BYTES_PER_MS).min(ANEW_AT_MOST);
    if record.is_written_anew && by_size > SETTLE { (by_size, ANEW_PATIENCE) } else { (SETTLE, PATIENCE) }
}

/// How long a file may rest on purpose; nothing for those that are read as soon as they are quiet.
pub(super) fn longest_rest(record: &Record) -> Duration {
    let (rest, patience) = rest_of(record);
    if rest > SETTLE { rest * patience } else { Duration::ZERO }
}

fn open_message(handle: u64, record: &Record) -> fleet::Open {
    fleet::Open {
        handle,
        coder: record.coder.to_string(),
        root: record.root.to_string(),
        path: record.path.to_string(),
        form: record.form.into(),
        identity: Some(fleet::FileIdentity { device: record.stat.id.device, inode: record.stat.id.inode }),
        size_bytes: record.stat.size,
        modified_ms: record.stat.modified_ms(),
        replaces: record.replaces.map(|transcript| transcript.to_string()).unwrap_or_default(),
    }
}
