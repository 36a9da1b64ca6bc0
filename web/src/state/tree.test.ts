import { expect, test } from 'vitest';

import type { SessionRow, TreeHost } from '../wire/types.gen';
import { flatten, hostKey, projectKey } from './tree.svelte';

const hosts: TreeHost[] = [
  {
    host_id: 'h2',
    sessions: 3,
    projects: [
      { project_id: 'p1', name: 'gateway', sessions: 2, gone: 1, last_activity_at: null },
      { project_id: null, name: 'no project', sessions: 1, gone: 0, last_activity_at: null },
    ],
  },
  {
    host_id: 'h1',
    sessions: 1,
    projects: [{ project_id: 'p2', name: 'billing', sessions: 1, gone: 0, last_activity_at: null }],
  },
];
const labels = (id: string) => ({ name: { h1: 'mac', h2: 'box' }[id] ?? id, last: false });
const session = (id: string) => ({ id, title: id }) as SessionRow;
const done = { cursor: null, loading: false, problem: null };

function shown(open: string[], filter = '', branches = new Map()) {
  return flatten(hosts, labels, filter, new Set(open), branches).map((row) => {
    const name = {
      host: () => ('name' in row ? row.name : ''),
      project: () => ('project' in row ? row.project.name : ''),
    };
    const text =
      row.kind === 'session' ? row.session.id : row.kind in name ? name[row.kind as 'host']() : row.kind;
    return `${'  '.repeat(row.level - 1)}${text} ${row.place}/${row.of}`;
  });
}

test('hosts are in the order of their names, and closed at first', () => {
  expect(shown([])).toEqual(['box 1/2', 'mac 2/2']);
});

test('what is open shows what is below it', () => {
  const key = projectKey('h2', 'p1');
  expect(shown([hostKey('h2'), key])).toEqual([
    'box 1/2',
    '  gateway 1/2',
    '    loading 1/1',
    '  no project 2/2',
    'mac 2/2',
  ]);
  const some = new Map([[key, { ...done, rows: [session('s1')], cursor: 'next' }]]);
  expect(shown([hostKey('h2'), key], '', some)).toContain('    more 2/2');
  const all = new Map([[key, { ...done, rows: [session('s1'), session('s2')] }]]);
  expect(shown([hostKey('h2'), key], '', all).slice(2, 4)).toEqual(['    s1 1/2', '    s2 2/2']);
});

test('a filter finds projects without opening their host', () => {
  expect(shown([], 'bill')).toEqual(['mac 1/1', '  billing 1/1']);
  expect(shown([], 'box')).toEqual(['box 1/1']);
  expect(shown([], 'nothing')).toEqual([]);
});

test('a host that is no machine stands last', () => {
  const rows = flatten(hosts, (id) => ({ ...labels(id), last: id === 'h2' }), '', new Set(), new Map());
  expect(rows.map((row) => row.key)).toEqual([hostKey('h1'), hostKey('h2')]);
});
