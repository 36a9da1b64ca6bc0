import { expect, test } from 'vitest';

import { pieces } from './inline';

test('code and strong words are told apart from the rest', () => {
  expect(pieces('**Two clocks.** `refill` reads one')).toEqual([
    { text: 'Two clocks.', look: 'strong' },
    { text: ' ', look: 'plain' },
    { text: 'refill', look: 'code' },
    { text: ' reads one', look: 'plain' },
  ]);
});

test('marks that mean nothing stay as they are', () => {
  for (const text of ['2 ** 3 ** 4', 'a ` b', '``` fence ```', 'no\n`two\nlines`', '', '****']) {
    expect(
      pieces(text)
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text);
    expect(pieces(text).every((piece) => piece.look === 'plain')).toBe(true);
  }
});

test('a mark inside code is code', () => {
  expect(pieces('`a ** b ** c`')).toEqual([{ text: 'a ** b ** c', look: 'code' }]);
});
