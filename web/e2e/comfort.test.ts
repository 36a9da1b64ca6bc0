import { expect, test } from 'vitest';

import { crowd, team, type Scene } from './stage/fleet.ts';
import type { Stage } from './stage/stage.ts';
import { useStage } from './stage/use.ts';
import { expectAccessible, live, PHONE, scrollsSideways, type Page } from './visitor.ts';

const RTL = 'إصلاح اختبارات الحد من المعدل المتقلبة في البوابة';
const LONG = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'.repeat(4);
/** Screens of 1440 × 900 and 1280 × 800 px, magnified to 200 %. */
const MAGNIFIED = [
  { width: 720, height: 450 },
  { width: 640, height: 400 },
] as const;
const PLACES = ['/', '/settings/notices', '/usage', '/browse'];

let stage: Stage;

const begin = useStage();

async function open(scene: Scene, path = '/', options = {}): Promise<Page> {
  stage = await begin(scene, options);
  const page = await stage.page(path);
  await live(page);
  return page;
}

/** The team, with names as no designer expects them. */
function wild(): Scene {
  const scene = team();
  const [first, second, third] = scene.sessions;
  const named = [
    { ...first, title: RTL },
    { ...second, title: LONG, project_path: `/srv/${LONG}`, branch: LONG },
    { ...third, title: `${RTL} ${LONG}` },
    ...scene.sessions.slice(3),
  ] as Scene['sessions'];
  const hosts = scene.hosts.map((host, at) => (at === 1 ? { ...host, name: LONG.slice(0, 64) } : host));
  const states = scene.states.map((state) =>
    state.session_id === second?.id ? { ...state, reason: `${RTL} ${LONG}` } : state,
  );
  return { hosts, sessions: named, states };
}

/** What can be pressed or read in a pane and lies outside of it, sideways. */
function outside(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('[data-row] .title, [data-row] .numbers, [data-row] time')]
      .filter((element) => {
        const row = element.closest('[data-row]')?.getBoundingClientRect();
        const { left, right } = element.getBoundingClientRect();
        return row && (left < row.left - 1 || right > row.right + 1);
      })
      .map((element) => element.outerHTML.slice(0, 80)),
  );
}

test.each(MAGNIFIED)(
  'magnified to $width × $height nothing is cut off or scrolls sideways',
  async (viewport) => {
    const page = await open(team(), '/', { viewport, deviceScaleFactor: 2 });
    await page.locator('[data-row]').first().waitFor();
    expect(await outside(page)).toEqual([]);
    // A row and what stands above it are seen at once.
    const row = await page.locator('[data-row]').first().boundingBox();
    expect((row?.y ?? 0) + (row?.height ?? 0)).toBeLessThan(viewport.height);
    for (const place of PLACES) {
      await page.goto(new URL(place, page.url()).toString());
      await live(page);
      expect(await scrollsSideways(page), place).toBe(false);
    }
  },
);

test.each([{ width: 1440, height: 900 }, { width: 1024, height: 768 }, PHONE])(
  'long words and other scripts stay in their rows at $width px',
  async (viewport) => {
    const page = await open(wild(), '/', { viewport });
    await page.locator('[data-row]').first().waitFor();
    expect(await scrollsSideways(page)).toBe(false);
    expect(await outside(page)).toEqual([]);
    const title = page.locator('[data-row] .title').first();
    expect(await title.evaluate((element) => getComputedStyle(element).direction)).toBe('rtl');
  },
);

test('who asked for less motion sees none', async () => {
  const page = await open(crowd(8, 60), '/', { reducedMotion: 'reduce' });
  await page.locator('[data-row]').first().waitFor();
  stage.update({ activity: [{ host_id: 'build-01', session_id: 'claude-00000001', lines: 3, bytes: 900 }] });
  await page.getByText('lines/s').first().waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').waitFor();
  expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
  await page.keyboard.press('Escape');
  await page.goto(new URL('/operations?wall', page.url()).toString());
  await page.getByText('need you').first().waitFor();
  expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
});

test('in forced colours marks keep their colours, and what is chosen is outlined', async () => {
  const page = await open(team(), '/', { forcedColors: 'active' });
  const row = page.locator('[data-row]').first();
  await row.click();
  await expect.poll(() => row.getAttribute('aria-current')).toBe('true');
  expect(await row.evaluate((element) => getComputedStyle(element).outlineStyle)).toBe('solid');
  const marks = page
    .getByRole('region', { name: 'Hosts' })
    .locator('[role=img] > i, [role=img] > [style*="--scale"]');
  const grounds = await marks.evaluateAll((all) =>
    all.map((mark) => getComputedStyle(mark).getPropertyValue('forced-color-adjust')),
  );
  expect(grounds.length).toBeGreaterThan(10);
  expect(new Set(grounds)).toEqual(new Set(['none']));
  await expectAccessible(page);
});

test('on a wall of 16:10 every label is inside, and what lags says so', async () => {
  const scene = wild();
  stage = await begin(scene, { viewport: { width: 1440, height: 900 } });
  const page = await stage.page('/operations?wall');
  await page.getByText('lag 14 s').waitFor();
  const cut = await page.locator('main li .facts > *, main li .name, main .host').evaluateAll((all) =>
    all
      .map((element) => ({ element, box: element.getBoundingClientRect() }))
      .filter(({ box }) => box.left < 0 || box.right > innerWidth || box.width < 8)
      .map(({ element }) => element.outerHTML.slice(0, 100)),
  );
  expect(cut).toEqual([]);
  const lag = await page.getByText('lag 14 s').evaluate((element) => {
    const line = element.parentElement?.getBoundingClientRect();
    return line && element.getBoundingClientRect().bottom <= line.bottom;
  });
  expect(lag).toBe(true);
});
