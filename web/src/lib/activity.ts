/** Bars of a sparkline. */
export const BARS = 20;
/** How much time one bar covers, milliseconds. */
export const BAR_MS = 3000;

/** Lines appended in the last minute, as bars: the newest last. A value: every change makes a new one. */
export interface Bars {
  /** Number of the newest bar, counted from the epoch in steps of `BAR_MS`. */
  readonly slot: number;
  /** `BARS` values. */
  readonly values: readonly number[];
}

/** Bars with nothing in them. */
export function silent(now: number): Bars {
  return { slot: Math.floor(now / BAR_MS), values: new Array<number>(BARS).fill(0) };
}

/** The same bars at a later time: old ones fall out on the left. */
export function advance(bars: Bars, now: number): Bars {
  const slot = Math.floor(now / BAR_MS);
  const steps = slot - bars.slot;
  if (steps <= 0) return bars;
  if (steps >= BARS) return silent(now);
  return { slot, values: [...bars.values.slice(steps), ...new Array<number>(steps).fill(0)] };
}

/** The bars after an append. */
export function add(bars: Bars, lines: number, now: number): Bars {
  const moved = advance(bars, now);
  const values = [...moved.values];
  values[BARS - 1] = (values[BARS - 1] ?? 0) + lines;
  return { slot: moved.slot, values };
}

/** Whether nothing was appended in the time that the bars cover. */
export function isSilent(bars: Bars): boolean {
  return bars.values.every((value) => value === 0);
}

/** Whole bars that a rate is taken over, besides the one that is filling. */
const RATE_BARS = 3;

/** Lines a second over the last nine to twelve seconds. */
export function linesPerSecond(bars: Bars, now: number): number {
  const moved = advance(bars, now);
  const recent = moved.values.slice(-(RATE_BARS + 1)).reduce((sum, value) => sum + value, 0);
  const seconds = (RATE_BARS * BAR_MS + (now - moved.slot * BAR_MS)) / 1000;
  return recent / Math.max(seconds, 1);
}

/** Sums bars of several followers. */
export function sum(all: readonly Bars[], now: number): Bars {
  const total = silent(now);
  const values = [...total.values];
  for (const bars of all) {
    advance(bars, now).values.forEach((value, i) => (values[i] = (values[i] ?? 0) + value));
  }
  return { slot: total.slot, values };
}
