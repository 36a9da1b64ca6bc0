import { expect, test } from 'vitest';

import { decide, isQuiet, nextDue, minuteOf, type Reason, type Rules } from './notices';

const NOW = new Date(2026, 10, 21, 12).getTime();
const RULES: Rules = {
  enabled: true,
  turns: ['needs_permission', 'failed'],
  alarms: ['loop'],
  projects: [],
  dwell_seconds: 5,
  quiet_from: null,
  quiet_to: null,
};

function reason(kind: string, change: Partial<Reason> = {}): Reason {
  const alarm = ['loop', 'context'].includes(kind);
  return { key: `s ${kind}`, session: 's', kind, alarm, project: 'p', since: NOW - 6000, ...change };
}
const shown = (rules: Rules, reasons: Reason[], told = new Map<string, number>()) =>
  decide(rules, reasons, told, NOW).show.map(({ kind }) => kind);

test('only wanted reasons are told, and only those that last', () => {
  const all = ['needs_permission', 'needs_answer', 'failed', 'loop', 'context'].map((kind) => reason(kind));
  expect(shown(RULES, all)).toEqual(['needs_permission', 'failed', 'loop']);
  expect(shown(RULES, [reason('failed', { since: NOW - 4999 })])).toEqual([]);
  expect(shown(RULES, [reason('failed', { since: NOW - 5000 })])).toEqual(['failed']);
  expect(shown({ ...RULES, enabled: false }, all)).toEqual([]);
});

test('projects narrow down, and a session of none is left out', () => {
  const rules = { ...RULES, projects: ['p'] };
  expect(shown(rules, [reason('failed'), reason('failed', { key: 'x', project: null })])).toEqual(['failed']);
  expect(shown({ ...RULES, projects: ['q'] }, [reason('failed')])).toEqual([]);
});

test('nothing is told twice, what is answered closes, what comes back is told anew', () => {
  const standing = reason('failed');
  const told = new Map([[standing.key, standing.since]]);
  expect(decide(RULES, [standing], told, NOW)).toEqual({ show: [], close: [] });
  expect(decide(RULES, [], told, NOW)).toEqual({ show: [], close: [standing.key] });
  const again = { ...standing, since: NOW - 5500 };
  expect(decide(RULES, [again], told, NOW)).toEqual({ show: [again], close: [standing.key] });
});

test('the next one is due when it has lasted', () => {
  const reasons = [reason('failed', { since: NOW - 1000 }), reason('loop', { since: NOW - 3000 })];
  expect(nextDue(RULES, reasons, NOW)).toBe(NOW + 2000);
  expect(nextDue(RULES, [reason('context', { since: NOW }), reason('failed')], NOW)).toBeNull();
});

test('quiet hours may span midnight; what is answered in them still closes', () => {
  const night = { ...RULES, quiet_from: 22 * 60, quiet_to: 7 * 60 };
  expect([21, 22, 23, 0, 6, 7].map((hour) => isQuiet(night, hour * 60))).toEqual([
    false,
    true,
    true,
    true,
    true,
    false,
  ]);
  const noon = minuteOf(NOW);
  const lunch = { ...RULES, quiet_from: noon, quiet_to: noon + 30 };
  expect(shown(lunch, [reason('failed')])).toEqual([]);
  expect(decide(lunch, [], new Map([['s failed', 1]]), NOW).close).toEqual(['s failed']);
  expect(isQuiet({ ...RULES, quiet_from: 60, quiet_to: 60 }, 60)).toBe(false);
});
