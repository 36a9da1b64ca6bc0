import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Fresh } from './fresh.svelte';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('it asks at once, then no more often than the rest allows, and never for the same', async () => {
  const ask = vi.fn(() => Promise.resolve(ask.mock.calls.length));
  const fresh = new Fresh(ask, 1000);
  expect(fresh.loading).toBe(true);
  fresh.depends('a');
  await vi.advanceTimersByTimeAsync(0);
  expect(fresh.value).toBe(1);
  for (const mark of ['b', 'c', 'c', 'd']) fresh.depends(mark);
  await vi.advanceTimersByTimeAsync(900);
  expect(ask).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(fresh.value).toBe(2);
  fresh.depends('d');
  await vi.advanceTimersByTimeAsync(5000);
  expect(ask).toHaveBeenCalledTimes(2);
});

test('what changes while a question is on its way is asked for again', async () => {
  let answer: (value: number) => void = () => undefined;
  const ask = vi.fn(() => new Promise<number>((resolve) => (answer = resolve)));
  const fresh = new Fresh(ask, 100);
  fresh.depends('a');
  fresh.depends('b');
  answer(1);
  await vi.advanceTimersByTimeAsync(150);
  expect(ask).toHaveBeenCalledTimes(2);
});

test('a failure keeps what was there and says so; asking again heals', async () => {
  const ask = vi
    .fn<() => Promise<number>>()
    .mockResolvedValueOnce(7)
    .mockRejectedValueOnce(new Error('away'));
  const fresh = new Fresh(ask, 10);
  fresh.depends('a');
  await vi.advanceTimersByTimeAsync(0);
  fresh.depends('b');
  await vi.advanceTimersByTimeAsync(20);
  expect([fresh.value, fresh.problem !== null]).toEqual([7, true]);
  ask.mockResolvedValueOnce(8);
  await fresh.again();
  expect([fresh.value, fresh.problem]).toEqual([8, null]);
});

test('after its end it asks no more', async () => {
  const ask = vi.fn(() => Promise.resolve(1));
  const fresh = new Fresh(ask, 10);
  fresh.end();
  fresh.depends('a');
  await vi.advanceTimersByTimeAsync(100);
  expect(ask).not.toHaveBeenCalled();
});
