import { expect, test } from 'vitest';

import { calm, crowd, team } from './stage/fleet.ts';
import type { Stage } from './stage/stage.ts';
import { useStage } from './stage/use.ts';
import { expectAccessible, type Page } from './visitor.ts';

const SCREENS = [
  { width: 1920, height: 1080 },
  { width: 1280, height: 720 },
  { width: 1080, height: 1920 },
] as const;
/** Smallest text on a screen of 1080 lines, px. */
const LEAST_TEXT = 24;

let stage: Stage;

const begin = useStage();

async function wall(scene = team(), viewport: { width: number; height: number } = SCREENS[0]): Promise<Page> {
  stage = await begin(scene, { viewport, colorScheme: 'light' });
  const page = await stage.page('/operations?wall');
  await page.getByText('Live').waitFor();
  return page;
}

/** The smallest text that is seen, as it would be on a screen of 1080 lines, px. */
function smallestText(page: Page): Promise<number> {
  return page.evaluate(() => {
    const short = Math.min(innerWidth, innerHeight);
    const walker = document.createTreeWalker(document.querySelector('main') as Node, NodeFilter.SHOW_TEXT);
    let least = Infinity;
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement;
      if (!parent?.checkVisibility({ opacityProperty: true }) || !walker.currentNode.textContent?.trim())
        continue;
      if (parent.closest('.sr-only, svg')) continue;
      least = Math.min(least, (parseFloat(getComputedStyle(parent).fontSize) * 1080) / short);
    }
    return least;
  });
}

test('a wall that was switched on just now shows what hosts wrote before', async () => {
  stage = await begin(team(), { viewport: SCREENS[0] });
  const lines = Array.from({ length: 180 }, (_, step) => step % 7);
  stage.answers.set('activity', { step_ms: 10_000, hosts: [{ host_id: 'ml-box', lines }] });
  const page = await stage.page('/operations?wall');
  const plot = page.getByRole('listitem').filter({ hasText: 'ml-box' }).locator('polyline');
  await expect
    .poll(async () => (await plot.last().getAttribute('points'))?.split(' ').length ?? 0)
    .toBeGreaterThan(170);
});

test.each(SCREENS)(
  'the wall of $width × $height fits, without chrome, in letters for the back of the room',
  async (size) => {
    const page = await wall(team(), size);
    await page.getByText('need you', { exact: false }).first().waitFor();
    for (const words of [
      'Migrate billing webhooks to v2',
      'psql -f 0042_webhooks.sql',
      'Loop',
      'vm-frontend',
    ]) {
      expect(await page.getByText(words).first().isVisible()).toBe(true);
    }
    expect(await page.getByRole('navigation').count()).toBe(0);
    const [over, wide] = await page.evaluate(() => [
      document.documentElement.scrollHeight - innerHeight,
      document.documentElement.scrollWidth - innerWidth,
    ]);
    expect([over, wide]).toEqual([0, 0]);
    expect(await smallestText(page)).toBeGreaterThanOrEqual(LEAST_TEXT - 0.5);
    const ground = await page
      .locator('main')
      .evaluate((element) => getComputedStyle(element).backgroundColor);
    // Dark, though the system asks for light: the first number is its lightness, of 100.
    expect(Number(/^lab\(([\d.]+)/.exec(ground)?.[1])).toBeLessThan(10);
  },
);

test('with nobody waiting the wall is calm, and says what goes on', async () => {
  const page = await wall(calm());
  await page.getByText('All calm').waitFor();
  await page.getByText('wait for their next prompt').waitFor();
  expect(await page.title()).toBe('Wall · Muster');
});

test('more than fit are counted, the longest waiting first', async () => {
  const page = await wall(crowd(60, 500), SCREENS[1]);
  await page.getByText(/^and \d+ more$/).waitFor();
  expect(await page.locator('.title').first().innerText()).toContain('1 h');
});

test('a lost connection is said across the wall, and it comes back by itself', async () => {
  const page = await wall();
  stage.cut();
  await page.getByText('No live connection to the aggregator since').waitFor();
  stage.reachable = true;
  await page.getByText('No live connection').waitFor({ state: 'detached', timeout: 30_000 });
});

test('the wall keeps the screen awake, and Escape leaves it', async () => {
  stage = await begin(team());
  await stage.context.addInitScript(() => {
    const asked: string[] = [];
    Object.assign(globalThis, { asked });
    Object.defineProperty(navigator, 'wakeLock', {
      value: { request: async (kind: string) => (asked.push(kind), { release: async () => undefined }) },
    });
  });
  const page = await stage.page('/operations?wall');
  await page.getByText('Live').waitFor();
  expect(await page.evaluate(() => (globalThis as unknown as { asked: string[] }).asked)).toEqual(['screen']);
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { name: 'Operations' }).waitFor();
});

test('axe finds nothing on the wall', async () => {
  const page = await wall();
  await expectAccessible(page);
});
