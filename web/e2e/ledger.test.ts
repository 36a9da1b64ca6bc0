import { expect, test } from 'vitest';

import { Coder } from './coder.ts';
import { until } from './process.ts';
import { useStand } from './stand.ts';
import { DESKTOP, expectAccessible, PHONE, scrollsSideways, smallTargets, type Page } from './visitor.ts';

let doomed: Coder;
let pages: string[];

const stand = useStand(['mac'], async () => {
  const kept = new Coder(stand.house.root('mac'), '/srv/demo/billing');
  kept.prompt('Migrate the invoices to integer cents');
  kept.reply('I will look at the schema first.');
  kept.call('Bash', { command: 'cat schema.sql' });
  kept.reply('Every amount is now an integer number of cents.');
  doomed = new Coder(stand.house.root('mac'), '/srv/demo/gateway');
  doomed.prompt('Forget the zebrafinch password');
  await until('both sessions are counted', async () => {
    const { total } = await stand.house.api<{ total: { replies: number } }>('GET', 'usage?group_by=day');
    const { items } = await stand.house.api<{ items: unknown[] }>('GET', 'sessions');
    return total.replies === 3 && items.length === 2;
  });
  pages = ['usage', `projects/${(await project('billing')).id}`];
  pages.push(...['projects', 'prices', 'retention'].map((section) => `settings/${section}`));
});

async function project(name: string): Promise<{ id: string; name: string }> {
  const { items } = await stand.house.api<{ items: { id: string; name: string }[] }>('GET', 'projects');
  const found = items.find((one) => one.name.endsWith(name));
  if (!found) throw new Error(`no project ${name} among ${items.map((one) => one.name).join(', ')}`);
  return found;
}

async function open(path: string, size = DESKTOP): Promise<Page> {
  const page = await stand.enter(size);
  await show(page, path);
  return page;
}

/** Goes there and waits until what was asked for has arrived. */
async function show(page: Page, path: string): Promise<void> {
  await page.goto(`${stand.house.url}/${path}`);
  await page.getByRole('main').getByRole('heading').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('main .skeleton'));
}

test('the usage page shows what was used, and by whom', async () => {
  const page = await open('usage');
  const figure = (name: string) => page.locator('dl > div', { hasText: name }).locator('dd').first();
  expect(await figure('Tokens').innerText()).toContain('138');
  expect(await figure('Replies').innerText()).toContain('3');
  expect(await figure('Cost').innerText()).toContain('$0.0027');
  const row = page.getByRole('row', { name: /billing/ });
  expect(await row.innerText()).toContain('138');
  await page.getByRole('radio', { name: 'model' }).click();
  await page.getByRole('row', { name: /Opus 4\.6/ }).waitFor();
});

test('a project shows its figures and leads to its sessions', async () => {
  const page = await open(pages[1] ?? '');
  const figure = (name: string) => page.locator('dl > div', { hasText: name }).locator('dd').first();
  expect(await figure('Sessions').innerText()).toBe('1');
  expect(await figure('Tool calls').innerText()).toBe('1');
  await page.getByRole('link', { name: /Migrate the invoices/ }).click();
  await page.getByRole('log').getByText('Every amount is now an integer').waitFor();
});

test('a project gets another name', async () => {
  const page = await open('settings/projects');
  const line = page.getByRole('listitem').filter({ hasText: '/srv/demo/gateway' }).first();
  await line.getByRole('button', { name: 'Rename' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Front door');
  await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
  await page.getByRole('link', { name: 'Front door' }).waitFor();
  expect((await project('Front door')).name).toBe('Front door');
});

test('a price is added, changed and removed', async () => {
  const page = await open('settings/prices');
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Add a price' }).click();
  await dialog.getByLabel('Model names that begin with').fill('house-model');
  await dialog.getByLabel('Input, a million tokens ($)').fill('1.5');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('row', { name: /house-model.*1\.50/ }).waitFor();
  await page
    .getByRole('row', { name: /house-model/ })
    .getByRole('button', { name: 'Edit' })
    .click();
  await dialog.getByLabel('Output, a million tokens ($)').fill('7');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('row', { name: /house-model.*7\.00/ }).waitFor();
  await page
    .getByRole('row', { name: /house-model/ })
    .getByRole('button', { name: 'Remove' })
    .click();
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('row', { name: /house-model/ }).waitFor({ state: 'detached' });
});

test('a rule is tried, saved turned off, and followed only when turned on', async () => {
  const page = await open('settings/retention');
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Add a rule' }).click();
  await dialog.getByLabel(/^Delete sessions without/).fill('30');
  await dialog.getByRole('button', { name: 'Try it' }).click();
  await dialog.getByText('It would delete nothing today.').waitFor();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('not followed').waitFor();
  await page.getByRole('button', { name: 'Turn on' }).click();
  await page.getByText('followed, once an hour').waitFor();
  await page.getByRole('button', { name: 'Turn off' }).click();
  await page.getByRole('button', { name: 'Remove' }).click();
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await page.getByText('No rule: nothing is ever deleted.').waitFor();
});

test.each(['dark', 'light'] as const)('everybody can use it, %s', async (theme) => {
  const page = await open('usage');
  await page.emulateMedia({ colorScheme: theme });
  for (const path of pages) {
    await show(page, path);
    await expectAccessible(page);
  }
});

test('on a phone nothing is too wide, and nothing too small for a thumb', async () => {
  const page = await open('usage', PHONE);
  for (const path of pages) {
    await show(page, path);
    expect(await scrollsSideways(page), path).toBe(false);
    expect(await smallTargets(page), path).toEqual([]);
  }
});

test('a deleted session is gone from the list, the tree and the search at once', async () => {
  const page = await open(`browse/${doomed.id}`);
  const sessions = page.getByRole('region', { name: 'Sessions' });
  await sessions.getByText('Forget the zebrafinch password').waitFor();
  await page.getByText('2 sessions', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Delete…' }).click();
  await page.getByLabel(/^Why\?/).fill('A password stands in it');
  const go = page.getByRole('button', { name: 'Delete for ever' });
  expect(await go.isDisabled()).toBe(true);
  await page.getByLabel('Type delete to go on').fill('delete');
  await go.click();
  await sessions.getByText('Forget the zebrafinch password').waitFor({ state: 'detached' });
  await page.getByText('1 session', { exact: true }).waitFor();
  await page.getByRole('combobox', { name: 'Search the archive' }).fill('zebrafinch');
  await page
    .getByText(/^Nothing/)
    .first()
    .waitFor();
});
