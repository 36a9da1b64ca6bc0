import { chromium, type Browser } from 'playwright-core';

/** The system's Chromium; another by `CHROMIUM`. The sandbox is off because tests also run as root in containers. */
export function openBrowser(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage', ...args],
  });
}
