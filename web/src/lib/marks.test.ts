import { expect, test } from 'vitest';

import { marked } from './marks';

const shown = (text: string, ranges: [number, number][]) =>
  marked(text, ranges)
    .map((piece) => (piece.hit ? `[${piece.text}]` : piece.text))
    .join('');

test('highlights cut a text', () => {
  expect(shown('hit the rate limit', [[8, 18]])).toBe('hit the [rate limit]');
  expect(shown('a b', [])).toBe('a b');
});

test('ranges count code points, not halves of them', () => {
  expect(shown('🚀🚀 go', [[3, 5]])).toBe('🚀🚀 [go]');
});

test('ranges that overlap, are unordered or reach too far lose nothing', () => {
  expect(
    shown('abcdef', [
      [3, 9],
      [1, 4],
    ]),
  ).toBe('a[bcd][ef]');
  expect(
    marked('abc', [[5, 9]])
      .map((piece) => piece.text)
      .join(''),
  ).toBe('abc');
});
