//! Facts about one session, put together in a few words.

use super::*;

/// When it is looked at.
pub(super) const NOW: Millis = 100_000_000;

/// When things happened that are settled.
pub(super) const AGO: Millis = NOW - 60_000;

/// What is known of a session.
#[derive(Clone, Default)]
pub(super) struct Scene(Sources);

impl Scene {
    /// Nobody tells of processes.
    pub(super) fn untold() -> Self {
        Self(Sources { link: Link { heard_at: NOW, ..Link::default() }, ..Sources::default() })
    }

    /// One process that began a while ago.
    pub(super) fn living() -> Self {
        let process = Process {
            key: "7-1".to_owned(),
            host: HostId::default(),
            pid: 7,
            started_at: AGO - 60_000,
            cwd: String::new(),
            terminal: String::new(),
            tmux: String::new(),
            kind: String::new(),
            registry: None,
            leaving: None,
            no_stop: None,
        };
        Self(Sources { presence: Presence::Living(vec![process]), ..Self::untold().0 })
    }

    /// One process that could hold this session, or another one.
    pub(super) fn disputed() -> Self {
        Self(Sources { presence: Presence::Disputed { processes: 1, sessions: 2 }, ..Self::untold().0 })
    }

    /// Its process has ended; `status` is what its registry last said.
    pub(super) fn ended(how: End, status: &str) -> Self {
        let left = Some(Leaving { at: AGO + 1_000, registry: entry(status, "", AGO) });
        Self(Sources { presence: Presence::Ended { at: AGO + 1_000, left, how }, ..Self::untold().0 })
    }

    /// When that was.
    pub(super) fn at(mut self, ended_at: Millis) -> Self {
        if let Presence::Ended { at, .. } = &mut self.0.presence {
            *at = ended_at;
        }
        self
    }

    fn process(&mut self) -> &mut Process {
        let Presence::Living(processes) = &mut self.0.presence else { panic!("nothing lives") };
        &mut processes[0]
    }

    /// The registry says this of it.
    pub(super) fn registry(mut self, status: &str, waiting_for: &str, since: Millis) -> Self {
        self.process().registry = Some(entry(status, waiting_for, since));
        self
    }

    /// Its background job says this of itself.
    pub(super) fn job(mut self, words: &str) -> Self {
        self.process().registry.as_mut().unwrap().job = words.to_owned();
        self
    }

    /// A second process, of which the registry says this.
    pub(super) fn twice(mut self, status: &str) -> Self {
        let other = Process { key: "8-1".to_owned(), pid: 8, ..self.process().clone() };
        let Presence::Living(processes) = &mut self.0.presence else { panic!("nothing lives") };
        processes.push(Process { registry: Some(entry(status, "", AGO)), ..other });
        self
    }

    /// It was started with its only prompt.
    pub(super) fn prints(mut self) -> Self {
        self.process().kind = "print".to_owned();
        self
    }

    /// A hook was called.
    pub(super) fn hook(mut self, event: Event) -> Self {
        let agent = if matches!(event.kind, Kind::AgentStart | Kind::AgentStop) { "a1" } else { "" };
        self.0.hooks.take(agent, event);
        self
    }

    /// The transcript ends so.
    pub(super) fn line(mut self, last: Last, at: Millis) -> Self {
        let failure = (last == Last::Failed).then(|| Failure { text: "API Error: 529".to_owned(), resets_at: None });
        let before = self.0.tail.take().unwrap_or_default();
        self.0.tail = Some(Tail { last, at, since: at, failure, ..before });
        self
    }

    /// The transcript ends with a call of this tool.
    pub(super) fn open(self, tool: &str, at: Millis) -> Self {
        let mut scene = self.line(Last::Called, at);
        let call = OpenCall { id: "t1".to_owned(), name: tool.to_owned(), about: None, at };
        scene.0.tail.as_mut().unwrap().open.push(call);
        scene
    }

    /// A subagent runs in the background.
    pub(super) fn subagent(mut self, at: Millis) -> Self {
        let task = Task { id: "a1".to_owned(), kind: TaskKind::Subagent, call: "t0".to_owned(), at };
        self.0.tail.get_or_insert_default().tasks.push(task);
        self
    }

    /// The host cannot be heard since then.
    pub(super) fn away(mut self, since: Millis) -> Self {
        self.0.link = Link { away_since: Some(since), lag_ms: 0, heard_at: since };
        self
    }

    /// What the host tells is so old.
    pub(super) fn late(mut self, lag_ms: u64) -> Self {
        self.0.link.lag_ms = lag_ms;
        self
    }

    /// A call of a hook.
    pub(super) fn event(kind: Kind, tool: &str, at: Millis) -> Event {
        let (tool, about) = (tool.to_owned(), String::new());
        Event { at, kind, tool, about, call: String::new(), cause: String::new(), tasks: 0 }
    }

    /// What follows.
    pub(super) fn state(&self) -> State {
        fuse(&self.0, NOW)
    }
}

fn entry(status: &str, waiting_for: &str, since: Millis) -> Registry {
    Registry { status: status.to_owned(), waiting_for: waiting_for.to_owned(), job: String::new(), since }
}
