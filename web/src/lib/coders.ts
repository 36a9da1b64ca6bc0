const NAMES: Record<string, string> = { claude: 'Claude Code', codex: 'Codex', gemini: 'Gemini CLI' };

/** Name of a coder as people write it. */
export function coderName(coder: string): string {
  return NAMES[coder] ?? coder;
}

/** Kinds of clients that differ to a reader. */
export type ClientKind = 'terminal' | 'editor' | 'desktop' | 'web' | 'script';

/** What kind of client an entrypoint is; `null` when nobody said. */
export function clientKind(entrypoint: string | null): ClientKind | null {
  if (!entrypoint) return null;
  if (/vscode|jetbrains|ide/.test(entrypoint)) return 'editor';
  if (/desktop/.test(entrypoint)) return 'desktop';
  if (/web|remote/.test(entrypoint)) return 'web';
  if (/sdk|print|action|mcp/.test(entrypoint)) return 'script';
  return 'terminal';
}

/** The coder's own session id, shortened as coders show it themselves. */
export function shortId(sessionId: string): string {
  const own = sessionId.slice(sessionId.indexOf('-') + 1);
  return own.slice(0, 8);
}
