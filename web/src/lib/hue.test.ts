import { expect, test } from 'vitest';

import { hostColour, initials } from './hue';

test('a host keeps its hue, and neighbours in time differ', () => {
  const near = Array.from({ length: 24 }, (_, i) =>
    hostColour(`0193e367-4c1b-704d-8a63-0000000000${10 + i}`),
  );
  expect(hostColour('a')).toBe(hostColour('a'));
  expect(new Set(near).size).toBeGreaterThan(7);
});

test('no host has the hue of a state', () => {
  for (let i = 0; i < 500; i += 1) {
    const hue = Number(/([\d.]+)\)$/.exec(hostColour(`host-${i}`))?.[1]);
    expect(hue <= 5 || (hue >= 40 && hue <= 62) || hue >= 108).toBe(true);
    expect(hue < 270 || hue > 292).toBe(true);
  }
});

test('initials stand for a person', () => {
  expect(['Jonas Weber', 'mia', 'Ana de la Cruz', 'o'].map(initials)).toEqual(['JW', 'MI', 'AC', 'O']);
});
