import { dirname } from 'node:path';

import { expect, test } from 'vitest';

import { Coder } from './coder.ts';
import { until } from './process.ts';
import { useStand } from './stand.ts';
import { DESKTOP, expectAccessible, PHONE, scrollsSideways, smallTargets, type Page } from './visitor.ts';

const stand = useStand(['one']);

const PATCH = {
  structuredPatch: [
    { oldStart: 41, newStart: 41, lines: [' fn refill() {', '-  Instant::now()', '+  clock.now()'] },
  ],
};

/** A session with an edit, a failure and a subagent that works. */
function busy(prompt: string): { coder: Coder; helper: Coder } {
  const root = stand.house.root('one');
  const coder = new Coder(root, '/srv/demo/limiter');
  coder.prompt(prompt);
  coder.answer(coder.call('Read', { file_path: '/srv/demo/limiter/README.md' }), 'Limiter');
  const edit = { file_path: '/srv/demo/limiter/src/bucket.rs', old_string: 'a', new_string: 'b' };
  coder.answer(coder.call('Edit', edit), 'done', false, { filePath: edit.file_path, ...PATCH });
  const failed = 'Exit code 101\nrunning 1 test\nassertion failed: left: 11, right: 10';
  coder.answer(coder.call('Bash', { command: 'cargo test window_rolls_over' }), failed, true);
  const helper = coder.begin(root, 'Explore', 'Find every clock');
  helper.answer(helper.call('Grep', { pattern: 'Instant::now' }), 'src/bucket.rs:42');
  helper.reply('There are two clocks in here.');
  coder.reply('The window test fails for two clocks.');
  return { coder, helper };
}

async function openDetail(id: string, size = DESKTOP, link?: string): Promise<Page> {
  const page = await stand.enter(size, link);
  await page.goto(`${stand.house.url}/sessions/${id}`);
  await page.getByRole('heading', { level: 2 }).first().waitFor();
  return page;
}

const tree = (it: Page) => it.getByRole('tree', { name: 'Agents of the session' });
const calls = (it: Page) => it.getByRole('group', { name: 'Tool calls' });

test('agents, calls and conversation are there and go along with what is written', async () => {
  const { coder, helper } = busy('Fix the flaky window test');
  const page = await openDetail(coder.id);
  await tree(page)
    .getByRole('treeitem', { name: /^Main session/ })
    .waitFor();
  await tree(page)
    .getByRole('treeitem', { name: /^Find every clock/ })
    .waitFor();
  // A failure opens by itself and says what went wrong.
  await calls(page).getByText('assertion failed: left: 11, right: 10').waitFor();
  expect(
    await calls(page)
      .getByRole('button', { name: /^Bash .*failed$/ })
      .count(),
  ).toBe(1);

  const running = coder.call('Bash', { command: 'cargo nextest run -p limiter' });
  const row = calls(page).getByRole('button', { name: /^Bash cargo nextest run/ });
  await row.and(page.getByRole('button', { name: /running$/ })).waitFor();
  coder.answer(running, '12 tests passed');
  await row.and(page.locator(':not([aria-label$="running"])')).waitFor();

  await tree(page)
    .getByRole('treeitem', { name: /^Find every clock/ })
    .click();
  await page.getByRole('log').getByText('There are two clocks in here.').waitFor();
  await calls(page).getByRole('button', { name: /^Grep/ }).waitFor();
  expect(await calls(page).getByRole('button', { name: /^Bash/ }).count()).toBe(0);
  helper.reply('A third one hides in the tests.');
  await page.getByRole('log').getByText('A third one hides in the tests.').waitFor();
  await page.getByRole('button', { name: 'Back to the session' }).click();
  await page.getByRole('log').getByText('The window test fails for two clocks.').waitFor();
});

test('a link opens the same agent and part, and back leads through what was looked at', async () => {
  const { coder } = busy('Hand the view on');
  const page = await openDetail(coder.id);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const helper = tree(page).getByRole('treeitem', { name: /^Find every clock/ });
  const looked = () => page.getByRole('log').getByText('There are two clocks in here.');
  await helper.click();
  await looked().waitFor();
  await page.getByRole('tab', { name: 'Files' }).click();
  await page.waitForURL(/agent=.*show=files/);
  await page.getByRole('button', { name: 'Copy link' }).click();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(new URL(link).search).toBe(new URL(page.url()).search);

  await page.goBack();
  await looked().waitFor();
  await page.goBack();
  await page.getByRole('log').getByText('The window test fails for two clocks.').waitFor();
  await expect.poll(() => helper.getAttribute('aria-selected')).toBe('false');
  await page.goForward();
  await looked().waitFor();

  await page.goto(link);
  await page.getByRole('group', { name: 'Files touched' }).waitFor();
  expect(await page.getByRole('tab', { name: 'Files' }).getAttribute('aria-selected')).toBe('true');
  await expect.poll(() => helper.getAttribute('aria-selected')).toBe('true');
  await calls(page).getByRole('button', { name: /^Grep/ }).waitFor();
  expect(await calls(page).getByRole('button', { name: /^Bash/ }).count()).toBe(0);
  await page.getByRole('tab', { name: 'Conversation' }).click();
  await looked().waitFor();
  // Another session is begun at its own conversation, the same part in front.
  const { coder: other } = busy('Beside it');
  await page.getByRole('tab', { name: 'Usage' }).click();
  await page.locator(`[data-row="${other.id}"]`).click();
  await page.waitForURL(new RegExp(`/sessions/${other.id}\\?show=usage$`));
});

