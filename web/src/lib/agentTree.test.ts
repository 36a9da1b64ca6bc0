import { expect, test } from 'vitest';

import { planOf } from './agentPlan';
import { agentTree, MOST_DONE, walk, type AgentLike } from './agentTree';

const agent = (id: string, parent_id: string | null, more: Partial<AgentLike> = {}): AgentLike => ({
  id,
  parent_id,
  state: 'running',
  tokens: 10,
  orphan: false,
  looping: null,
  ...more,
});
const NONE = new Set<string>();
const keys = (items: readonly { key: string }[]) => items.map(({ key }) => key);
const MEASURES = { first: 140, other: 154, height: 44, gap: 32, row: 52 };

test('the tree is walked depth first, each with its place', () => {
  const items = agentTree([agent('', null), agent('a', ''), agent('b', ''), agent('aa', 'a')], NONE);
  expect(keys(items)).toEqual(['a:', 'a:a', 'a:aa', 'a:b']);
  expect(items[2]).toMatchObject({ depth: 2, parent: 'a:a', place: 1, of: 1 });
  expect(items[3]).toMatchObject({ depth: 1, place: 2, of: 2 });
});

test('orphans, unknown parents and circles hang on the session, each once', () => {
  const agents = [
    agent('', null),
    agent('lost', null, { orphan: true }),
    agent('strange', 'nobody knows'),
    agent('x', 'y'),
    agent('y', 'x'),
  ];
  const items = agentTree(agents, NONE);
  expect(keys(items).sort()).toEqual(['a:', 'a:lost', 'a:strange', 'a:x', 'a:y']);
  expect(items.every(({ parent, key }) => parent !== null || key === 'a:')).toBe(true);
});

test('many that are done become a count, which unfolds', () => {
  const done = Array.from({ length: MOST_DONE + 3 }, (_, at) => agent(`d${at}`, '', { state: 'done' }));
  const agents = [agent('', null), ...done, agent('r', ''), agent('f', '', { state: 'failed' })];
  const folded = agentTree(agents, NONE);
  expect(keys(folded)).toEqual(['a:', 'd:', 'a:r', 'a:f']);
  expect(folded[1]).toMatchObject({ kind: 'done', count: MOST_DONE + 3, tokens: 10 * (MOST_DONE + 3) });
  expect(agentTree(agents, new Set([''])).length).toBe(agents.length + 1);
});

test('whole branches that are done are counted with all that is in them', () => {
  const pairs = Array.from({ length: 5 }, (_, at) => [
    agent(`p${at}`, '', { state: 'done' }),
    agent(`c${at}`, `p${at}`, { state: 'done' }),
  ]);
  const lively = [agent('q', '', { state: 'done' }), agent('r', 'q')];
  const items = agentTree([agent('', null), ...pairs.flat(), ...lively], NONE);
  expect(keys(items)).toEqual(['a:', 'd:', 'a:q', 'a:r']);
  expect(items[1]).toMatchObject({ count: 10, tokens: 100 });
});

test('a few that are done, and loops, stay', () => {
  const few = Array.from({ length: MOST_DONE }, (_, at) => agent(`d${at}`, '', { state: 'done' }));
  const loop = agent('l', '', { state: 'done', looping: 'Bash 9 times' });
  const items = agentTree([agent('', null), ...few, loop], NONE);
  expect(items.some(({ kind }) => kind === 'done')).toBe(false);
});

test('nobody stands on another, and parents in the middle of their own', () => {
  const agents = [agent('', null), agent('a', ''), agent('b', ''), agent('c', ''), agent('bb', 'b')];
  const { spots, curves, width, height } = planOf(agentTree(agents, NONE), MEASURES);
  expect([...spots.values()].map(({ x, y }) => [x, y])).toEqual([
    [0, 52],
    [172, 0],
    [172, 52],
    [358, 52],
    [172, 104],
  ]);
  expect([width, height]).toEqual([512, 148]);
  expect(curves).toHaveLength(4);
  expect(planOf([], MEASURES)).toMatchObject({ width: 0, height: 0 });
});

test('a thousand agents, and a chain of as many, are laid out', () => {
  const wide = Array.from({ length: 1000 }, (_, at) => agent(`w${at}`, ''));
  const chain = Array.from({ length: 1000 }, (_, at) => agent(`c${at}`, at === 0 ? '' : `c${at - 1}`));
  const { spots } = planOf(agentTree([agent('', null), ...wide, ...chain], NONE), MEASURES);
  const places = new Set([...spots.values()].map(({ x, y }) => `${x}:${y}`));
  expect(places.size).toBe(2001);
});

test('arrows walk the tree', () => {
  const items = agentTree([agent('', null), agent('a', ''), agent('aa', 'a'), agent('b', '')], NONE);
  expect(walk(items, 'a:', 'ArrowRight')).toBe('a:a');
  expect(walk(items, 'a:aa', 'ArrowDown')).toBe('a:b');
  expect(walk(items, 'a:b', 'ArrowLeft')).toBe('a:');
  expect(walk(items, 'a:', 'ArrowUp')).toBeNull();
  expect(walk(items, 'a:', 'End')).toBe('a:b');
  expect(walk(items, 'gone', 'ArrowDown')).toBe('a:');
});
