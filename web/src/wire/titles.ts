import type { SessionRow } from './types.gen';

/** What a session is called on the page. */
export function titleOf({ title, entries }: Pick<SessionRow, 'title' | 'entries'>): string {
  return title ?? (entries.total === 0 ? 'Empty session' : 'Untitled session');
}
