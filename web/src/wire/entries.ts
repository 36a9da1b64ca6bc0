import type { Entry } from './types.gen';

/** Name of an entry that is the same wherever it arrives: cursor of the REST surface, key of lists. */
export function entryKey(entry: Pick<Entry, 'transcript_id' | 'line'>): string {
  return `${entry.transcript_id}:${entry.line}`;
}
