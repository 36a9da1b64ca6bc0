import { afterAll, afterEach, beforeAll } from 'vitest';

import { openBrowser } from './chromium.ts';
import { House } from './house.ts';
import { DESKTOP, enter, type Browser, type Page } from './visitor.ts';

/** What the tests of a file share: one browser and one house. Each test has one page of its own, which is closed after it. */
export class Stand {
  browser!: Browser;
  house!: House;
  page: Page | undefined;

  /** A page that has signed in, by the owner's link unless told. */
  async enter(size = DESKTOP, link?: string): Promise<Page> {
    this.page = await enter(this.browser, this.house, size, link);
    return this.page;
  }

  /** A page of somebody who has not signed in. */
  async stranger(): Promise<Page> {
    this.page = await (await this.browser.newContext()).newPage();
    return this.page;
  }
}

/** Registers a stand with the file that calls: its house has these hosts, and is filled by `fill` within so many milliseconds. */
export function useStand(
  hosts: readonly string[],
  fill?: () => Promise<void> | void,
  within = 120_000,
): Stand {
  const stand = new Stand();
  beforeAll(async () => {
    [stand.browser, stand.house] = await Promise.all([openBrowser(), House.start(hosts)]);
    await fill?.();
  }, within);
  afterEach(async () => {
    await stand.page?.context().close();
    stand.page = undefined;
  });
  afterAll(async () => {
    await stand.browser.close();
    await stand.house.stop();
  });
  return stand;
}
