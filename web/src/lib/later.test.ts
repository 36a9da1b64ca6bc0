import { afterEach, expect, test, vi } from 'vitest';

import { later } from './later';

afterEach(() => void vi.useRealTimers());

test('many calls become one, and a later one another', () => {
  vi.useFakeTimers();
  let calls = 0;
  const call = later(100, () => (calls += 1));
  for (let i = 0; i < 5; i += 1) call();
  vi.advanceTimersByTime(99);
  expect(calls).toBe(0);
  vi.advanceTimersByTime(1);
  expect(calls).toBe(1);
  call();
  call.cancel();
  vi.advanceTimersByTime(1000);
  expect(calls).toBe(1);
  call();
  vi.advanceTimersByTime(100);
  expect(calls).toBe(2);
});
