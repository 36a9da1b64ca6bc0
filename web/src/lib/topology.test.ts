import { expect, test } from 'vitest';

import { along, drawn, edge, edgeWidth, layout } from './topology';

const ids = (count: number) => Array.from({ length: count }, (_, i) => `host-${i}`);

function smallestDistance(count: number, width = 369, height = 636): number {
  const { places, radius } = layout(ids(count), width, height);
  const gaps = places.flatMap((a, i) => places.slice(i + 1).map((b) => Math.hypot(a.x - b.x, a.y - b.y)));
  return Math.min(Infinity, ...gaps) - 2 * radius;
}

test.each([1, 2, 8, 10, 11, 24, 60, 200])('%i hosts do not overlap and stay on the map', (count) => {
  const map = layout(ids(count), 369, 636);
  expect(map.places).toHaveLength(count);
  expect(smallestDistance(count)).toBeGreaterThan(4);
  for (const place of map.places) {
    expect(place.x + map.radius).toBeLessThanOrEqual(369);
    expect(place.x - map.radius).toBeGreaterThan(map.aggregator.x + 26);
    expect(place.y - map.radius).toBeGreaterThanOrEqual(0);
    expect(place.y + map.radius).toBeLessThanOrEqual(map.height);
  }
});

test('one host stands level with the aggregator', () => {
  const map = layout(ids(1), 369, 636);
  expect(map.places[0]?.y).toBe(map.aggregator.y);
});

test('eight hosts have room for their labels', () => {
  const map = layout(ids(8), 369, 636);
  expect(map.dense).toBe(false);
  expect(Math.min(...map.places.map((place) => place.labelWidth))).toBeGreaterThan(110);
});

test('an edge runs from the host to the aggregator', () => {
  const map = layout(ids(3), 369, 636);
  const curve = edge(map.places[0] as (typeof map.places)[number], map);
  expect(curve.from.x).toBeCloseTo((map.places[0]?.x ?? 0) - map.radius - 3, 1);
  expect(curve.to.x).toBeGreaterThan(map.aggregator.x);
});

test('what travels along a curve starts at one end, stays on it and ends at the other', () => {
  const curve = { from: { x: 0, y: 0 }, out: { x: 0, y: 60 }, in: { x: 100, y: 40 }, to: { x: 100, y: 100 } };
  expect([along(curve, 0), along(curve, 0.5), along(curve, 1)]).toEqual([
    curve.from,
    { x: 50, y: 50 },
    curve.to,
  ]);
  expect(drawn(curve)).toBe('M0.0 0.0C0.0 60.0 100.0 40.0 100.0 100.0');
});

test('width grows with the rate, within bounds', () => {
  expect([0, 1, 4, 1000].map(edgeWidth)).toEqual([1.25, 2.02, 3.04, 5.5]);
});
