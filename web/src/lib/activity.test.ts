import { expect, test } from 'vitest';

import { add, advance, BAR_MS, BARS, isSilent, linesPerSecond, silent, sum } from './activity';

const START = 1_000_000 * BAR_MS;

test('an append raises the newest bar', () => {
  const bars = add(add(silent(START), 3, START), 2, START + 100);
  expect(bars.values.at(-1)).toBe(5);
  expect(bars.values).toHaveLength(BARS);
});

test('time moves bars to the left and out', () => {
  const bars = add(silent(START), 7, START);
  expect(advance(bars, START + 2 * BAR_MS).values.at(-3)).toBe(7);
  expect(isSilent(advance(bars, START + (BARS - 1) * BAR_MS))).toBe(false);
  expect(isSilent(advance(bars, START + BARS * BAR_MS))).toBe(true);
});

test('a clock that steps back changes nothing', () => {
  const bars = add(silent(START), 7, START);
  expect(advance(bars, START - 60_000)).toBe(bars);
});

test('the rate counts the last seconds only', () => {
  const bars = add(silent(START), 90, START);
  expect(linesPerSecond(bars, START + BAR_MS - 1)).toBeCloseTo(7.5, 1);
  expect(linesPerSecond(bars, START + 4 * BAR_MS)).toBe(0);
});

test('sums line bars up by time', () => {
  const one = add(silent(START), 1, START);
  const two = add(silent(START + BAR_MS), 2, START + BAR_MS);
  expect(sum([one, two], START + BAR_MS).values.slice(-2)).toEqual([1, 2]);
});
