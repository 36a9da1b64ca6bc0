import { expect, test } from 'vitest';

import { rangesOf } from './marks';

const found = (html: string, words: string[], exact = false) => {
  const root = document.createElement('div');
  root.innerHTML = html;
  return rangesOf(root, words, exact).map(
    (range) => range.startContainer.textContent + '@' + range.startOffset,
  );
};

test('a text is found wherever it was said, in any case unless it must be exact', () => {
  expect(found('<p>Token <b>token</b></p>', ['token'])).toEqual(['Token @0', 'token@0']);
  expect(found('<p>Token <b>token</b></p>', ['token'], true)).toEqual(['token@0']);
});

test('what only stands around a conversation is not marked', () => {
  expect(found('<div data-unsaid><span>46k tokens</span></div><p>tokens</p>', ['token'])).toEqual([
    'tokens@0',
  ]);
});
