import { expect, test } from 'vitest';

import { Lines } from '../../wire/lines';
import type { Turn } from '../../wire/types.gen';
import { courseOf, numbered, turnAt } from './turns';

const turn = (line: number, more: Partial<Turn> = {}): Turn => ({
  transcript_id: 't',
  line,
  text: `turn at ${line}`,
  queued: false,
  started_at: null,
  duration_ms: null,
  tool_calls: 0,
  tool_errors: 0,
  tokens: 0,
  cost_microdollars: null,
  instead_of: null,
  left_for: null,
  ...more,
});
const at = (line: number) => ({ transcript_id: 't', line });

test('turns name each other by their numbers', () => {
  const turns = numbered([turn(0), turn(5, { left_for: at(9) }), turn(9, { instead_of: at(5) }), turn(12)]);
  const told = [...turns.values()].map(({ number, insteadOf, leftFor }) => [number, insteadOf, leftFor]);
  expect(told).toEqual([
    [1, null, null],
    [2, null, 3],
    [3, 2, null],
    [4, null, null],
  ]);
});

test('a turn runs until the next one begins', () => {
  const turns = numbered([turn(12), turn(5), { ...turn(3), transcript_id: 'elsewhere' }]).values();
  const course = courseOf(turns, new Lines([{ transcript: 't', from: 2, lines: 40 }]));
  const running = [0, 2, 3, 9, 10, 37].map((index) => turnAt(course, index)?.turn.line ?? null);
  expect(running).toEqual([null, null, 5, 5, 12, 12]);
  expect(turnAt([], 3)).toBeNull();
});
