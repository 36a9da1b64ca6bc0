import type { FacetLike } from './facets';

const DAY_MS = 86_400_000;
/** Lengths of time that one bar may stand for, days. */
const STEPS = [1, 7, 30, 91, 365] as const;

/** One bar of the plot of days. */
export interface DayBar {
  /** First day, `2026-11-21`. */
  readonly from: string;
  /** The day after its last one. */
  readonly to: string;
  readonly count: number;
}

/** Name of the day, UTC, that lies `days` after a day. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** Days as bars without gaps, oldest first: where they would be more than `most`, a bar stands for several. */
export function bars(days: readonly FacetLike[], most: number): DayBar[] {
  const known = days.filter(({ value }) => !Number.isNaN(Date.parse(value))).map((day) => day.value);
  const first = known.reduce((a, b) => (a < b ? a : b), known[0] ?? '');
  const last = known.reduce((a, b) => (a > b ? a : b), first);
  if (!first) return [];
  const span = 1 + (Date.parse(last) - Date.parse(first)) / DAY_MS;
  const step = STEPS.find((length) => span / length <= most) ?? Math.ceil(span / most);
  const counts = new Array<number>(Math.ceil(span / step)).fill(0);
  for (const { value, count } of days) {
    const at = Math.floor((Date.parse(value) - Date.parse(first)) / DAY_MS / step);
    if (counts[at] !== undefined) counts[at] += count;
  }
  return counts.map((count, i) => ({
    from: addDays(first, i * step),
    to: addDays(first, (i + 1) * step),
    count,
  }));
}

/** A day for people: `23 Oct`, with its year when that is not this one. */
export function dayName(day: string, now: number): string {
  const at = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(at.getTime())) return day;
  const sameYear = at.getUTCFullYear() === new Date(now).getUTCFullYear();
  return at.toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    timeZone: 'UTC',
    ...(sameYear ? {} : { year: 'numeric' }),
  });
}
