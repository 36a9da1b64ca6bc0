import { expect, test } from 'vitest';

import { appended, AT_EDGE, left, scrolled } from './follow';

test('a reader at the edge stays there when entries arrive', () => {
  expect(appended(AT_EDGE, 5)).toBe(AT_EDGE);
});

test('a reader who scrolled up is told how many arrived', () => {
  const away = scrolled(AT_EDGE, -300, 300);
  expect(away.following).toBe(false);
  expect(appended(appended(away, 5), 7).unseen).toBe(12);
});

test('coming back to the edge follows again', () => {
  const away = appended(left(), 3);
  expect(scrolled(away, 200, 100)).toBe(away);
  expect(scrolled(away, 100, 0)).toEqual(AT_EDGE);
});

test('growth below the view and late scroll events are no reader’s doing', () => {
  expect(scrolled(AT_EDGE, 0, 500)).toBe(AT_EDGE);
  const away = left();
  expect(scrolled(away, 0, 0)).toBe(away);
});
