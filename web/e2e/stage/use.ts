import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';

import { openBrowser } from '../chromium.ts';
import type { Scene } from './fleet.ts';
import { Stage } from './stage.ts';

/** Registers a browser with the file that calls. What is returned opens a stage in it, which is closed after its test. */
export function useStage() {
  let browser: Browser;
  let stage: Stage | undefined;
  beforeAll(async () => (browser = await openBrowser()));
  afterEach(async () => {
    await stage?.close();
    stage = undefined;
  });
  afterAll(() => browser.close());
  return async (scene: Scene, options: BrowserContextOptions = {}): Promise<Stage> =>
    (stage = await Stage.open(browser, scene, options));
}
