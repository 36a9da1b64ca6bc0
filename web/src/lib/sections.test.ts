import { expect, test } from 'vitest';

import { hold, order, type Placed } from './sections';

const NOON = new Date(2026, 10, 21, 12).getTime();
const HOUR = 3_600_000;

function placed(id: string, lastActivity: number | null, activeSince: number | null = null): Placed {
  return { id, lastActivity, activeSince };
}

test('sessions stand by what is going on, then by when it was', () => {
  const sessions = [
    placed('yesterday', NOON - 20 * HOUR),
    placed('morning', NOON - 3 * HOUR),
    placed('busy', NOON, NOON - 500),
    placed('lunch', NOON - HOUR),
    placed('never', null),
  ];
  expect(order(sessions, NOON)).toEqual({
    active: ['busy'],
    today: ['lunch', 'morning'],
    earlier: ['yesterday', 'never'],
  });
});

test('active sessions do not change places with every append', () => {
  const first = [placed('a', NOON, NOON - 2000), placed('b', NOON - 900, NOON - 1000)];
  const second = [placed('a', NOON, NOON - 2000), placed('b', NOON + 900, NOON - 1000)];
  expect(order(first, NOON).active).toEqual(order(second, NOON).active);
});

test('a held order keeps its rows, drops the gone and counts the new', () => {
  const held = { active: ['a', 'b'], today: ['c'], earlier: [] };
  const fresh = { active: ['d', 'c', 'a'], today: [], earlier: [] };
  expect(hold(held, fresh)).toEqual({ order: { active: ['a'], today: ['c'], earlier: [] }, waiting: 1 });
});
