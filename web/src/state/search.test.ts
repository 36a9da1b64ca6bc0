import { afterEach, expect, test, vi } from 'vitest';

import { api } from '../wire/api';
import type { SearchItem, SearchPage, SearchSession } from '../wire/types.gen';
import { Search } from './search.svelte';

const item = (session: string, line: number): SearchItem => ({
  session_id: session,
  transcript_id: `t-${session}`,
  line,
  host_ids: ['h'],
  role: 'prompt',
  tool: null,
  is_error: false,
  subagent_id: null,
  time: null,
  snippet: 'x',
  highlights: [],
});
const session = (id: string, hits: number): SearchSession => ({
  id,
  title: id,
  coder: 'claude',
  host_ids: [],
  project_id: null,
  project_name: null,
  last_activity_at: null,
  gone: false,
  hits,
});
const page = (items: SearchItem[], sessions: SearchSession[], next: string | null = null): SearchPage => ({
  items,
  next_cursor: next,
  total: 9,
  sessions,
  total_sessions: 2,
  facets: null,
  query: [],
  remarks: [],
  partial: null,
  took_ms: 1,
});

afterEach(() => vi.restoreAllMocks());

test('hits are grouped by session, in the order of the answer', async () => {
  vi.spyOn(api, 'search').mockResolvedValue(
    page([item('b', 1), item('a', 2), item('b', 3)], [session('a', 1), session('b', 5)]),
  );
  const search = new Search();
  await search.run('x', 'best');
  expect(search.groups.map(({ session, items, more }) => [session.id, items.length, more])).toEqual([
    ['b', 2, 3],
    ['a', 1, 0],
  ]);
});

test('the next page goes on where the first one ended, and nothing comes twice', async () => {
  const asked = vi
    .spyOn(api, 'search')
    .mockResolvedValueOnce(page([item('a', 1)], [session('a', 1)], 'c1'))
    .mockResolvedValueOnce(page([item('a', 1), item('b', 2)], [session('b', 1)]));
  const search = new Search();
  await search.run('x', 'recent');
  await search.next();
  await search.next();
  expect(asked).toHaveBeenCalledTimes(2);
  expect(asked.mock.calls[1]?.[0]).toMatchObject({ cursor: 'c1', sort: 'recent', facets: null });
  expect(search.shown.map(({ line }) => line)).toEqual([1, 2]);
});

test('a newer search ends the one before, whose answer changes nothing', async () => {
  const search = new Search();
  let late: (answer: SearchPage) => void = () => undefined;
  const asked = vi.spyOn(api, 'search');
  asked.mockImplementationOnce((_, signal) => {
    return new Promise((resolve, reject) => {
      late = resolve;
      signal?.addEventListener('abort', () => reject(signal.reason));
    });
  });
  asked.mockResolvedValueOnce(page([item('new', 7)], [session('new', 1)]));
  const first = search.run('ra', 'best');
  await search.run('rate', 'best');
  late(page([item('old', 1)], [session('old', 1)]));
  await first;
  expect(search.answered).toBe('rate');
  expect(search.shown.map(({ session_id }) => session_id)).toEqual(['new']);
  expect(search.loading).toBe(false);
  expect(search.problem).toBeNull();
});

test('a session is opened in its place', async () => {
  const asked = vi
    .spyOn(api, 'search')
    .mockResolvedValueOnce(page([item('a', 1)], [session('a', 3)]))
    .mockResolvedValueOnce(page([item('a', 1), item('a', 2), item('a', 3)], [session('a', 3)]));
  const search = new Search();
  await search.run('x y', 'best');
  await search.open('a');
  expect(asked.mock.calls[1]?.[0]).toMatchObject({ q: 'x y session:a' });
  expect(search.groups[0]).toMatchObject({ more: 0 });
  expect(search.shown).toHaveLength(3);
});

test('a session with very many hits is opened piece by piece', async () => {
  const asked = vi
    .spyOn(api, 'search')
    .mockResolvedValueOnce(page([item('a', 1)], [session('a', 3)]))
    .mockResolvedValueOnce(page([item('a', 1), item('a', 2)], [session('a', 3)], 'c2'))
    .mockResolvedValueOnce(page([item('a', 3)], [session('a', 3)]));
  const search = new Search();
  await search.run('x', 'best');
  await search.open('a');
  expect(search.groups[0]).toMatchObject({ more: 1 });
  await search.open('a');
  expect(asked.mock.calls[2]?.[0]).toMatchObject({ cursor: 'c2' });
  expect(search.groups[0]).toMatchObject({ more: 0 });
});

test('what comes closest is asked for, and what is said of it is shown', async () => {
  const remarks = ['Nothing holds all of these words: these hold most of them'];
  const asked = vi
    .spyOn(api, 'search')
    .mockResolvedValue({ ...page([item('a', 1)], [session('a', 4)]), remarks });
  const search = new Search();
  await search.run('rate lim', 'best');
  expect(asked.mock.calls[0]?.[0]).toMatchObject({ q: 'rate lim', loose: true });
  expect(search).toMatchObject({ answered: 'rate lim', remarks, total: 9 });
  await search.open('a');
  expect(asked.mock.calls[1]?.[0]).toMatchObject({ q: 'rate lim session:a', loose: true });
});

test('what failed is told, and asked again', async () => {
  const asked = vi.spyOn(api, 'search').mockRejectedValueOnce(new Error('no index'));
  const search = new Search();
  await search.run('x', 'best');
  expect(search.problem).toContain('no index');
  asked.mockResolvedValueOnce(page([item('a', 1)], [session('a', 1)]));
  await search.retry();
  expect(search.problem).toBeNull();
  expect(search.shown).toHaveLength(1);
});

test('the hits of a deleted session leave, and the counts with them', async () => {
  vi.spyOn(api, 'search').mockResolvedValue(
    page([item('b', 1), item('a', 2)], [session('a', 4), session('b', 5)]),
  );
  const search = new Search();
  await search.run('x', 'best');
  search.forget(['b', 'unknown']);
  expect(search.shown.map((hit) => hit.session_id)).toEqual(['a']);
  expect([search.total, search.totalSessions]).toEqual([4, 1]);
});
