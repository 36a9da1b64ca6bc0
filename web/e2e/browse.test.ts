import { rmSync } from 'node:fs';

import { expect, test } from 'vitest';

import { Coder } from './coder.ts';
import { until } from './process.ts';
import { useStand } from './stand.ts';
import {
  DESKTOP,
  expectAccessible,
  live,
  PHONE,
  scrollsSideways,
  smallTargets,
  type Page,
} from './visitor.ts';

let limiter: Coder;
let invoices: Coder;

const stand = useStand(['mac', 'ml-box'], async () => {
  limiter = new Coder(stand.house.root('ml-box'), '/srv/demo/gateway');
  limiter.prompt('The limiter lets three extra requests through after an idle minute');
  limiter.reply('The clock is read twice, so a request between the two reads is credited twice.');
  limiter.call('Bash', { command: 'cargo nextest run -p quokkaburst --no-capture' });
  limiter.reply('The quokkaburst test fails on one thread too.');
  invoices = new Coder(stand.house.root('mac'), '/srv/demo/billing');
  invoices.prompt('Migrate the invoices to integer cents');
  invoices.reply('Every amount is now an integer number of cents, quokkaburst included.');
  await found('quokkaburst', 3);
});

/** Waits until a search finds so many hits: what a coder wrote is searchable a moment later. */
async function found(query: string, hits: number): Promise<void> {
  await until(`${query} is found ${hits} times`, async () => {
    const answer = await stand.house.api<{ total: number }>('GET', `search?q=${encodeURIComponent(query)}`);
    return answer.total === hits;
  });
}

async function browse(size = DESKTOP, path = 'browse'): Promise<Page> {
  const page = await stand.enter(size);
  await page.goto(`${stand.house.url}/${path}`);
  await page.getByRole('combobox', { name: 'Search the archive' }).waitFor();
  return page;
}

const heading = (page: Page, name: RegExp) => page.getByRole('heading', { name });
const reader = (page: Page) => page.getByRole('region', { name: 'Reader' });
const query = (page: Page) => new URL(page.url()).searchParams.get('q');

test('half-remembered words lead to the place in the conversation, by keys alone', async () => {
  const page = await browse();
  await page.keyboard.press('/');
  await page.keyboard.type('quokkaburst');
  await heading(page, /3 hits in 2 sessions/).waitFor();
  await page.keyboard.type(' credited');
  await heading(page, /0 hits|hits? in/).waitFor();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('"credited twice"');
  await heading(page, /1 hit in 1 session/).waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(`/browse/${limiter.id}.*at=`));
  await reader(page).getByText('is credited twice').first().waitFor();
  expect(query(page)).toBe('"credited twice"');
});

test('a search that runs is not taken back, nor the tree loaded again, by what coders write meanwhile', async () => {
  const page = await stand.enter(DESKTOP);
  let heard = 0;
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => (heard += payload.includes(invoices.id) ? 1 : 0)),
  );
  let loads = 0;
  page.on('request', (request) => (loads += /\/api\/v1\/(tree|searches)\b/.test(request.url()) ? 1 : 0));
  let answer: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (answer = resolve));
  let searches = 0;
  await page.route(/\/search\?q=quokkaburst/, async (route) => {
    searches += 1;
    await held;
    await route.continue();
  });
  await page.goto(`${stand.house.url}/browse?q=quokkaburst`);
  await until('the search was asked', async () => searches > 0);
  await live(page);
  const before = loads;
  for (let turn = 1; turn <= 3; turn += 1) {
    const already = heard;
    invoices.reply(`Still at the invoices, step ${turn}.`);
    await until('the page heard of it', async () => heard > already);
  }
  answer();
  await heading(page, /3 hits in 2 sessions/).waitFor();
  expect({ searches, loads }).toEqual({ searches: 1, loads: before });
});

