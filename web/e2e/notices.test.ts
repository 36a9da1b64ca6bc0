import { expect, test } from 'vitest';

import { doing } from '../src/wire/testing.ts';
import type { NoticeRules } from '../src/wire/types.gen.ts';
import { team } from './stage/fleet.ts';
import type { Stage } from './stage/stage.ts';
import { useStage } from './stage/use.ts';
import { expectAccessible, live, type Page } from './visitor.ts';

const RULES: NoticeRules = {
  enabled: true,
  turns: ['needs_permission', 'needs_answer', 'failed'],
  alarms: [],
  projects: [],
  dwell_seconds: 0,
  quiet_from: null,
  quiet_to: null,
};
const SESSION = 'claude-00000003';
/** Two looks of the page's clock, by which every notice has come. */
const LOOKS_MS = 2200;

let stage: Stage;

const begin = useStage();

interface Told {
  title: string;
  body: string;
  closed: boolean;
}
type Pages = { told: (Told & { onclick?: () => void })[]; away: boolean };

/** A browser whose notices are written down, and whose reader looks elsewhere. */
async function open(rules: NoticeRules, permission = 'granted'): Promise<Page> {
  stage = await begin(team());
  await stage.context.clock.install();
  stage.answers.set('notices/rules', rules);
  await stage.context.addInitScript((given) => {
    const told: unknown[] = [];
    class Fake {
      static permission = given;
      static requestPermission = async () => (Fake.permission = 'granted');
      closed = false;
      title: string;
      body: string;
      constructor(title: string, { body }: { body: string }) {
        this.title = title;
        this.body = body;
        told.push(this);
      }
      close() {
        this.closed = true;
      }
    }
    Object.assign(globalThis, { told, Notification: Fake });
    document.hasFocus = () => false;
  }, permission);
  return another();
}

async function another(): Promise<Page> {
  const rules = stage.context.waitForEvent('response', (one) => one.url().endsWith('/notices/rules'));
  const page = await stage.page('/');
  await live(page);
  await (await rules).finished();
  const tabs = stage.context.pages().length;
  await expect.poll(async () => (await line(page)).held + (await line(page)).waiting).toBe(tabs);
  // What stood there before is settled with the first look at it.
  await stage.context.clock.runFor(LOOKS_MS);
  return page;
}

/** How many tabs tell, and how many wait for their turn. */
const line = (page: Page): Promise<{ held: number; waiting: number }> =>
  page.evaluate(async () => {
    const { held, pending } = await navigator.locks.query();
    return { held: held?.length ?? 0, waiting: pending?.length ?? 0 };
  });

const told = (page: Page): Promise<Told[]> =>
  page.evaluate(() =>
    (globalThis as unknown as Pages).told.map(({ title, body, closed }) => ({ title, body, closed })),
  );

function fails(reason = '5-hour limit') {
  stage.update({ states: [doing(SESSION, 'failed', Date.now(), { reason })] });
}

test('what fails is told with why and where; answered elsewhere, it is taken back', async () => {
  const page = await open(RULES);
  expect(await told(page)).toEqual([]);
  fails();
  await expect
    .poll(() => told(page))
    .toEqual([
      {
        title: 'failed: Fix flaky rate-limit tests',
        body: '5-hour limit\nmac-studio · gateway',
        closed: false,
      },
    ]);
  stage.update({ states: [doing(SESSION, 'working', Date.now())] });
  await expect.poll(async () => (await told(page))[0]?.closed).toBe(true);
});

test('a click opens the session', async () => {
  const page = await open(RULES);
  fails();
  await expect.poll(async () => (await told(page)).length).toBe(1);
  await page.evaluate(() => (globalThis as unknown as Pages).told[0]?.onclick?.());
  await expect.poll(() => new URL(page.url()).pathname).toBe(`/sessions/${SESSION}`);
});

test('of two tabs one tells; when it closes, the other does', async () => {
  const first = await open(RULES);
  const second = await another();
  const both = async () => [...(await told(first)), ...(await told(second))].length;
  fails();
  await expect.poll(both).toBe(1);
  await first.close();
  await expect.poll(() => line(second)).toEqual({ held: 1, waiting: 0 });
  await stage.context.clock.runFor(LOOKS_MS);
  stage.update({ states: [doing('claude-00000004', 'needs_answer', Date.now(), { reason: 'Which one?' })] });
  await expect.poll(async () => (await told(second)).at(-1)?.body).toContain('Which one?');
});

test.each([
  ['that is off', { enabled: false }],
  ['of other reasons', { turns: ['needs_answer' as const] }],
  ['of other projects', { projects: ['warehouse'] }],
  ['of what lasts longer', { dwell_seconds: 3600 }],
])('a rule %s tells nothing', async (_, change) => {
  const page = await open({ ...RULES, ...change });
  fails();
  await page.locator(`[data-row="${SESSION}"]`).locator('..').getByText('Failed').waitFor();
  await stage.context.clock.runFor(LOOKS_MS);
  expect(await told(page)).toEqual([]);
});

test('leave is asked for by a click, and rules are kept as they are changed', async () => {
  const page = await open(RULES, 'default');
  fails();
  await page.getByRole('button', { name: 'Tell me when someone is needed' }).click();
  await page.getByRole('button', { name: 'Tell me when someone is needed' }).waitFor({ state: 'detached' });
  await page.goto(page.url().replace(/\/[^/]*$/, '/settings/notices'));
  await page.getByRole('checkbox', { name: 'A coder has yielded' }).check();
  await expect.poll(() => (stage.answers.get('notices/rules') as NoticeRules).turns).toContain('your_turn');
  await page.getByRole('checkbox', { name: 'Quiet hours' }).check();
  await page.getByLabel('from').fill('21:30');
  await page.getByLabel('from').blur();
  await expect.poll(() => (stage.answers.get('notices/rules') as NoticeRules).quiet_from).toBe(21 * 60 + 30);
  await expectAccessible(page);
});

test('bounds of alarms are changed by an admin, and switched off', async () => {
  stage = await begin(team());
  stage.answers.set('alarms/settings', {
    loop_calls: 5,
    stuck_seconds: 600,
    tokens_per_minute: 200_000,
    context_percent: 85,
    lag_seconds: 15,
    disk_free_percent: 10,
    clock_seconds: null,
  });
  const page = await stage.page('/settings/alarms');
  await page.getByLabel('Loop, times').fill('9');
  await page.getByLabel('Loop, times').blur();
  await expect.poll(() => stage.answers.get('alarms/settings')).toMatchObject({ loop_calls: 9 });
  await page.getByRole('button', { name: 'Turn off Stuck' }).click();
  await page.getByRole('button', { name: 'Turn on Clock' }).click();
  await expect
    .poll(() => stage.answers.get('alarms/settings'))
    .toMatchObject({ stuck_seconds: null, clock_seconds: 30 });
  await expectAccessible(page);
});
