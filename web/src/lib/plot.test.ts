import { expect, test } from 'vitest';

import { linePoints, nearest, topOf } from './plot';

test('a line goes from edge to edge, and nothing leaves the box', () => {
  expect(linePoints([0, 50, 200], 100, 40, 100)).toBe('0,40 50,20 100,0');
  expect(linePoints([5], 100, 40, 10)).toBe('0,20');
  expect(linePoints([], 100, 40, 0)).toBe('');
});

test('a backlog does not flatten what comes after it; without one the highest value is the top', () => {
  const usual = [4, 6, 5, 0, 3, 6, 4, 5, 6, 5];
  expect(topOf(usual)).toBe(6);
  expect(topOf([...usual, 9000])).toBe(18);
  expect(topOf([0, 0.2])).toBe(1);
  expect(topOf([])).toBe(1);
});

test('the nearest value is one of them', () => {
  expect([0, 0.24, 0.26, 1, 7, -1].map((share) => nearest(share, 3))).toEqual([0, 0, 1, 2, 2, 0]);
});
