import { expect, test } from 'vitest';

import { change, gridValues, money, percent, tokens } from './money';

test('money keeps what matters', () => {
  expect(money(318_390_000)).toBe('$318.39');
  expect(money(4_200)).toBe('$0.0042');
  expect(money(1_204_400_000)).toBe('$1,204');
  expect(money(0)).toBe('$0');
  expect(money(null)).toBe('no price');
});

test('tokens are short', () => {
  expect([814, 5_230, 149_300_000, 1_240_000_000].map(tokens)).toEqual(['814', '5.2k', '149.3M', '1.2G']);
  expect(tokens(999_960)).toBe('1.0M');
});

test('a change needs something before it', () => {
  expect(change(112, 100)).toBe('+12 %');
  expect(change(94, 100)).toBe('−6 %');
  expect(change(5, 0)).toBeNull();
  expect(percent(1, 3)).toBe('33 %');
  expect(percent(0, 0)).toBe('–');
});

test('grid lines are round and reach above the highest bar', () => {
  expect(gridValues(27.25)).toEqual([0, 15, 30]);
  expect(gridValues(9)).toEqual([0, 5, 10]);
  expect(gridValues(0)).toEqual([0]);
});
