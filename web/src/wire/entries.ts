import type { Entry } from './types.gen';

/** Entries kept in memory for one session by a reader at the live edge; older ones are dropped and can be loaded again. */
export const MOST_ENTRIES = 5000;
/** Dropping waits for so many more: cutting a long list by one entry in every frame would be waste. */
export const SPARE_ENTRIES = 500;
/** Entries kept for a reader who is elsewhere in the list; beyond that even they lose the oldest. */
export const HARD_MOST_ENTRIES = 4 * MOST_ENTRIES;

/** Name of an entry that is the same wherever it arrives: cursor of the REST surface, key of lists. */
export function entryKey(entry: Pick<Entry, 'transcript_id' | 'line'>): string {
  return `${entry.transcript_id}:${entry.line}`;
}

/**
 * Adds entries at the end; those that are there already are left out. `known` holds the names of the list and is kept
 * up to date: making it anew for thousands of entries in every frame would cost more than all the rest.
 */
export function append(
  list: readonly Entry[],
  added: readonly Entry[],
  known: Set<string> = new Set(list.map(entryKey)),
): Entry[] {
  const fresh = added.filter((entry) => {
    const key = entryKey(entry);
    return !known.has(key) && known.add(key);
  });
  return [...list, ...fresh];
}

/** Adds entries at the start; those that are there already are left out. */
export function prepend(list: readonly Entry[], earlier: readonly Entry[]): Entry[] {
  const known = new Set(list.map(entryKey));
  return [...earlier.filter((entry) => !known.has(entryKey(entry))), ...list];
}

/** Joins the latest entries to what was read before: `null` when there is a gap between the two. */
export function join(list: readonly Entry[], latest: readonly Entry[]): Entry[] | null {
  const first = latest[0];
  if (!first) return list.length === 0 ? [] : null;
  const at = list.findIndex((entry) => entryKey(entry) === entryKey(first));
  return at < 0 ? null : [...list.slice(0, at), ...latest];
}