test('j and k walk the hits, and the reader follows', async () => {
  const page = await browse(DESKTOP, 'browse?q=quokkaburst&order=recent');
  await heading(page, /3 hits in 2 sessions/).waitFor();
  await page.keyboard.press('j');
  await page.waitForURL(/at=/);
  const first = page.url();
  await page.keyboard.press('j');
  await page.waitForURL((url) => url.toString() !== first);
  await page.keyboard.press('k');
  await page.waitForURL(first);
  await reader(page).getByText('quokkaburst').first().waitFor();
  await page.reload();
  await page.locator('[data-row][aria-current=true]').waitFor();
  expect(page.url()).toBe(first);
});

test('a filter that is typed becomes a chip and narrows the hits; a facet does the same', async () => {
  const page = await browse();
  await page.keyboard.press('/');
  await page.keyboard.type('host:ml');
  await page.getByRole('option', { name: 'ml-box' }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.type('quokkaburst');
  await heading(page, /2 hits in 1 session/).waitFor();
  await page.getByRole('button', { name: 'Remove host ml-box' }).click();
  await heading(page, /3 hits in 2 sessions/).waitFor();
  await page
    .getByRole('group', { name: 'Project' })
    .getByRole('button', { name: /billing/ })
    .click();
  await heading(page, /1 hit in 1 session/).waitFor();
  await page.goBack();
  await heading(page, /3 hits in 2 sessions/).waitFor();
});

test('filters alone list sessions, and their order stands in the address', async () => {
  const page = await browse(DESKTOP, 'browse?q=host:mac');
  await page.locator(`[data-row="${invoices.id}"]`).waitFor();
  expect(await page.locator('[data-row]').count()).toBe(1);
  await page.getByRole('button', { name: 'Remove host mac' }).click();
  await page.locator(`[data-row="${limiter.id}"]`).waitFor();
  await page.getByRole('button', { name: /^Order/ }).click();
  await page.getByRole('menuitemradio', { name: 'Title' }).click();
  await page.waitForURL(/sort=title/);
  await page.waitForFunction(
    (id) => document.querySelector('[data-row]')?.getAttribute('data-row') === id,
    invoices.id,
  );
});

test('the tree leads from a host to a conversation, by keys alone', async () => {
  const page = await browse();
  const tree = page.getByRole('tree');
  await tree.getByRole('treeitem', { name: /ml-box/ }).waitFor();
  await tree.focus();
  for (const key of ['Home', 'm', 'l', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
  await tree.getByRole('treeitem', { name: /gateway/ }).waitFor();
  await page.keyboard.press('ArrowRight');
  await tree.getByRole('treeitem', { name: /The limiter lets/ }).waitFor();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(`/browse/${limiter.id}`));
  await reader(page).getByText('The clock is read twice').first().waitFor();
});

test('a search is saved, found again, and forgotten', async () => {
  const page = await browse(DESKTOP, 'browse?q=quokkaburst+tool:Bash');
  await heading(page, /1 hit in 1 session/).waitFor();
  await page.getByRole('button', { name: 'Save this search' }).click();
  await page.getByLabel('Name').fill('Bursts');
  await page.keyboard.press('Enter');
  await page.goto(`${stand.house.url}/browse`);
  await page.getByRole('link', { name: 'Bursts' }).click();
  await heading(page, /1 hit in 1 session/).waitFor();
  await page.getByRole('button', { name: 'Forget the search Bursts' }).click();
  await page.getByRole('link', { name: 'Bursts' }).waitFor({ state: 'detached' });
});

test('the palette searches the whole archive', async () => {
  const page = await browse();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Search or jump' }).fill('integer number of cents');
  await page.getByRole('option', { name: /Every amount is now/ }).click();
  await page.waitForURL(new RegExp(`/browse/${invoices.id}.*at=`));
});

test('words that stand in several places of one conversation find it, and the page says so', async () => {
  const page = await browse(DESKTOP, 'browse?q=idle+credited');
  await heading(page, /hits in 1 session/).waitFor();
  await page.getByText(/these conversations hold it in several/).waitFor();
  await page
    .getByRole('region', { name: 'Hits' })
    .getByText(/credited twice/)
    .click();
  await reader(page)
    .getByText(/so a request between the two reads is credited/)
    .first()
    .waitFor();
});

test('half of the words will do, and a search from the palette goes on by keys', async () => {
  const page = await stand.enter();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Search or jump' }).fill('limiters with three extras in japan');
  await page.getByRole('option', { name: /Search every conversation/ }).click();
  await page.getByText(/these hold most of them; nothing holds japan/).waitFor();
  // The field has the cursor, so Enter goes on to what was found.
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(`/browse/${limiter.id}`));
  await reader(page).getByText('The limiter lets three extra requests').first().waitFor();
});

test('a session that is gone from its host is kept, and says so', async () => {
  const page = await browse();
  const doomed = new Coder(stand.house.root('mac'), '/srv/demo/portal');
  doomed.prompt('Say wombatology and go');
  await found('wombatology', 2);
  rmSync(doomed.file);
  await page.goto(`${stand.house.url}/browse?q=is:gone`);
  const row = page.locator(`[data-row="${doomed.id}"]`);
  await until('the session is listed as gone', async () => {
    if ((await row.count()) > 0) return true;
    await page.reload();
    await page.getByRole('button', { name: 'Remove is gone' }).waitFor();
    await page.waitForLoadState('networkidle');
    return (await row.count()) > 0;
  });
  await row.getByText('deleted on its host, kept here').waitFor({ state: 'attached' });
  await row.click();
  await reader(page).getByText('Say wombatology').first().waitFor();
});

test('a query that finds nothing offers wider ones', async () => {
  const page = await browse(DESKTOP, 'browse?q=host:mac+no-capture');
  await page.getByText('Nothing was found').waitFor();
  await page.getByRole('button', { name: /Without the filters/ }).click();
  await page.waitForFunction(() => new URL(location.href).searchParams.get('q') === 'no-capture');
});

test('a phone shows one pane at a time, and nothing scrolls sideways', async () => {
  const page = await browse(PHONE);
  await page.locator('[data-row]').nth(1).waitFor();
  expect(await smallTargets(page)).toEqual([]);
  expect(await scrollsSideways(page)).toBe(false);
  await expectAccessible(page);
  await page.getByRole('combobox', { name: 'Search the archive' }).tap();
  await page.keyboard.type('quokkaburst');
  await heading(page, /3 hits in 2 sessions/).waitFor();
  await page.keyboard.press('Enter');
  expect(await smallTargets(page)).toEqual([]);
  expect(await scrollsSideways(page)).toBe(false);
  await page.locator('[data-row]').first().tap();
  await page.waitForURL(/at=/);
  await reader(page).getByText('quokkaburst').first().waitFor();
  expect(await scrollsSideways(page)).toBe(false);
  await page.getByRole('button', { name: 'Hits' }).tap();
  await heading(page, /3 hits in 2 sessions/).waitFor();
  await page.getByRole('button', { name: 'Show hosts and projects' }).tap();
  const sheet = page.getByRole('dialog', { name: 'Archive' });
  await sheet.getByRole('treeitem', { name: /ml-box/ }).tap();
  await heading(page, /2 hits in 1 session/).waitFor();
  await sheet.waitFor({ state: 'detached' });
});

test.each(['dark', 'light'] as const)('axe finds nothing in the %s theme', async (colorScheme) => {
  const page = await browse();
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await page.locator('[data-row]').first().waitFor();
  await expectAccessible(page);
  await page.goto(`${stand.house.url}/browse?q=quokkaburst`);
  await heading(page, /3 hits/).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type(' ho');
  await page.getByRole('option').first().waitFor();
  // What was found before is pale until the answer is there.
  await page.waitForURL(/q=ho/);
  await page.locator('.stale').waitFor({ state: 'detached' });
  await expectAccessible(page);
});
