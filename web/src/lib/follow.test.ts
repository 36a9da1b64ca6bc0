import { expect, test } from 'vitest';

import { appended, AT_EDGE, left, scrolled } from './follow';

test('a reader at the edge stays there when entries arrive', () => {
  expect(appended(AT_EDGE, 5)).toBe(AT_EDGE);
});

test('a reader who scrolled up is told how many arrived', () => {
  const away = scrolled(AT_EDGE, 'reader', -300, 300);
  expect(away.following).toBe(false);
  expect(appended(appended(away, 5), 7).unseen).toBe(12);
});

test('coming back to the edge follows again', () => {
  const away = appended(left(), 3);
  expect(scrolled(away, 'reader', 200, 100)).toBe(away);
  expect(scrolled(away, 'reader-down', 100, 0)).toEqual(AT_EDGE);
});

test('what the page does by itself neither leaves the edge nor comes to it', () => {
  expect(scrolled(AT_EDGE, 'page', -500, 500)).toBe(AT_EDGE);
  const away = left();
  expect(scrolled(away, 'page', 500, 0)).toBe(away);
});

test('a wheel that turns up is not answered by coming to the edge', () => {
  const away = left();
  expect(scrolled(away, 'reader-up', 500, 0)).toBe(away);
});
