import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { api } from '../wire/api';
import type { SearchPage } from '../wire/types.gen';
import { Jump } from './jump.svelte';

const NOTHING = { items: [], sessions: [], total: 4 } as unknown as SearchPage;

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test('the archive is asked once, when the hand rests', async () => {
  const sessions = vi.spyOn(api, 'sessions').mockResolvedValue({ items: [], next_cursor: null });
  const search = vi.spyOn(api, 'search').mockResolvedValue(NOTHING);
  const jump = new Jump();
  for (const text of ['ra', 'rat', 'rate ']) jump.ask(text);
  await vi.runAllTimersAsync();
  expect(search).toHaveBeenCalledTimes(1);
  expect(search.mock.calls[0]?.[0]).toMatchObject({ q: 'rate' });
  expect(sessions.mock.calls[0]?.[0]).toMatchObject({ q: 'rate' });
  expect(jump.total).toBe(4);
});

test('one letter asks nothing, and clears what was found', async () => {
  const search = vi.spyOn(api, 'search').mockResolvedValue(NOTHING);
  vi.spyOn(api, 'sessions').mockResolvedValue({ items: [], next_cursor: null });
  const jump = new Jump();
  jump.ask('rate');
  await vi.runAllTimersAsync();
  jump.ask('r');
  await vi.runAllTimersAsync();
  expect(search).toHaveBeenCalledTimes(1);
  expect(jump.total).toBe(0);
  expect(jump.loading).toBe(false);
});

test('an archive that does not answer finds nothing, and hinders nothing', async () => {
  vi.spyOn(api, 'search').mockRejectedValue(new Error('away'));
  vi.spyOn(api, 'sessions').mockRejectedValue(new Error('away'));
  const jump = new Jump();
  jump.ask('rate');
  await vi.runAllTimersAsync();
  expect(jump.loading).toBe(false);
  expect(jump.hits).toEqual([]);
});
