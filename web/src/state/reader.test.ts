import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { reading as wire, type EntriesQuery } from '../wire/reader';
import type { Entry, LiveMessage, Session, Transcript } from '../wire/types.gen';
import { Reading } from './reader.svelte';

const MANY = 50_000;
let total = MANY;
let asked: EntriesQuery[] = [];

const entry = (line: number) =>
  ({ transcript_id: 't', line, bytes: 100, blocks: [], class: 'conversation' }) as unknown as Entry;
const file = (lines: number) => ({ id: 't', kind: 'main', lines }) as Transcript;
const message = (lines: number) =>
  ({
    topic: 's',
    revision: 1,
    update: { session: { id: 's', transcripts: [file(lines)] } as unknown as Session },
  }) as LiveMessage;

/** A page as the aggregator answers it. */
function page(query: EntriesQuery): Entry[] {
  const line = (place: string | undefined) => Number(place?.split(':')[1] ?? NaN);
  const half = query.limit / 2;
  let [from, to] = [0, query.limit];
  if (query.after) [from, to] = [line(query.after) + 1, line(query.after) + 1 + query.limit];
  if (query.before) [from, to] = [line(query.before) - query.limit, line(query.before)];
  if (query.around) [from, to] = [line(query.around) - half, line(query.around) + half];
  [from, to] = [Math.max(0, from), Math.min(total, to)];
  return Array.from({ length: Math.max(0, to - from) }, (_, at) => entry(from + at));
}

