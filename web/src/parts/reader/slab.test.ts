import { describe, expect, test } from 'vitest';

import { Slab } from './slab';

const keys = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `t:${from + at}`);
const extent = (first: number, end: number, total: number) => ({ first, end, total });

/** A window of lines 1,000 to 1,200 of 50,000, each row 50 px. */
function slab(): Slab {
  const it = new Slab();
  it.place(keys(1000, 1200), extent(1000, 1200, 50_000), 0);
  it.measure(
    keys(1000, 1200).map((key) => [key, 50]),
    it.top,
  );
  return it;
}

describe('what the reader sees does not move', () => {
  test('when rows come in above', () => {
    const it = slab();
    const px = it.y(40) + 7;
    expect(it.place(keys(800, 1200), extent(800, 1200, 50_000), px)).toBe(true);
    expect(it.rowAt(px)).toBe(240);
    expect(it.y(240)).toBe(px - 7);
  });

  test('when rows above are measured for the first time', () => {
    const it = slab();
    const px = it.y(100);
    it.measure(
      [
        ['t:1003', 900],
        ['t:1004', 10],
      ],
      px,
    );
    expect(it.y(100)).toBe(px);
  });

  test('when rows above are dropped', () => {
    const it = slab();
    const px = it.y(150);
    it.place(keys(1100, 1300), extent(1100, 1300, 50_000), px);
    expect(it.y(50)).toBe(px);
  });

  test('when its own row vanishes, the nearest one stays', () => {
    const it = slab();
    const px = it.y(100);
    const without = keys(1000, 1200).filter((key) => key !== 't:1100');
    it.place(without, extent(1000, 1200, 50_000), px);
    expect(it.y(100)).toBe(px + 50);
  });
});

test('a window elsewhere lies where its lines are', () => {
  const it = slab();
  expect(it.place(keys(30_000, 30_100), extent(30_000, 30_100, 50_000), it.top)).toBe(false);
  expect(it.top).toBe(30_000 * it.perLine);
});

test('the page is as tall as all lines and never too tall for a browser', () => {
  const it = slab();
  expect(it.space).toBeGreaterThan(49_000 * 36);
  it.place(keys(0, 10), extent(0, 10, 5_000_000), 0);
  expect(it.space).toBeLessThan(9_000_000);
});

test('a position outside of the window names a line, one inside does not', () => {
  const it = slab();
  expect(it.lineAt(it.top + 10, 800)).toBeNull();
  expect(it.lineAt(0, 800)).toBe(0);
  const far = it.lineAt(it.space - 800, 800) ?? 0;
  expect(far).toBeGreaterThan(49_000);
  expect(far).toBeLessThan(50_000);
});

test('a window that has come to the first line is to begin at the top', () => {
  const it = new Slab();
  it.place(keys(100, 300), extent(100, 300, 300), 0);
  it.place(keys(0, 300), extent(0, 300, 300), it.y(5));
  const drift = it.drift();
  it.shift(drift);
  expect(it.top).toBe(0);
  expect(it.drift()).toBeCloseTo(0);
});
