/** A count with thousands apart: `5,204`. */
export function count(value: number): string {
  return value.toLocaleString('en');
}

/** A count in at most four characters: `814`, `5.2k`, `1.24M`. */
export function shortCount(value: number): string {
  if (value < 1000) return String(Math.round(value));
  if (value < 9_950) return `${(value / 1000).toFixed(1)}k`;
  if (value < 999_500) return `${Math.round(value / 1000)}k`;
  return `${(value / 1_000_000).toFixed(2)}M`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Bytes as a number and its unit, powers of 1,000. */
export function sizeParts(bytes: number): [string, string] {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.5 ? 0 : 1;
  return [value.toFixed(digits), UNITS[unit] ?? 'B'];
}

/** Bytes in words: `38 MB`. */
export function size(bytes: number): string {
  return sizeParts(bytes).join(' ');
}

/** A rate without false precision: `0`, `0.4`, `7`, `46`. */
export function rate(perSecond: number): string {
  if (perSecond < 0.05) return '0';
  return perSecond < 9.95 ? perSecond.toFixed(1).replace(/\.0$/, '') : String(Math.round(perSecond));
}

/** A lag in words: `12 ms`, `14 s`, `3 m`. */
export function lag(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  return `${Math.round(ms / 60_000)} m`;
}

/** One or many: `1 line`, `12 lines`. */
export function many(value: number, one: string, other = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : other}`;
}

/** Last part of a path, on any operating system. */
export function lastPart(path: string): string {
  return (
    path
      .replace(/[\\/]+$/, '')
      .split(/[\\/]/)
      .pop() || path
  );
}
