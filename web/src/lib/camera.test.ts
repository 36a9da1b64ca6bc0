import { expect, test } from 'vitest';

import { fitted, GREATEST_SCALE, held, inView, readable, revealed, SMALLEST_SCALE, zoomed } from './camera';

const VIEW = { width: 500, height: 200 };

test('zooming keeps what is under the pointer', () => {
  const before = { x: 10, y: 20, scale: 1 };
  const after = zoomed(before, 1.5, { x: 110, y: 70 });
  expect((110 - after.x) / after.scale).toBeCloseTo(100);
  expect((70 - after.y) / after.scale).toBeCloseTo(50);
  expect(zoomed(before, 1000, { x: 0, y: 0 }).scale).toBe(GREATEST_SCALE);
  expect(zoomed(before, 0.0001, { x: 0, y: 0 }).scale).toBe(SMALLEST_SCALE);
});

test('a plan that fits stands at the left and in the middle, and cannot be lost', () => {
  const plan = { width: 300, height: 100 };
  expect(held({ x: 900, y: -900, scale: 1 }, plan, VIEW)).toEqual({ x: 16, y: 50, scale: 1 });
  expect(fitted(plan, VIEW, 50)).toEqual({ x: 16, y: 50, scale: 1 });
});

test('a large plan fits as a whole, an enormous one around the session', () => {
  expect(fitted({ width: 936, height: 200 }, VIEW, 100).scale).toBeCloseTo(0.5);
  const enormous = fitted({ width: 500, height: 20_000 }, VIEW, 10_000);
  expect(enormous.scale).toBe(SMALLEST_SCALE);
  expect(10_000 * enormous.scale + enormous.y).toBeCloseTo(100);
  expect(readable({ width: 500, height: 20_000 }, VIEW, 10_000).scale).toBeCloseTo(0.936);
});

test('revealing moves only as far as needed', () => {
  const plan = { width: 500, height: 2000 };
  const camera = { x: 16, y: 0, scale: 1 };
  const box = { left: 0, right: 100, top: 400, bottom: 444 };
  expect(revealed(camera, box, plan, VIEW).y).toBe(200 - 16 - 444);
  expect(revealed(camera, { ...box, top: 60, bottom: 104 }, plan, VIEW).y).toBe(0);
});

test('the window is the part in view', () => {
  const camera = { x: -100, y: -20, scale: 2 };
  expect(inView(camera, VIEW, 0)).toEqual({ left: 50, top: 10, right: 300, bottom: 110 });
});
