import { searchParams } from 'sv-router';
import { beforeEach, expect, test } from 'vitest';

import { doing, host, row } from '../wire/testing';
import { Filters } from './filters.svelte';
import { Fleet } from './fleet.svelte';
import { Lineup, place } from './lineup.svelte';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const MINUTE = 60_000;

beforeEach(() => {
  for (const name of [...searchParams.keys()]) searchParams.delete(name);
});

function team(): { fleet: Fleet; filters: Filters; lineup: Lineup } {
  const fleet = new Fleet();
  const filters = new Filters();
  const sessions = [
    row('asks', NOW - 9 * MINUTE, { host_ids: ['h2'], title: 'Migrate billing' }),
    row('works', NOW, { coder: 'codex', project_id: 'p2', project_path: '/home/ann/shop' }),
    row('waits', NOW - 3 * MINUTE, { branch: 'feat/adr-17' }),
    row('writes', NOW - 2000),
    row('over', NOW - 90 * MINUTE),
  ];
  const states = [
    doing('asks', 'needs_permission', NOW - 4 * MINUTE),
    doing('works', 'working', NOW - MINUTE),
    doing('waits', 'your_turn', NOW - 3 * MINUTE),
  ];
  const snapshot = { hosts: [host('h1', { name: 'mac' }), host('h2', { name: 'vm-api' })], sessions, states };
  fleet.receive([{ topic: 'fleet', revision: 1, snapshot }], NOW);
  return { fleet, filters, lineup: new Lineup(() => fleet, filters) };
}

const shown = ({ lineup }: { lineup: Lineup }) =>
  lineup.blocks.map(({ name, ids }) => `${name}: ${ids.join(' ')}`);

test('sessions stand where their state puts them, and by their appends where nobody says', () => {
  const all = team();
  expect(shown(all)).toEqual([
    'Needs you: asks',
    'Working: writes works',
    'Your turn: waits',
    'Recent: over',
  ]);
  expect(all.lineup.counts).toEqual({ needs: 1, working: 2, yours: 1, recent: 1 });
});

test('what is done does not work, however lately it wrote; what is unclear and silent is recent', () => {
  const session = row('s', NOW);
  const active = { active: NOW, working: null };
  expect(place(session, doing('s', 'done', NOW), active).section).toBe('recent');
  expect(place(session, doing('s', 'unknown', NOW), { ...active, active: null }).section).toBe('recent');
  expect(place(session, doing('s', 'unknown', NOW), active).section).toBe('working');
});

test('every filter stands in the address and narrows the list', () => {
  const all = team();
  const only = (change: () => void) => {
    all.filters.clear();
    change();
    return all.lineup.blocks.flatMap(({ ids }) => ids);
  };
  expect(only(() => all.filters.set('host', 'h2'))).toEqual(['asks']);
  expect(only(() => all.filters.set('project', 'p2'))).toEqual(['works']);
  expect(only(() => all.filters.only('yours'))).toEqual(['waits']);
  expect(only(() => all.filters.set('coder', 'codex'))).toEqual(['works']);
  expect(only(() => all.filters.type('billing vm-api'))).toEqual(['asks']);
  expect(only(() => all.filters.type('adr-17'))).toEqual(['waits']);
  expect(location.search).toBe('?q=adr-17');
});

test('a group comes behind the needs, by the name of the host', () => {
  const all = team();
  all.filters.groupBy('host');
  expect(shown(all)).toEqual(['Needs you: asks', 'mac: writes works waits over']);
});

test('the order is the same value until something changes its place', () => {
  const all = team();
  const before = all.lineup.blocks;
  const grown = row('works', NOW + 1000, { coder: 'codex', tokens: 9 });
  all.fleet.receive([{ topic: 'fleet', revision: 2, update: { sessions: [grown] } }], NOW + 1000);
  expect(all.lineup.blocks).toBe(before);
  const answered = doing('asks', 'working', NOW + 1000);
  all.fleet.receive([{ topic: 'fleet', revision: 3, update: { states: [answered] } }], NOW + 1000);
  expect(shown(all)[0]).toBe('Working: asks writes works');
});

test('a row that works turn after turn keeps its place; after a long pause it comes anew', () => {
  const all = team();
  const tell = (turn: 'working' | 'your_turn', at: number) =>
    all.fleet.receive(
      [
        {
          topic: 'fleet',
          revision: 9,
          update: { states: [doing('works', turn, at), doing('asks', 'working', NOW)] },
        },
      ],
      at,
    );
  tell('your_turn', NOW + 5000);
  tell('working', NOW + 8000);
  expect(shown(all)[0]).toBe('Working: asks writes works');
  tell('your_turn', NOW + 9000);
  tell('working', NOW + 90_000);
  expect(shown(all)[0]).toBe('Working: works asks writes');
});

test('a coder that has said nothing yet has no row that could be missed', () => {
  const { fleet } = team();
  const tell = (has_transcript: boolean) =>
    fleet.receive(
      [
        {
          topic: 'fleet',
          revision: 2,
          update: { states: [doing('started', 'your_turn', NOW, { has_transcript })] },
        },
      ],
      NOW,
    );
  tell(false);
  expect(fleet.missing).toEqual([]);
  tell(true);
  expect(fleet.missing).toEqual(['started']);
});

test('a coder that waits before it has written anything is listed, until its own row is there', () => {
  const { fleet, lineup } = team();
  const process = {
    key: '7-1',
    host_id: 'h1',
    pid: 7,
    started_at: new Date(NOW).toISOString(),
    cwd: '/srv/demo',
    terminal: null,
    tmux: null,
    kind: null,
    no_stop: null,
  };
  const waits = doing('claude-new', 'needs_permission', NOW, {
    has_transcript: false,
    processes: [process],
    reason: 'trust this folder?',
  });
  fleet.receive([{ topic: 'fleet', revision: 2, update: { states: [waits] } }], NOW);
  expect(fleet.rowOf('claude-new')).toMatchObject({
    coder: 'claude',
    host_ids: ['h1'],
    project_path: '/srv/demo',
  });
  expect(lineup.counts.needs).toBe(fleet.needs.length);
  expect(fleet.sessions.some(({ id }) => id === 'claude-new')).toBe(false);
  const own = row('claude-new', NOW, { title: 'Named' });
  fleet.receive([{ topic: 'fleet', revision: 3, update: { sessions: [own] } }], NOW);
  expect(fleet.begun).toEqual([]);
  expect(fleet.rowOf('claude-new')?.title).toBe('Named');
  expect(lineup.counts.needs).toBe(fleet.needs.length);
});

test('a living session that the snapshot left out is missed until its row is there, and then stays', () => {
  const { fleet } = team();
  fleet.receive(
    [{ topic: 'fleet', revision: 2, update: { states: [doing('old', 'needs_answer', NOW)] } }],
    NOW,
  );
  expect(fleet.missing).toEqual(['old']);
  fleet.add(row('old', NOW - 9e9));
  expect(fleet.missing).toEqual([]);
  const many = Array.from({ length: 500 }, (_, i) => row(`s${i}`, NOW - i));
  fleet.receive([{ topic: 'fleet', revision: 3, update: { sessions: many } }], NOW);
  expect(fleet.sessionsById.has('old')).toBe(true);
  expect(fleet.needs.map(({ session }) => session)).toEqual(['asks', 'old']);
});
