import { expect, test } from 'vitest';

import { edge } from './topology';
import { wallMap } from './wallMap';

const ids = (count: number) => Array.from({ length: count }, (_, i) => `host-${i}`);

test.each([
  [1, 1200, 720],
  [8, 1200, 720],
  [8, 800, 440],
  [12, 1080, 800],
  [60, 1200, 720],
])('%i hosts do not overlap and stay on a wall of %i by %i', (count, width, height) => {
  const map = wallMap(ids(count), width, height);
  expect(map.places).toHaveLength(count);
  const gaps = map.places.flatMap((a, i) =>
    map.places.slice(i + 1).map((b) => Math.hypot(a.x - b.x, a.y - b.y)),
  );
  expect(Math.min(Infinity, ...gaps)).toBeGreaterThan(2 * map.radius);
  for (const { x, y, labelWidth } of map.places) {
    expect(Math.abs(x - map.aggregator.x)).toBeGreaterThan(map.half + map.radius);
    expect(x - map.radius).toBeGreaterThanOrEqual(0);
    expect(x + map.radius).toBeLessThanOrEqual(width);
    expect(y - map.radius).toBeGreaterThanOrEqual(0);
    expect(y + map.radius).toBeLessThanOrEqual(height);
    expect(labelWidth).toBeGreaterThan(40);
  }
});

test('hosts stand on both sides, and edges end at their side of the aggregator', () => {
  const map = wallMap(ids(8), 1200, 720);
  for (const place of map.places) {
    expect(Math.sign(edge(place, map).to.x - map.aggregator.x)).toBe(place.side === 'right' ? 1 : -1);
  }
  expect(map.places.filter(({ side }) => side === 'left')).toHaveLength(4);
});
