import { openBrowser } from './chromium.ts';
import { execSync } from 'node:child_process';
const [what, path, theme = 'dark', w = '1440', h = '900', js = ''] = process.argv.slice(2);
const base = process.env.BASE ?? 'http://127.0.0.1:5391/';
const fs = await import('node:fs');
const browser = await openBrowser();
const stateFile = process.env.STATE ?? '/tmp/web2shots/state.json';
if (!fs.existsSync(stateFile)) {
  const out = process.env.LINK ?? execSync('/tmp/bins3/muster --data /tmp/lead/data --listen 127.0.0.1:7800 user link owner').toString();
  const link = /https?:\/\/\S+/.exec(out)![0].replace(/^https?:\/\/[^/]+\//, base);
  const c = await browser.newContext();
  const p = await c.newPage();
  await p.goto(link);
  await p.waitForSelector('[data-testid=connection], button:has-text("Later")');
  await c.storageState({ path: stateFile });
  await c.close();
}
const context = await browser.newContext({ viewport: { width: +w, height: +h }, colorScheme: theme as 'dark', storageState: stateFile, hasTouch: +w < 500 });
const page = await context.newPage();
page.on('console', (m) => ['error', 'warning'].includes(m.type()) && console.log('console', m.text().slice(0, 400)));
page.on('pageerror', (e) => console.log('pageerror', e.message, (e.stack ?? '').slice(0, 600)));
await page.goto(base + path);
await page.waitForSelector('[role=log]', { timeout: 30000 }).catch(() => console.log('no log'));
await page.waitForTimeout(1500);
if (js) { for (const step of js.split(';;')) { if (step.startsWith('key ')) await page.keyboard.press(step.slice(4)); else if (step.startsWith('type ')) await page.keyboard.type(step.slice(5)); else if (step.startsWith('click ')) await page.locator(step.slice(6)).first().click(); else if (step.startsWith('wheel ')) { await page.locator('[role=log]').hover(); await page.mouse.wheel(0, +step.slice(6)); } else console.log(JSON.stringify(await page.evaluate(step))); await page.waitForTimeout(900); } }
await page.screenshot({ path: `/tmp/web2shots/${what}.png` });
await browser.close();
