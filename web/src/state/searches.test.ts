import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { api } from '../wire/api';
import { Searches } from './searches.svelte';

beforeEach(() => localStorage.clear());
afterEach(() => vi.restoreAllMocks());

test('recent searches are remembered for each person, newest first, each once', () => {
  const mine = new Searches('ann');
  for (const query of ['rate', 'rate limit', 'is:error', 'rate limit']) mine.note(query);
  expect(mine.recent).toEqual(['rate limit', 'is:error']);
  expect(new Searches('ann').recent).toEqual(mine.recent);
  expect(new Searches('bob').recent).toEqual([]);
  mine.drop('is:error');
  expect(new Searches('ann').recent).toEqual(['rate limit']);
});

test('what was stored by something else does no harm', () => {
  localStorage.setItem('muster.searches.ann', '{"a":1}');
  expect(new Searches('ann').recent).toEqual([]);
});

test('saved searches are counted, and one that fails has no count', async () => {
  vi.spyOn(api, 'searches').mockResolvedValue([
    { id: 'a', name: 'A', query: 'x' },
    { id: 'b', name: 'B', query: 'y' },
  ]);
  const search = vi.spyOn(api, 'search');
  search.mockRejectedValueOnce(new Error('bad'));
  search.mockResolvedValueOnce({ total: 7 } as Awaited<ReturnType<typeof api.search>>);
  const searches = new Searches('ann');
  await searches.load();
  expect([...searches.hits]).toEqual([['b', 7]]);
});
