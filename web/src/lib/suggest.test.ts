import { expect, test } from 'vitest';

import { lastPart, suggest } from './suggest';

const values = {
  host: ['mac-studio', 'ml-box', 'the mac'],
  project: ['gateway', 'my app'],
  coder: ['claude', 'codex'],
  tool: ['Bash', 'Edit'],
  branch: [],
  model: [],
  client: [],
};
const texts = (typed: string, recent: string[] = []) =>
  suggest(typed, values, recent).map(({ text }) => text);

test('the part at the end is what is being typed', () => {
  expect(lastPart('rate ho')).toBe('ho');
  expect(lastPart('x project:"my a')).toBe('project:"my a');
  expect(lastPart('host:mac ')).toBe('');
});

test('an empty field offers what was searched before, and the filters', () => {
  expect(texts('', ['rate limit']).slice(0, 3)).toEqual(['rate limit', 'host:', 'project:']);
  expect(texts('word ')).toEqual([]);
});

test('names of filters are completed', () => {
  expect(texts('rate to')).toContain('tool:');
  expect(texts('-to')).toContain('-tool:');
  expect(texts('https://to')).toEqual([]);
});

test('values are completed, those that begin so first, with quotes where they need them', () => {
  expect(texts('host:mac')).toEqual(['host:mac-studio ', 'host:"the mac" ']);
  expect(texts('project:"my')).toEqual(['project:"my app" ']);
  expect(texts('-tool:e')).toEqual(['-tool:Edit ']);
  expect(texts('is:')).toEqual(['is:error ', 'is:subagent ', 'is:gone ']);
  expect(texts('session:abc')).toEqual([]);
});

test('a host or project is found by its own name', () => {
  expect(texts('gate')).toEqual(['project:gateway ']);
});
