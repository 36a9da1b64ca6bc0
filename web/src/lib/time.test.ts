import { expect, test } from 'vitest';

import { age, ageOf, longDay, millis } from './time';

test.each([
  [-5000, 'now'],
  [0, 'now'],
  [999, 'now'],
  [14_000, '14 s'],
  [59_999, '59 s'],
  [60_000, '1 m'],
  [7_200_000, '2 h'],
  [86_400_000 * 3.5, '3 d'],
])('%i ms are %s', (ms, words) => {
  expect(age(ms)).toBe(words);
});

test('what is not a time has no age', () => {
  expect(millis('soon')).toBeNull();
  expect(ageOf(null, 0)).toBe('–');
  expect(ageOf('2026-11-21T10:00:00Z', Date.parse('2026-11-21T10:00:04Z'))).toBe('4 s');
});

test('what may be years ago is told with its year', () => {
  expect(longDay('2024-03-05T12:00:00Z')).toBe('5 Mar 2024');
  expect(longDay(null)).toBe('–');
});
