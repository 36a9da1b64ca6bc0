import { expect, test } from 'vitest';

import { modelName } from './models';

test('a model is called what people call it', () => {
  expect(modelName('claude-opus-4-5-20251101')).toBe('Opus 4.5');
  expect(modelName('claude-sonnet-4-6')).toBe('Sonnet 4.6');
  expect(modelName('claude-sonnet-4-20250514')).toBe('Sonnet 4');
  expect(modelName('gpt-5-codex')).toBe('gpt-5-codex');
  expect(modelName('')).toBe('unknown model');
});
