import { expect, test } from 'vitest';

import { doing } from '../../wire/testing';
import type { AgentNode } from '../../wire/types.gen';
import { factsOf, lookOf } from './agents';

const agent = (id: string, state: AgentNode['state']): AgentNode =>
  ({
    id,
    state,
    tools: [],
    running: [],
    tokens: 0,
    duration_ms: null,
    cost_microdollars: null,
  }) as unknown as AgentNode;
const waits = doing('claude-s', 'needs_permission', 0, { waiting_subagents: ['a'] });

test('the session itself is shown as it is, whatever its lines say', () => {
  expect(lookOf(agent('', 'running'), waits).sign).toBe('needs_permission');
  expect(lookOf(agent('', 'unknown'), doing('claude-s', 'your_turn', 0)).sign).toBe('your_turn');
  expect(lookOf(agent('', 'running'), undefined).sign).toBe('working');
});

test('of its subagents those wait whose dialog stands open, and only those', () => {
  expect(lookOf(agent('a', 'running'), waits).sign).toBe('needs_permission');
  expect(lookOf(agent('b', 'running'), waits).sign).toBe('working');
  expect(factsOf(agent('a', 'running'), waits, 0)[0]).toBe('Permission');
  expect(factsOf(agent('b', 'done'), waits, 0)[0]).toBe('done');
  expect(factsOf(agent('c', 'unknown'), waits, 0)[0]).toBe('state unknown');
});
