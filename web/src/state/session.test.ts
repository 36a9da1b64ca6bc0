import { afterEach, expect, test, vi } from 'vitest';

import { api } from '../wire/api';
import { HARD_MOST_ENTRIES, MOST_ENTRIES, SPARE_ENTRIES } from '../wire/entries';
import type { Entry, LiveMessage, Session } from '../wire/types.gen';
import { SessionDetail } from './session.svelte';

afterEach(() => vi.restoreAllMocks());

const SESSION = { id: 'claude-1', title: 'A title' } as Session;

function lines(from: number, to: number): Entry[] {
  return Array.from({ length: to - from }, (_, i) => ({
    transcript_id: 't',
    line: from + i,
    offset: 0,
    bytes: 1,
    type: 'assistant',
    class: 'conversation',
    role: 'assistant',
    uuid: null,
    time: null,
    preview: '',
    preview_cut: false,
  }));
}

function snapshot(entries: Entry[], hasEarlier = false): LiveMessage {
  return {
    topic: 'session:claude-1',
    revision: 1,
    snapshot: { session: SESSION, entries, has_earlier: hasEarlier },
  };
}

const update = (entries: Entry[]): LiveMessage => ({
  topic: 'session:claude-1',
  revision: 2,
  update: { entries },
});

test('entries follow the snapshot, once each', () => {
  const detail = new SessionDetail('claude-1');
  detail.receive([snapshot(lines(0, 3)), update(lines(2, 5)), update(lines(4, 6))]);
  expect(detail.entries.map(({ line }) => line)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(detail.appended).toBe(6);
});

test('a snapshot after a loss keeps what was read before it', () => {
  const detail = new SessionDetail('claude-1');
  detail.receive([snapshot(lines(0, 200))]);
  detail.receive([snapshot(lines(100, 300), true)]);
  expect(detail.entries).toHaveLength(300);
  expect(detail.hasEarlier).toBe(false);
});

test('a snapshot after a long loss starts anew instead of hiding a gap', () => {
  const detail = new SessionDetail('claude-1');
  detail.receive([snapshot(lines(0, 200))]);
  detail.receive([snapshot(lines(900, 1100), true)]);
  expect(detail.entries[0]?.line).toBe(900);
  expect(detail.hasEarlier).toBe(true);
});

test('earlier entries are asked for before the first one', async () => {
  const before = vi
    .spyOn(api, 'entriesBefore')
    .mockResolvedValue({ items: lines(0, 100), next_cursor: null });
  const detail = new SessionDetail('claude-1');
  detail.receive([snapshot(lines(100, 110), true)]);
  await detail.loadEarlier();
  expect(before).toHaveBeenCalledWith('claude-1', 't:100', 200);
  expect(detail.entries).toHaveLength(110);
  expect(detail.hasEarlier).toBe(false);
  await detail.loadEarlier();
  expect(before).toHaveBeenCalledTimes(1);
});

test('memory is bounded, and what was dropped can be loaded again', () => {
  const detail = new SessionDetail('claude-1');
  detail.receive([snapshot(lines(0, MOST_ENTRIES + SPARE_ENTRIES))]);
  detail.trim();
  expect(detail.entries).toHaveLength(MOST_ENTRIES + SPARE_ENTRIES);
  detail.receive([update(lines(MOST_ENTRIES + SPARE_ENTRIES, MOST_ENTRIES + SPARE_ENTRIES + 1))]);
  detail.trim();
  expect(detail.entries).toHaveLength(MOST_ENTRIES);
  expect(detail.entries.at(-1)?.line).toBe(MOST_ENTRIES + SPARE_ENTRIES);
  expect(detail.hasEarlier).toBe(true);
});

test('even a reader who never comes to the edge does not fill the memory', () => {
  const detail = new SessionDetail('claude-1');
  detail.receive([snapshot(lines(0, 10)), update(lines(10, HARD_MOST_ENTRIES + 10))]);
  expect(detail.entries.length).toBeLessThanOrEqual(HARD_MOST_ENTRIES);
});

test('a refused subscription says why', () => {
  const detail = new SessionDetail('claude-1');
  detail.receive([{ topic: 'session:claude-1', revision: 0, error: 'There is no such session.' }]);
  expect(detail.problem).toBe('There is no such session.');
});
