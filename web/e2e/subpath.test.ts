import { afterAll, beforeAll, expect, test } from 'vitest';

import { openBrowser } from './chromium.ts';
import { Coder } from './coder.ts';
import { House } from './house.ts';
import { enter, live, type Browser } from './visitor.ts';

let browser: Browser;
let house: House;

beforeAll(async () => {
  [browser, house] = await Promise.all([openBrowser(), House.start(['one'], ['--base-path', '/team'])]);
});
afterAll(async () => {
  await browser.close();
  await house.stop();
});

test('the whole window works below a sub-path', async () => {
  const coder = new Coder(house.root('one'), '/srv/demo/web');
  coder.prompt('Live below a path');
  const page = await enter(browser, house);
  expect(new URL(page.url()).pathname).toBe('/team/');
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  page.on('websocket', (socket) => asked.push(new URL(socket.url()).pathname));

  await page.locator(`[data-row="${coder.id}"]`).click();
  await page.getByRole('log').getByText('Live below a path').waitFor();
  expect(new URL(page.url()).pathname).toBe(`/team/sessions/${coder.id}`);
  await page.reload();
  await live(page);
  coder.reply('Still live after a reload');
  await page.getByRole('log').getByText('Still live after a reload').waitFor();

  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await page.waitForURL(/\/team\/settings\/hosts$/);
  await page.getByRole('link', { name: 'Tokens' }).click();
  await page.waitForURL(/\/team\/settings\/tokens$/);
  await page.goBack();
  await page.getByRole('heading', { name: 'Hosts', exact: true }).waitFor();
  expect(asked.filter((path) => !path.startsWith('/team/'))).toEqual([]);
  await page.context().close();
});
