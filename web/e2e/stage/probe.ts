import type { CDPSession, Page } from 'playwright-core';

/** What a page did in a while. */
export interface Busy {
  /** Share of one processor that the page's main thread used, by its own clock, percent. */
  readonly cpu_percent: number;
  /** Tasks of more than 50 ms, and the longest of them, by the clock on the wall. */
  readonly long_tasks: number;
  readonly longest_ms: number;
  /** Frames a second. */
  readonly frames: number;
  /** Heap in use after a collection, megabytes. */
  readonly heap_mb: number;
  /** Elements of the page. */
  readonly nodes: number;
  /** Rows of the list that were put in anew, a second. */
  readonly new_rows: number;
}

interface Seen {
  long: number[];
  frames: number;
  rows: number;
  /** Between an append and its pixels, milliseconds. */
  delays: number[];
}
const seen = (): Seen => (globalThis as unknown as { seen: Seen }).seen;

/** Before the app starts: counts frames, long tasks and rows, and the age of texts like `tick 1763740800000.5` when
 * they are on the screen. */
export function watchPage(): void {
  const all: Seen = { long: [], frames: 0, rows: 0, delays: [] };
  Object.assign(globalThis, { seen: all });
  new PerformanceObserver((list) =>
    all.long.push(...list.getEntries().map(({ duration }) => duration)),
  ).observe({
    entryTypes: ['longtask'],
  });
  const told = new Set<string>();
  let waiting: number[] = [];
  // A message that is sent when a frame begins is handled once it has been drawn, with all that was put in by then.
  const { port1, port2 } = new MessageChannel();
  const frame = () => {
    all.frames += 1;
    port2.postMessage(0);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  port1.onmessage = () => {
    const now = performance.timeOrigin + performance.now();
    all.delays.push(...waiting.map((at) => now - at));
    waiting = [];
  };
  new MutationObserver((changes) => {
    for (const node of changes.flatMap(({ addedNodes }) => [...addedNodes])) {
      const element = node as Element;
      if (element.querySelector?.('[data-row]')) all.rows += 1;
      for (const [, at] of (node.textContent ?? '').matchAll(/tick (\d+\.\d+)/g)) {
        if (!at || told.has(at)) continue;
        told.add(at);
        waiting.push(Number(at));
      }
    }
  }).observe(document, { childList: true, subtree: true });
}

/** Measures a page from now on. */
export class Probe {
  #page: Page;
  #session: CDPSession;

  private constructor(page: Page, session: CDPSession) {
    this.#page = page;
    this.#session = session;
  }

  static async on(page: Page): Promise<Probe> {
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    return new Probe(page, session);
  }

  /** What the page does while `work` goes on. */
  async during(work: () => Promise<void>): Promise<Busy> {
    await this.#page.evaluate(() => {
      Object.assign((globalThis as unknown as { seen: Seen }).seen, {
        long: [],
        frames: 0,
        rows: 0,
        delays: [],
      });
    });
    const before = await this.#metrics();
    const began = Date.now();
    await work();
    const after = await this.#metrics();
    const seconds = (Date.now() - began) / 1000;
    const { long, frames, rows } = await this.#page.evaluate(seen);
    await this.#session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await this.#session.send('Runtime.getHeapUsage');
    return {
      cpu_percent:
        round(((after.get('TaskDuration') ?? 0) - (before.get('TaskDuration') ?? 0)) / seconds) * 100,
      long_tasks: long.length,
      longest_ms: Math.round(Math.max(0, ...long)),
      frames: Math.round(frames / seconds),
      heap_mb: round(usedSize / 1e6),
      nodes: await this.#page.evaluate(() => document.querySelectorAll('*').length),
      new_rows: round(rows / seconds),
    };
  }

  /** Delays so far, milliseconds. */
  delays(): Promise<number[]> {
    return this.#page.evaluate(() => (globalThis as unknown as { seen: Seen }).seen.delays);
  }

  async #metrics(): Promise<Map<string, number>> {
    const { metrics } = await this.#session.send('Performance.getMetrics');
    return new Map(metrics.map(({ name, value }) => [name, value]));
  }
}

/** The value below which a share of all lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN);
}

const round = (value: number) => Math.round(value * 100) / 100;
