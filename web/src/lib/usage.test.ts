import { expect, test } from 'vitest';

import { allTokens, rowsOf, type Counted } from './usage';

function item(
  project: string,
  model: string,
  output: number,
  cost: number | null,
): Counted & { project: string } {
  return {
    project,
    model,
    input_tokens: 1,
    output_tokens: output,
    cache_read_input_tokens: 90,
    cache_creation_input_tokens: 9,
    sessions: 2,
    cost_microdollars: cost,
    unpriced_replies: cost === null ? 3 : 0,
  };
}

test('a row sums its models, and what has no price says so', () => {
  const rows = rowsOf(
    [item('a', 'x', 10, 5), item('b', 'x', 10, 50), item('a', 'new', 10, null)],
    (one) => one.project,
    (one) => one.project.toUpperCase(),
  );
  expect(rows.map(({ name, cost, unpriced }) => [name, cost, unpriced])).toEqual([
    ['B', 50, 0],
    ['A', 5, 3],
  ]);
  expect(rows[1]?.tokens).toBe(220);
  expect(rows[1]?.parts.map(({ model }) => model)).toEqual(['x', 'new']);
});

test('tokens of all kinds are counted once', () => {
  expect(allTokens(item('a', 'x', 10, 5))).toBe(110);
});
