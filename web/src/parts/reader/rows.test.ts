import { expect, test } from 'vitest';

import { Lines } from '../../wire/lines';
import type { Entry, EntryBlock } from '../../wire/types.gen';
import { outcomeOf } from './calls';
import { rowFor, rowsOf, type Shown } from './rows';

const ALL: Shown = { thinking: true, tools: true, subagents: true, records: false };

function entry(line: number, blocks: EntryBlock[], more: Partial<Entry> = {}): Entry {
  return {
    transcript_id: 't',
    line,
    offset: line * 10,
    bytes: 10,
    type: 'assistant',
    class: 'conversation',
    role: 'assistant',
    uuid: `u${line}`,
    time: null,
    preview: '',
    preview_cut: false,
    blocks,
    ...more,
  };
}
const text = (words: string): EntryBlock => ({ type: 'text', text: words, cut: false });
const use = (id: string, name = 'Bash'): EntryBlock => ({
  type: 'tool_use',
  id,
  name,
  input: {},
  cut: false,
});
const result = (id: string, words = 'ok', is_error = false): EntryBlock => ({
  type: 'tool_result',
  tool_use_id: id,
  is_error,
  text: words,
  detail: null,
  cut: false,
  subagent_id: null,
  permission: null,
});

function rows(entries: Entry[], shown: Partial<Shown> = {}, first = 0) {
  const lines = new Lines([{ transcript: 't', from: 0, lines: 1000 }]);
  return rowsOf({ entries, first, lines, seams: [], turns: new Map(), shown: { ...ALL, ...shown } });
}

test('an outcome stands with its use, in whatever order several come', () => {
  const made = rows([
    entry(0, [use('a')]),
    entry(1, [use('b')]),
    entry(2, [result('b', 'B')]),
    entry(3, [result('a', 'A')]),
  ]);
  expect(made.rows.map(({ index }) => index)).toEqual([0, 1]);
  expect(outcomeOf(made.calls.get('a') ?? { outcomes: [] })?.text).toBe('A');
  expect(outcomeOf(made.calls.get('b') ?? { outcomes: [] })?.text).toBe('B');
  expect(rowFor(made, 3)).toBe(0);
  expect(rowFor(made, 2)).toBe(1);
});

test('an outcome whose use is not held is shown by itself, and joins when the use comes', () => {
  const later = [entry(5, [result('a')]), entry(6, [text('done')])];
  expect(rows(later, {}, 5).rows.map(({ index }) => index)).toEqual([5, 6]);
  expect(rows([entry(4, [use('a')]), ...later], {}, 4).rows.map(({ index }) => index)).toEqual([4, 6]);
});

test('two lines that tell of one outcome are one', () => {
  const made = rows([
    entry(0, [use('a')]),
    entry(1, [result('a', '')]),
    entry(2, [result('a', 'failed', true)]),
  ]);
  const outcome = outcomeOf(made.calls.get('a') ?? { outcomes: [] });
  expect(outcome?.text).toBe('failed');
  expect(outcome?.is_error).toBe(true);
});

test('a call that has not changed stays the same object', () => {
  const entries = [entry(0, [use('a')]), entry(1, [result('a')])];
  const before = rows(entries);
  const lines = new Lines([]);
  const after = rowsOf({
    entries: [...entries, entry(2, [text('x')])],
    first: 0,
    lines,
    seams: [],
    turns: new Map(),
    shown: ALL,
    calls: before.calls,
  });
  expect(after.calls.get('a')).toBe(before.calls.get('a'));
});

test('a line that grew is shown once, as it is now', () => {
  const made = rows([entry(0, [text('a')], { uuid: 'm' }), entry(1, [text('a b')], { uuid: 'm' })]);
  expect(made.rows.map(({ entry: { line } }) => line)).toEqual([1]);
});

test('records are hidden until asked for; unreadable lines never', () => {
  const entries = [
    entry(0, [], { class: 'bookkeeping', role: null }),
    entry(1, [], { class: 'unreadable', role: null }),
    entry(2, [text('hello')]),
  ];
  expect(rows(entries).rows.map(({ index }) => index)).toEqual([1, 2]);
  expect(rows(entries, { records: true }).rows.map(({ index }) => index)).toEqual([0, 1, 2]);
});

test('what is switched off is left out', () => {
  const entries = [
    entry(0, [{ type: 'thinking', text: 'hm', cut: false, duration_ms: 10 }]),
    entry(1, [use('a')]),
    entry(2, [use('s', 'Agent')]),
    entry(3, [text('said')]),
  ];
  const shown = (what: Partial<Shown>) => rows(entries, what).rows.map(({ index }) => index);
  expect(shown({ thinking: false })).toEqual([1, 2, 3]);
  expect(shown({ tools: false })).toEqual([0, 2, 3]);
  expect(shown({ subagents: false })).toEqual([0, 1, 3]);
});

test('a hidden line leads to the row after it, one past the end to the last', () => {
  const made = rows([entry(0, [text('a')]), entry(1, [], { class: 'bookkeeping' }), entry(2, [text('b')])]);
  expect(rowFor(made, 1)).toBe(1);
  expect(rowFor(made, 99)).toBe(1);
});
