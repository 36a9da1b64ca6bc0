import type { HookState } from '../wire/types.gen';

/** Whether the coders of a host call our hook, in words. */
export const HOOKS: Readonly<Record<HookState, string>> = {
  all: 'installed',
  some: 'installed for some coders or events only',
  none: 'not installed; states are a little less exact',
  unknown: 'unknown',
};
