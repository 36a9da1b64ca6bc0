import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { detail, type CallsQuery } from '../wire/detail';
import type { ToolCall } from '../wire/types.gen';
import { Calls } from './calls.svelte';

let total = 0;
let open = new Set<number>();
let asked: CallsQuery[] = [];

/** A call by its number: 0 is the first that was made. */
const call = (number: number) =>
  ({
    id: `c${number}`,
    name: 'Bash',
    is_error: open.has(number) ? null : false,
    subagent_id: null,
  }) as ToolCall;

/** A page as the aggregator answers it: newest first, the cursor is the number of the last. */
function page(query: CallsQuery) {
  asked.push(query);
  const numbers = Array.from({ length: total }, (_, at) => total - 1 - at);
  const some = query.id
    ? numbers.filter((number) => query.id?.includes(`c${number}`))
    : numbers.filter((number) => !query.running || open.has(number));
  const rest = query.cursor ? some.filter((number) => number < Number(query.cursor)) : some;
  const items = rest.slice(0, query.limit);
  const next_cursor = items.length < rest.length ? String(items.at(-1)) : null;
  return Promise.resolve({ items: items.map(call), next_cursor });
}

beforeEach(() => {
  vi.useFakeTimers();
  total = 5000;
  open = new Set();
  asked = [];
  vi.spyOn(detail, 'calls').mockImplementation((_, query) => page(query));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

async function opened(): Promise<Calls> {
  const calls = new Calls('s');
  calls.depends('1');
  await vi.advanceTimersByTimeAsync(0);
  return calls;
}

test('the newest are there at once, older ones when one comes to them, each once', async () => {
  const calls = await opened();
  const first = calls.calls.length;
  expect(first).toBeLessThan(100);
  await Promise.all([calls.older(), calls.older()]);
  expect(asked.filter(({ cursor }) => cursor)).toHaveLength(1);
  await calls.older();
  const ids = calls.calls.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThan(first);
});

test('all of a long session come, whoever else asks meanwhile', async () => {
  const calls = await opened();
  await Promise.all([calls.all(), calls.all(), calls.older()]);
  expect(calls.calls).toHaveLength(5000);
  expect(calls.more).toBe(false);
});

test('new calls go in front, and one that ends far down is told of', async () => {
  open = new Set([3000]);
  const calls = await opened();
  await calls.all();
  expect(calls.running.map(({ id }) => id)).toEqual(['c3000']);
  open = new Set();
  total += 2;
  calls.depends('2');
  await vi.advanceTimersByTimeAsync(2000);
  expect(calls.running).toEqual([]);
  expect(calls.calls[0]?.id).toBe('c5001');
  expect(calls.calls).toHaveLength(5002);
  expect(calls.calls.find(({ id }) => id === 'c3000')?.is_error).toBe(false);
});

test('a gap that nobody asked for is not passed over', async () => {
  const calls = await opened();
  total += 3000;
  calls.depends('2');
  await vi.advanceTimersByTimeAsync(2000);
  await calls.all();
  expect(calls.calls).toHaveLength(8000);
});

test('a new filter forgets the old answer, even one that comes late', async () => {
  const calls = await opened();
  const late = calls.older();
  calls.choose({ outcome: 'failed' });
  await late;
  await vi.advanceTimersByTimeAsync(0);
  expect(asked.at(-1)).toMatchObject({ is_error: true });
  expect(calls.calls.length).toBeLessThan(100);
  expect(calls.loaded).toBe(true);
});
