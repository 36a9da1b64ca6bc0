import { expect, test } from 'vitest';

import { Coder } from './coder.ts';
import { useStand } from './stand.ts';
import { live, type Page } from './visitor.ts';

let stays: Coder;
let goes: Coder;

const stand = useStand(['one', 'two'], () => {
  const { house } = stand;
  stays = new Coder(house.root('one'), '/srv/shop');
  stays.prompt('Sell more pears');
  stays.reply('Pears are sold.');
  goes = new Coder(house.root('one'), '/srv/shop');
  goes.prompt('Forget the plums');
  goes.reply('Plums are forgotten.');
  const beside = new Coder(house.root('two'), '/home/mia/store');
  beside.prompt('Count the apples');
  beside.reply('There are nine.');
});

/** Another tab of the same browser. */
async function tab(beside: Page, path: string): Promise<Page> {
  const page = await beside.context().newPage();
  await page.goto(`${stand.house.url}/${path}`);
  await live(page);
  return page;
}

test('who signs out in one tab is led to the sign-in in the other, which says why', async () => {
  const here = await stand.enter();
  const there = await tab(here, 'usage');
  const refused: string[] = [];
  there.on('response', (response) => response.status() === 401 && refused.push(response.url()));
  await here.getByRole('button', { name: 'Account' }).click();
  await here.getByRole('menuitem', { name: 'Sign out' }).click();
  await here.getByRole('heading', { name: 'Sign in to Muster' }).waitFor();
  expect(await here.getByText('You were signed out').count()).toBe(0);
  await there.getByRole('heading', { name: 'Sign in to Muster' }).waitFor();
  await there.getByText('You were signed out').waitFor();
  // It asked once who it is, and not again and again.
  expect(refused.length).toBeLessThanOrEqual(2);
  expect(new URL(there.url()).pathname).toBe('/usage');
});

test('a session that another tab deletes leaves the page where it is read, which says so', async () => {
  const here = await stand.enter();
  const there = await tab(here, `browse/${goes.id}`);
  const detail = await tab(here, `sessions/${goes.id}`);
  await there.getByText('Plums are forgotten.').waitFor();
  await detail.getByRole('log').getByText('Plums are forgotten.').waitFor();
  await stand.house.api('POST', `sessions/${goes.id}/delete`, { reason: 'for a test' });
  for (const page of [there, detail]) {
    await page.getByText('was deleted').first().waitFor();
    await page.getByText('Plums are forgotten.').waitFor({ state: 'detached' });
  }
  await here.locator(`[data-row="${stays.id}"]`).waitFor();
  await here.locator(`[data-row="${goes.id}"]`).waitFor({ state: 'detached' });
});

test('directories of two hosts are put together by hand, and taken apart again', async () => {
  const page = await stand.enter();
  const list = await tab(page, '?group=project');
  await page.goto(`${stand.house.url}/settings/projects`);
  const project = (name: string) =>
    page.locator('li').filter({ has: page.getByRole('link', { name, exact: true }) });
  await project('store').getByRole('button', { name: 'Merge or split' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox').selectOption({ label: 'shop' });
  await dialog.getByRole('button', { name: 'Move', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await project('shop').getByText('/home/mia/store').waitFor();
  await project('shop').getByText('chosen by hand').waitFor();
  await project('store').waitFor({ state: 'detached' });
  const groups = () => list.getByRole('region', { name: 'Live sessions' }).locator('h3').allInnerTexts();
  await expect.poll(async () => (await groups()).length).toBe(1);

  await project('shop').getByRole('button', { name: 'Merge or split' }).click();
  await dialog.getByRole('checkbox', { name: /\/srv\/shop/ }).uncheck();
  await dialog.getByRole('combobox').selectOption({ label: 'A new project' });
  await dialog.getByLabel('Its name').fill('fruit');
  await dialog.getByRole('button', { name: 'Move', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await project('fruit').getByText('/home/mia/store').waitFor();
  await expect.poll(async () => (await groups()).length).toBe(2);
  await page.goto(`${stand.house.url}/browse?q=project:fruit`);
  await page.getByRole('region', { name: 'Sessions' }).getByText('Count the apples').waitFor();
  expect(await page.getByRole('region', { name: 'Sessions' }).locator('[data-row]').count()).toBe(1);
});
