/** What a plot needs of an item. */
export interface Dated {
  readonly day?: string;
  readonly model?: string;
}

const DAY = 86_400_000;

/** A day of the reader's calendar as the API names it: `2026-11-21`. */
export function dayOf(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Noon of a named day, in the reader's zone: safe against changes of the clock. */
export function noonOf(day: string): number {
  return new Date(`${day}T12:00:00`).getTime();
}

/** The `count` days that end with the one of `now`, oldest first. */
export function lastDays(now: number, count: number): string[] {
  const noon = noonOf(dayOf(now));
  return Array.from({ length: count }, (_, at) => dayOf(noon - (count - 1 - at) * DAY));
}

/** The day `count` days before. */
export function daysBefore(day: string, count: number): string {
  return dayOf(noonOf(day) - count * DAY);
}

/** The parts that a plot stacks: the greatest ones by name, and everything else together. */
export interface Stack {
  readonly series: readonly string[];
  /** Value by day, then by series. */
  readonly days: readonly { readonly day: string; readonly values: readonly number[] }[];
}

/** Name of what is not among the greatest. */
export const OTHERS = 'Others';

/** Names of the series, greatest first: at most `most`, of which the last may be the others. */
export function seriesOf<T extends Dated>(
  items: readonly T[],
  value: (item: T) => number,
  most = 4,
): string[] {
  const sums = new Map<string, number>();
  for (const item of items) {
    const name = item.model ?? '';
    sums.set(name, (sums.get(name) ?? 0) + value(item));
  }
  const names = [...sums].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  return names.length > most ? [...names.slice(0, most - 1), OTHERS] : names;
}

/** Place of a model among the series. */
export function placeOf(series: readonly string[], model: string): number {
  const at = series.indexOf(model);
  return at >= 0 ? at : series.length - 1;
}

/** Values of each day by series, for every day given. */
export function stack<T extends Dated>(
  items: readonly T[],
  days: readonly string[],
  series: readonly string[],
  value: (item: T) => number,
): Stack {
  const byDay = new Map(days.map((day) => [day, series.map(() => 0)]));
  for (const item of items) {
    const values = byDay.get(item.day ?? '');
    const at = placeOf(series, item.model ?? '');
    if (values && at >= 0) values[at] = (values[at] ?? 0) + value(item);
  }
  return { series, days: days.map((day) => ({ day, values: byDay.get(day) ?? [] })) };
}
