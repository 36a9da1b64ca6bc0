import { expect, test } from 'vitest';

import { writeLongSession, type LongSession } from './longSession.ts';
import { until } from './process.ts';
import { useStand } from './stand.ts';
import { DESKTOP, expectAccessible, PHONE, scrollsSideways, smallTargets, type Page } from './visitor.ts';

const ROUNDS = 12_500;

let long: LongSession;

const stand = useStand(
  ['one'],
  async () => {
    long = writeLongSession(stand.house.root('one'), ROUNDS);
    await until('the long session is understood', async () => {
      const session = await stand.house.api<{ entries: { total: number }; tool_calls: number }>(
        'GET',
        `sessions/${long.id}`,
      );
      return session.entries.total === long.lines && session.tool_calls === ROUNDS;
    });
  },
  300_000,
);

/** The long session in the reader, and the requests for entries that the page makes. */
async function open(search = '', size = DESKTOP): Promise<{ page: Page; asked: string[] }> {
  const page = await stand.enter(size);
  const asked: string[] = [];
  page.on('request', (request) => {
    if (/\/entries\?/.test(request.url())) asked.push(request.url());
  });
  await page.goto(`${stand.house.url}/browse/${long.id}${search}`);
  await page.locator('[data-index]').first().waitFor();
  return { page, asked };
}

const log = (page: Page) => page.getByRole('log');
/** The transcript of the session. */
async function file(): Promise<string> {
  const session = await stand.house.api<{ transcripts: { id: string }[] }>('GET', `sessions/${long.id}`);
  return session.transcripts[0]?.id ?? '';
}

test('50,000 entries open at once, and only what is looked at is loaded and drawn', async () => {
  const { page, asked } = await open();
  await log(page).getByText('Prompt of round 0', { exact: true }).waitFor();
  await page.getByText('Turn 1', { exact: true }).waitFor();
  expect(asked.length).toBeLessThanOrEqual(3);
  expect(await page.locator('[data-index]').count()).toBeLessThan(120);
  expect(await log(page).evaluate((element) => element.scrollHeight)).toBeGreaterThan(500_000);
});

test('the bar leads anywhere with one request, and what lies around comes with it', async () => {
  const { page, asked } = await open();
  asked.length = 0;
  await log(page).evaluate((element) => (element.scrollTop = element.scrollHeight / 2));
  await log(page)
    .getByText(/^Reply: round 6[0-9]{3} done$/)
    .first()
    .waitFor();
  expect(asked.filter((url) => url.includes('around='))).toHaveLength(1);
  await log(page).evaluate((element) => (element.scrollTop = element.scrollHeight));
  await log(page)
    .getByText(`Reply: round ${ROUNDS - 1} done`)
    .waitFor();
});

test('reading on by wheel skips no entry and keeps the page small', async () => {
  const { page } = await open();
  await log(page).hover();
  const seen = new Set<number>();
  for (let turn = 0; turn < 60; turn += 1) {
    const rows = page.locator('[data-index]');
    const drawn = await rows.evaluateAll((all) =>
      all.map((row) => Number((row as HTMLElement).dataset['index'])),
    );
    drawn.forEach((index) => seen.add(index));
    await page.mouse.wheel(0, 600);
    await page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
  }
  const all = [...seen].sort((a, b) => a - b);
  expect(all.length).toBeGreaterThan(200);
  // Outcomes stand with their call: of four lines three have a row of their own.
  const expected = Array.from({ length: (all.at(-1) ?? 0) + 1 }, (_, line) => line).filter(
    (line) => line % 4 !== 2,
  );
  expect(all).toEqual(expected);
});

test('a link leads to its entry', async () => {
  const line = 31_235;
  const { page } = await open(`?at=${await file()}:${line}`);
  const row = page.locator(`[data-index="${line}"]`);
  await row.locator('.target').waitFor();
  expect(await row.isVisible()).toBe(true);
  const box = await row.boundingBox();
  expect(box && box.y > 100 && box.y < DESKTOP.height - 60).toBe(true);
});

