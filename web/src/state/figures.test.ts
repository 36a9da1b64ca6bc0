import { afterEach, expect, test, vi } from 'vitest';

import { host } from '../wire/testing';
import { Figures } from './figures.svelte';
import { Fleet } from './fleet.svelte';

afterEach(() => vi.unstubAllGlobals());

function answering(answer: unknown) {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify(answer))));
}

const STEPS = [...Array.from({ length: 177 }, () => 0), 10, 0, 30];

test('what hosts wrote before the page was opened is there, and goes on', async () => {
  const fleet = new Fleet();
  const snapshot = { hosts: [host('one'), host('two')], sessions: [], states: [] };
  fleet.receive([{ topic: 'fleet', revision: 1, snapshot }], 0);
  const figures = new Figures(fleet, () => 0);
  figures.tick(0);
  answering({ step_ms: 10_000, hosts: [{ host_id: 'one', lines: STEPS }] });
  await figures.recall();
  expect(figures.lines.get('one')).toEqual([1, 0, 3]);
  const activity = [{ host_id: 'one', session_id: null, lines: 20, bytes: 1 }];
  fleet.receive([{ topic: 'fleet', revision: 2, update: { activity } }], 5_000);
  figures.tick(10_000);
  expect(figures.lines.get('one')).toEqual([1, 0, 3, 2]);
  expect(figures.lines.get('two')).toEqual([0]);
});

test('without an answer, or with steps of another length, what is there stays', async () => {
  const figures = new Figures(new Fleet(), () => 0);
  answering({ step_ms: 10_000, hosts: [{ host_id: 'one', lines: [5] }] });
  await figures.recall();
  answering({ step_ms: 1_000, hosts: [{ host_id: 'one', lines: [9] }] });
  await figures.recall();
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')));
  await figures.recall();
  expect(figures.lines.get('one')).toEqual([0.5]);
});
