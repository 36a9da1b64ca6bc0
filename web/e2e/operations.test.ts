import { expect, test } from 'vitest';

import { doing, row } from '../src/wire/testing.ts';
import { crowd, team, type Scene } from './stage/fleet.ts';
import type { Stage } from './stage/stage.ts';
import { useStage } from './stage/use.ts';
import { expectAccessible, live, PHONE, scrollsSideways, smallTargets, type Page } from './visitor.ts';

const WAITS = 'Migrate billing webhooks to v2';
const ASKS = 'Pick an embedding cache layout';
const LOOPS = 'Cross-compile sensor firmware';
const WORKS = 'Fix flaky rate-limit tests';

let stage: Stage;

const begin = useStage();

async function open(scene: Scene, path = '/', options = {}): Promise<Page> {
  stage = await begin(scene, options);
  const page = await stage.page(path);
  await live(page);
  return page;
}

/** Titles of the rows in the order of the page. */
const titles = (page: Page) => page.locator('[data-row] .title').allInnerTexts();
const heads = (page: Page) =>
  page.getByRole('region', { name: 'Live sessions' }).locator('h3').allInnerTexts();
const idOf = (scene: Scene, title: string) => scene.sessions.find((row) => row.title === title)?.id ?? '';

test('what needs someone stands first, with what is asked, and the tab says how many', async () => {
  const page = await open(team());
  expect((await titles(page)).slice(0, 3)).toEqual([WAITS, ASKS, LOOPS]);
  expect((await heads(page)).map((head) => head.replace(/\s+/g, ' '))).toEqual([
    'Needs you 3',
    'Working 7',
    'Your turn 2',
    'Recent 2',
  ]);
  await page.getByText('psql -f 0042_webhooks.sql').waitFor();
  await page.getByText('same linker error, 6 times in 9 m').waitFor();
  await page.getByRole('link', { name: '3 need you' }).first().waitFor();
  expect(await page.title()).toBe('(3) All hosts · Operations · Muster');
  expect(await page.locator('link[rel=icon]').getAttribute('href')).toContain('data:image/svg+xml');
});

test('an answered session leaves the needs, and with the last one title and icon calm down', async () => {
  const scene = team();
  const page = await open(scene);
  await page.getByText(WAITS, { exact: true }).waitFor();
  stage.update({ states: [doing(idOf(scene, WAITS), 'working', Date.now(), { reason: 'thinking' })] });
  await page.getByRole('link', { name: '2 need you' }).first().waitFor();
  expect((await titles(page)).slice(0, 2)).toEqual([ASKS, LOOPS]);
  stage.update({ ended_states: [idOf(scene, ASKS), idOf(scene, LOOPS)] });
  await page
    .getByRole('link', { name: /need you/ })
    .first()
    .waitFor({ state: 'detached' });
  await expect.poll(() => page.title()).toBe('All hosts · Operations · Muster');
  await expect.poll(() => page.locator('link[rel=icon]').getAttribute('href')).toContain('favicon.svg');
});

test('nothing moves under the pointer; who needs someone meanwhile is announced', async () => {
  const scene = team();
  const page = await open(scene);
  const row = page.locator(`[data-row="${idOf(scene, WORKS)}"]`);
  await row.hover();
  const before = await titles(page);
  const box = await row.boundingBox();
  const late = scene.sessions.find(({ title }) => title === 'Backfill order totals in batches')?.id ?? '';
  stage.update({
    states: [doing(late, 'needs_permission', Date.now(), { reason: 'permission for Bash: make' })],
  });
  const pill = page.getByRole('button', { name: '1 more needs you' });
  await pill.waitFor();
  expect(await titles(page)).toEqual(before);
  expect(await row.boundingBox()).toEqual(box);
  await pill.click();
  await expect
    .poll(async () => (await titles(page)).slice(0, 4))
    .toContain('Backfill order totals in batches');
});

