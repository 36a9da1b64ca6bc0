import { expect, test } from 'vitest';

import { listed, resolve } from './listing';

const names = {
  hosts: [
    { id: 'h1', name: 'ml-box' },
    { id: 'h2', name: 'mac' },
    { id: 'h3', name: 'mac-studio' },
  ],
  projects: [
    { id: 'p1', name: 'gateway' },
    { id: 'p1', name: 'gateway' },
    { id: 'p2', name: 'demo' },
    { id: 'p3', name: 'demo' },
  ],
};
const none = { host: null, project: null, coder: null, gone: null };

test('filters alone are a list of sessions', () => {
  expect(listed('', names)).toEqual(none);
  expect(listed('host:ml-box project:gateway coder:Claude -is:gone', names)).toEqual({
    host: 'h1',
    project: 'p1',
    coder: 'claude',
    gone: false,
  });
});

test('words, and filters that a list does not have, are for the search', () => {
  for (const query of [
    'rate',
    '"rate limit"',
    'tool:Bash',
    '-host:mac',
    'is:error',
    'host:mac host:ml-box',
  ]) {
    expect(listed(query, names)).toBeNull();
  }
});

test('a name that stands for nothing, or for several, is for the search', () => {
  expect(listed('host:nowhere', names)).toBeNull();
  expect(listed('project:demo', names)).toBeNull();
  expect(listed('project:p3', names)).toEqual({ ...none, project: 'p3' });
});

test('a whole name goes before a beginning', () => {
  expect(resolve('MAC', names.hosts)?.id).toBe('h2');
  expect(resolve('mac-', names.hosts)?.id).toBe('h3');
  expect(resolve('ma', names.hosts)).toBeNull();
});
