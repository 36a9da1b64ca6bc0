import { expect, test } from 'vitest';

import { tabOf } from './tabKeys';

const TABS = ['agents', 'tools', 'usage'];

test('arrows go round, Home and End to the ends, other keys nowhere', () => {
  expect(tabOf('ArrowRight', TABS, 1)).toBe('usage');
  expect(tabOf('ArrowRight', TABS, 2)).toBe('agents');
  expect(tabOf('ArrowLeft', TABS, 0)).toBe('usage');
  expect(tabOf('Home', TABS, 2)).toBe('agents');
  expect(tabOf('End', TABS, 0)).toBe('usage');
  expect(tabOf('a', TABS, 0)).toBeUndefined();
});
