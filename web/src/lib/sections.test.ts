import { expect, test } from 'vitest';

import { arrange, hold, rowsOf, type Block, type Placed, type SectionName } from './sections';

function placed(id: string, section: SectionName, since: number, change: Partial<Placed> = {}): Placed {
  return { id, section, since, rank: 0, group: null, ...change };
}
const block = (key: SectionName, ...ids: string[]): Block => ({ key, name: key, section: key, ids });
const order = (blocks: readonly Block[]) => blocks.map(({ key, ids }) => `${key}: ${ids.join(' ')}`);

test('needs stand first: what blocks, then who waits longest; the others by when they came', () => {
  const sessions = [
    placed('old', 'recent', 1),
    placed('loop', 'needs', 10, { rank: 3 }),
    placed('question', 'needs', 50, { rank: 1 }),
    placed('fresh permission', 'needs', 90),
    placed('old permission', 'needs', 20),
    placed('yours', 'yours', 60),
    placed('began first', 'working', 5),
    placed('began last', 'working', 70),
    placed('new', 'recent', 2),
  ];
  expect(order(arrange(sessions))).toEqual([
    'needs: old permission fresh permission question loop',
    'working: began last began first',
    'yours: yours',
    'recent: new old',
  ]);
});

test('many sessions of all sections are in order, however they come', () => {
  const names: SectionName[] = ['recent', 'needs', 'working', 'yours'];
  const sessions = Array.from({ length: 400 }, (_, i) =>
    placed(`s${i}`, names[(i * 7) % 4] ?? 'recent', (i * 7919) % 1009, { rank: 0 }),
  );
  const since = new Map(sessions.map((one) => [one.id, one.since]));
  for (const { section, ids } of arrange(sessions)) {
    const times = ids.map((id) => since.get(id) ?? 0);
    expect(times).toEqual([...times].sort((a, b) => (section === 'needs' ? a - b : b - a)));
  }
});

test('groups stand by name behind the needs, each in the order of the sections', () => {
  const on = (name: string) => ({ group: { key: `id-${name}`, name } });
  const sessions = [
    placed('recent on web', 'recent', 9, on('web')),
    placed('working on web', 'working', 1, on('web')),
    placed('yours on api', 'yours', 5, on('api')),
    placed('needs on web', 'needs', 5, on('web')),
  ];
  expect(order(arrange(sessions))).toEqual([
    'needs: needs on web',
    'group:id-api: yours on api',
    'group:id-web: working on web recent on web',
  ]);
});

test('a held order keeps its rows, drops the gone, counts the new and the moved', () => {
  const held = [block('working', 'a', 'b'), block('yours', 'c'), block('recent', 'e')];
  const fresh = [block('needs', 'd', 'c'), block('working', 'a'), block('recent', 'e')];
  const { blocks, waiting, moved } = hold(held, fresh);
  expect(order(blocks)).toEqual(['working: a', 'yours: c', 'recent: e']);
  expect({ waiting, moved }).toEqual({ waiting: 1, moved: 1 });
  expect(rowsOf(blocks)).toEqual(['a', 'c', 'e']);
});
