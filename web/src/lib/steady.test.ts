import { expect, test } from 'vitest';

import { inOrderOf } from './steady';

const key = (item: string) => item;

test('what one looks at keeps its places, and what is new comes behind it', () => {
  expect(inOrderOf(['d', 'c', 'b', 'a'], ['a', 'gone', 'b', 'c'], key)).toEqual(['a', 'b', 'c', 'd']);
  expect(inOrderOf(['y', 'x', 'a'], ['a'], key)).toEqual(['a', 'y', 'x']);
});

test('where nobody looks all stands as it came', () => {
  expect(inOrderOf(['b', 'a'], null, key)).toEqual(['b', 'a']);
});
