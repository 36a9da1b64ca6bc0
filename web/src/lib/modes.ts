/** What the modes of Claude Code let it do without asking, in few words. */
const MODES: Readonly<Record<string, string>> = {
  default: 'asks first',
  acceptEdits: 'edits without asking',
  plan: 'plans only',
  auto: 'decides by itself',
  dontAsk: 'never asks',
  bypassPermissions: 'everything allowed',
};

/** A mode for people. What is not known stays in the coder's own words. */
export function modeName(mode: string): string {
  return Object.hasOwn(MODES, mode) ? (MODES[mode] ?? mode) : mode;
}
