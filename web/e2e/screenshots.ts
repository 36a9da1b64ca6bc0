/**
 * Pictures of a running Muster, for looking at and for the documentation.
 *
 *     npm run screenshots -- LINK FOLDER
 *
 * LINK is the address of the page, or the sign-in link that `muster up` prints.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';

import { openBrowser } from './chromium.ts';

const SIZES = [
  { name: 'desktop', width: 1440, height: 900 },
  { name: 'narrow', width: 1024, height: 768 },
  { name: 'phone', width: 390, height: 844 },
] as const;
/** Long enough for sparklines and rates to show something. */
const WARM_UP_MS = Number(process.env['WARM_UP_MS'] ?? 20_000);
/** Until what slides or fades in is there. The pulses of a live fleet never end, so there is no rest to wait for. */
const SETTLE_MS = 1_500;

const [link = 'http://127.0.0.1:4600/', folder = 'screenshots'] = process.argv.slice(2);
const home = new URL('./', link).toString().replace(/sign-in\/?$/, '');

async function shot(page: Page, name: string): Promise<void> {
  await page.waitForTimeout(SETTLE_MS);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  console.log(`${name}.png`);
}

async function signIn(context: BrowserContext): Promise<void> {
  const page = await context.newPage();
  await page.goto(link);
  await page.waitForSelector('[data-testid=connection], button:has-text("Later")');
  await page.close();
}

async function open(context: BrowserContext, path: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(home + path);
  await page.waitForSelector('[data-testid=connection]');
  return page;
}

await mkdir(folder, { recursive: true });
const browser = await openBrowser();
const first = await browser.newContext();
await signIn(first);
const storageState = await first.storageState();

for (const theme of ['dark', 'light'] as const) {
  for (const size of SIZES) {
    const context = await browser.newContext({
      viewport: { width: size.width, height: size.height },
      colorScheme: theme,
      storageState,
      hasTouch: size.name === 'phone',
      deviceScaleFactor: size.name === 'phone' ? 2 : 1,
    });
    const page = await open(context, '');
    await page.waitForSelector('[data-row]');
    await page.waitForTimeout(WARM_UP_MS);
    if (size.name !== 'desktop') await shot(page, `operations-${size.name}-${theme}`);
    await page.locator('[data-row]').first().click();
    await page.getByRole('log').waitFor();
    await page.mouse.move(1, 1);
    await shot(page, `operations-${size.name}${size.name === 'desktop' ? '' : '-detail'}-${theme}`);
    await page.close();
    const settings = await open(context, 'settings/hosts');
    await shot(settings, `hosts-${size.name}-${theme}`);
    await context.close();
  }
}
const screen = await browser.newContext({ viewport: { width: 1920, height: 1080 }, storageState });
const wall = await open(screen, 'operations?wall');
await wall.waitForSelector('main li');
await shot(wall, 'wall');
await browser.close();
