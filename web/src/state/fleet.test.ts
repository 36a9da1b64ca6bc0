import { expect, test } from 'vitest';

import type { Host, LiveMessage, SessionRow, Update } from '../wire/types.gen';
import { Fleet } from './fleet.svelte';

const NOW = Date.parse('2026-11-21T12:00:00Z');

function host(id: string, change: Partial<Host> = {}): Host {
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

function row(id: string, lastActivity: number | null, total = 5): SessionRow {
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
    entries: { total, conversation: total, bookkeeping: 0, unreadable: 0 },
    project_id: null,
    human_prompts: 1,
    tool_calls: 0,
    tool_errors: 0,
    tokens: 0,
    cost_microdollars: null,
    context_tokens: null,
    subagents: 0,
    gone: false,
  };
}

const snapshot = (hosts: Host[], sessions: SessionRow[]): LiveMessage => ({
  topic: 'fleet',
  revision: 1,
  snapshot: { hosts, sessions, states: [] },
});
const update = (change: Update): LiveMessage => ({ topic: 'fleet', revision: 2, update: change });
const append = (session: string, lines: number) =>
  update({ activity: [{ host_id: 'h1', session_id: session, lines, bytes: 100 * lines }] });

test('a snapshot replaces everything, and recent sessions count as active', () => {
  const fleet = new Fleet();
  fleet.receive([snapshot([host('h1')], [row('old', NOW - 3_600_000), row('busy', NOW - 2000)])], NOW);
  expect([...fleet.active.keys()]).toEqual(['busy']);
  fleet.receive([snapshot([host('h2')], [row('other', null)])], NOW);
  expect(fleet.hosts.map(({ id }) => id)).toEqual(['h2']);
  expect(fleet.sessions.map(({ id }) => id)).toEqual(['other']);
  expect(fleet.active.size).toBe(0);
});

test('a session without a line is not active, however new its file is', () => {
  const fleet = new Fleet();
  fleet.receive([snapshot([host('h1')], [row('empty', NOW, 0)])], NOW);
  expect(fleet.active.size).toBe(0);
});

test('updates change rows in place and put new ones in', () => {
  const fleet = new Fleet();
  fleet.receive([snapshot([host('h1')], [row('a', NOW - 9e6), row('b', NOW - 9e6)])], NOW);
  fleet.receive([update({ sessions: [row('b', NOW), row('c', NOW)], hosts: [host('h0')] })], NOW);
  expect(fleet.sessions.map(({ id }) => id)).toEqual(['c', 'a', 'b']);
  expect(fleet.hosts.map(({ id }) => id)).toEqual(['h0', 'h1']);
  fleet.receive([update({ removed_hosts: ['h1'] })], NOW);
  expect(fleet.hosts.map(({ id }) => id)).toEqual(['h0']);
});

test('an append makes a session active until it was silent for a minute', () => {
  const fleet = new Fleet();
  fleet.receive([snapshot([host('h1')], [row('a', NOW - 9e6)])], NOW);
  fleet.receive([append('a', 4)], NOW);
  expect(fleet.active.get('a')).toBe(NOW);
  fleet.receive([append('a', 4)], NOW + 50_000);
  expect(fleet.active.get('a')).toBe(NOW);
  fleet.tick(NOW + 100_000);
  expect(fleet.active.has('a')).toBe(true);
  fleet.tick(NOW + 111_000);
  expect(fleet.active.has('a')).toBe(false);
});

test('appends raise the bars of the session, the host and the fleet', () => {
  const fleet = new Fleet();
  fleet.receive([snapshot([host('h1')], [row('a', null)])], NOW);
  fleet.receive([append('a', 4), append('a', 2)], NOW);
  expect(fleet.pulse('a')?.lines.values.at(-1)).toBe(6);
  expect(fleet.pulse('h1')?.bytes.values.at(-1)).toBe(600);
  expect(fleet.total.beats).toBe(2);
});

test('a deleted session is taken off the list', () => {
  const fleet = new Fleet();
  fleet.receive([snapshot([host('h1')], [row('a', NOW), row('b', NOW)])], NOW);
  fleet.forget('a');
  expect(fleet.sessions.map(({ id }) => id)).toEqual(['b']);
});

test('no more rows are kept than a snapshot brings', () => {
  const fleet = new Fleet();
  const many = Array.from({ length: 500 }, (_, i) => row(`s${i}`, NOW - i * 1000));
  fleet.receive([snapshot([host('h1')], many)], NOW);
  fleet.receive([update({ sessions: [row('fresh', NOW + 1000)] })], NOW);
  expect(fleet.sessions).toHaveLength(500);
  expect(fleet.sessionsById.has('fresh')).toBe(true);
  expect(fleet.sessionsById.has('s499')).toBe(false);
});
