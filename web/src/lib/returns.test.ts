import { expect, test } from 'vitest';

import { onReturn, returned } from './returns';

test('whoever waits acts at each return, until it is enough', () => {
  const acts: string[] = [];
  const leave = onReturn(() => acts.push('one'));
  const other = onReturn(() => {
    acts.push('other');
    // Whoever is served leaves at once, without anyone being passed over.
    other();
  });
  returned();
  returned();
  leave();
  returned();
  expect(acts).toEqual(['one', 'other', 'one']);
});
