import { expect, test } from 'vitest';

import { fits } from './match';

test('all words must occur, wherever they stand', () => {
  expect(fits('Fix flaky rate-limit tests', 'rate fix')).toBeGreaterThan(0);
  expect(fits('Fix flaky rate-limit tests', 'rate cache')).toBe(0);
  expect(fits('anything', '')).toBeGreaterThan(0);
});

test('the start of a word fits better than its middle', () => {
  expect(fits('gateway', 'gate')).toBeGreaterThan(fits('investigate', 'gate'));
});
