import { expect, test } from 'vitest';

import { Coder } from './coder.ts';
import { useStand } from './stand.ts';
import { expectAccessible, PHONE, scrollsSideways, smallTargets } from './visitor.ts';

let coders: Coder[];

const stand = useStand(['one', 'two'], async () => {
  coders = ['one', 'one', 'two'].map((host, i) => {
    const coder = new Coder(stand.house.root(host), `/srv/demo/project-${i}`);
    coder.prompt(`Task number ${i}`);
    coder.call('Edit', { file_path: 'src/main.rs' });
    coder.reply('Done as asked.');
    return coder;
  });
});

const SECTIONS = [
  'hosts',
  'members',
  'tokens',
  'projects',
  'prices',
  'retention',
  'alarms',
  'notices',
  'audit',
  'you',
];

test('everything is reached by keys', async () => {
  const page = await stand.enter();
  await page.locator('[data-row]').nth(2).waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.waitForFunction(() => document.activeElement?.matches('[data-row]'));
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/sessions\/claude-/);
  await page.getByRole('log').getByText('Done as asked.').waitFor();

  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Shortcuts' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog', { name: 'Shortcuts' }).waitFor({ state: 'detached' });

  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('settings hosts');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/settings\/hosts$/);
  await page.keyboard.press('g');
  await page.keyboard.press('o');
  await page.waitForURL(/\/$/);

  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('task number 2');
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(coders[2]?.id ?? ''));
});

test('a click on a host filters the list, and the address keeps it', async () => {
  const page = await stand.enter();
  await page.locator('[data-row]').nth(2).waitFor();
  await page.getByRole('button', { name: /^two/ }).click();
  await page.waitForURL(/host=/);
  expect(await page.locator('[data-row]').count()).toBe(1);
  await page.reload();
  await page.locator(`[data-row="${coders[2]?.id}"]`).waitFor();
  expect(await page.locator('[data-row]').count()).toBe(1);
  await page.getByRole('button', { name: 'Show all sessions' }).click();
  await page.locator('[data-row]').nth(2).waitFor();
});

test('a phone gets strip, list, sheet and bottom bar, and nothing scrolls sideways', async () => {
  const page = await stand.enter(PHONE);
  await page.locator('[data-row]').nth(2).waitFor();
  expect(await scrollsSideways(page)).toBe(false);
  expect(await smallTargets(page)).toEqual([]);
  await expectAccessible(page);
  await page.locator(`[data-row="${coders[0]?.id}"]`).tap();
  const sheet = page.getByRole('dialog', { name: 'Session' });
  await sheet.getByText('Done as asked.').waitFor();
  expect(await smallTargets(page)).toEqual([]);
  expect(await scrollsSideways(page)).toBe(false);
  await expectAccessible(page);
  expect(await page.title()).toContain('Task number 0');
  await sheet.getByRole('button', { name: 'Close' }).tap();
  await sheet.waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Settings' }).tap();
  await page.getByRole('heading', { name: 'Hosts', exact: true }).waitFor();
  expect(await scrollsSideways(page)).toBe(false);
  expect(await smallTargets(page)).toEqual([]);
});

test('on a phone every section of the settings fits, and its name is in view', async () => {
  const phone = await stand.enter(PHONE);
  const names = phone.getByRole('navigation', { name: 'Settings' });
  const inView = () =>
    names.locator('[aria-current]').evaluate((name) => {
      const { left, right } = name.getBoundingClientRect();
      return left >= 0 && right <= innerWidth;
    });
  for (const section of SECTIONS) {
    await phone.goto(`${stand.house.url}/settings/${section}`);
    await phone.locator('main h2, main h3').first().waitFor();
    await phone.locator('.skeleton').first().waitFor({ state: 'detached' });
    await expect.poll(async () => [section, await inView()]).toEqual([section, true]);
    expect(await scrollsSideways(phone), section).toBe(false);
    expect(await smallTargets(phone), section).toEqual([]);
  }
  await names.getByRole('link', { name: 'Alarms' }).tap();
  const loop = phone.getByRole('listitem').filter({ hasText: 'The same call' });
  const top = async (text: string) => (await loop.getByText(text, { exact: true }).boundingBox())?.y ?? 0;
  expect(Math.abs((await top('Loop')) - (await top('Turn off')))).toBeLessThan(24);
  await expect.poll(inView).toBe(true);
});

test('what a person wants to be told, and from when on something is wrong, the aggregator keeps', async () => {
  const page = await stand.enter();
  await page.goto(`${stand.house.url}/settings/notices`);
  const wanted = (name: RegExp) => page?.getByRole('checkbox', { name }).isChecked();
  await page.getByRole('checkbox', { name: /^Loop/ }).waitFor();
  for (const name of [/permission/, /^Loop/, /^Stuck/, /^Usage limit/]) expect(await wanted(name)).toBe(true);
  for (const name of [/yielded/, /^Context/, /^Two writers/]) expect(await wanted(name)).toBe(false);
  const kept = page.waitForResponse((one) => one.request().method() === 'PUT');
  await page.getByRole('checkbox', { name: /^Stuck/ }).uncheck();
  expect((await kept).ok()).toBe(true);
  await page.reload();
  await page.getByRole('checkbox', { name: /^Loop/ }).waitFor();
  expect(await wanted(/^Stuck/)).toBe(false);
  expect(await wanted(/^Loop/)).toBe(true);

  await page.goto(`${stand.house.url}/settings/alarms`);
  await page.getByLabel('Loop, times').fill('9');
  await page.getByLabel('Loop, times').blur();
  await page.getByText('Alarms are measured by the new bound').waitFor();
  await page.reload();
  await expect.poll(() => page?.getByLabel('Loop, times').inputValue()).toBe('9');
});

test.each(['dark', 'light'] as const)('axe finds nothing in the %s theme', async (colorScheme) => {
  const page = await stand.enter();
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await page.locator('[data-row]').first().click();
  await page.getByRole('log').getByText('Done as asked.').waitFor();
  await expectAccessible(page);
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').waitFor();
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  for (const section of ['hosts', 'members', 'tokens', 'audit', 'you']) {
    await page.goto(`${stand.house.url}/settings/${section}`);
    await page.locator('main h2, main h3').first().waitFor();
    await page.locator('.skeleton').first().waitFor({ state: 'detached' });
    await expectAccessible(page);
  }
  await page.context().clearCookies();
  await page.goto(stand.house.url);
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  await expectAccessible(page);
});

test('an address that names nothing says so', async () => {
  const page = await stand.enter();
  await page.goto(`${stand.house.url}/no/such/page`);
  await page.getByText('There is no such page').waitFor();
  await page.goto(`${stand.house.url}/sessions/claude-0`);
  await page.getByRole('alert').waitFor();
});
