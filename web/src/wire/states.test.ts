import { expect, test } from 'vitest';

import { doing } from './testing';
import { chipText, needOf, otherAlarms, sentence, testimony } from './states';
import type { RunningCall } from './types.gen';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const ago = (seconds: number) => NOW - 1000 * seconds;
const at = (seconds: number) => new Date(ago(seconds)).toISOString();
const call = (name: string, seconds: number, subagent: string | null = null): RunningCall => ({
  id: name,
  name,
  about: null,
  started_at: at(seconds),
  subagent_id: subagent,
});

test('a permission asks in its own words, with the tool apart', () => {
  const reason = 'permission for Bash: psql -f 0042_webhooks.sql';
  const need = needOf(doing('s', 'needs_permission', ago(240), { reason }));
  expect(need).toMatchObject({ tool: 'Bash', ask: 'psql -f 0042_webhooks.sql', rank: 0, since: ago(240) });
  const bare = doing('s', 'needs_permission', ago(1), {
    reason: 'permission for Edit',
    running: [{ ...call('Edit', 2), about: 'src/lib.rs' }],
  });
  expect(needOf(bare)).toMatchObject({ tool: 'Edit', ask: 'src/lib.rs' });
  const plain = doing('s', 'needs_permission', ago(1), { reason: 'permission prompt' });
  expect(needOf(plain)).toMatchObject({ tool: null, ask: 'permission prompt' });
});

test('a limit says when it ends, and a loop needs someone while its session works', () => {
  const limit = doing('s', 'failed', ago(60), {
    reason: "You've hit your 5-hour limit · resets 6:40pm (UTC)",
    limit_resets_at: '2026-11-21T18:40:00Z',
  });
  expect(needOf(limit)?.ask).toMatch(/^You've hit your 5-hour limit · resets \d\d:40$/);
  const alarms = [
    { kind: 'context' as const, since: at(30), text: '86 % of 200k' },
    { kind: 'loop' as const, since: at(9), text: 'same linker error, 6 times' },
  ];
  const loop = doing('s', 'working', ago(900), { alarms });
  expect(needOf(loop)).toMatchObject({
    kind: 'loop',
    ask: 'same linker error, 6 times',
    since: ago(9),
    rank: 3,
  });
  expect(otherAlarms(loop).map(({ kind }) => kind)).toEqual(['context']);
});

test('who works, has yielded or ended needs nobody', () => {
  for (const turn of ['working', 'your_turn', 'done', 'unknown'] as const) {
    expect(needOf(doing('s', turn, ago(5)))).toBeNull();
  }
});

test('a working session is named after the oldest call of its own, else its subagents, else the reason', () => {
  const running = [call('Read', 90, 'sub'), call('Bash', 48), call('Grep', 3)];
  const working = doing('s', 'working', ago(100), { running, reason: 'Bash' });
  expect(chipText(working, NOW)).toBe('Bash 0:48');
  const background = { subagents: 2, shells: 0 };
  expect(chipText({ ...working, running: running.slice(0, 1), background }, NOW)).toBe('2 subagents');
  expect(chipText({ ...working, running: [], reason: 'thinking' }, NOW)).toBe('thinking');
  expect(chipText(doing('s', 'your_turn', ago(3)), NOW)).toBe('your turn');
});

test('the sentence names source and age, and every source is heard', () => {
  const state = doing('s', 'needs_permission', ago(4), { reason: 'permission for Bash', source: 'hook' });
  expect(sentence(state, NOW)).toBe('waiting · permission for Bash · hook, 4 s ago');
  const sources = [
    { source: 'registry' as const, turn: 'working' as const, says: 'busy', at: at(0) },
    { source: 'heartbeat' as const, turn: null, says: 'online', at: at(120) },
  ];
  expect(testimony({ ...state, sources }, NOW)).toEqual([
    { who: 'registry, now', says: 'busy' },
    { who: 'link, 2 m ago', says: 'online' },
  ]);
});
