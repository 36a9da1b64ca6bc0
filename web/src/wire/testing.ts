import type { Host, SessionRow, SessionState } from './types.gen';

/** A host for tests: online, with nothing known beyond that. */
export function host(id: string, change: Partial<Host> = {}): Host {
  return {
    id,
    name: id,
    hostname: id,
    os: 'linux',
    arch: 'x86_64',
    agent_version: '0.1.0',
    state: 'online',
    state_since: '2026-11-21T11:00:00Z',
    last_seen_at: null,
    enrolled_at: '2026-11-01T00:00:00Z',
    backlog_bytes: 0,
    lag_ms: 0,
    clock_skew_ms: 0,
    load: null,
    processors: null,
    memory_total_bytes: null,
    memory_available_bytes: null,
    disk_total_bytes: null,
    disk_free_bytes: null,
    reports_coders: false,
    hooks: 'unknown',
    alarms: [],
    last_error: null,
    roots: [],
    transcripts: 0,
    sessions: 0,
    bytes: 0,
    ...change,
  };
}

/** A session's row for tests; `lastActivity` in milliseconds. */
export function row(id: string, lastActivity: number | null, change: Partial<SessionRow> = {}): SessionRow {
  return {
    id,
    coder: 'claude',
    host_ids: ['h1'],
    project_path: '/srv/demo',
    title: id,
    branch: null,
    client_version: null,
    entrypoint: null,
    model: null,
    first_activity_at: null,
    last_activity_at: lastActivity === null ? null : new Date(lastActivity).toISOString(),
    entries: { total: 5, conversation: 5, bookkeeping: 0, unreadable: 0 },
    project_id: null,
    human_prompts: 1,
    tool_calls: 0,
    tool_errors: 0,
    tokens: 0,
    cost_microdollars: null,
    context_tokens: null,
    subagents: 0,
    gone: false,
    ...change,
  };
}

/** What a session does, for tests: its turn since `since` (milliseconds), said by the registry. */
export function doing(
  session: string,
  turn: SessionState['turn'],
  since: number,
  change: Partial<SessionState> = {},
): SessionState {
  const at = new Date(since).toISOString();
  return {
    session_id: session,
    has_transcript: true,
    turn,
    since: at,
    reason: null,
    source: 'registry',
    source_at: at,
    sources: [{ source: 'registry', turn, says: turn, at }],
    background: { subagents: 0, shells: 0 },
    running: [],
    waiting_subagents: [],
    processes: [],
    alarms: [],
    limit_resets_at: null,
    context_window: null,
    tokens_per_minute: 0,
    ...change,
  };
}
