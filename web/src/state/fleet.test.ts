import { expect, test } from 'vitest';

import type { Host, LiveMessage, SessionRow, SessionState, Update } from '../wire/types.gen';
import { Fleet } from './fleet.svelte';
import { doing, host, row } from '../wire/testing';

const NOTHING = { total: 0, conversation: 0, bookkeeping: 0, unreadable: 0 };
const NOW = Date.parse('2026-11-21T12:00:00Z');

const snapshot = (hosts: Host[], sessions: SessionRow[], states: SessionState[] = []): LiveMessage => ({
  topic: 'fleet',
  revision: 1,
  snapshot: { hosts, sessions, states },
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
  fleet.receive([snapshot([host('h1')], [row('empty', NOW, { entries: NOTHING })])], NOW);
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

test('a deleted session is taken off every list at once', () => {
  const fleet = new Fleet();
  const told: string[] = [];
  const leave = fleet.eachRemoved((ids) => told.push(...ids));
  fleet.receive([snapshot([host('h1')], [row('a', NOW), row('b', NOW)])], NOW);
  fleet.receive([update({ removed_sessions: ['a', 'unknown'] })], NOW);
  expect(fleet.sessions.map(({ id }) => id)).toEqual(['b']);
  expect([...fleet.active.keys()]).toEqual(['b']);
  expect(told).toEqual(['a', 'unknown']);
  leave();
  fleet.receive([update({ removed_sessions: ['b'] })], NOW);
  expect(told).toHaveLength(2);
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

test('a page that is open for weeks forgets the appends of sessions that left its list', () => {
  const fleet = new Fleet();
  fleet.receive([snapshot([host('h1')], [row('stays', NOW)])], NOW);
  for (let i = 0; i < 1200; i += 1) fleet.receive([append(`s${i}`, 1)], NOW);
  expect(fleet.pulse('s7')).toBeDefined();
  fleet.tick(NOW + 1000);
  expect(fleet.pulse('s7')).toBeUndefined();
  expect([fleet.pulse('stays'), fleet.pulse('h1')]).not.toContain(undefined);
});

test('states come, change, end, and are replaced by a snapshot', () => {
  const fleet = new Fleet();
  const turns = () => [...fleet.states.values()].map(({ session_id, turn }) => `${session_id} ${turn}`);
  fleet.receive([snapshot([host('h1')], [], [doing('a', 'working', NOW), doing('b', 'done', NOW)])], NOW);
  fleet.receive([update({ states: [doing('a', 'your_turn', NOW)], ended_states: ['b'] })], NOW);
  expect(turns()).toEqual(['a your_turn']);
  fleet.receive([snapshot([host('h1')], [], [doing('c', 'failed', NOW)])], NOW);
  expect(turns()).toEqual(['c failed']);
});
