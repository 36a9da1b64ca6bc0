import { expect, test } from 'vitest';

import { bars, dayName } from './bars';

const day = (value: string, count: number) => ({ value, count });

test('days without hits are empty bars', () => {
  expect(bars([day('2026-11-19', 2), day('2026-11-21', 5)], 30)).toEqual([
    { from: '2026-11-19', to: '2026-11-20', count: 2 },
    { from: '2026-11-20', to: '2026-11-21', count: 0 },
    { from: '2026-11-21', to: '2026-11-22', count: 5 },
  ]);
});

test('a long time is drawn in fewer bars, and nothing is lost', () => {
  const all = Array.from({ length: 400 }, (_, i) =>
    day(new Date(Date.UTC(2025, 0, 1 + i)).toISOString().slice(0, 10), 1),
  );
  const drawn = bars(all, 60);
  expect(drawn.length).toBeLessThanOrEqual(60);
  expect(drawn.reduce((sum, bar) => sum + bar.count, 0)).toBe(400);
  expect(drawn[0]?.to).toBe(drawn[1]?.from);
});

test('nothing gives no bars', () => {
  expect(bars([], 60)).toEqual([]);
  expect(bars([day('unknown', 3)], 60)).toEqual([]);
});

test('a day of another year says so', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  expect(dayName('2026-10-23', now)).toBe('23 Oct');
  expect(dayName('2025-10-23', now)).toBe('23 Oct 2025');
});
