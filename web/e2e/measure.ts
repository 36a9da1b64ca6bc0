/**
 * How fast Operations is, measured in Chromium.
 *
 *     npm run measure -- [MINUTES] [live] [crowd]
 *
 * `live`: 8 agents, 40 sessions, 200 lines a second through a real aggregator; the time from the append to the pixels.
 * `crowd`: 60 hosts and 500 living sessions told to the page; what its main thread does.
 * `MUSTER_BIN` and `MUSTER_AGENT_BIN` name release builds. The app shown is the one in `dist`.
 */
import { loadavg } from 'node:os';

import type { Activity } from '../src/wire/types.gen.ts';
import { doing } from '../src/wire/testing.ts';
import { openBrowser } from './chromium.ts';
import { Coder } from './coder.ts';
import { House } from './house.ts';
import { until } from './process.ts';
import { call, crowd } from './stage/fleet.ts';
import { percentile, Probe, watchPage } from './stage/probe.ts';
import { serveDist, Stage } from './stage/stage.ts';
import { DESKTOP, live } from './visitor.ts';

const HOSTS = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'];
const SESSIONS = 40;
const LINES_A_SECOND = 200;
/** What runs before anything is counted, milliseconds. */
const WARM_UP_MS = 10_000;
/** Between two updates of the told fleet: as often as a real aggregator speaks of activity at most. */
const UPDATE_MS = 250;

const given = process.argv.slice(2);
const minutes = Number(given.find((word) => /^[\d.]+$/.test(word)) ?? 1);
const parts = given.filter((word) => /^[a-z]+$/.test(word));
const wants = (part: string) => parts.length === 0 || parts.includes(part);
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Appends at an even pace; a late timer makes up for what it missed. */
async function write(coders: readonly Coder[], ms: number): Promise<number> {
  const began = performance.now();
  let lines = 0;
  while (performance.now() - began < ms) {
    const due = Math.floor(((performance.now() - began) / 1000) * LINES_A_SECOND);
    for (; lines < due; lines += 1) {
      const at = performance.timeOrigin + performance.now();
      coders[lines % coders.length]?.reply(`tick ${at.toFixed(3)}`);
    }
    await pause(2);
  }
  return lines;
}

async function measureLive(): Promise<void> {
  // The document comes from `serveDist`, so the browser does not know that it is a local one.
  const browser = await openBrowser(['--disable-features=LocalNetworkAccessChecks']);
  const house = await House.start(HOSTS);
  try {
    const coders = Array.from({ length: SESSIONS }, (_, i) => {
      const coder = new Coder(house.root(HOSTS[i % HOSTS.length] ?? 'one'), `/srv/demo/project-${i % 6}`);
      coder.prompt(`Session ${i}`);
      return coder;
    });
    const context = await browser.newContext({ viewport: DESKTOP });
    await serveDist(context, house.url);
    await context.addInitScript(watchPage);
    const page = await context.newPage();
    await page.goto(await house.link());
    await page.getByRole('button', { name: 'Later' }).click();
    await live(page);
    await until('the first session is known', async () => house.api('GET', `sessions/${coders[0]?.id}`));
    await page.goto(`${house.url}/sessions/${coders[0]?.id}`);
    await page.getByRole('log').waitFor();
    await write(coders, WARM_UP_MS);

    const probe = await Probe.on(page);
    const delays: number[] = [];
    for (let minute = 0; minute < minutes; minute += 1) {
      const ms = Math.min(1, minutes - minute) * 60_000;
      const busy = await probe.during(async () => void (await write(coders, ms)));
      delays.push(...(await probe.delays()));
      console.log(JSON.stringify({ minute: minute + 1, ...busy }));
    }
    const [p50, p99] = [percentile(delays, 0.5), percentile(delays, 0.99)];
    console.log(
      JSON.stringify({ append_to_pixels_ms: { p50, p99, lines: delays.length }, load: loadavg()[0] }),
    );
  } finally {
    await browser.close();
    await house.stop();
  }
}

async function measureCrowd(): Promise<void> {
  const browser = await openBrowser();
  const scene = crowd(60, 500);
  const stage = await Stage.open(browser, scene);
  await stage.context.addInitScript(watchPage);
  const page = await stage.page();
  await live(page);
  const probe = await Probe.on(page);
  let round = 0;
  const tell = async (ms: number) => {
    for (const end = Date.now() + ms; Date.now() < end; round += 1) {
      const chosen = scene.sessions.filter((_, i) => (i + round) % 4 === 0);
      const activity = chosen.map((row): Activity => {
        return { host_id: row.host_ids[0] ?? '', session_id: row.id, lines: 2, bytes: 800 };
      });
      const states = scene.states
        .filter(({ turn }, i) => turn === 'working' && (i + round) % 12 === 0)
        .map(({ session_id }) => doing(session_id, 'working', Date.now(), { running: [call('Bash', 1)] }));
      const last_activity_at = new Date().toISOString();
      stage.update({
        activity,
        states,
        sessions: chosen.slice(0, 40).map((row) => ({ ...row, last_activity_at })),
      });
      await pause(UPDATE_MS);
    }
  };
  await tell(WARM_UP_MS);
  const busy = await probe.during(() => tell(minutes * 60_000));
  console.log(JSON.stringify({ crowd: '60 hosts, 500 sessions', ...busy, load: loadavg()[0] }));
  await browser.close();
}

if (wants('live')) await measureLive();
if (wants('crowd')) await measureCrowd();
