import { describe, expect, test } from 'vitest';

import { changes, diffHunks, diffTexts, diffUnified, patchFiles, wordMarks, type DiffRow } from './diff';

const shown = (rows: readonly DiffRow[]) => rows.map(({ sign, text }) => sign + text);
const side = (rows: readonly DiffRow[], without: string) =>
  rows.filter(({ sign }) => sign !== without).map(({ text }) => text);

describe('two texts', () => {
  test('only what differs is removed and added, with context around it', () => {
    const rows = diffTexts('a\nb\nc\nd\ne\n', 'a\nb\nX\nd\ne\n', 10);
    expect(shown(rows)).toEqual([' a', ' b', '-c', '+X', ' d', ' e']);
    expect(rows.map(({ number }) => number)).toEqual([10, 11, 12, 12, 13, 14]);
  });

  test('far context is left out', () => {
    const long = Array.from({ length: 40 }, (_, at) => `line ${at}`);
    const rows = diffTexts(long.join('\n'), long.with(20, 'new').join('\n'));
    expect(rows).toHaveLength(8);
  });

  test('each side can be put together again from the rows', () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 48271) % 2147483647;
      return seed % below;
    };
    for (let round = 0; round < 200; round += 1) {
      const text = () => Array.from({ length: 1 + random(5) }, () => 'abc'[random(3)] ?? '');
      const [before, after] = [text(), text()];
      const rows = diffTexts(before.join('\n'), after.join('\n'));
      expect(side(rows, '+').slice(-before.length)).toEqual(before.slice(-side(rows, '+').length));
      expect(side(rows, '-').slice(-after.length)).toEqual(after.slice(-side(rows, '-').length));
      const kept = rows.filter(({ sign }) => sign === ' ').length;
      expect(kept + changes(rows).removed).toBeLessThanOrEqual(before.length);
    }
  });

  test('a new file is all added', () => {
    expect(shown(diffTexts('', 'a\nb\n', 1))).toEqual(['+a', '+b']);
  });

  test('huge texts are not compared line by line', () => {
    const many = (word: string) => Array.from({ length: 3000 }, (_, at) => `${word} ${at}`).join('\n');
    expect(changes(diffTexts(many('a'), many('b')))).toEqual({ added: 3000, removed: 3000 });
  });
});

test('words that changed are marked on both sides', () => {
  const [before, after] = wordMarks('let now = Instant::now();', 'let now = self.clock.tick();');
  expect(before.length).toBeGreaterThan(0);
  expect(after.length).toBeGreaterThan(0);
  expect(before.every(([from, to]) => from < to && to <= 25)).toBe(true);
  expect(wordMarks('same', 'same')).toEqual([[], []]);
  expect(wordMarks('quite one thing', 'zzzz 123456789 xxxxxx')).toEqual([[], []]);
});

test('hunks keep their numbers and are set apart', () => {
  const rows = diffHunks([
    { oldStart: 41, newStart: 41, lines: [' fn take()', '-  a', '+  b', '+  c', '\\ No newline'] },
    { oldStart: 90, newStart: 91, lines: ['-x'] },
  ]);
  expect(rows.map(({ sign, number }) => [sign, number])).toEqual([
    [' ', 41],
    ['-', 42],
    ['+', 42],
    ['+', 43],
    ['@', null],
    ['-', 90],
  ]);
});

test('a unified diff and a patch of several files', () => {
  expect(shown(diffUnified('@@ -1 +1,2 @@\n-a\n+b\n+c\n'))).toEqual(['-a', '+b', '+c']);
  const files = patchFiles(
    '*** Begin Patch\n*** Update File: src/a.ts\n@@\n-a\n+b\n*** Add File: b.ts\n+new\n*** End Patch',
  );
  expect(files.map(({ path, rows }) => [path, shown(rows)])).toEqual([
    ['src/a.ts', ['-a', '+b']],
    ['b.ts', ['+new']],
  ]);
});