test('the keyboard walks agents and calls, opens both, and sets heights that are remembered', async () => {
  const { coder } = busy('Walk by keyboard');
  const page = await openDetail(coder.id);
  await tree(page)
    .getByRole('treeitem', { name: /^Main session/ })
    .focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await page.getByRole('log').getByText('There are two clocks in here.').waitFor();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await page.getByRole('log').getByText('The window test fails for two clocks.').waitFor();

  await calls(page).getByRole('button').first().focus();
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
  const first = await focused();
  await page.keyboard.press('j');
  await expect.poll(focused).not.toBe(first);
  await page.keyboard.press('k');
  await expect.poll(focused).toBe(first);
  for (let i = 0; i < 6 && !(await focused()).startsWith('Edit'); i += 1) {
    const was = await focused();
    await page.keyboard.press('j');
    await expect.poll(focused).not.toBe(was);
  }
  await page.keyboard.press('Enter');
  await calls(page).getByText('clock.now()').waitFor();

  const grip = page.getByRole('separator', { name: 'Height of the tools' });
  const height = async () => Number(await grip.getAttribute('aria-valuenow'));
  const before = await height();
  await grip.focus();
  await page.keyboard.press('ArrowDown');
  await expect.poll(height).toBe(before + 16);
  await page.getByRole('button', { name: /^Agents \d/ }).click();
  await page.reload();
  await page.getByRole('button', { name: /^Tools \d/ }).waitFor();
  expect(await tree(page).count()).toBe(0);
  expect(await height()).toBe(before + 16);

  await calls(page).getByRole('button', { name: /^Edit/ }).focus();
  await page.keyboard.press('o');
  await page.waitForURL(/\/browse\/.*at=/);
});

test('calls are filtered by outcome, tool and words, and grouped by agent', async () => {
  const { coder } = busy('Filter the calls');
  const page = await openDetail(coder.id);
  const rows = calls(page).locator('[data-call]');
  await expect.poll(() => rows.count()).toBe(5);
  await page.getByRole('button', { name: '1 failed' }).click();
  await expect.poll(() => rows.count()).toBe(1);
  await page.getByTitle('Show all calls again').click();
  await expect.poll(() => rows.count()).toBe(5);
  await page.getByRole('button', { name: 'Filter the calls' }).click();
  await page.getByRole('menuitemradio', { name: /^Grep/ }).click();
  await expect.poll(() => rows.count()).toBe(1);
  await page.getByTitle('Show all calls again').click();
  await page.getByRole('button', { name: 'Find in the calls' }).click();
  await page.getByRole('searchbox', { name: 'Find in the calls' }).fill('bucket.rs');
  await expect.poll(() => rows.count()).toBe(1);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Filter the calls' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Group by agent' }).click();
  await calls(page)
    .getByRole('heading', { name: /Find every clock/ })
    .waitFor();
});

test('files have their diffs, usage its models', async () => {
  const { coder } = busy('Show files and usage');
  const page = await openDetail(coder.id);
  await page.getByRole('tab', { name: 'Files' }).click();
  const files = page.getByRole('group', { name: 'Files touched' });
  await files.getByText('1 file changed').waitFor();
  await files.getByRole('button', { name: /bucket\.rs/ }).click();
  await files.getByText('Instant::now()').waitFor();
  await files.getByRole('button', { name: '1 file only read' }).click();
  await files.getByText('README.md').waitFor();
  await page.getByRole('tab', { name: 'Usage' }).click();
  await page.getByRole('cell', { name: /Opus 4\.6/ }).waitFor();
  await page.getByRole('button', { name: /^Context of \d+ replies/ }).waitFor();
  await page.getByRole('tab', { name: 'Todos' }).click();
  await page.getByText('keeps no list').waitFor();
});