test('a link to what a tool answered leads to its call, near the beginning too', async () => {
  const { page } = await open(`?at=${await file()}:2`);
  const call = page.locator('[data-index="1"]');
  await call.locator('.target').waitFor();
  const above = await log(page).boundingBox();
  await until('the call is in view', async () => {
    const box = await call.boundingBox();
    return box !== null && above !== null && box.y >= above.y;
  });
});

test('a text is found wherever it stands', async () => {
  const { page } = await open();
  await log(page).focus();
  await page.keyboard.press('Control+f');
  await page.keyboard.type(long.needle.text);
  await page.getByRole('search').getByText('1', { exact: true }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('search').getByText('1 of 1').waitFor();
  await log(page).getByText(`Reply: ${long.needle.text}`).waitFor();
  await page.keyboard.press('Escape');
  expect(await log(page).evaluate((element) => element === document.activeElement)).toBe(true);
});

test('keys lead from prompt to prompt and to failures', async () => {
  const { page } = await open();
  await page.getByText('Turn 1', { exact: true }).waitFor();
  await log(page).focus();
  await page.keyboard.press('n');
  await log(page).getByText('Prompt of round 50', { exact: true }).waitFor();
  await page.keyboard.press('e');
  await log(page).getByRole('region', { name: 'Bash, failed' }).first().waitFor();
  await log(page).getByText('step 60 broke').waitFor();
  await page.keyboard.press('p');
  await log(page).getByText('Prompt of round 50', { exact: true }).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys of the reader' }).waitFor();
});

test('what one goes to lies below the line of its turn, at the desk and on the phone', async () => {
  for (const size of [DESKTOP, PHONE]) {
    const { page } = await open('', size);
    await log(page).getByText('Turn 1', { exact: true }).waitFor();
    await log(page).focus();
    await page.keyboard.press('e');
    const failed = log(page).getByRole('region', { name: 'Bash, failed' }).first();
    await failed.waitFor();
    const line = page.getByTitle(/^To the prompt of turn/);
    await until('the call lies below the line', async () => {
      const [above, below] = [await line.boundingBox(), await failed.boundingBox()];
      return above !== null && below !== null && below.y >= above.y + above.height;
    });
    await page.context().close();
  }
});

test('what could not be had while the aggregator was away comes once it is back', async () => {
  const { page } = await open();
  await stand.house.kill();
  await page.getByText('No live connection to the aggregator.').waitFor();
  await log(page).focus();
  await page.keyboard.press('End');
  const problem = log(page).locator('..').getByRole('alert');
  await problem.getByText('The aggregator does not answer.').waitFor();
  expect(await problem.isVisible()).toBe(true);
  await stand.house.open();
  await log(page)
    .getByText(`Reply: round ${ROUNDS - 1} done`)
    .waitFor();
  await problem.waitFor({ state: 'detached' });
});

test('tools can be switched off, and stay so', async () => {
  const { page } = await open();
  await log(page).getByRole('region', { name: 'Bash' }).first().waitFor();
  await page.getByRole('button', { name: 'Tools', exact: true }).click();
  await log(page).getByRole('region', { name: 'Bash' }).first().waitFor({ state: 'detached' });
  await page.reload();
  await log(page).getByText('Prompt of round 0', { exact: true }).waitFor();
  expect(await log(page).getByRole('region', { name: 'Bash' }).count()).toBe(0);
});

test.each(['dark', 'light'] as const)(
  'everybody can use it, %s, at the desk and on the phone',
  async (theme) => {
    const { page } = await open();
    await page.emulateMedia({ colorScheme: theme });
    await page.getByText('Turn 1', { exact: true }).waitFor();
    await expectAccessible(page);
    await page.setViewportSize(PHONE);
    await page.locator('[data-index]').first().waitFor();
    expect(await scrollsSideways(page)).toBe(false);
    expect(await smallTargets(page)).toEqual([]);
    await expectAccessible(page);
  },
);
