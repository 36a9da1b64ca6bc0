import { expect, test } from 'vitest';

import { lag, lastPart, many, rate, shortCount, size } from './format';

test.each([
  [0, '0'],
  [999, '999'],
  [5_204, '5.2k'],
  [9_960, '10k'],
  [212_000, '212k'],
  [1_240_000, '1.24M'],
])('%i is short for %s', (value, text) => {
  expect(shortCount(value)).toBe(text);
});

test('bytes have the unit that reads best', () => {
  expect([0, 999, 1000, 999_600, 38_000_000, 4.2e9].map(size)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '1.0 MB',
    '38.0 MB',
    '4.2 GB',
  ]);
});

test('rates and lags claim no more than they know', () => {
  expect([0, 0.04, 0.44, 3, 9.97, 46.4].map(rate)).toEqual(['0', '0', '0.4', '3', '10', '46']);
  expect([12, 14_000, 190_000].map(lag)).toEqual(['12 ms', '14 s', '3 m']);
});

test('the last part of a path is found on any system', () => {
  expect(['/srv/code/gateway', '/srv/code/gateway/', 'C:\\work\\app', '/', ''].map(lastPart)).toEqual([
    'gateway',
    'gateway',
    'app',
    '/',
    '',
  ]);
});

test('one is one', () => {
  expect([many(1, 'line'), many(1200, 'line'), many(2, 'entry', 'entries')]).toEqual([
    '1 line',
    '1,200 lines',
    '2 entries',
  ]);
});