test('a title is changed in place, and left as it was by Escape', async () => {
  const { coder } = busy('Name me');
  const page = await openDetail(coder.id);
  const row = page.locator(`[data-row="${coder.id}"]`);
  const title = async () => (await stand.house.api<{ title: string }>('GET', `sessions/${coder.id}`)).title;
  await page.getByRole('button', { name: 'Rename' }).click();
  const field = page.getByRole('textbox', { name: 'Title of the session' });
  await field.fill('Something else');
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { name: 'Name me' }).waitFor();
  await page.getByRole('button', { name: 'Rename' }).click();
  await field.fill('Two clocks');
  await page.keyboard.press('Enter');
  await page.getByText('Session renamed').waitFor();
  // What the aggregator keeps is what every page shows: here, in the list, and after a reload.
  await page.getByRole('heading', { name: 'Two clocks' }).waitFor();
  await row.getByText('Two clocks').waitFor();
  expect(await title()).toBe('Two clocks');
  await page.reload();
  await page.getByRole('heading', { name: 'Two clocks' }).waitFor();
  await page.getByRole('button', { name: 'Rename' }).click();
  await page.getByRole('button', { name: 'Give the title back to the coder' }).click();
  await page.getByRole('heading', { name: 'Name me' }).waitFor();
  expect(await title()).toBe('Name me');
});

test('nothing can be stopped where nothing lives, and a viewer is offered neither stop nor rename', async () => {
  const { coder } = busy('Stop me');
  const page = await openDetail(coder.id);
  const stop = page.getByRole('button', { name: 'Stop' });
  expect(await stop.getAttribute('aria-disabled')).toBe('true');
  await stop.hover();
  await page.getByRole('tooltip').getByText('there is nothing to stop').waitFor();
  await page.context().close();

  const { link } = await stand.house.api<{ link: string }>('POST', 'members', {
    name: 'onlooker',
    role: 'viewer',
  });
  const viewer = await openDetail(coder.id, DESKTOP, link);
  await tree(viewer).waitFor();
  expect(await viewer.getByRole('button', { name: 'Stop' }).count()).toBe(0);
  expect(await viewer.getByRole('button', { name: 'Rename' }).count()).toBe(0);
});

/** Waits until the host says whether what lives of a session can be stopped. */
async function saysOfStop(id: string, stoppable: boolean): Promise<void> {
  await until(`${id} ${stoppable ? 'can' : 'cannot'} be stopped`, async () => {
    const { house } = stand;
    const state = await house.api<{ processes: { no_stop: string | null }[] }>('GET', `sessions/${id}/state`);
    return state.processes.length === 1 && (state.processes[0]?.no_stop === null) === stoppable;
  });
}

test('killing asks first, names session and host, says how it went, and ends the process', async () => {
  const { coder } = busy('Kill me');
  const process = coder.live(dirname(stand.house.root('one')));
  const page = await openDetail(coder.id);
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('menuitem', { name: /^Kill/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Kill “Kill me” on one?' });
  // Its owner changes the policy while one still thinks about it, and back.
  await stand.house.restart('one', 'allow_stop = false');
  await saysOfStop(coder.id, false);
  await dialog.getByRole('button', { name: 'Kill it' }).click();
  await dialog.getByRole('alert').getByText('This coder cannot be stopped from here').waitFor();
  await stand.house.restart('one', '');
  await saysOfStop(coder.id, true);
  await dialog.getByRole('button', { name: 'Kill it' }).click();
  await page.getByText(`ended process ${process.pid}`).first().waitFor();
  expect(await process.ended()).toBeNull();
});

test.each(['dark', 'light'] as const)('axe finds nothing in any part, %s', async (colorScheme) => {
  const { coder } = busy(`Look at every part, ${colorScheme}`);
  const page = await openDetail(coder.id);
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await tree(page)
    .getByRole('treeitem', { name: /^Find every clock/ })
    .waitFor();
  await expectAccessible(page);
  for (const name of ['Todos', 'Files', 'Usage', 'Archive']) {
    await page.getByRole('tab', { name }).click();
    await page.getByRole('tabpanel').locator('.skeleton').first().waitFor({ state: 'detached' });
    await expectAccessible(page);
  }
  await page.getByRole('button', { name: 'Agents on the whole window' }).click();
  await page.getByRole('dialog').getByRole('tree').waitFor();
  await expectAccessible(page);
});

test('a phone gets one part at a time, with targets for a thumb', async () => {
  const { coder } = busy('On the phone');
  const page = await openDetail(coder.id, PHONE);
  for (const name of ['Agents', 'Tools', 'Conversation', 'Todos', 'Files', 'Usage', 'Archive']) {
    await page.getByRole('tab', { name }).tap();
    await page.getByRole('tabpanel', { name }).waitFor();
    await page.getByRole('tabpanel').locator('.skeleton').first().waitFor({ state: 'detached' });
    expect(await scrollsSideways(page)).toBe(false);
    expect(await smallTargets(page)).toEqual([]);
  }
  await expectAccessible(page);
  await page.getByRole('tab', { name: 'Agents' }).tap();
  await tree(page)
    .getByRole('treeitem', { name: /^Find every clock/ })
    .tap();
  await page.getByRole('log').getByText('There are two clocks in here.').waitFor();
});
