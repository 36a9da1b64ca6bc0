/** Micro-dollars as dollars: `$318.39`, `$1,204`, `$0.0042`; `no price` for none. */
export function money(microdollars: number | null): string {
  if (microdollars === null) return 'no price';
  const dollars = microdollars / 1_000_000;
  if (dollars === 0) return '$0';
  if (dollars < 0.01) return `$${dollars.toPrecision(2)}`;
  const digits = dollars < 1000 ? 2 : 0;
  return `$${dollars.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

/** Tokens in few characters: `814`, `5.2k`, `149.3M`, `1.2G`. */
export function tokens(value: number): string {
  if (value < 1000) return String(value);
  if (value < 999_950) return `${(value / 1000).toFixed(1)}k`;
  if (value < 999_950_000) return `${(value / 1_000_000).toFixed(1)}M`;
  return `${(value / 1_000_000_000).toFixed(1)}G`;
}

/** A share as a percentage; a dash where there is nothing to share. */
export function percent(part: number, whole: number): string {
  return whole > 0 ? `${Math.round((part / whole) * 100)} %` : '–';
}

/** How a number has changed against the one before: `+12 %`; `null` where nothing can be said. */
export function change(now: number, before: number): string | null {
  if (before <= 0) return null;
  const part = Math.round((now / before - 1) * 100);
  return `${part > 0 ? '+' : ''}${String(part).replace('-', '−')} %`;
}

/** Round values for the lines behind a plot, from zero, at least as high as `most`. */
export function gridValues(most: number, lines = 3): number[] {
  if (most <= 0) return [0];
  const raw = most / (lines - 1);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
  return Array.from({ length: lines }, (_, at) => at * step);
}
