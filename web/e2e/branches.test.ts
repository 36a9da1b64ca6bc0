import { copyFileSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { expect, test } from 'vitest';

import { until } from './process.ts';
import { useStand } from './stand.ts';
import { DESKTOP, expectAccessible, PHONE, scrollsSideways, type Page } from './visitor.ts';

/** A conversation of the real client in which a person went back to the second prompt, and later to the first. */
const REWOUND = resolve(import.meta.dirname, '../../tests/fixtures/branches/2.1.197.jsonl');
const OWN = '00000009-0000-4000-8000-000000000009';
const ID = `claude-${OWN}`;

const stand = useStand(['one'], async () => {
  const folder = join(stand.house.root('one'), '-srv-demo-shop');
  mkdirSync(folder, { recursive: true });
  copyFileSync(REWOUND, join(folder, `${OWN}.jsonl`));
  await until('the turns are understood', async () => {
    const { items } = await stand.house.api<{ items: unknown[] }>('GET', `sessions/${ID}/turns`);
    return items.length === 7;
  });
});

async function open(size = DESKTOP): Promise<Page> {
  const page = await stand.enter(size);
  await page.goto(`${stand.house.url}/browse/${ID}`);
  await page.getByText('Turn 7', { exact: true }).waitFor();
  return page;
}

const entry = (page: Page, words: string) =>
  page.getByRole('log').locator('article').filter({ hasText: words });

test('what a person went back over is marked, and leads to what stands in its place', async () => {
  const page = await open();
  const line = (number: number) =>
    page.locator('p.turn').filter({ has: page.locator('strong', { hasText: `Turn ${number}` }) });
  await expect.poll(() => line(4).innerText()).toContain('in place of turn 2');
  expect(await line(4).innerText()).toContain('left: the conversation went on from turn 6');
  expect(await line(6).innerText()).toContain('in place of turn 1');
  for (const number of [6, 7]) expect(await line(number).innerText()).not.toContain('left');
  const left = async (words: string) =>
    /\bleft\b/.test((await entry(page, words).first().getAttribute('class')) ?? '');
  expect([await left('Third thing'), await left('Fifth thing')]).toEqual([true, false]);
  // The link takes the keys along to the prompt.
  await line(2).getByRole('button', { name: 'turn 6' }).click();
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.textContent ?? ''))
    .toContain('First thing anew');
  await expectAccessible(page);
});

test('the marks fit on a phone', async () => {
  const page = await open(PHONE);
  await page.getByText('went on from').first().waitFor();
  expect(await scrollsSideways(page)).toBe(false);
  await expectAccessible(page);
});
