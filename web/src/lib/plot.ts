/** Points of a line in a box, `x,y` each, from left to right; the box is as high as the greatest value may be. */
export function linePoints(values: readonly number[], width: number, height: number, most: number): string {
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  const y = (value: number) => height - (Math.min(value, most) / Math.max(1, most)) * height;
  return values.map((value, at) => `${round(at * step)},${round(y(value))}`).join(' ');
}

/** The value that is nearest to a place from 0 to 1. */
export function nearest(share: number, count: number): number {
  return Math.max(0, Math.min(count - 1, Math.round(share * (count - 1))));
}

/**
 * Top of plots that share a scale. What is far beyond the usual is cut off: a host that sends its backlog writes a
 * thousand times what people write, and would flatten everything else for as long as that is in sight.
 */
export function topOf(values: readonly number[], least = 1): number {
  const sorted = values.filter((value) => value > 0).sort((a, b) => a - b);
  const usual = sorted[Math.floor(0.9 * (sorted.length - 1))] ?? 0;
  return Math.max(least, Math.min(sorted.at(-1) ?? 0, 3 * usual));
}

const round = (value: number) => Number(value.toFixed(2));
