import { expect, test } from 'vitest';

import { modeName } from './modes';

test('a mode says what the coder may do, and an unknown one says itself', () => {
  expect(modeName('acceptEdits')).toBe('edits without asking');
  expect(modeName('on-request, workspace-write')).toBe('on-request, workspace-write');
  expect(modeName('constructor')).toBe('constructor');
});
