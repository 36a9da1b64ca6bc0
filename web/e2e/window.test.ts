import { expect, test } from 'vitest';

import { Coder } from './coder.ts';
import { until } from './process.ts';
import { useStand } from './stand.ts';
import { DESKTOP, live, type Page } from './visitor.ts';

const stand = useStand(['one', 'two']);

/** A session on a host, open on a page. */
async function openSession(host: string, prompt: string): Promise<{ coder: Coder; page: Page }> {
  const coder = new Coder(stand.house.root(host), '/srv/demo/web');
  coder.prompt(prompt);
  const page = await stand.enter();
  await page.locator(`[data-row="${coder.id}"]`).click();
  await page.getByRole('log').getByText(prompt).waitFor();
  return { coder, page };
}

test('a one-time link signs in, leaves the address bar, and asks for a password that then works', async () => {
  const { link } = await stand.house.api<{ link: string }>('POST', 'members', {
    name: 'newcomer',
    role: 'member',
  });
  const page = await stand.stranger();
  await page.goto(link);
  await page.getByRole('heading', { name: 'Set a password' }).waitFor();
  expect(page.url()).not.toContain('#');
  await page.getByLabel(/New password/).fill('correct horse battery');
  await page.getByRole('button', { name: 'Set password' }).click();
  await live(page);

  await page.getByRole('button', { name: /Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByLabel('Name').fill('newcomer');
  await page.getByLabel('Password').fill('not this one');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Name or password is wrong').waitFor();
  await page.getByLabel('Password').fill('correct horse battery');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await live(page);

  const other = await (await stand.browser.newContext()).newPage();
  await other.goto(link);
  await other.getByText(/used already or has expired/).waitFor();
  await other.context().close();
});

test('an append on host two is on the page without a reload, and still there after one', async () => {
  const { coder, page } = await openSession('two', 'Find the flaky test');
  coder.reply('Two clocks: the test moves one, the code reads the other.');
  await page.getByRole('log').getByText('Two clocks').waitFor();
  coder.call('Bash', { command: 'cargo nextest run -p limiter' });
  await page.getByRole('log').getByText('cargo nextest run -p limiter').waitFor();
  await page.reload();
  await page.getByRole('log').getByText('Two clocks').waitFor();
  expect(await page.getByRole('heading', { name: 'Find the flaky test' }).isVisible()).toBe(true);
});

test('text of a transcript is never markup', async () => {
  const { coder, page } = await openSession('one', 'Say something dangerous');
  coder.reply('<img src=x onerror="document.title=1"><b>bold</b>');
  await page.getByRole('log').getByText('<b>bold</b>').waitFor();
  expect(await page.getByRole('log').locator('img, b').count()).toBe(0);
});

test('a reader who scrolled up stays there and is told what is new', async () => {
  const { coder, page } = await openSession('one', 'Write a lot');
  for (let i = 0; i < 80; i += 1) coder.reply(`Paragraph ${i} of many`);
  const log = page.getByRole('log');
  await log.getByText('Paragraph 79 of many').waitFor();
  await log.hover();
  await page.mouse.wheel(0, -900);
  await page.getByText('Paused').waitFor();
  const before = await log.evaluate((element) => element.scrollTop);
  coder.reply('The newest line');
  await page.getByRole('button', { name: '1 new' }).waitFor();
  expect(Math.abs((await log.evaluate((element) => element.scrollTop)) - before)).toBeLessThan(4);
  await page.getByRole('button', { name: '1 new' }).click();
  await log.getByText('The newest line').waitFor();
  await page.getByText('Following').waitFor();
});

test('earlier entries come when one scrolls back', async () => {
  const coder = new Coder(stand.house.root('one'), '/srv/demo/long');
  coder.prompt('The very first prompt');
  for (let i = 0; i < 450; i += 1) coder.reply(`Line ${i}`);
  const page = await stand.enter();
  await page.locator(`[data-row="${coder.id}"]`).click();
  const log = page.getByRole('log');
  await log.getByText('Line 449', { exact: true }).waitFor();
  await log.hover();
  const first = log.getByText('The very first prompt');
  await until('the beginning is reached', async () => {
    await page.mouse.wheel(0, -4000);
    return first.isVisible();
  });
});

test('a killed aggregator brings the banner; restarted, the page catches up without a reload', async () => {
  const { coder, page } = await openSession('two', 'Survive a crash');
  coder.reply('Before the crash');
  await page.getByRole('log').getByText('Before the crash').waitFor();
  await page.evaluate(() => ((globalThis as unknown as { mark: number }).mark = 1));

  await stand.house.kill();
  await page.getByText('No live connection to the aggregator').waitFor();
  await page.getByTestId('connection').getByText('Offline').waitFor();
  coder.reply('While it was down');
  await stand.house.open();

  await page.getByRole('log').getByText('While it was down').waitFor();
  await page.getByText('No live connection to the aggregator').waitFor({ state: 'detached' });
  await live(page);
  expect(await page.evaluate(() => (globalThis as unknown as { mark?: number }).mark)).toBe(1);
  expect(await page.getByRole('log').getByText('Before the crash').count()).toBe(1);
});

test('a host joins by the command that the page shows, and the page says so', async () => {
  const page = await stand.enter();
  await page.getByRole('button', { name: 'Add a host' }).click();
  await page.getByLabel('Name of the host').fill('three');
  await page.getByRole('button', { name: 'Make the command' }).click();
  await page.getByText('Waiting for three to join').waitFor();
  const command = await page.getByRole('dialog').locator('code', { hasText: ' join ' }).innerText();
  await stand.house.join('three', command);
  await page.getByText('three is linked').waitFor();
  await page.getByRole('button', { name: 'Done' }).click();

  await page.goto(`${stand.house.url}/settings/hosts`);
  await page.getByRole('button', { name: 'Remove three' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove three' }).click();
  await page.getByRole('heading', { name: /^three/ }).waitFor({ state: 'detached' });
});

test('a viewer sees everything and can change nothing', async () => {
  const { link } = await stand.house.api<{ link: string }>('POST', 'members', {
    name: 'reader',
    role: 'viewer',
  });
  const page = await stand.enter(DESKTOP, link);
  await page.locator('[data-row]').first().waitFor();
  expect(await page.getByRole('button', { name: 'Add a host' }).count()).toBe(0);
  await page.goto(`${stand.house.url}/settings/members`);
  await page.getByText('it is for admins').waitFor();
  expect(await page.getByRole('link', { name: 'Members' }).count()).toBe(0);
});

test('a sign-in that is ended elsewhere ends on the page too', async () => {
  const member = await stand.house.api<{ member: { id: string }; link: string }>('POST', 'members', {
    name: 'leaver',
    role: 'member',
  });
  const page = await stand.enter(DESKTOP, member.link);
  await stand.house.api('PATCH', `members/${member.member.id}`, { disabled: true });
  await page.reload();
  await page.getByRole('heading', { name: 'Sign in to Muster' }).waitFor();
});

test('tokens are shown once and can be revoked', async () => {
  const page = await stand.enter();
  await page.goto(`${stand.house.url}/settings/tokens`);
  await page.getByRole('button', { name: 'Create a token' }).click();
  await page.getByLabel('What it is for').fill('a script');
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  const secret = await page.locator('dialog code').innerText();
  const asScript = () =>
    fetch(`${stand.house.url}/api/v1/me`, { headers: { authorization: `Bearer ${secret}` } });
  expect((await asScript()).status).toBe(200);
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'Revoke a script' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke a script' }).click();
  await page.getByText('a script', { exact: false }).first().waitFor({ state: 'detached' });
  expect((await asScript()).status).toBe(401);
});
