import { expect, test } from 'vitest';

import { headOf, splitCall, toolKind } from './tools';

test('a call is a name and what it is about', () => {
  expect(splitCall('Bash: cargo test\n--all')).toEqual({ name: 'Bash', argument: 'cargo test\n--all' });
  expect(splitCall('TodoRead')).toEqual({ name: 'TodoRead', argument: '' });
  expect(splitCall('mcp__hub__task_check: {"a":1}')).toEqual({
    name: 'mcp__hub__task_check',
    argument: '{"a":1}',
  });
  expect(splitCall('two words')).toEqual({ name: 'tool', argument: 'two words' });
});

test('tools are told apart by kind', () => {
  const names = ['Bash', 'MultiEdit', 'Grep', 'Read', 'WebFetch', 'Task', 'TaskCreate', 'mcp__x__y'];
  expect(names.map(toolKind)).toEqual([
    'command',
    'edit',
    'search',
    'read',
    'web',
    'subagent',
    'plan',
    'other',
  ]);
});

test('the head of a text knows how much is left', () => {
  expect(headOf('a\nb\nc\nd\n\n', 3)).toEqual({ head: 'a\nb\nc', more: 1 });
  expect(headOf('a', 3)).toEqual({ head: 'a', more: 0 });
});
