import { flushSync, mount, tick, unmount } from 'svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import Usage from '../../pages/Usage.svelte';
import { App } from '../../state/app.svelte';
import { row } from '../../wire/testing';
import type { SessionRow, UsageItem, UsageReport } from '../../wire/types.gen';
import InApp from './InApp.svelte';

/** The rest between two counts. */
const REST_MS = 15_000;

/** Cost by project, as the aggregator counts it now. */
let costs: Record<string, number>;
/** Reports that were asked for, by what they group. */
let asked: string[];
/** Whether the aggregator answers. */
let answers: boolean;
let end: () => void;
let app: App;
let page: HTMLElement;

const sum = (cost: number) => ({
  replies: 1,
  sessions: 1,
  cost_microdollars: cost,
  unpriced_replies: 0,
  input_tokens: cost,
  output_tokens: 0,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_creation_5m_input_tokens: 0,
  cache_creation_1h_input_tokens: 0,
  thinking_tokens: 0,
  web_searches: 0,
});

function report(): UsageReport {
  const items = Object.entries(costs).map(
    ([project, cost]) => ({ project, model: 'm', names: { project }, ...sum(cost) }) as unknown as UsageItem,
  );
  const ledger = {
    lines: null,
    without_usage: null,
    records: 1,
    same_reply: 0,
    copies: 0,
    other_hosts: 0,
    counted: 1,
  };
  return { items, total: sum(1), ledger, unpriced_models: [] };
}

function answer(url: URL): Promise<Response> {
  if (!answers) return Promise.reject(new TypeError('no connection'));
  if (!url.pathname.endsWith('/usage')) return Promise.resolve(Response.json({ items: [] }));
  asked.push(url.searchParams.get('group_by') ?? '');
  return Promise.resolve(Response.json(report()));
}

const session = (tokens: number): SessionRow => row('s', Date.now(), { tokens });
const told = (sessions: SessionRow[]) =>
  app.fleet.receive(
    [{ topic: 'fleet', revision: 1, snapshot: { hosts: [], sessions, states: [] } }],
    Date.now(),
  );
const spends = (tokens: number) => {
  app.fleet.receive([{ topic: 'fleet', revision: 2, update: { sessions: [session(tokens)] } }], Date.now());
  flushSync();
};

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  flushSync();
  await tick();
}

const lines = () => [...page.querySelectorAll('tbody th')].map((line) => line.textContent?.trim());

beforeEach(async () => {
  vi.useFakeTimers();
  [costs, asked, answers] = [{ api: 30, web: 20 }, [], true];
  vi.stubGlobal('fetch', (input: URL | string) => answer(new URL(String(input), 'http://localhost/')));
  app = new App(() => undefined);
  told([session(100)]);
  page = document.body.appendChild(document.createElement('div'));
  const shown = mount(InApp, { target: page, props: { app, of: Usage } });
  end = () => {
    void unmount(shown);
    page.remove();
  };
  flushSync();
  await pass(0);
  expect(lines()).toEqual(['api', 'web']);
});
afterEach(() => {
  end();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('usage is counted anew when something was spent, and not more often than the rest allows', async () => {
  const once = asked.length;
  await pass(4 * REST_MS);
  expect(asked.length).toBe(once);
  costs = { api: 30, web: 40 };
  spends(110);
  await pass(0);
  expect(lines()).toEqual(['web', 'api']);
  for (const tokens of [120, 130, 140]) spends(tokens);
  await pass(REST_MS - 1000);
  expect(asked.length).toBe(2 * once);
  await pass(1000);
  expect(asked.length).toBe(3 * once);
});

test('no line moves under the pointer while its figures do', async () => {
  const table = page.querySelector('[aria-label="Usage by project"]');
  table?.dispatchEvent(new Event('pointerenter'));
  costs = { docs: 90, api: 30, web: 40 };
  spends(110);
  await pass(REST_MS);
  expect(lines()).toEqual(['api', 'web', 'docs']);
  expect(page.querySelector('tbody')?.textContent).toContain('40');
  table?.dispatchEvent(new Event('pointerleave'));
  flushSync();
  expect(lines()).toEqual(['docs', 'web', 'api']);
});

test('a count that fails behind the page leaves what is there', async () => {
  answers = false;
  spends(110);
  await pass(REST_MS);
  expect(lines()).toEqual(['api', 'web']);
  expect(page.querySelector('[role=alert]')).toBeNull();
});

test('sessions that were deleted are counted no longer, soon', async () => {
  costs = { web: 20 };
  app.fleet.forget(['s']);
  await pass(1000);
  expect(lines()).toEqual(['web']);
});