test('filters and groups stand in the address, and the address brings them back', async () => {
  const page = await open(team());
  await page.getByRole('button', { name: 'Filter by state' }).click();
  await page.getByRole('menuitemradio', { name: /Your turn/ }).click();
  await expect.poll(() => new URL(page.url()).search).toBe('?state=yours');
  expect(await titles(page)).toEqual(['Draft ADR 17: event sourcing', 'Review Dockerfile cache layers']);
  await page.getByRole('button', { name: 'Filter by host' }).click();
  await page.getByRole('menuitemradio', { name: /mac-studio/ }).click();
  expect(await titles(page)).toEqual(['Draft ADR 17: event sourcing']);
  await page.reload();
  await live(page);
  expect(await titles(page)).toEqual(['Draft ADR 17: event sourcing']);
  await page.getByRole('button', { name: 'Show all sessions' }).click();
  await page.getByRole('button', { name: 'Group and more filters' }).click();
  await page.getByRole('menuitemradio', { name: 'Project', exact: true }).click();
  await expect.poll(() => new URL(page.url()).search).toBe('?group=project');
  const names = (await heads(page)).map((head) => head.split('\n')[0]?.trim());
  expect(names[0]).toMatch(/^Needs you/);
  expect(names.slice(1)).toEqual([...names.slice(1)].sort());
});

test('a host on the map filters the list by a click, and no longer by another', async () => {
  const page = await open(team());
  const host = page.getByRole('region', { name: 'Hosts' }).getByRole('button', { name: /^ml-box/ });
  await host.click();
  await expect.poll(() => titles(page)).toEqual([ASKS, 'Tune LoRA evaluation harness']);
  expect(await host.getAttribute('aria-pressed')).toBe('true');
  await host.click();
  await expect.poll(async () => (await titles(page)).length).toBe(14);
});

test('the keyboard alone finds, walks and opens', async () => {
  const scene = team();
  const page = await open(scene);
  await page.getByText(WAITS, { exact: true }).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('payments');
  await expect.poll(async () => (await titles(page)).length).toBe(3);
  expect(new URL(page.url()).search).toBe('?q=payments');
  await page.keyboard.press('Enter');
  await page.keyboard.press('j');
  await expect
    .poll(() => page.evaluate(() => (document.activeElement as HTMLElement).dataset['row']))
    .toBe(idOf(scene, 'Add partner client from OpenAPI'));
  await page.keyboard.press('k');
  await page.keyboard.press('Enter');
  await expect.poll(() => new URL(page.url()).pathname).toBe(`/sessions/${idOf(scene, WAITS)}`);
  expect(new URL(page.url()).search).toBe('?q=payments');
});

test('hovering and focusing a state say why, since when, and who disagrees', async () => {
  const scene = team();
  const id = idOf(scene, WORKS);
  const page = await open(scene);
  const at = (seconds: number) => new Date(Date.now() - 1000 * seconds).toISOString();
  const sources = [
    { source: 'registry' as const, turn: 'working' as const, says: 'busy', at: at(4) },
    { source: 'transcript' as const, turn: 'your_turn' as const, says: 'the turn has ended', at: at(9) },
  ];
  stage.update({ states: [doing(id, 'unknown', Date.now() - 4000, { sources, source_at: at(4) })] });
  const chip = page.locator(`[data-row="${id}"]`).getByText('unknown');
  await chip.hover();
  const tip = page.getByRole('tooltip');
  await tip.getByText('Its sources disagree').waitFor();
  expect(await tip.innerText()).toMatch(/unknown · registry, \d+ s ago/);
  expect(await tip.innerText()).toMatch(/the turn has ended · transcript, \d+ s ago/);
  await page.mouse.move(1, 1);
  await tip.waitFor({ state: 'detached' });
  await page.locator(`[data-row="${id}"]`).focus();
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  await tip.getByText('Its sources disagree').waitFor();
});

test('a lost connection is said, what is shown stays, and it comes back by itself', async () => {
  const page = await open(team());
  stage.cut();
  await page.getByText('No live connection to the aggregator').waitFor();
  expect(await titles(page)).toContain(WAITS);
  stage.set({ ...team(), states: [] });
  stage.reachable = true;
  await live(page);
  await page
    .getByRole('link', { name: /need you/ })
    .first()
    .waitFor({ state: 'detached' });
});

