import { expect, test } from 'vitest';

import { TRAVEL_MS, Travels } from './travels';

test('a pulse travels from one end to the other and is gone', () => {
  const travels = new Travels();
  travels.hear('one', 7, 0, false);
  expect(travels.still).toBe(true);
  travels.hear('one', 8, 100, false);
  expect(travels.at(100).get('one')).toEqual([0]);
  expect(travels.at(100 + TRAVEL_MS / 2).get('one')).toEqual([0.5]);
  expect(travels.at(100 + TRAVEL_MS).size).toBe(0);
  expect(travels.still).toBe(true);
});

test('no more than a few travel on one edge, and one where many edges are', () => {
  const travels = new Travels();
  for (let beat = 0; beat < 9; beat += 1) {
    travels.hear('wide', beat, beat, false);
    travels.hear('dense', beat, beat, true);
  }
  const shares = travels.at(10);
  expect(shares.get('wide')).toHaveLength(3);
  expect(shares.get('dense')).toHaveLength(1);
});

test('an edge that left the map is forgotten', () => {
  const travels = new Travels();
  travels.hear('one', 1, 0, false);
  travels.hear('one', 2, 0, false);
  travels.keep(new Set(['two']));
  expect(travels.still).toBe(true);
});
