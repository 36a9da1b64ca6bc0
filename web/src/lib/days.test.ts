import { expect, test } from 'vitest';

import { dayOf, daysBefore, lastDays, OTHERS, placeOf, seriesOf, stack } from './days';

const items = [
  { day: '2026-11-20', model: 'a', cost: 5 },
  { day: '2026-11-21', model: 'a', cost: 1 },
  { day: '2026-11-21', model: 'b', cost: 9 },
  { day: '2026-11-21', model: 'c', cost: 2 },
];
const cost = (item: { cost: number }) => item.cost;

test('days follow the calendar, over the end of a month too', () => {
  const now = new Date('2026-03-02T01:00:00').getTime();
  expect(dayOf(now)).toBe('2026-03-02');
  expect(lastDays(now, 3)).toEqual(['2026-02-28', '2026-03-01', '2026-03-02']);
  expect(daysBefore('2026-03-02', 2)).toBe('2026-02-28');
});

test('the greatest models have a series of their own, the rest one together', () => {
  expect(seriesOf(items, cost)).toEqual(['b', 'a', 'c']);
  const series = seriesOf(items, cost, 2);
  expect(series).toEqual(['b', OTHERS]);
  expect(placeOf(series, 'c')).toBe(1);
});

test('a stack has every day, and every value once', () => {
  const days = ['2026-11-19', '2026-11-20', '2026-11-21'];
  const { days: stacked } = stack(items, days, seriesOf(items, cost, 2), cost);
  expect(stacked.map(({ values }) => values)).toEqual([
    [0, 0],
    [0, 5],
    [9, 3],
  ]);
});