test('500 sessions on 60 hosts: only what is seen is in the page', async () => {
  const page = await open(crowd(60, 500));
  await page.getByText('Needs you').first().waitFor();
  expect(await page.locator('[data-row]').count()).toBeLessThan(60);
  expect(await page.getByRole('region', { name: 'Hosts' }).getByRole('listitem').count()).toBe(60);
});

test('a coder that was only started is listed where it needs someone, and opens with its first line', async () => {
  const scene = team();
  const page = await open(scene);
  const id = 'claude-started';
  const process = {
    ...{
      key: '7-1',
      host_id: 'vm-data',
      pid: 7,
      started_at: new Date().toISOString(),
      cwd: '/srv/warehouse',
    },
    ...{ terminal: '/dev/pts/3', tmux: null, kind: null, no_stop: null },
  };
  const waits = { has_transcript: false, processes: [process], reason: 'trust this folder?' };
  const state = doing(id, 'needs_answer', Date.now(), waits);
  stage.update({ states: [state] });
  await page.getByRole('link', { name: '4 need you' }).first().waitFor();
  await page.locator(`[data-row="${id}"]`).click();
  const detail = page.getByRole('region', { name: 'Session', exact: true });
  await detail.getByText('Nothing of it was written yet').waitFor();
  await detail.getByText('pid 7, /dev/pts/3').waitFor();
  await detail.getByText('trust this folder?', { exact: true }).waitFor();
  const own = row(id, Date.now(), { title: 'Count the stock', host_ids: ['vm-data'] });
  stage.set({ ...scene, sessions: [...scene.sessions, own] });
  stage.update({ sessions: [own], states: [{ ...state, has_transcript: true }] });
  await detail.getByRole('heading', { name: 'Count the stock' }).waitFor();
});

test('an empty fleet teaches the next step', async () => {
  const page = await open({ hosts: [], sessions: [], states: [] });
  await page.getByRole('button', { name: 'Add the first host' }).waitFor();
  await page.goto(new URL('/operations?wall', page.url()).toString());
  await page.getByText('No host yet').waitFor();
  expect(await page.getByText('All calm').count()).toBe(0);
});

test('on a phone one thumb is enough, and nothing scrolls sideways', async () => {
  const scene = team();
  const page = await open(scene, '/', { viewport: PHONE, hasTouch: true });
  await page.getByText(WAITS, { exact: true }).waitFor();
  expect(await scrollsSideways(page)).toBe(false);
  expect(await smallTargets(page)).toEqual([]);
  expect((await titles(page)).slice(0, 3)).toEqual([WAITS, ASKS, LOOPS]);
  const first = page.getByRole('list', { name: 'Hosts' }).getByRole('button').first();
  expect(await first.getAttribute('title')).toContain('1 need you');
  await first.tap();
  await page.getByRole('button', { name: /Show all again/ }).tap();
  await page.getByRole('link', { name: 'Open' }).first().or(page.locator('.act.main').first()).first().tap();
  await expect.poll(() => new URL(page.url()).pathname).toContain('/sessions/');
});

test.each(['dark', 'light'] as const)('axe finds nothing on the page in %s', async (colorScheme) => {
  const page = await open(team(), '/', { colorScheme });
  await page.getByText(WAITS, { exact: true }).waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Group and more filters' }).click();
  await expectAccessible(page);
});

test('a pointer that rests for long holds nothing up', async () => {
  const scene = team();
  const page = await open(scene);
  await page.locator(`[data-row="${idOf(scene, WORKS)}"]`).hover();
  stage.update({ states: [doing(idOf(scene, WORKS), 'needs_answer', Date.now(), { reason: 'Which one?' })] });
  await page.getByRole('button', { name: '1 more needs you' }).waitFor();
  await page.getByRole('button', { name: '1 more needs you' }).waitFor({ state: 'detached' });
  expect((await titles(page)).indexOf(WORKS)).toBeLessThan(4);
});