beforeEach(() => {
  total = MANY;
  asked = [];
  vi.spyOn(wire, 'seams').mockResolvedValue([]);
  vi.spyOn(wire, 'entries').mockImplementation((_, query) => {
    asked.push(query);
    return Promise.resolve({ items: page(query), next_cursor: null });
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

async function opened(start: 'start' | 'end' = 'start'): Promise<Reading> {
  const it = new Reading('s', null, start);
  it.receive([message(total)]);
  await vi.waitUntil(() => it.ready);
  return it;
}

const span = (it: Reading) => [it.entries[0]?.line, it.entries.at(-1)?.line];

test('opening takes one page, at the start or at the end', async () => {
  const start = await opened();
  expect(asked).toHaveLength(1);
  expect(start.first).toBe(0);
  asked = [];
  const end = await opened('end');
  expect(asked).toHaveLength(1);
  expect(end.atEnd).toBe(true);
  expect(end.end).toBe(MANY);
});

test('a jump anywhere takes one request; where the window is, none', async () => {
  const it = await opened();
  asked = [];
  await it.jump(31_234);
  expect(asked).toHaveLength(1);
  expect(it.first).toBeLessThanOrEqual(31_234);
  expect(it.end).toBeGreaterThan(31_234);
  await it.jump(31_200);
  expect(asked).toHaveLength(1);
});

test('reading on to the end never holds more than its bound, and skips nothing', async () => {
  const it = await opened();
  let last = it.end;
  for (let step = 0; step < 60; step += 1) {
    await it.loadAfter();
    expect(it.entries.length).toBeLessThanOrEqual(1600);
    expect(it.end).toBeGreaterThanOrEqual(last);
    expect(span(it)).toEqual([it.first, it.end - 1]);
    last = it.end;
  }
  expect(last).toBeGreaterThan(10_000);
});

test('reading back joins without a gap', async () => {
  const it = await opened('end');
  for (let step = 0; step < 30; step += 1) await it.loadBefore();
  expect(span(it)).toEqual([it.first, it.end - 1]);
  expect(it.entries.length).toBeLessThanOrEqual(1600);
});

test('heavy lines are dropped by their weight', async () => {
  const it = await opened();
  vi.mocked(wire.entries).mockImplementation((_, query) => {
    const items = page(query).map(
      (one) => ({ ...one, bytes: 500_000, blocks: [{ type: 'text', text: '', cut: false }] }) as Entry,
    );
    return Promise.resolve({ items, next_cursor: null });
  });
  for (let step = 0; step < 12; step += 1) await it.loadAfter();
  expect(it.entries.length).toBeLessThanOrEqual(400);
});

test('who is at the end goes along with it; who is elsewhere stays', async () => {
  const end = await opened('end');
  const start = await opened();
  total += 3;
  end.receive([message(total)]);
  start.receive([message(total)]);
  await vi.waitUntil(() => end.end === total);
  expect(start.end).toBeLessThan(1000);
  expect(start.lines.total).toBe(total);
});

const told = (...entries: Entry[]) => [{ topic: 's', revision: 2, update: { entries } }];

test('appended lines that carry their content are shown at once, and not asked for', async () => {
  const it = await opened('end');
  asked = [];
  it.receive(told(entry(MANY - 1), entry(MANY), entry(MANY + 1)));
  expect([it.end, it.atEnd, it.lines.total]).toEqual([MANY + 2, true, MANY + 2]);
  expect(span(it)).toEqual([it.first, MANY + 1]);
  it.receive([message(MANY + 2)]);
  expect(asked).toEqual([]);
});

test('from a gap on appended lines are asked for', async () => {
  const it = await opened('end');
  total += 4;
  asked = [];
  it.receive(told(entry(MANY), entry(MANY + 2), entry(MANY + 3)));
  expect(it.end).toBe(MANY + 1);
  await vi.waitUntil(() => it.end === total);
  expect(asked.map(({ after }) => after)).toEqual([`t:${MANY}`]);
  expect(span(it)).toEqual([it.first, total - 1]);
});

test('what is told while a page is on its way stands there once', async () => {
  const it = await opened('end');
  total += 1;
  it.receive(told({ ...entry(MANY), blocks: undefined } as unknown as Entry));
  expect(it.loading).toBe('after');
  total += 1;
  it.receive(told(entry(MANY), entry(MANY + 1)));
  await vi.waitUntil(() => it.atEnd && it.loading === null);
  expect([it.end, ...span(it)]).toEqual([total, it.first, total - 1]);
});

test('who reads elsewhere is not moved by appended lines', async () => {
  const it = await opened();
  const before = span(it);
  it.receive(told(entry(MANY)));
  expect([...span(it), it.lines.total]).toEqual([...before, MANY + 1]);
});

test('an appended line is asked for before the session tells of it', async () => {
  const it = await opened('end');
  total += 1;
  const long = { ...entry(total - 1), blocks: undefined } as unknown as Entry;
  const update = { entries: [long] };
  it.receive([{ topic: 's', revision: 2, update }]);
  await vi.waitUntil(() => it.end === total);
  it.receive([message(total - 1)]);
  expect(it.lines.total).toBe(total);
  expect(it.atEnd).toBe(true);
});

test('numbers that are ahead of what can be read are asked for again', async () => {
  const it = await opened('end');
  it.receive([message(total + 2)]);
  await vi.waitUntil(() => it.loading === null);
  expect(it.end).toBe(MANY);
  total += 2;
  it.receive([message(total)]);
  await vi.waitUntil(() => it.end === total);
});

test('a jump overtakes a page that is still on its way', async () => {
  const it = await opened();
  let free: () => void = () => undefined;
  vi.mocked(wire.entries).mockImplementationOnce(
    (_, query) => new Promise((done) => (free = () => done({ items: page(query), next_cursor: null }))),
  );
  const slow = it.loadAfter();
  await it.jump(40_000);
  free();
  await slow;
  expect(it.first).toBeGreaterThan(39_000);
  expect(it.loading).toBeNull();
});

test('a failure is told and can be tried again', async () => {
  vi.mocked(wire.entries).mockRejectedValueOnce(new Error('away'));
  const it = await opened();
  expect(it.problem).toContain('away');
  await it.again();
  expect(it.problem).toBeNull();
  expect(it.entries.length).toBeGreaterThan(0);
});

test('a session that is deleted while it is read leaves nothing on the page, and may come back', async () => {
  const it = await opened();
  const deleted = { by: 'ann', at: '2026-11-21T12:00:00Z' };
  const late = it.loadAfter();
  it.receive([{ topic: 's', revision: 2, update: { deleted } }]);
  await late;
  expect([it.deleted, it.session, it.entries.length, it.lines.total, it.problem]).toEqual([
    deleted,
    null,
    0,
    0,
    null,
  ]);
  total = 3;
  it.receive([message(3)]);
  await vi.waitUntil(() => it.ready);
  expect([it.deleted, it.entries.length, it.atEnd]).toEqual([null, 3, true]);
});

test('a session that was deleted before says so', () => {
  const it = new Reading('s', null, 'start');
  const deleted = { by: 'system', at: '2026-11-21T12:00:00Z' };
  it.receive([{ topic: 's', revision: 1, snapshot: { deleted } }]);
  expect([it.deleted, it.problem]).toEqual([deleted, null]);
});
