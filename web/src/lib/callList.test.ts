import { expect, test } from 'vitest';

import { barOf, callLines, joinNewest, joinOlder, renewed, tookOf, type CallLike } from './callList';

const call = (id: string, more: Partial<CallLike> = {}): CallLike => ({
  id,
  name: 'Bash',
  is_error: false,
  subagent_id: null,
  ...more,
});
const ids = (calls: readonly CallLike[]) => calls.map(({ id }) => id).join('');

test('a newest page that meets what is known goes in front of it', () => {
  const known = [call('c', { is_error: null }), call('b'), call('a')];
  const { calls, anew } = joinNewest(known, [call('d'), call('c')], true);
  expect([ids(calls), anew]).toEqual(['dcba', false]);
  expect(calls[1]?.is_error).toBe(false);
});

test('a newest page that does not meet it begins anew, unless there is nothing older', () => {
  expect(joinNewest([call('a')], [call('z')], true)).toMatchObject({ anew: true, calls: [{ id: 'z' }] });
  expect(ids(joinNewest([call('a')], [call('z')], false).calls)).toBe('za');
});

test('older pages go behind, and nothing stands twice', () => {
  expect(ids(joinOlder([call('c'), call('b')], [call('b'), call('a')]))).toBe('cba');
  expect(renewed([call('a', { is_error: null })], [call('a'), call('x')])).toEqual([call('a')]);
});

test('what runs is pinned above and stands nowhere else', () => {
  const running = [call('b', { is_error: null })];
  const lines = callLines(running, [call('c'), ...running, call('a')], false);
  expect(lines.map(({ key }) => key)).toEqual(['b', 'c', 'a']);
  expect(lines[0]).toMatchObject({ pinned: true });
});

test('groups are by who called, each with its sums', () => {
  const calls = [call('c', { subagent_id: 's', is_error: true }), call('b'), call('a', { subagent_id: 's' })];
  const lines = callLines([], calls, true);
  expect(lines.map(({ key }) => key)).toEqual(['group:s', 'c', 'a', 'group:', 'b']);
  expect(lines[0]).toMatchObject({ calls: 2, errors: 1 });
});

test('bars lie within the last two minutes', () => {
  const now = 1_000_000;
  expect(barOf(now - 60_000, 30_000, now, 120_000)).toEqual({ from: 0.5, to: 0.75 });
  expect(barOf(now - 240_000, null, now, 120_000)).toEqual({ from: 0, to: 1 });
  expect(barOf(now - 240_000, 1000, now, 120_000)).toBeNull();
  expect(barOf(null, 1000, now, 120_000)).toBeNull();
});

test('durations are short', () => {
  expect([12, 200, 6_400, 48_000].map((ms) => tookOf(ms))).toEqual(['0.01 s', '0.2 s', '6.4 s', '48 s']);
  expect([82_000, 4_925_000].map((ms) => tookOf(ms))).toEqual(['1:22', '1:22:05']);
});
