import AxeBuilder from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';

import type { House } from './house.ts';

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** Signs in by a link, the owner's unless told, and puts the question for a password off. */
export async function enter(browser: Browser, house: House, size = DESKTOP, link?: string): Promise<Page> {
  const context = await browser.newContext({ viewport: size, hasTouch: size === PHONE });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  await page.goto(link ?? (await house.link()));
  await page.getByRole('button', { name: 'Later' }).click();
  await live(page);
  return page;
}

/** Waits until the page is connected and current. */
export async function live(page: Page): Promise<void> {
  await page.getByTestId('connection').getByText('Live').waitFor();
}

/** Waits until what slides or fades in is there; what moves for ever does not count. */
async function atRest(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    document
      .getAnimations()
      .every(
        ({ effect, playState }) =>
          playState !== 'running' || effect?.getComputedTiming().iterations === Infinity,
      ),
  );
}

/** Fails with what axe finds wrong on the page as it stands, at rest: half faded in, any text is too pale. */
export async function expectAccessible(page: Page): Promise<void> {
  await atRest(page);
  await page.evaluate(AxeBuilder.source);
  const found = await page.evaluate(async () => {
    const axe = (globalThis as unknown as { axe: typeof AxeBuilder }).axe;
    const { violations } = await axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'],
    });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`),
    );
  });
  expect(found).toEqual([]);
}

/** Whether the page is wider than its window. */
export function scrollsSideways(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
}

/** What a thumb would miss: everything that can be pressed and is smaller than 44 px. */
export function smallTargets(page: Page): Promise<string[]> {
  return page.locator('button:visible, a[href]:visible, summary:visible').evaluateAll((all) =>
    all
      .filter((element) => !element.closest('dialog') === !document.querySelector('dialog[open]'))
      .map((element) => ({ element, box: element.getBoundingClientRect() }))
      .filter(({ box }) => Math.min(box.width, box.height) < 43.5 && box.width > 1)
      .map(({ element, box }) => `${element.outerHTML.slice(0, 120)}: ${box.width} × ${box.height}`),
  );
}

export type { Browser, BrowserContext, Page };
