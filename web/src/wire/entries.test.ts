import { expect, test } from 'vitest';

import { append, entryKey, join, prepend } from './entries';
import type { Entry } from './types.gen';

function entry(line: number, transcript = 't'): Entry {
  return {
    transcript_id: transcript,
    line,
    offset: line * 100,
    bytes: 100,
    type: 'assistant',
    class: 'conversation',
    role: 'assistant',
    uuid: null,
    time: null,
    preview: `line ${line}`,
    preview_cut: false,
  };
}

const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => entry(from + i));
const numbers = (list: Entry[] | null) => list?.map(({ line }) => line);

test('applying an append twice is harmless', () => {
  const once = append(lines(0, 3), lines(2, 5));
  expect(numbers(once)).toEqual([0, 1, 2, 3, 4]);
  expect(numbers(append(once, lines(2, 5)))).toEqual([0, 1, 2, 3, 4]);
});

test('the same line of two transcripts is two entries', () => {
  expect(append([entry(1, 'a')], [entry(1, 'b')])).toHaveLength(2);
  expect(entryKey(entry(1, 'a'))).toBe('a:1');
});

test('earlier entries come before, without overlap', () => {
  expect(numbers(prepend(lines(3, 5), lines(1, 4)))).toEqual([1, 2, 3, 4]);
});

test('a fresh start joins what was read before, or says that there is a gap', () => {
  expect(numbers(join(lines(0, 5), lines(3, 8)))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(join(lines(0, 3), lines(50, 60))).toBeNull();
  expect(join([], lines(2, 4))).toBeNull();
  expect(join([], [])).toEqual([]);
});
