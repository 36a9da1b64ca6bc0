import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { api } from '../wire/api';
import { Works } from './progress.svelte';

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test('work is followed until it is done, and no longer than it is looked at', async () => {
  const asked = vi.spyOn(api, 'progress');
  asked.mockResolvedValueOnce([{ work: 'views', done_bytes: 1, total_bytes: 4 }]);
  asked.mockResolvedValue([{ work: 'views', done_bytes: 4, total_bytes: 4 }]);
  const works = new Works();
  const end = works.follow();
  await vi.advanceTimersByTimeAsync(0);
  expect(works.items).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(works.items).toEqual([]);
  end();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(asked).toHaveBeenCalledTimes(2);
});

test('an aggregator that cannot tell shows nothing', async () => {
  vi.spyOn(api, 'progress').mockRejectedValue(new Error('away'));
  const works = new Works();
  const end = works.follow();
  await vi.advanceTimersByTimeAsync(0);
  expect(works.items).toEqual([]);
  end();
});
