import { expect, test } from 'vitest';

import { doing, host, row } from '../wire/testing';
import type { SessionState } from '../wire/types.gen';
import { Burdens } from './burdens.svelte';
import { Fleet } from './fleet.svelte';

const NOW = Date.parse('2026-11-21T12:00:00Z');

function burdens(states: SessionState[]): Burdens {
  const fleet = new Fleet();
  const sessions = states.map(({ session_id }) => row(session_id, NOW, { host_ids: ['h1'] }));
  const snapshot = { hosts: [host('h1'), host('h2')], sessions, states };
  fleet.receive([{ topic: 'fleet', revision: 1, snapshot }], NOW);
  return new Burdens(() => fleet);
}

test('a host carries one mark for each living session, needs first', () => {
  const loop = { kind: 'loop' as const, since: new Date(NOW).toISOString(), text: 'npm test, 9 times' };
  const all = burdens([
    doing('a', 'done', NOW),
    doing('b', 'working', NOW),
    doing('c', 'failed', NOW),
    doing('d', 'your_turn', NOW),
    doing('e', 'working', NOW, { alarms: [loop] }),
    doing('f', 'unknown', NOW),
  ]);
  expect(all.of('h1')).toEqual({
    needs: 2,
    marks: ['needs', 'needs', 'working', 'your_turn', 'unknown', 'done'],
  });
  expect(all.of('h2').marks).toEqual([]);
});

test('a session counts on the host where its process lives, not where an old part of it lies', () => {
  const started_at = new Date(NOW).toISOString();
  const process = { key: '7', host_id: 'h2', pid: 7, started_at, cwd: '/srv', terminal: null, tmux: null };
  const lives = { ...process, kind: null, no_stop: null };
  const all = burdens([doing('a', 'needs_answer', NOW, { processes: [lives] })]);
  expect([all.of('h1').needs, all.of('h2').needs]).toEqual([0, 1]);
});
