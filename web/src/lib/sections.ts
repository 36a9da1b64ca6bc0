import { startOfDay } from './time';

/** How long after its last append a session still counts as active, milliseconds. */
export const ACTIVE_MS = 60_000;

/** Sections of the live session list, in their order. */
export const SECTIONS = ['active', 'today', 'earlier'] as const;
/** A section of the live session list. */
export type SectionName = (typeof SECTIONS)[number];

/** What the order of the list depends on. */
export interface Placed {
  /** Id of the session. */
  readonly id: string;
  /** Time of its last append, milliseconds; `null` when unknown. */
  readonly lastActivity: number | null;
  /** Since when it has been active without a pause, milliseconds; `null` when it is not. */
  readonly activeSince: number | null;
}

/** Ids by section. */
export type Order = Record<SectionName, string[]>;

function sectionOf(placed: Placed, now: number): SectionName {
  if (placed.activeSince !== null) return 'active';
  return (placed.lastActivity ?? 0) >= startOfDay(now) ? 'today' : 'earlier';
}

/**
 * The order of the list. Active sessions stand by when they became active, not by their last append: rows that all
 * grow many times a second would otherwise change places all the time.
 */
export function order(sessions: readonly Placed[], now: number): Order {
  const result: Order = { active: [], today: [], earlier: [] };
  const key = (placed: Placed) => placed.activeSince ?? placed.lastActivity ?? 0;
  const sorted = [...sessions].sort((a, b) => key(b) - key(a) || a.id.localeCompare(b.id));
  for (const placed of sorted) result[sectionOf(placed, now)].push(placed.id);
  return result;
}

/** Keeps rows in their places while the pointer is among them: what is there stays, what is new is counted. */
export function hold(held: Order, fresh: Order): { order: Order; waiting: number } {
  const known = new Set(SECTIONS.flatMap((name) => held[name]));
  const present = new Set(SECTIONS.flatMap((name) => fresh[name]));
  const kept = Object.fromEntries(
    SECTIONS.map((name) => [name, held[name].filter((id) => present.has(id))]),
  ) as Order;
  return { order: kept, waiting: [...present].filter((id) => !known.has(id)).length };
}
