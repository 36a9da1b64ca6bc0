import { expect, test } from 'vitest';

import { readAddress, writeAddress } from './address.svelte';

const read = (text: string) => readAddress(new URLSearchParams(text));

test('an address is read as it was written', () => {
  const address = {
    query: 'host:mac "rate limit"',
    order: 'recent',
    sort: 'cost',
    title: 'flaky',
    at: '0198-a:12',
    transcript: 't1',
  } as const;
  expect(read(writeAddress(address))).toEqual(address);
});

test('what is usual does not stand in the address', () => {
  expect(writeAddress(read(''))).toBe('');
  expect(writeAddress(read('q=x&order=best&sort=recent&sort=nonsense'))).toBe('?q=x');
});

test('a host or project beside the query is a filter in it', () => {
  expect(read('host=h1&project=p1&q=rate').query).toBe('host:h1 project:p1 rate');
});
